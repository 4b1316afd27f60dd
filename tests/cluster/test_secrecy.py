"""No secret shows: not in a log, an event, a status or a command line, whether backups and restores succeed or fail."""

import base64
import json
import re

import pytest

from sites.applications import Keeper
from sites.plans import hook
from sites.site import SYSTEM, restic
from sites.waiting import wait_for
from testbed.minio import SECRET_KEY
from tests.cluster.node_view import LogKeeper

NAMESPACE = "secrecy"
STORAGE = "secrecy"
APPLICATIONS_SECRET = "keeper-secret-7f3a9c"
RECOVERY = "recovery-password-51be02"
WRONG = "wrong-secret-key-90d1e4"
HELD = [{"name": "backup", "hooks": {"before": [hook("wait", "sh", "-c", "until [ -e /tmp/go ]; do sleep 0.1; done")]}}]
KINDS = "backupstorages,repositories,backupconfigurations,backupsessions,snapshots.dmaas.io,retentionpolicies,restoresessions,hooktemplates,backupgrants"
A_TOKEN = re.compile(r"eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.")


class Work:
    """A backup and a restore that succeeded, then both while the credentials are wrong; and all that was told meanwhile."""

    def __init__(self, site, minio, recovery_file):
        self.site, self.minio, self.recovery_file = site, minio, recovery_file
        self.keeper = Keeper(site, NAMESPACE, secret=APPLICATIONS_SECRET).deploy(files=3)
        site.add_bucket(STORAGE, recovery_file, minio, STORAGE)
        self.keeper.protect(f"{SYSTEM}/{STORAGE}")
        self.told = LogKeeper(site)
        site.dmaas("backup", "keeper", "-n", NAMESPACE, seconds=120)
        repository = site.list("repositories.dmaas.io", NAMESPACE)[0]["metadata"]["name"]
        restore = ("restore", "-n", NAMESPACE, "--repository", repository, "--prefix")
        site.dmaas(*restore, "copy-", seconds=180)
        self.keeper.shell("rm -f /tmp/go")
        self.keeper.change_plan(runs=HELD)
        site.dmaas("backup", "keeper", "-n", NAMESPACE, "--no-wait")
        wait_for("the hook", lambda: self.newest("backupsessions").get("phase") == "HooksBefore")
        self.break_credentials()
        self.keeper.shell("touch /tmp/go")
        site.dmaas(*restore, "again-", "--no-wait")
        wait_for("what is wrong, in the restore", lambda: "is not ready" in self.newest("restoresessions").get("message", ""))
        wait_for("a mover to be refused", lambda: any('"status":"502"' in text and NAMESPACE in text for text in self.told.logs().values()))
        self.sources = self.look()

    def newest(self, kind):
        """The status of the session that was made last."""
        sessions = sorted(self.site.list(kind, NAMESPACE), key=lambda session: session["metadata"]["creationTimestamp"])
        return sessions[-1].get("status", {})

    def break_credentials(self):
        self.site.patch("secret", f"{STORAGE}-credentials", SYSTEM, {"stringData": {"AWS_SECRET_ACCESS_KEY": WRONG}})
        # A change of the storage makes the controller look at once.
        self.site.patch("backupstorage", STORAGE, SYSTEM, {"spec": {"maxConcurrentMovers": 3}})
        wait_for("the storage to be refused", lambda: self.site.condition("backupstorage", STORAGE, SYSTEM)[0] == "False")

    def look(self):
        """Everything that people other than the cluster's administrator may come to see, by where it was found."""
        site = self.site
        sources = {f"log {path}": text for path, text in self.told.logs().items()}
        sources["command lines"] = self.told.command_lines()
        for kind in (KINDS, "events", "pods", "configmaps", "leases", "serviceaccounts"):
            sources[kind] = site.kubectl("get", kind, "-A", "-o", "json", "--show-managed-fields")
        return sources

    def repository_passwords(self):
        secrets = self.site.list("secrets", SYSTEM, "app.kubernetes.io/managed-by=dmaas")
        return [base64.b64decode(secret["data"]["password"]).decode() for secret in secrets if "password" in secret["data"]]

    def master_key(self):
        """Of the repository, as stock restic shows it: its three parts, in base64."""
        account = self.minio.account
        where = f"s3:{account.endpoint}/{STORAGE}/{self.site.name}/ns/{NAMESPACE}/{NAMESPACE}"
        key = json.loads(restic(where, self.recovery_file, "--no-lock", "cat", "masterkey", environment=account.environment))
        return [key["encrypt"], key["mac"]["k"], key["mac"]["r"]]

    def end(self):
        self.told.close()
        self.site.kubectl("-n", SYSTEM, "delete", f"backupstorage/{STORAGE}", f"secret/{STORAGE}-credentials", f"secret/{STORAGE}-recovery")
        self.keeper.remove()


@pytest.fixture(scope="module")
def work(site, minio, tmp_path_factory):
    recovery_file = tmp_path_factory.mktemp("secrecy") / "recovery"
    recovery_file.write_text(RECOVERY)
    made = Work(site, minio, recovery_file)
    yield made
    made.end()


def encodings(secret):
    """The secret as it is, and what base64 makes of it wherever it stands in a longer text."""
    shown = [secret]
    for before in range(3):
        encoded = base64.b64encode(b"x" * before + secret.encode()).decode()
        shown.append(encoded[4 if before else 0:len(encoded) // 4 * 4 - 4])
    return shown


def places_of(work, secret):
    return [where for where, text in work.sources.items() if any(form in text for form in encodings(secret))]


def test_something_was_told_by_every_part(work):
    logs = {path: text for path, text in work.sources.items() if path.startswith("log")}
    for part in ("controller", "gateway", "mover"):
        assert any(f"/{part}/" in path and text for path, text in logs.items()), part
    assert sum(text.count("work order") for text in logs.values()) >= 5
    assert " mover --controller" in work.sources["command lines"] and " resources --controller" in work.sources["command lines"]
    assert "backup started" in work.sources["events"]


def test_credentials_of_the_storage_show_nowhere(work):
    for secret in (SECRET_KEY, WRONG):
        assert places_of(work, secret) == []


def test_passwords_and_keys_show_nowhere(work):
    passwords, master_key = work.repository_passwords(), work.master_key()
    assert passwords and len(set(master_key)) == 3
    for secret in [RECOVERY, *passwords, *master_key]:
        assert places_of(work, secret) == []


def test_secrets_of_the_application_show_nowhere(work):
    assert places_of(work, APPLICATIONS_SECRET) == []


def test_tokens_and_private_keys_show_nowhere(work):
    assert [where for where, text in work.sources.items() if A_TOKEN.search(text)] == []
    assert [where for where, text in work.sources.items() if "PRIVATE KEY" in text] == []


def test_the_gateway_alone_was_given_the_credentials(site, work):
    """No other object holds them but the Secret that a person made and the one that the gateway watches."""
    holders = []
    for secret in site.list("secrets"):
        values = [base64.b64decode(value).decode(errors="replace") for value in secret.get("data", {}).values()]
        if any(WRONG in value for value in values):
            holders.append(secret["metadata"]["name"])
    assert sorted(holders) == ["dmaas-gateway-storages", f"{STORAGE}-credentials"]
