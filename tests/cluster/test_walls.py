"""Namespaces are walls, and no one gains rights: every field that could name another tenant's property is tried."""

import json

import pytest

from sites.applications import Keeper, deploy_side_by_side
from sites.plans import custom_resource, hook
from sites.site import SYSTEM
from sites.waiting import wait_for
from testbed.errors import TestbedError
from tests.conftest import NAME

TENANT, VICTIM, ENTITLED = "walls", "walls-victim", "walls-rights"
MAIN = {"name": "main", "namespace": SYSTEM}
VICTIMS_PATH = f"{NAME}/ns/{VICTIM}/{VICTIM}"
EVERYTHING = {"name": "all", "allObjects": True}
RECOVERY = {"recoveryPasswordSecretRef": {"name": "recovery"}}
FOREIGN_TEMPLATE = {"name": "h", "templateRef": {"name": "flush", "namespace": VICTIM}}

# What a tenant writes: name, kind, spec, what the refusal says.
REFUSED = [
    ("by-namespaces", "BackupConfiguration", {"targets": [{**EVERYTHING, "namespaces": [VICTIM]}]}, f"namespace {VICTIM} does not let"),
    ("by-workload", "BackupConfiguration",
     {"targets": [{"name": "db", "workload": {"kind": "StatefulSet", "name": "keeper", "namespace": VICTIM}}]}, f"namespace {VICTIM} does not let"),
    ("by-dump", "BackupConfiguration",
     {"targets": [{**EVERYTHING, "namespaces": [VICTIM], "dumps": [{"name": "d", "command": ["env"]}]}]}, f"namespace {VICTIM} does not let"),
    ("closed-storage", "BackupConfiguration", {"storages": [{"storageRef": {"name": "closed", "namespace": SYSTEM}}]}, "is not open to namespace"),
    ("victims-storage", "BackupConfiguration", {"storages": [{"storageRef": {"name": "mine", "namespace": VICTIM}}]}, "is not open to namespace"),
    ("victims-template", "BackupConfiguration", {"runs": [{"name": "r", "hooks": {"before": [FOREIGN_TEMPLATE]}}]}, f"namespace {VICTIM} does not let"),
    ("victims-repository", "RestoreSession", {"source": {"repositoryRef": {"name": "REPOSITORY", "namespace": VICTIM}}}, f"namespace {VICTIM} does not let"),
    ("forged-repository", "RestoreSession", {"source": {"repositoryRef": {"name": "forged"}}}, f"'{VICTIMS_PATH}' is not a repository of namespace {TENANT}"),
    ("closed-repository", "RestoreSession", {"source": {"repositoryRef": {"name": "closed"}}}, "is not open to namespace"),
    ("victims-path", "RestoreSession", {"source": {"stored": {"storageRef": MAIN, "path": VICTIMS_PATH}}}, f"'{VICTIMS_PATH}' is not a repository"),
    ("longer-name", "RestoreSession", {"source": {"stored": {"storageRef": MAIN, "path": f"{NAME}/ns/{TENANT}-victim/x"}}}, "is not a repository"),
    ("other-cluster", "RestoreSession", {"source": {"stored": {"storageRef": MAIN, "path": f"elsewhere/ns/{TENANT}/x"}}}, "is not a repository"),
    ("closed-path", "RestoreSession", {"source": {"stored": {"storageRef": {"name": "closed", "namespace": SYSTEM}, "path": f"{NAME}/ns/{TENANT}/x"}}},
     "is not open to namespace"),
    ("copy-of-victims", "CopySession", {"sourceRepositoryRef": {"name": "REPOSITORY", "namespace": VICTIM}}, f"namespace {VICTIM} does not let"),
    ("copy-of-forged", "CopySession", {"sourceRepositoryRef": {"name": "forged"}}, f"'{VICTIMS_PATH}' is not a repository of namespace {TENANT}"),
    ("copy-to-closed", "CopySession", {"storageRef": {"name": "closed", "namespace": SYSTEM}}, "is not open to namespace"),
    ("copy-to-victims", "CopySession", {"storageRef": {"name": "mine", "namespace": VICTIM}}, "is not open to namespace"),
    ("into-victim", "RestoreSession", {"namespaceMap": {TENANT: VICTIM}}, f"namespace {VICTIM} does not let"),
    ("into-system", "RestoreSession", {"namespaceMap": {TENANT: SYSTEM}}, f"namespace {SYSTEM} does not let"),
    ("foreign-hook", "RestoreSession", {"hooks": [FOREIGN_TEMPLATE]}, f"namespace {VICTIM} does not let"),
    ("foreign-account", "RestoreSession", {"serviceAccountName": f"x:{VICTIM}", "namePrefix": "a-"}, "cannot impersonate"),
    ("our-account", "RestoreSession", {"serviceAccountName": f"dmaas-restore-{TENANT}", "namePrefix": "b-"}, "cannot create"),
    ("refill-from-victim", "RestoreConfiguration", {"source": {"repositoryRef": {"name": "REPOSITORY", "namespace": VICTIM}}},
     f"namespace {VICTIM} does not let"),
    ("refill-from-forged", "RestoreConfiguration", {"source": {"repositoryRef": {"name": "forged"}}},
     f"'{VICTIMS_PATH}' is not a repository of namespace {TENANT}"),
    ("refill-from-path", "RestoreConfiguration", {"source": {"stored": {"storageRef": MAIN, "path": VICTIMS_PATH}}}, f"'{VICTIMS_PATH}' is not a repository"),
    ("refill-into-victim", "RestoreConfiguration", {"namespaceMap": {TENANT: VICTIM}}, f"namespace {VICTIM} does not let"),
    ("refill-into-system", "RestoreConfiguration", {"namespaceMap": {TENANT: SYSTEM}}, f"namespace {SYSTEM} does not let"),
    ("refill-by-hook", "RestoreConfiguration", {"hooks": [FOREIGN_TEMPLATE]}, f"namespace {VICTIM} does not let"),
    ("refill-as-ours", "RestoreConfiguration", {"serviceAccountName": f"dmaas-restore-{TENANT}", "what": {"data": "resourcesOnly"},
                                                       "existing": "update", "inPlace": None}, "cannot"),
    ("a-directory", "BackupStorage", {**RECOVERY, "backend": {"local": {"path": f"/var/lib/dmaas-test-storage-{NAME}"}}}, "only in namespace"),
    ("foreign-secret", "BackupStorage",
     {**RECOVERY, "backend": {"s3": {"bucket": "abc"}}, "credentialSecretRef": {"name": f"../../{SYSTEM}/secrets/dmaas-ca"}}, "credentials"),
]
# What the schema refuses at once.
IMPOSSIBLE = [
    ("RestoreSession", {"source": {"stored": {"storageRef": MAIN, "path": f"{NAME}/ns/{TENANT}/../{VICTIM}"}}}),
    ("Repository", {"storageRef": MAIN, "path": f"../{VICTIMS_PATH}"}),
]


