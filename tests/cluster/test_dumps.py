"""Logical dumps: a program of the application's own image writes them, and another one reads them back."""

import json
import time
from pathlib import Path

import pytest

from sites.site import restic

SHOP = Path(__file__).parents[2] / "demo/manifests/shop.yaml"
NAMESPACE = "dumps"
DUMP = 'mariadb-dump -h mariadb-0.mariadb -u root -p"$MARIADB_ROOT_PASSWORD" --single-transaction --all-databases'
PLAY_BACK = 'mariadb -h mariadb-0.mariadb -u root -p"$MARIADB_ROOT_PASSWORD"'
ENDED = ("Succeeded", "Failed")


def plan(name, command, timeout="5m", restore_command=None, memory="512Mi"):
    """A plan of its own repository that takes the dump and no volume."""
    dump = {"name": "all", "container": "mariadb", "podSelector": {"matchLabels": {"app": "mariadb"}},
            "command": ["sh", "-c", command]}
    if restore_command:
        dump["restoreCommand"] = ["sh", "-c", restore_command]
    return json.dumps({
        "apiVersion": "dmaas.io/v1alpha1", "kind": "BackupConfiguration",
        "metadata": {"name": name, "namespace": NAMESPACE},
        "spec": {"targets": [{"name": name, "allObjects": True, "volumes": {"exclude": ["*"]}, "dumps": [dump]}],
                 "runs": [{"name": "backup", "timeout": timeout, "mover": {"resources": {"limits": {"memory": memory}}}}]}})


def wait_for(what, seconds=120):
    """The first true value of `what`."""
    deadline = time.monotonic() + seconds
    while True:
        value = what()
        if value:
            return value
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(1)


class Shop:
    """The shop in a namespace of its own. Nobody writes: what its table holds stays what it is."""

    def __init__(self, site, password_file):
        self.site = site
        self.password_file = password_file

    def deploy(self):
        manifest = SHOP.read_text().replace("namespace: shop", f"namespace: {NAMESPACE}")
        self.site.cluster.apply(manifest.replace("name: shop}", f"name: {NAMESPACE}}}", 1))
        self.site.kubectl("-n", NAMESPACE, "rollout", "status", "statefulset/mariadb", "--timeout=120s")
        wait_for(self.has_rows)
        self.site.kubectl("-n", NAMESPACE, "scale", "deployment/web", "--replicas=0")
        wait_for(lambda: not self.pods("app=web"))
        return self

    def has_rows(self):
        try:
            return len(self.site.rows(NAMESPACE).splitlines()) > 10
        except Exception:  # until the application has made its table
            return False

    def pods(self, selector):
        return json.loads(self.site.kubectl("get", "pods", "-n", NAMESPACE, "-l", selector, "-o", "json"))["items"]

    def start(self, name):
        """A session of a plan; its name."""
        output = self.site.dmaas("backup", name, "-n", NAMESPACE, "--no-wait")
        return output.split()[1].split("/")[1]

    def session(self, name):
        return self.site.get("backupsession", name, NAMESPACE)

    def ended(self, name):
        def status():
            now = self.session(name).get("status", {})
            return now if now.get("phase") in ENDED else None
        return wait_for(status)

    def fails(self, name, command, **settings):
        """Runs a plan with this command to its end; the status of the session and of the dump."""
        self.site.cluster.apply(plan(name, command, **settings))
        status = self.ended(self.start(name))
        assert status["phase"] == "Failed"
        return status, component(status, "dump/all")

    def mover(self, session):
        """The running pod of the session's dump."""
        uid = self.session(session)["metadata"]["uid"]

        def running():
            found = [pod for pod in self.pods(f"dmaas.io/session-uid={uid}") if pod["status"].get("phase") == "Running"]
            return found[0] if found else None
        return wait_for(running)

    def repository(self, name):
        return f"{self.site.storage_directory}/{self.site.name}/ns/{NAMESPACE}/{name}"

    def restic(self, name, *arguments):
        return restic(self.repository(name), self.password_file, *arguments)


def component(status, name):
    return next(component for component in status["components"] if component["name"] == name)


