"""Logical dumps: a program of the application's own image writes them, and another one reads them back."""

import json

import pytest

from sites.plans import custom_resource
from sites.shop import Shop
from sites.site import SESSION_LABEL, SYSTEM, restic
from sites.waiting import wait_for

NAMESPACE = "dumps"
DUMP = 'mariadb-dump -h mariadb-0.mariadb -u root -p"$MARIADB_ROOT_PASSWORD" --single-transaction --all-databases'
# Cluster DNS may remember for some seconds that there was no such name.
PLAY_BACK = 'until getent hosts mariadb-0.mariadb >/dev/null; do sleep 0.2; done; mariadb -h mariadb-0.mariadb -u root -p"$MARIADB_ROOT_PASSWORD"'
LARGE = 600_000_000
OF_MARIADB = {"podSelector": {"matchLabels": {"app": "mariadb"}}}


def plan(name, command, timeout="5m", restore_command=None, memory="512Mi"):
    """A plan of its own repository that takes the dump and no volume."""
    dump = {"name": "all", "container": "mariadb", **OF_MARIADB, "command": ["sh", "-c", command]}
    if restore_command:
        dump["restoreCommand"] = ["sh", "-c", restore_command]
    return custom_resource("BackupConfiguration", name, NAMESPACE, {
        "targets": [{"name": name, "allObjects": True, "volumes": {"exclude": ["*"]}, "dumps": [dump]}],
        "runs": [{"name": "backup", "timeout": timeout, "mover": {"resources": {"limits": {"memory": memory}}}}]})


class StillShop(Shop):
    """Nobody writes: what its table holds stays what it is."""

    def __init__(self, site, password_file):
        super().__init__(site, NAMESPACE)
        self.password_file = password_file

    def deploy(self):
        super().deploy()
        self.site.kubectl("-n", NAMESPACE, "scale", "deployment/web", "--replicas=0")
        wait_for("the end of the web pod", lambda: not self.pods("app=web"))
        return self

    def pods(self, selector):
        return self.site.list("pods", NAMESPACE, selector)

    def start(self, name, command, **settings):
        """Makes a plan with this command and starts it; the name of the session."""
        self.site.apply(plan(name, command, **settings))
        return self.site.begin("backup", name, "-n", NAMESPACE)[1]

    def ended(self, session):
        return self.site.await_end("backupsession", session, NAMESPACE)

    def failed(self, session):
        """The status of the session and of the dump."""
        status = self.ended(session)
        assert status["phase"] == "Failed"
        return status, component(status, "dump/all")

    def mover(self, session):
        """The running pod of the session's dump."""
        uid = self.site.get("backupsession", session, NAMESPACE)["metadata"]["uid"]

        def running():
            found = [pod for pod in self.pods(f"{SESSION_LABEL}={uid}") if pod["status"].get("phase") == "Running"]
            return found[0] if found else None
        return wait_for("the mover", running, 120)

    def repository(self, name):
        return f"{self.site.storage_directory}/{self.site.name}/ns/{NAMESPACE}/{name}"

    def restic(self, name, *arguments):
        return restic(self.repository(name), self.password_file, *arguments)


def component(status, name):
    return next(component for component in status["components"] if component["name"] == name)


@pytest.fixture(scope="module")
def shop(site, password_file):
    return StillShop(site, password_file).deploy()


@pytest.fixture(scope="module")
def dumped(shop):
    """The status of a session that has dumped the shop's databases."""
    status = shop.ended(shop.start("shop", DUMP, restore_command=PLAY_BACK))
    assert status["phase"] == "Succeeded", status["message"]
    return status


def test_a_dump_is_one_file_that_stock_restic_reads(shop, dumped):
    dump = component(dumped, "dump/all")
    assert [part["name"] for part in dumped["components"]] == ["dump/all", "resources"]
    text = shop.restic("shop", "dump", dump["snapshotId"], "/all")
    assert len(text.encode()) == dump["bytesTotal"] and text.rstrip().splitlines()[-1].startswith("-- Dump completed")
    for row in shop.rows():
        assert row.split("\t")[3] in text
    assert "no errors were found" in shop.restic("shop", "check", "--read-data")