def complete(kind, spec, repository, own_repository):
    """With what the case leaves out."""
    if kind == "BackupConfiguration":
        spec = {"targets": [EVERYTHING], "runs": [{"name": "r"}], "storages": [{"storageRef": MAIN}]} | spec
    if kind == "RestoreSession":
        spec = {"source": {"repositoryRef": {"name": own_repository}}} | spec
    if kind == "RestoreConfiguration":
        restore = {"source": {"repositoryRef": {"name": own_repository}}, "what": {"data": "dataOnly"}, "inPlace": {"quiesce": "refuseIfInUse"}}
        spec = {"interval": "1h", "template": {name: value for name, value in (restore | spec).items() if value is not None}}
    if kind == "CopySession":
        spec = {"sourceRepositoryRef": {"name": own_repository}, "storageRef": MAIN, "backups": {"missing": True}} | spec
    return json.loads(json.dumps(spec).replace("REPOSITORY", repository))


def refusal(site, kind, name):
    """Why the object does not work; None while that is not known."""
    status = site.status(f"{kind.lower()}.dmaas.io", name, TENANT)
    assert status.get("stage") not in ("RestoringBackups", "ActivatingApplications", "Succeeded"), status
    if kind == "CopySession":
        return status["message"] if status.get("phase") == "Failed" else None
    if "lastSession" in status:  # of a RestoreConfiguration whose session was refused
        assert status["lastSession"]["stage"] == "Failed", status
        return refusal(site, "RestoreSession", status["lastSession"]["session"])
    if kind == "RestoreSession":
        findings = status.get("preflight", {}).get("findings", [])
        return status["message"] + json.dumps(findings) if status.get("stage") == "Failed" else None
    ready = [condition for condition in status.get("conditions", []) if condition["type"] == "Ready"]
    is_begun = kind == "RestoreConfiguration" and status.get("running")
    if not ready or is_begun or (ready[0]["status"] == "False" and "not ready" in ready[0]["message"]):
        return None
    assert ready[0]["status"] == "False", ready
    return ready[0]["message"]


