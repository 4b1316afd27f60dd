"""What a mover may do with what it holds, tried from outside while a real backup and a real restore are stopped in the middle."""

import json
import os
import signal
import subprocess
import time

import pytest

from sites.applications import Keeper, deploy_side_by_side
from sites.plans import hook
from sites.site import SYSTEM, restic
from sites.waiting import wait_for
from tests.cluster.endpoints import Endpoint, Gateway
from tests.cluster.node_view import Node, stopped, text_of_process

STORAGE = f"{SYSTEM}/main"
WAITS_FOR_A_FILE = hook("wait", "sh", "-c", "until [ -e /tmp/go ]; do sleep 0.1; done", timeout="5m")
# 60 s are promised; a grant goes within the second that it takes the gateway's watch to tell.
REFUSED_SECONDS = 15
FORGED = """
apiVersion: v1
kind: Pod
metadata:
  name: {name}
  namespace: {namespace}
  labels: {labels}
  annotations: {annotations}
  ownerReferences: {owners}
spec:
  serviceAccountName: {account}
  automountServiceAccountToken: false
  terminationGracePeriodSeconds: 0
  containers:
  - {{name: mover, image: "dmaas.io/testbed/debian-base:12", imagePullPolicy: Never, command: [sleep, infinity],
     volumeMounts: [{{name: dmaas-tokens, mountPath: /var/run/secrets/dmaas}}]}}
  volumes: {volumes}
"""


class HeldMover:
    """A mover whose process is stopped, with its pod and its tokens."""

    def __init__(self, node, session_kind, session, pod):
        self.session_kind, self.session, self.pod = session_kind, session, pod
        self.pid = node.process(pod)
        self.gateway_token = node.token(pod, "gateway")
        self.controller_token = node.token(pod, "controller")


class Held:
    """A backup of namespace `rights` and a restore of it beside the original."""

    def __init__(self, site):
        self.site, self.node = site, Node(site)
        self.application, self.other = Keeper(site, "rights"), Keeper(site, "rights-other")
        deploy_side_by_side(self.application, self.other)
        for keeper in (self.application, self.other):
            keeper.protect(STORAGE)
        site.back_up(("rights", "keeper"), ("rights-other", "keeper"))
        self.repository = f"{site.name}/ns/rights/rights"
        self.other_repository = f"{site.name}/ns/rights-other/rights-other"

    def start(self):
        site, node = self.site, self.node
        self.application.change_plan(runs=[{"name": "backup", "hooks": {"before": [WAITS_FOR_A_FILE]}}])
        provisioner = site.cluster.running()["local-path-provisioner"]
        with stopped(provisioner):
            site.dmaas("backup", "keeper", "-n", "rights", "--no-wait")
            backup = wait_for("the hook", lambda: self.session_in("backupsessions", "phase", "HooksBefore"))
            repository = site.list("repositories.dmaas.io", "rights")[0]["metadata"]["name"]
            site.dmaas("restore", "-n", "rights", "--repository", repository, "--prefix", "copy-", "--no-wait")
            restore = wait_for("the restore", lambda: self.session_in("restoresessions", "stage", "RestoringBackups"))
            fills = wait_for("a pod that fills a volume", lambda: node.pods("mover", restore))
            gateway = node.process_of("gateway")
            os.kill(gateway, signal.SIGSTOP)
        try:
            # Both have their order by now and wait for the gateway.
            self.application.shell("touch /tmp/go")
            reads = wait_for("a pod that reads a volume", lambda: node.pods("mover", backup))
            for pod in (*fills, *reads):
                wait_for("a mover with its order", lambda pod=pod: "work order" in node.log(pod))
            self.backup = HeldMover(node, "BackupSession", backup, reads[0])
            self.restore = HeldMover(node, "RestoreSession", restore, fills[0])
            self.pids = [self.backup.pid, self.restore.pid]
            for pid in self.pids:
                os.kill(pid, signal.SIGSTOP)
        finally:
            os.kill(gateway, signal.SIGCONT)
        wait_for("the gateway", lambda: Endpoint(site, "dmaas-gateway").ask("GET", "/readyz")[0] == 200)
        return self

    def session_in(self, kind, field, value):
        found = [s for s in self.site.list(kind, "rights") if s.get("status", {}).get(field) == value]
        return found[0] if found else None

    def gateway(self, mover, repository=None, storage=STORAGE):
        return Gateway(self.site, storage, repository or self.repository, mover.gateway_token)

    def end(self):
        for pid in self.pids:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.application.remove()
        self.other.remove()