def test_the_mover_is_no_part_of_the_backup(shop, dumped):
    assert shop.site.leftovers() == []
    files = shop.restic("shop", "ls", component(dumped, "resources")["snapshotId"])
    assert "/apps/statefulsets/v1/dumps/mariadb.json" in files
    assert "/pods/" not in files


def test_the_mover_runs_as_the_application_and_holds_none_of_our_secrets(shop):
    session = shop.start("spec", "sleep infinity")
    pod = shop.mover(session)
    name, spec = pod["metadata"]["name"], pod["spec"]
    container = spec["containers"][0]
    assert container["image"] == "dmaas.io/testbed/mariadb:10.11"
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    application = shop.site.get("pod", "mariadb-0", NAMESPACE)["spec"]
    assert [v for v in container["env"] if v["name"] != "DMAAS_CA"] == application["containers"][0]["env"]
    assert "BEGIN CERTIFICATE" in next(v["value"] for v in container["env"] if v["name"] == "DMAAS_CA")
    assert "envFrom" not in container and not spec["automountServiceAccountToken"]
    kinds = [sorted(set(volume) - {"name"}) for volume in spec["volumes"]]
    assert sorted(kinds) == [["emptyDir"], ["emptyDir"], ["projected"]]
    tokens = next(volume for volume in spec["volumes"] if "projected" in volume)["projected"]["sources"]
    assert [token["serviceAccountToken"]["audience"] for token in tokens] == ["dmaas-gateway", "dmaas-controller"]

    def inside(command):
        return shop.site.kubectl("exec", "-n", NAMESPACE, name, "-c", "mover", "--", "sh", "-c", command).strip()
    assert inside("id -u") == "999"
    assert inside("grep CapEff /proc/1/status").split()[1] == "0" * 16
    assert inside("ls /var/run/secrets") == "dmaas"
    slices = shop.site.list("endpointslices", NAMESPACE)
    addresses = [address for item in slices for end in item["endpoints"] or [] for address in end["addresses"]]
    assert len(addresses) >= 2 and pod["status"]["podIP"] not in addresses

    shop.site.kubectl("delete", "backupsession", session, "-n", NAMESPACE, "--timeout=60s")
    assert shop.site.leftovers() == []


@pytest.fixture(scope="module")
def started(shop):
    """Sessions of dumps that disturb nobody, side by side, by the name of their plan."""
    return {"hanging": shop.start("hanging", "echo begin; sleep infinity", timeout="20s"),
            "failing": shop.start("failing", "echo half a dump; echo 'Access denied for user' >&2; exit 3"),
            "silent": shop.start("silent", "exec true"),
            "large": shop.start("large", f"yes 'one line of many that are all the same' | head -c {LARGE}", memory="256Mi"),
            "broken": shop.start("broken", DUMP, restore_command="head -c 100 >/dev/null; echo 'ERROR 1045: Access denied' >&2; exit 1")}


def test_a_failing_command_fails_the_backup_with_what_it_said(shop, started):
    status, dump = shop.failed(started["failing"])
    assert dump["message"] == "sh ended with status 3: Access denied for user"
    assert status["message"] == f"dump/all: {dump['message']}"
    assert not dump.get("snapshotId") and dump["attempts"] == 1
    assert json.loads(shop.restic("failing", "snapshots", "--json")) == []
    assert shop.site.leftovers() == []


def test_a_command_that_writes_nothing_fails_the_backup(shop, started):
    _, dump = shop.failed(started["silent"])
    assert dump["message"] == "sh ended well but wrote nothing"
    assert json.loads(shop.restic("silent", "snapshots", "--json")) == []


def test_a_hanging_command_ends_with_the_runs_timeout(shop, started):
    status, dump = shop.failed(started["hanging"])
    assert "not done within the run's timeout" in status["message"]
    assert dump["phase"] == "Failed"
    assert shop.site.leftovers() == []
    assert json.loads(shop.restic("hanging", "snapshots", "--json")) == []