def repository_in(site, namespace):
    return site.list("repositories.dmaas.io", namespace)[0]["metadata"]["name"]


@pytest.fixture(scope="module")
def keepers(site):
    """By namespace, each with a backup."""
    made = {namespace: Keeper(site, namespace) for namespace in (TENANT, VICTIM, ENTITLED)}
    deploy_side_by_side(*made.values(), files=2)
    site.cluster.apply(RIGHTS)
    for keeper in made.values():
        keeper.protect(f"{SYSTEM}/main")
    site.back_up(*((namespace, "keeper") for namespace in made))
    yield made
    for keeper in made.values():
        keeper.remove()


@pytest.fixture(scope="module")
def tenants(site, keepers):
    """The tenant has written everything that must be refused."""
    victims, own = repository_in(site, VICTIM), repository_in(site, TENANT)
    bucket = {"backend": {"s3": {"bucket": "abc", "endpoint": "http://10.231.255.1:1"}}, "credentialSecretRef": {"name": "keys"}}
    closed = {"storageRef": {"name": "closed", "namespace": SYSTEM}, "path": f"{NAME}/ns/{TENANT}/{TENANT}"}
    site.apply(custom_resource("BackupStorage", "closed", SYSTEM, {"recoveryPasswordSecretRef": {"name": "main-recovery"},
                                                                   "backend": {"local": {"path": site.storage_directory}}}),
               custom_resource("BackupStorage", "mine", VICTIM, {**RECOVERY, **bucket}),
               custom_resource("HookTemplate", "flush", VICTIM, {"exec": {"command": ["env"]}}),
               custom_resource("Repository", "forged", TENANT, {"storageRef": MAIN, "path": VICTIMS_PATH}),
               custom_resource("Repository", "closed", TENANT, closed))
    site.apply(*(custom_resource(kind, name, TENANT, complete(kind, spec, victims, own)) for name, kind, spec, _ in REFUSED))
    yield
    site.kubectl("-n", SYSTEM, "delete", "backupstorage", "closed")


@pytest.mark.parametrize(("name", "kind", "reason"), [(name, kind, reason) for name, kind, _, reason in REFUSED])
def test_what_names_another_tenants_property_is_refused_with_the_cause(site, tenants, name, kind, reason):
    assert reason in wait_for(f"a refusal of {kind} {name}", lambda: refusal(site, kind, name))


@pytest.mark.parametrize(("kind", "spec"), IMPOSSIBLE)
def test_paths_that_climb_are_no_paths(site, tenants, kind, spec):
    with pytest.raises(TestbedError, match="path"):
        site.apply(custom_resource(kind, "climbs", TENANT, spec))