@pytest.fixture(scope="module")
def held(site):
    made = Held(site).start()
    yield made
    made.end()


@pytest.fixture(params=["backup", "restore"])
def mover(request, held):
    return getattr(held, request.param)


def test_a_movers_pod_names_no_credential_and_no_token_but_two(mover):
    spec = mover.pod["spec"]
    assert spec["automountServiceAccountToken"] is False
    sources = [volume["projected"]["sources"] for volume in spec["volumes"] if "projected" in volume]
    tokens = [source["serviceAccountToken"]["audience"] for source in sources[0]]
    assert len(sources) == 1 and sorted(tokens) == ["dmaas-controller", "dmaas-gateway"]
    assert not [volume for volume in spec["volumes"] if "secret" in volume or "hostPath" in volume]
    for container in spec["containers"] + spec.get("initContainers", []):
        assert [variable["name"] for variable in container["env"]] == ["DMAAS_CA"] and "envFrom" not in container


def test_a_movers_process_shows_no_key_and_no_credential(held, mover, site, password_file):
    told = text_of_process(mover.pid, "cmdline") + text_of_process(mover.pid, "environ")
    for name in ("AWS_", "PASSWORD", "RESTIC", "masterKey", "eyJ"):
        assert name not in told
    for secret in secrets_of(site, held, password_file):
        assert secret not in told
    mounted = os.listdir(f"/proc/{mover.pid}/root/var/run/secrets")
    assert mounted == ["dmaas"]


def test_processes_with_keys_leave_no_core_dump(held):
    """The kernel gives such a process's files in /proc to root, whoever it runs as."""
    controller = held.node.process_of("controller")
    assert "Uid:\t65532" in text_of_process(controller, "status")
    for pid in (controller, held.node.process_of("gateway"), held.backup.pid, held.restore.pid):
        assert os.stat(f"/proc/{pid}/environ").st_uid == 0


def secrets_of(site, held, password_file):
    """The recovery password and the parts of the repository's master key."""
    key = json.loads(restic(f"{site.storage_directory}/{held.repository}", password_file, "--no-lock", "cat", "masterkey"))
    return [password_file.read_text().strip(), key["encrypt"], key["mac"]["k"], key["mac"]["r"]]


def test_a_mover_reads_its_own_repository_and_no_other(held, mover):
    assert held.gateway(mover).status("GET", "config") == 200
    other = held.gateway(mover, held.other_repository)
    for method, path in (("GET", "config"), ("HEAD", "config"), ("GET", "data/"), ("GET", "keys/"), ("GET", "snapshots/"),
                         ("POST", "data/" + "0" * 64), ("DELETE", "locks/" + "0" * 64)):
        assert other.status(method, path) == 403, (method, path)
    for storage in (f"{SYSTEM}/other", "rights/main"):
        assert held.gateway(mover, storage=storage).status("GET", "snapshots/") == 403
    own = held.gateway(mover)
    for path in (f"../../rights-other/rights-other/{kind}" for kind in ("config", "snapshots/")):
        assert own.status("GET", path) in (400, 403)
        assert own.status("GET", path.replace("..", "%2e%2e")) in (400, 403)
    assert own.ask("GET", f"/{STORAGE}/snapshots/", mover.gateway_token)[0] in (403, 404)
    for path in ("probe", "repositories"):
        assert own.ask("POST", f"/v1/storages/{STORAGE}/{path}", mover.gateway_token)[0] == 403