@pytest.fixture(scope="module")
def shop(site, password_file):
    return Shop(site, password_file).deploy()


@pytest.fixture(scope="module")
def dumped(shop):
    """The status of a session that has dumped the shop's databases."""
    shop.site.cluster.apply(plan("shop", DUMP, restore_command=PLAY_BACK))
    status = shop.ended(shop.start("shop"))
    assert status["phase"] == "Succeeded", status["message"]
    return status


def test_a_dump_is_one_file_that_stock_restic_reads(shop, dumped):
    dump = component(dumped, "dump/all")
    assert [part["name"] for part in dumped["components"]] == ["dump/all", "resources"]
    text = shop.restic("shop", "dump", dump["snapshotId"], "/all")
    assert len(text.encode()) == dump["bytesTotal"] and text.rstrip().splitlines()[-1].startswith("-- Dump completed")
    for row in shop.site.rows(NAMESPACE).splitlines():
        assert row.split("\t")[3] in text
    assert "no errors were found" in shop.restic("shop", "check", "--read-data")


def test_the_mover_is_no_part_of_the_backup(shop, dumped):
    assert shop.site.leftovers() == []
    files = shop.restic("shop", "ls", component(dumped, "resources")["snapshotId"])
    assert "/apps/statefulsets/v1/dumps/mariadb.json" in files
    assert "/pods/" not in files


def test_the_mover_runs_as_the_application_and_holds_none_of_our_secrets(shop):
    shop.site.cluster.apply(plan("spec", "sleep infinity"))
    session = shop.start("spec")
    pod = shop.mover(session)
    name, spec = pod["metadata"]["name"], pod["spec"]
    container = spec["containers"][0]
    assert container["image"] == "dmaas.io/testbed/mariadb:10.11"
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    application = json.loads(shop.site.kubectl("get", "pod", "mariadb-0", "-n", NAMESPACE, "-o", "json"))["spec"]
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
    slices = json.loads(shop.site.kubectl("get", "endpointslices", "-n", NAMESPACE, "-o", "json"))["items"]
    addresses = [address for item in slices for end in item["endpoints"] or [] for address in end["addresses"]]
    assert len(addresses) >= 2 and pod["status"]["podIP"] not in addresses

    shop.site.kubectl("delete", "backupsession", session, "-n", NAMESPACE, "--timeout=60s")
    assert shop.site.leftovers() == []


def test_a_failing_command_fails_the_backup_with_what_it_said(shop):
    status, dump = shop.fails("failing", "echo half a dump; echo 'Access denied for user' >&2; exit 3")
    assert dump["message"] == "sh ended with status 3: Access denied for user"
    assert status["message"] == f"dump/all: {dump['message']}"
    assert not dump.get("snapshotId") and dump["attempts"] == 1
    assert json.loads(shop.restic("failing", "snapshots", "--json")) == []
    assert shop.site.leftovers() == []


def test_a_command_that_writes_nothing_fails_the_backup(shop):
    _, dump = shop.fails("silent", "exec true")
    assert dump["message"] == "sh ended well but wrote nothing"
    assert json.loads(shop.restic("silent", "snapshots", "--json")) == []


def test_a_hanging_command_ends_with_the_runs_timeout(shop):
    status, dump = shop.fails("hanging", "echo begin; sleep infinity", timeout="20s")
    assert "not done within the run's timeout" in status["message"]
    assert dump["phase"] == "Failed"
    assert shop.site.leftovers() == []
    assert json.loads(shop.restic("hanging", "snapshots", "--json")) == []


def test_a_dump_larger_than_the_memory_of_its_mover_streams(shop):
    size = 600_000_000
    shop.site.cluster.apply(plan("large", f"yes 'one line of many that are all the same' | head -c {size}", memory="256Mi"))
    status = shop.ended(shop.start("large"))
    assert status["phase"] == "Succeeded", status["message"]
    assert component(status, "dump/all")["bytesTotal"] == size and component(status, "dump/all")["attempts"] == 1