def test_another_tenants_default_storage_is_not_ones_default(site, tenants):
    trap = {**RECOVERY, "backend": {"s3": {"bucket": "abc", "endpoint": "http://10.231.255.1:1"}}, "credentialSecretRef": {"name": "keys"},
            "default": True, "usage": {"namespaces": "all"}}
    site.apply(custom_resource("BackupStorage", "trap", TENANT, trap))
    site.apply(custom_resource("BackupConfiguration", "without-storage", VICTIM, {"targets": [EVERYTHING], "runs": [{"name": "r"}]}))
    site.dmaas("backup", "without-storage", "-n", VICTIM, seconds=120)
    sessions = [s for s in site.list("backupsessions", VICTIM) if s["spec"]["planRef"]["name"] == "without-storage"]
    assert [result["storage"] for result in sessions[0]["status"]["storages"]] == [f"{SYSTEM}/main"]


def test_rules_about_namespaces_give_a_plan_nothing_of_another(site, tenants):
    target = {**EVERYTHING, "objects": {"include": [{"namespaces": [VICTIM]}]}}
    site.apply(custom_resource("BackupConfiguration", "by-rule", TENANT, complete("BackupConfiguration", {"targets": [target]}, "", "")))
    resolved = wait_for("what belongs", lambda: site.status("backupconfiguration", "by-rule", TENANT).get("resolved"))
    assert set(resolved.get("objects", {})) <= {"Namespace", "CustomResourceDefinition"} and not resolved.get("volumes")


RIGHTS = """
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: walls-danger}
rules: [{apiGroups: ["*"], resources: ["*"], verbs: ["*"]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: danger, namespace: walls-rights}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: walls-danger}
subjects: [{kind: ServiceAccount, name: default, namespace: walls-rights}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: administrator, namespace: walls-rights}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}
subjects: [{kind: ServiceAccount, name: default, namespace: walls-rights}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: binder, namespace: walls-rights}
rules: [{apiGroups: [rbac.authorization.k8s.io], resources: [clusterroles], verbs: [bind, escalate]}]
"""


@pytest.fixture(scope="module")
def with_rights(site, keepers):
    """A backup that holds what only a cluster's administrator may create; all of it is gone from the cluster, and one harmless object too."""
    site.kubectl("-n", ENTITLED, "delete", "rolebinding/danger", "rolebinding/administrator", "role/binder", "configmap/keeper")
    site.kubectl("delete", "clusterrole", "walls-danger")
    return keepers[ENTITLED]


def test_a_restore_creates_nothing_that_its_account_may_not_and_says_so_first(site, with_rights):
    namespace = with_rights.namespace
    spec = {"source": {"repositoryRef": {"name": repository_in(site, namespace)}}}
    site.apply(custom_resource("RestoreSession", "greedy", namespace, spec))
    status = site.await_end("restoresession", "greedy", namespace)
    assert status["stage"] == "Failed" and status["message"].startswith("the cluster refuses")
    rejected = {finding["object"]: finding["reason"] for finding in status["preflight"]["findings"] if finding["verdict"] == "rejected"}
    assert set(rejected) == {"ClusterRole walls-danger", f"RoleBinding {namespace}/administrator", f"Role {namespace}/binder"}, rejected
    for reason in rejected.values():
        assert f"system:serviceaccount:{SYSTEM}:dmaas-restore-{namespace}" in reason
    kinds = "configmap/keeper rolebinding/administrator rolebinding/danger role/binder clusterrole/walls-danger"
    assert site.kubectl("-n", namespace, "get", "--ignore-not-found", "-o", "name", *kinds.split()) == ""
    assert site.leftovers() == []


def test_what_it_may_create_is_restored_without_the_rest(site, with_rights):
    namespace = with_rights.namespace
    spec = {"source": {"repositoryRef": {"name": repository_in(site, namespace)}},
            "what": {"objects": {"exclude": [{"kinds": ["ClusterRole", "RoleBinding", "Role"]}]}}}
    site.apply(custom_resource("RestoreSession", "modest", namespace, spec))
    status = site.await_end("restoresession", "modest", namespace)
    assert status["stage"] == "Succeeded", json.dumps(status)
    assert site.get("configmap", "keeper", namespace)["data"] == {"colour": "green"}