def test_a_mover_removes_nothing_and_touches_neither_config_nor_keys(held, mover, site):
    gateway = held.gateway(mover)
    before = repository_files(site, held)
    for kind in ("data", "index", "snapshots", "keys", "locks"):
        for name in gateway.names(kind):
            assert gateway.status("DELETE", f"{kind}/{name}") == 403, kind
    assert gateway.status("DELETE", "config") == 403
    assert gateway.status("POST", "config", b"mine") == 403
    assert gateway.save("keys", b"my key") == 403
    assert gateway.ask("POST", f"{gateway.base}?create=true", mover.gateway_token)[0] == 403
    assert repository_files(site, held) == before


def repository_files(site, held):
    """Path to content of everything in the repository but locks, which the controller renews."""
    directory = f"{site.storage_directory}/{held.repository}"
    paths = (os.path.join(folder, name) for folder, _, names in os.walk(directory) for name in names)
    return {path: open(path, "rb").read() for path in paths if "/locks/" not in path}


def test_a_backup_adds_only_what_is_new_and_bears_its_own_hash(held, site):
    gateway = held.gateway(held.backup)
    before = repository_files(site, held)
    for kind in ("data", "index", "snapshots"):
        for name in gateway.names(kind)[:2]:
            gateway.save(kind, b"something else", name)
        assert gateway.save(kind, b"something", "0" * 64) in range(400, 500)
    assert repository_files(site, held) == before
    assert gateway.save("data", b"something new") == 200
    added = set(repository_files(site, held)) - set(before)
    assert len(added) == 1
    os.remove(added.pop())


def test_a_restore_adds_nothing(held, site):
    gateway = held.gateway(held.restore)
    before = repository_files(site, held)
    for kind in ("data", "index", "snapshots", "keys"):
        assert gateway.save(kind, b"something new") == 403
    assert repository_files(site, held) == before


def test_a_movers_tokens_are_nothing_to_the_api_server(mover, site):
    for token in (mover.gateway_token, mover.controller_token):
        for path in ("/api", f"/api/v1/namespaces/{SYSTEM}/secrets"):
            done = subprocess.run(["curl", "-sk", "-o", "/dev/null", "-w", "%{http_code}", "-H", f"Authorization: Bearer {token}",
                                   f"https://{site.cluster.node_ip}:6443{path}"], capture_output=True, text=True, check=True)
            assert done.stdout == "401"


def test_each_service_takes_only_the_token_that_is_for_it(held, mover, site):
    controller = Endpoint(site, "dmaas-controller")
    assert controller.ask("GET", "/v1/work-order", mover.gateway_token)[0] == 401
    assert controller.ask("GET", "/v1/work-order")[0] == 401
    assert Gateway(site, STORAGE, held.repository, mover.controller_token).status("GET", "config") == 401
    assert Gateway(site, STORAGE, held.repository, None).status("GET", "config") == 401


def test_a_mover_gets_its_own_order_whatever_it_asks_for(held, mover, site):
    other = held.restore if mover is held.backup else held.backup
    uid = other.pod["metadata"]["uid"]
    for path in ("/v1/work-order", f"/v1/work-order?pod={uid}", f"/v1/work-order?podUid={uid}"):
        status, body = Endpoint(site, "dmaas-controller").ask("GET", path, mover.controller_token, headers={"X-Pod-Uid": uid})
        order = json.loads(body)
        assert status == 200 and order["session"]["uid"] == mover.session["metadata"]["uid"]
        assert order["session"]["kind"] == mover.session_kind and order["repository"]["url"].endswith(f"/{STORAGE}/{held.repository}/")
    assert Endpoint(site, "dmaas-controller").ask("GET", f"/v1/work-order/{uid}", mover.controller_token)[0] == 404