def restore(shop, name, *arguments):
    """Restores what a plan backed up; the status of the session at its end."""
    created = shop.site.dmaas("restore", "--storage", "main", "--path", f"{shop.site.name}/ns/{NAMESPACE}/{name}", "--no-wait",
                              *arguments)
    return ended_restore(shop, created.split()[1].split("/")[1])


def ended_restore(shop, session):
    def status():
        now = shop.site.get("restoresession", session, "dmaas-system").get("status", {})
        return now if now.get("stage") in ENDED else None
    return wait_for(status, 150)


@pytest.fixture(scope="module")
def restored(shop, dumped):
    """The status of a restore of the dump into another namespace, with a hook that needs its data."""
    count = 'test $(mariadb -N -u"$MARIADB_USER" -p"$MARIADB_PASSWORD" "$MARIADB_DATABASE" -e "select count(*) from orders") -gt 10'
    hook = {"name": "count", "exec": {"podSelector": {"matchLabels": {"app": "mariadb"}}, "pods": "one", "command": ["sh", "-c", count]}}
    shop.site.cluster.apply(json.dumps({
        "apiVersion": "dmaas.io/v1alpha1", "kind": "RestoreSession", "metadata": {"name": "copy", "namespace": "dmaas-system"},
        "spec": {"source": {"stored": {"storageRef": {"name": "main"}, "path": f"{shop.site.name}/ns/{NAMESPACE}/shop"}},
                 "namespaceMap": {NAMESPACE: "dumps-copy"}, "hooks": [hook]}}))
    return ended_restore(shop, "copy")


def test_a_dump_is_played_back_into_the_restored_application(shop, restored):
    assert restored["stage"] == "Succeeded", restored["message"]
    played = restored["dumps"]
    assert [(dump["component"], dump["namespace"], dump["phase"]) for dump in played] == [("dump/all", "dumps-copy", "Succeeded")]
    assert played[0]["bytesDone"] == played[0]["bytesTotal"] > 0
    assert restored["message"].endswith("played back 1 dumps")
    assert [hook["succeeded"] for hook in restored["hooks"]] == [True]
    rows = shop.site.rows(NAMESPACE)
    assert len(rows.splitlines()) > 10
    assert shop.site.rows("dumps-copy") == rows
    assert shop.site.leftovers() == []


def test_an_application_that_is_there_keeps_its_data_unless_it_may_be_overwritten(shop, restored):
    query = """mariadb -u"$MARIADB_USER" -p"$MARIADB_PASSWORD" "$MARIADB_DATABASE" -e "delete from orders where id > 5" """
    shop.site.kubectl("exec", "-n", "dumps-copy", "mariadb-0", "--", "sh", "-c", query)
    mapping = ("--map-namespace", f"{NAMESPACE}=dumps-copy")
    again = restore(shop, "shop", *mapping)
    assert again["stage"] == "Succeeded" and not again.get("dumps")
    assert [problem["message"] for problem in again["problems"] if problem["object"] == "dump/all"][0].startswith(
        "the application exists: its data is left as it is")
    assert len(shop.site.rows("dumps-copy").splitlines()) == 5

    over = restore(shop, "shop", *mapping, "--data", "volumes", "--existing", "update")
    assert over["stage"] == "Succeeded" and over["dumps"][0]["phase"] == "Succeeded", over["message"]
    assert shop.site.rows("dumps-copy") == shop.site.rows(NAMESPACE)


def test_a_dump_that_cannot_be_played_back_fails_the_restore_with_what_was_said(shop, dumped):
    broken = "head -c 100 >/dev/null; echo 'ERROR 1045: Access denied' >&2; exit 1"
    shop.site.cluster.apply(plan("broken", DUMP, restore_command=broken))
    assert shop.ended(shop.start("broken"))["phase"] == "Succeeded"
    status = restore(shop, "broken", "--map-namespace", f"{NAMESPACE}=dumps-broken")
    assert status["stage"] == "Failed"
    assert status["message"] == "dump/all: sh ended with status 1: ERROR 1045: Access denied"
    assert status["dumps"][0]["phase"] == "Failed" and status["dumps"][0]["attempts"] == 1
    assert shop.site.leftovers() == []