def test_a_dump_larger_than_the_memory_of_its_mover_streams(shop, started):
    status = shop.ended(started["large"])
    assert status["phase"] == "Succeeded", status["message"]
    assert component(status, "dump/all")["bytesTotal"] == LARGE and component(status, "dump/all")["attempts"] == 1


def begin_restore(shop, name, destination, *arguments):
    """Of what a plan backed up; namespace and name of the session."""
    return shop.site.begin("restore", "--storage", "main", "--path", f"{shop.site.name}/ns/{NAMESPACE}/{name}",
                           "--map-namespace", f"{NAMESPACE}={destination}", *arguments)


def end_of(shop, restore):
    """The status of a restore that is over."""
    namespace, session = restore
    return shop.site.await_end("restoresession", session, namespace)


@pytest.fixture(scope="module")
def copy(shop):
    return Shop(shop.site, "dumps-copy")


@pytest.fixture(scope="module")
def breaking(shop, started):
    """A restore of a dump that cannot be played back; it runs beside the one that can."""
    assert shop.ended(started["broken"])["phase"] == "Succeeded"
    return begin_restore(shop, "broken", "dumps-broken")


@pytest.fixture(scope="module")
def restored(shop, copy, dumped, breaking):
    """The status of a restore of the dump into another namespace, with a hook that needs its data."""
    count = 'test $(mariadb -N -u"$MARIADB_USER" -p"$MARIADB_PASSWORD" "$MARIADB_DATABASE" -e "select count(*) from orders") -gt 10'
    counting = {"name": "count", "exec": {**OF_MARIADB, "pods": "one", "command": ["sh", "-c", count]}}
    shop.site.apply(custom_resource("RestoreSession", "copy", SYSTEM, {
        "source": {"stored": {"storageRef": {"name": "main"}, "path": f"{shop.site.name}/ns/{NAMESPACE}/shop"}},
        "namespaceMap": {NAMESPACE: copy.namespace}, "hooks": [counting]}))
    return shop.site.await_end("restoresession", "copy", SYSTEM)


def test_a_dump_is_played_back_into_the_restored_application(shop, copy, restored):
    assert restored["stage"] == "Succeeded", restored["message"]
    played = restored["dumps"]
    assert [(dump["component"], dump["namespace"], dump["phase"]) for dump in played] == [("dump/all", "dumps-copy", "Succeeded")]
    assert played[0]["bytesDone"] == played[0]["bytesTotal"] > 0
    assert restored["message"].endswith("played back 1 dumps")
    assert [hook["succeeded"] for hook in restored["hooks"]] == [True]
    rows = shop.rows()
    assert len(rows) > 10
    assert copy.rows() == rows
    assert shop.site.leftovers() == []


def test_an_application_that_is_there_keeps_its_data_unless_it_may_be_overwritten(shop, copy, restored):
    copy.ask("delete from orders where id > 5")
    again = end_of(shop, begin_restore(shop, "shop", copy.namespace))
    assert again["stage"] == "Succeeded" and not again.get("dumps")
    assert [problem["message"] for problem in again["problems"] if problem["object"] == "dump/all"][0].startswith(
        "the application exists: its data is left as it is")
    assert copy.count_rows() == 5

    over = end_of(shop, begin_restore(shop, "shop", copy.namespace, "--data", "volumes", "--existing", "update"))
    assert over["stage"] == "Succeeded" and over["dumps"][0]["phase"] == "Succeeded", over["message"]
    assert copy.rows() == shop.rows()


def test_a_dump_that_cannot_be_played_back_fails_the_restore_with_what_was_said(shop, breaking):
    status = end_of(shop, breaking)
    assert status["stage"] == "Failed"
    assert status["message"] == "dump/all: sh ended with status 1: ERROR 1045: Access denied"
    assert status["dumps"][0]["phase"] == "Failed" and status["dumps"][0]["attempts"] == 1
    assert shop.site.leftovers() == []