@pytest.mark.parametrize("namespace", [SYSTEM, "rights"])
@pytest.mark.parametrize("account", ["dmaas-mover", "dmaas-controller"])
def test_a_forged_pod_gets_nothing(held, site, namespace, account):
    if namespace == SYSTEM and account == "dmaas-controller":
        return refuses_a_token_of_the_controllers_account(held, site)
    model = held.backup.pod
    if namespace != SYSTEM:
        site.kubectl("-n", namespace, "create", "serviceaccount", account)
    metadata = model["metadata"]
    owner = {"apiVersion": "dmaas.io/v1alpha1", "kind": "BackupSession", "name": held.backup.session["metadata"]["name"],
             "uid": held.backup.session["metadata"]["uid"], "controller": True}
    tokens = [volume for volume in model["spec"]["volumes"] if volume["name"] == "dmaas-tokens"]
    site.cluster.apply(FORGED.format(name=f"forged-{account}", namespace=namespace, labels=json.dumps(metadata["labels"]), account=account,
                                     annotations=json.dumps(metadata["annotations"]), volumes=json.dumps(tokens),
                                     owners=json.dumps([owner] if namespace == "rights" else [])))
    site.kubectl("-n", namespace, "wait", f"pod/forged-{account}", "--for=condition=Ready", "--timeout=60s")
    forged = site.get("pod", f"forged-{account}", namespace)
    try:
        gateway = Gateway(site, STORAGE, held.repository, held.node.token(forged, "gateway"))
        assert [gateway.status("GET", "config"), gateway.save("data", b"forged"), gateway.status("GET", "keys/")] == [403] * 3
        assert gateway.ask("POST", f"/v1/storages/{STORAGE}/probe", gateway.token)[0] == 403
        controller = Endpoint(site, "dmaas-controller")
        token = held.node.token(forged, "controller")
        assert controller.ask("GET", "/v1/work-order", token)[0] == 404
        assert controller.ask("POST", "/v1/result", token, '{"outcome": "succeeded"}')[0] == 404
        assert controller.ask("POST", "/v1/progress", token, "{}")[0] == 404
    finally:
        site.kubectl("-n", namespace, "delete", "pod", f"forged-{account}", "--now")


def refuses_a_token_of_the_controllers_account(held, site):
    """The controller's own account is no mover: no order for it, not even with the right audience."""
    token = site.kubectl("-n", SYSTEM, "create", "token", "dmaas-controller", "--audience=dmaas-controller").strip()
    assert Endpoint(site, "dmaas-controller").ask("GET", "/v1/work-order", token)[0] == 401


def test_a_mover_that_outlives_its_session_is_refused(held, site):
    """Its pod, and so its token, is kept alive by a finalizer; deleting the session midway ends what it may do."""
    movers = (held.backup, held.restore)
    for mover in movers:
        patch_finalizers(site, mover, ["rights.test/hold"])
    try:
        for mover in movers:
            name = mover.session["metadata"]["name"]
            site.kubectl("-n", "rights", "delete", f"{mover.session_kind.lower()}.dmaas.io", name, "--timeout=60s")
        deadline = time.monotonic() + REFUSED_SECONDS
        for mover in movers:
            wait_for("the gateway's refusal", lambda mover=mover: held.gateway(mover).status("GET", "config") == 403,
                     seconds=max(0, deadline - time.monotonic()))
            assert held.gateway(mover).save("data", b"late") == 403
            controller = Endpoint(site, "dmaas-controller")
            assert controller.ask("GET", "/v1/work-order", mover.controller_token)[0] == 404
            assert controller.ask("POST", "/v1/result", mover.controller_token, '{"outcome": "succeeded"}')[0] == 404
            assert controller.ask("POST", "/v1/progress", mover.controller_token, "{}")[0] == 404
    finally:
        for mover in movers:
            patch_finalizers(site, mover, None)
    assert site.leftovers() == []
    for mover in movers:
        wait_for("the token's end", lambda mover=mover: held.gateway(mover).status("GET", "config") == 401)


def patch_finalizers(site, mover, finalizers):
    site.patch("pod", mover.pod["metadata"]["name"], SYSTEM, {"metadata": {"finalizers": finalizers}})
