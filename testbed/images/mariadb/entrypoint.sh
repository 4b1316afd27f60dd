#!/bin/sh
# Starts MariaDB on the data directory and initialises it first when it is empty.
set -eu
data=/var/lib/mysql
unfinished=$data/.initialising

quoted() { printf '%s' "$1" | sed "s/\\\\/\\\\\\\\/g; s/'/\\\\'/g"; }

statements() {
    echo "FLUSH PRIVILEGES;"
    if [ -n "${MARIADB_ROOT_PASSWORD:-}" ]; then
        password=$(quoted "$MARIADB_ROOT_PASSWORD")
        echo "CREATE OR REPLACE USER root@'%' IDENTIFIED BY '$password';"
        echo "GRANT ALL ON *.* TO root@'%' WITH GRANT OPTION;"
        echo "ALTER USER root@localhost IDENTIFIED BY '$password';"
    fi
    if [ -n "${MARIADB_DATABASE:-}" ]; then
        echo "CREATE DATABASE IF NOT EXISTS \`$MARIADB_DATABASE\`;"
    fi
    if [ -n "${MARIADB_USER:-}" ]; then
        echo "CREATE OR REPLACE USER '$MARIADB_USER'@'%' IDENTIFIED BY '$(quoted "${MARIADB_PASSWORD:-}")';"
        [ -z "${MARIADB_DATABASE:-}" ] ||
            echo "GRANT ALL ON \`$MARIADB_DATABASE\`.* TO '$MARIADB_USER'@'%';"
    fi
}

# A first start that was killed halfway begins anew; data of any other origin is left alone.
if [ -e "$unfinished" ]; then
    find "$data" -mindepth 1 -delete
fi
if [ ! -d "$data/mysql" ]; then
    touch "$unfinished"
    mariadb-install-db --no-defaults --datadir="$data" --skip-test-db \
        --auth-root-authentication-method=normal >/dev/null
    statements | mariadbd --no-defaults --datadir="$data" --bootstrap
    rm "$unfinished"
fi
exec mariadbd --datadir="$data" "$@"