@pytest.fixture(scope="module")
def editor(site, with_rights):
    """A person with the role `edit`: kubectl's arguments for acting as that account."""
    namespace = with_rights.namespace
    site.kubectl("-n", namespace, "create", "serviceaccount", "editor")
    site.kubectl("-n", namespace, "create", "rolebinding", "editor", "--clusterrole=edit", f"--serviceaccount={namespace}:editor")
    token = site.kubectl("-n", namespace, "create", "token", "editor").strip()
    configuration = site.cluster.layout.directory / "editor.kubeconfig"
    document = json.loads(site.cluster.kubeconfig.read_text())
    document["users"][0]["user"] = {"token": token}
    configuration.write_text(json.dumps(document))
    return lambda *arguments: site.kubectl(f"--kubeconfig={configuration}", "-n", namespace, *arguments)


def may(person, verb, resource, *more):
    resource, _, subresource = resource.partition("/")
    if subresource:
        more = (*more, f"--subresource={subresource}")
    try:
        return person("auth", "can-i", verb, resource, *more).strip() == "yes"
    except TestbedError:
        return False


def test_an_editor_writes_plans_and_nothing_that_reaches_further(editor):
    for resource in ("backupconfigurations", "backupsessions", "hooktemplates"):
        assert may(editor, "create", f"{resource}.dmaas.io"), resource
        assert not may(editor, "update", f"{resource}.dmaas.io/status"), resource
    for resource in ("restoresessions", "restoreconfigurations", "repositories", "snapshots", "retentionpolicies", "backupstorages", "backupgrants"):
        assert not may(editor, "create", f"{resource}.dmaas.io"), resource
        assert not may(editor, "update", f"{resource}.dmaas.io/status"), resource


def test_an_editor_becomes_nobody_who_may_more(site, editor, with_rights):
    """Who may `edit` may act as every account of the namespace, so none there may have more, after a restore and a hook either."""
    namespace = with_rights.namespace
    spec = {"source": {"repositoryRef": {"name": repository_in(site, namespace)}}, "preflightOnly": True}
    site.apply(custom_resource("RestoreSession", "only-preflight", namespace, spec))
    site.await_end("restoresession", "only-preflight", namespace)
    runs = [{"name": "backup", "hooks": {"before": [hook("id", "id")]}}]
    editor("patch", "backupconfiguration", "keeper", "--type=merge", "-p", json.dumps({"spec": {"runs": runs}}))
    site.dmaas("backup", "keeper", "-n", namespace, seconds=120)
    accounts = [account["metadata"]["name"] for account in site.list("serviceaccounts", namespace)]
    assert "editor" in accounts
    for account in {*accounts, "dmaas-restore", "dmaas-hooks", f"dmaas-restore-{namespace}"}:
        acting = f"--as=system:serviceaccount:{namespace}:{account}"
        assert not may(editor, "create", "rolebindings.rbac.authorization.k8s.io", acting), account
        assert not may(editor, "create", "restoresessions.dmaas.io", acting), account
    for account in (f"dmaas-restore-{namespace}", f"dmaas-hooks-{namespace}", "dmaas-restore"):
        with pytest.raises(TestbedError, match="cannot impersonate"):
            editor("get", "pods", f"--as=system:serviceaccount:{SYSTEM}:{account}")


def test_hooks_and_dumps_may_run_pods_and_commands_in_their_namespace_and_nothing_else(site, editor, with_rights):
    namespace = with_rights.namespace
    acting = f"--as=system:serviceaccount:{SYSTEM}:dmaas-hooks-{namespace}"
    assert may(site.kubectl, "create", "pods/exec", acting, "-n", namespace)
    assert may(site.kubectl, "create", "pods", acting, "-n", namespace)
    for verb, resource in (("get", "secrets"), ("get", "pods"), ("delete", "pods"), ("create", "rolebindings.rbac.authorization.k8s.io")):
        assert not may(site.kubectl, verb, resource, acting, "-n", namespace)
    for resource in ("pods", "pods/exec"):
        assert not may(site.kubectl, "create", resource, acting, "-n", VICTIM)
