"""The shop: MariaDB with two replicas, and a web page that writes rows all the time."""

import contextlib
from pathlib import Path

from sites.waiting import wait_for
from testbed.errors import TestbedError

MANIFEST = Path(__file__).with_name("shop.yaml")
QUERY = "select id, created, payload, checksum from orders order by id"


class Shop:
    """In a namespace of its own."""

    def __init__(self, site, namespace="shop"):
        self.site = site
        self.namespace = namespace

    def deploy(self, least_rows=15):
        """Returns when so many rows are written."""
        manifest = MANIFEST.read_text().replace("namespace: shop", f"namespace: {self.namespace}")
        self.site.cluster.apply(manifest.replace("name: shop}", f"name: {self.namespace}}}", 1))
        for workload in ("statefulset/mariadb", "deployment/web"):
            self.site.await_rollout(workload, self.namespace)
        self.await_rows(least_rows)
        return self

    def await_rows(self, least):
        wait_for(f"{least} rows in the shop", lambda: self.count_rows() >= least)

    def count_rows(self):
        """0 until the shop has made its table."""
        with contextlib.suppress(TestbedError):
            return len(self.rows())
        return 0

    def rows(self):
        """Every row of its table, as text."""
        return self.ask(QUERY).splitlines()

    def ask(self, query):
        """What the database answers to the application's own account."""
        return self.site.kubectl("exec", "-n", self.namespace, "mariadb-0", "--", "sh", "-c",
                                 f'mariadb -N -u"$MARIADB_USER" -p"$MARIADB_PASSWORD" "$MARIADB_DATABASE" -e "{query}"')
