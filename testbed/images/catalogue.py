"""The images of the test bed. Pods name them and never pull: `imagePullPolicy: Never`."""

from pathlib import Path
from typing import Callable

from testbed.images.archive import ImageDirectory, ImageFile, build_image
from testbed.paths import RECIPES
from testbed.programs import PAUSE

PAUSE_IMAGE = "dmaas.io/testbed/pause:1"
DEBIAN_BASE_IMAGE = "dmaas.io/testbed/debian-base:12"
MARIADB_IMAGE = "dmaas.io/testbed/mariadb:10.11"
DEMO_WEB_IMAGE = "dmaas.io/testbed/demo-web:1"

MYSQL_UID = 999
WEB_UID = 1000
_IMAGES = RECIPES / "images"

# The uid must be known in pod specs. The package's own server data would look like a database.
_MARIADB_HOOKS = (
    f"--essential-hook=echo 'mysql:x:{MYSQL_UID}:' >>\"$1\"/etc/group; "
    f"echo 'mysql:x:{MYSQL_UID}:{MYSQL_UID}::/nonexistent:/bin/false' >>\"$1\"/etc/passwd",
    "--customize-hook=rm -rf \"$1\"/var/lib/mysql",
)


def pause() -> Path:
    return build_image(PAUSE_IMAGE, files={"/pause": ImageFile(PAUSE.program(), mode=0o755)},
                       config={"Entrypoint": ["/pause"], "User": "65534:65534"})


def debian_base() -> Path:
    return build_image(DEBIAN_BASE_IMAGE, packages=[], config={"Cmd": ["/bin/sh"]})


def mariadb() -> Path:
    return build_image(
        MARIADB_IMAGE, packages=["mariadb-server", "mariadb-backup"], hooks=_MARIADB_HOOKS,
        files={
            "/usr/local/bin/entrypoint.sh":
                ImageFile(_IMAGES / "mariadb/entrypoint.sh", mode=0o755),
            "/etc/mysql/mariadb.conf.d/60-server.cnf": ImageFile(_IMAGES / "mariadb/server.cnf"),
            "/var/lib/mysql": ImageDirectory(owner=MYSQL_UID),
            "/run/mysqld": ImageDirectory(owner=MYSQL_UID),
        },
        config={"Entrypoint": ["/usr/local/bin/entrypoint.sh"],
                "User": f"{MYSQL_UID}:{MYSQL_UID}"})


def demo_web() -> Path:
    return build_image(
        DEMO_WEB_IMAGE, packages=["python3-minimal", "python3-pymysql"],
        files={"/usr/local/bin/demo_web.py":
               ImageFile(_IMAGES / "demo_web/demo_web.py", mode=0o755)},
        config={"Entrypoint": ["/usr/local/bin/demo_web.py"], "User": f"{WEB_UID}:{WEB_UID}"})


ARCHIVES: dict[str, Callable[[], Path]] = {
    "pause-image": pause, "debian-base": debian_base, "mariadb": mariadb, "demo-web": demo_web}
