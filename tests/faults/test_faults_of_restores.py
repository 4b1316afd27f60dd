"""What stops a restore: a destination that refuses, objects that exist, a repository that is damaged or too new. Each is told by name,
before anything is changed where that can be known, and takes nothing with it that is sound."""

import json
import shutil
from pathlib import Path

import pytest

from sites.applications import Keeper
from sites.plans import custom_resource, plan_of
from sites.site import SYSTEM, restic
from sites.waiting import wait_for
from tests.faults.attempt import Attempt
from tests.faults.sealed_config import set_version

EXTRAS = """
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: caches.faults.example.com}
spec:
  group: faults.example.com
  names: {kind: Cache, plural: caches}
  scope: Namespaced
  versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}}]
"""
CACHE = """
apiVersion: faults.example.com/v1
kind: Cache
metadata: {name: small, namespace: origin}
"""
REFUSALS = {
    "pods": ("apiVersion: v1\nkind: ResourceQuota\nmetadata: {name: tight, namespace: at-pods}\nspec: {hard: {pods: '1'}}",
             ["pods", "raise the quota, or restore less"]),
    "claims": ("apiVersion: v1\nkind: ResourceQuota\nmetadata: {name: tight, namespace: at-claims}\nspec: {hard: {persistentvolumeclaims: '1'}}",
               ["persistentvolumeclaims"]),
    "maps": ("apiVersion: v1\nkind: ResourceQuota\nmetadata: {name: tight, namespace: at-maps}\nspec: {hard: {configmaps: '1'}}", ["configmaps"]),
    "limits": ("apiVersion: v1\nkind: LimitRange\nmetadata: {name: small, namespace: at-limits}\n"
               "spec: {limits: [{type: PersistentVolumeClaim, max: {storage: 1Mi}}]}", ["maximum storage usage per PersistentVolumeClaim is 1Mi"]),
    "policy": ("""
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: faults-no-green}
spec:
  matchConstraints:
    namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: at-policy}}
    resourceRules: [{apiGroups: [""], apiVersions: [v1], operations: [CREATE, UPDATE], resources: [configmaps]}]
  validations: [{expression: "!has(object.data) || !('colour' in object.data)", message: "no colours here"}]
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {name: faults-no-green}
spec: {policyName: faults-no-green, validationActions: [Deny]}
""", ["ConfigMap", "no colours here"]),
}
POLICIES = ("skip", "update", "fail", "recreate")


def namespace(name):
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


def settings(site, name):
    return site.get("configmap", "keeper", name)


def restore(site, destination, *arguments, storage="main"):
    return Attempt(site, "restore", "--storage", storage, "--path", f"{site.name}/ns/origin/origin", "--map-namespace", f"origin={destination}",
                   *arguments)


@pytest.fixture(scope="module")
def origin(site):
    """Two claims of different content, backed up twice; the second backup is the newer by one file each."""
    keeper = Keeper(site, "origin", replicas=2)
    site.cluster.apply(EXTRAS)
    keeper.deploy(files=0)
    site.cluster.apply(CACHE)
    site.apply(plan_of("origin", "origin"))
    for _ in range(2):
        for pod in range(keeper.replicas):
            keeper.shell("head -c 3000000 /dev/urandom > /data/$(date +%s%N)", pod=pod)
        site.dmaas("backup", "origin", "-n", "origin")
    return keeper


@pytest.fixture(scope="module")
def refused(site, origin):
    """A restore into each destination that refuses something, all at once; and those that find existing objects."""
    site.apply(*[namespace(f"at-{name}") for name in REFUSALS], *[namespace(f"has-{policy}") for policy in POLICIES], namespace("ending"))
    for manifest, _ in REFUSALS.values():
        site.cluster.apply(manifest)
    held = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "held", "namespace": "ending", "finalizers": ["example.com/hold"]}}
    site.apply(held, *[{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "keeper", "namespace": f"has-{policy}"},
                        "data": {"colour": "red"}} for policy in POLICIES])
    site.kubectl("delete", "namespace", "ending", "--wait=false")
    before = {policy: settings(site, f"has-{policy}") for policy in POLICIES}
    # An admission policy holds a moment after it was made.
    wait_for("the admission policy holds", lambda: "no colours" in refusal_of_probe(site), 60)
    attempts = {name: restore(site, f"at-{name}") for name in REFUSALS}
    attempts["class"] = restore(site, "at-class", "--map-storage-class", "local-path=absent")
    attempts["ending"] = restore(site, "ending")
    for policy in POLICIES:
        attempts[policy] = restore(site, f"has-{policy}", "--existing", policy, "--data", "resources")
    attempts["before"] = before
    yield attempts
    site.kubectl("-n", "ending", "patch", "configmap", "held", "--type=merge", "-p", '{"metadata": {"finalizers": null}}')
    site.kubectl("delete", "validatingadmissionpolicybinding,validatingadmissionpolicy", "faults-no-green")


def refusal_of_probe(site):
    try:
        return site.kubectl("-n", "at-policy", "create", "configmap", "probe", "--from-literal=colour=blue", "--dry-run=server")
    except Exception as error:  # whatever says no is what is asked for
        return str(error)


@pytest.mark.parametrize("name", REFUSALS)
def test_what_the_destination_refuses_is_found_before_anything_is_changed(site, refused, name):
    refused[name].fails("nothing was changed", *REFUSALS[name][1])
    assert [item["metadata"]["name"] for item in site.list("configmaps,secrets,statefulsets,pvc", f"at-{name}")] == ["kube-root-ca.crt"]


def test_a_storage_class_that_is_missing_is_named_with_the_flag_that_helps(refused):
    refused["class"].fails("nothing was changed", "storage class absent", "--map-storage-class")


def test_a_namespace_that_is_being_deleted_is_no_destination(refused):
    refused["ending"].fails("nothing was changed", "namespace ending is being deleted")


def test_existing_objects_are_skipped_unless_asked_otherwise(site, refused):
    refused["skip"].succeeds()
    assert settings(site, "has-skip")["data"] == {"colour": "red"}
    assert "skipped: ConfigMap has-skip/keeper: it exists already" in refused["skip"].notes


def test_existing_objects_are_updated_when_asked(site, refused):
    refused["update"].succeeds()
    assert settings(site, "has-update")["data"] == {"colour": "green"}
    assert settings(site, "has-update")["metadata"]["uid"] == refused["before"]["update"]["metadata"]["uid"]


def test_existing_objects_stop_the_restore_when_asked(site, refused):
    refused["fail"].fails("nothing was changed", "ConfigMap has-fail/keeper", "it exists already")
    assert settings(site, "has-fail") == refused["before"]["fail"]


def test_existing_objects_are_made_again_when_asked(site, refused):
    refused["recreate"].succeeds()
    assert settings(site, "has-recreate")["data"] == {"colour": "green"}
    assert settings(site, "has-recreate")["metadata"]["uid"] != refused["before"]["recreate"]["metadata"]["uid"]


def test_a_kind_that_is_not_served_is_unproven_and_comes_with_the_restore(site, refused, origin):
    for name in REFUSALS:
        refused[name].end()
    site.kubectl("delete", "crd", "caches.faults.example.com")
    attempt = restore(site, "kinds", "--preflight").succeeds()
    findings = {finding["object"]: finding for finding in attempt.status()["preflight"]["findings"]}
    assert findings["Cache kinds/small"]["verdict"] == "unproven", findings
    restore(site, "kinds", "--data", "resources").succeeds()
    assert site.get("caches.faults.example.com", "small", "kinds")


def session_of(site, name, destination, **spec):
    """A restore with what the command has no flag for."""
    stored = {"storageRef": {"name": "main"}, "path": f"{site.name}/ns/origin/origin"}
    return custom_resource("RestoreSession", name, SYSTEM, {"source": {"stored": stored}, "namespaceMap": {"origin": destination}, **spec})


def test_a_kind_that_nothing_defines_is_refused(site, origin, refused):
    site.kubectl("delete", "crd", "caches.faults.example.com", "--ignore-not-found")
    site.apply(session_of(site, "undefined", "undefined", preflightOnly=True,
                          what={"objects": {"exclude": [{"kinds": ["CustomResourceDefinition"]}]}}))
    status = site.await_end("restoresession", "undefined", SYSTEM)
    assert status["stage"] == "Failed" and "Cache" in status["message"] and "nothing was changed" in status["message"], status


def test_a_volume_whose_claim_is_refused_after_all_is_given_back(site, origin, refused):
    site.apply(namespace("late"), session_of(site, "late", "late"))
    wait_for("volumes are filled", lambda: site.status("restoresession", "late", SYSTEM).get("stage") == "RestoringBackups", 180)
    site.cluster.apply("apiVersion: v1\nkind: ResourceQuota\nmetadata: {name: none, namespace: late}\n"
                       "spec: {hard: {persistentvolumeclaims: '0'}}")
    status = site.await_end("restoresession", "late", SYSTEM)
    assert status["stage"] == "Failed" and "exceeded quota: none" in status["message"], status
    filled = {volume["persistentVolume"] for volume in status["volumes"]}
    assert len(filled) == 2
    wait_for("the volumes are gone", lambda: not filled & {volume["metadata"]["name"] for volume in site.list("pv")}, 90)


class Copy:
    """A copy of the repository on a storage of its own, to be damaged."""

    def __init__(self, site, name, password_file):
        self.name = name
        self.directory = Path(site.storage_directory) / name
        self.repository = self.directory / f"{site.name}/ns/origin/origin"
        shutil.copytree(f"{site.storage_directory}/{site.name}/ns/origin/origin", self.repository)
        self.adding = Attempt(site, "storage", "add", name, "--local", self.directory, "--recovery-password-file", password_file, "--all-namespaces")
        self.password_file = password_file

    def snapshots(self):
        """Newest last."""
        found = json.loads(restic(self.repository, self.password_file, "snapshots", "--json"))
        return sorted(found, key=lambda snapshot: snapshot["time"])

    def newest_of(self, component):
        return next(snapshot for snapshot in reversed(self.snapshots()) if snapshot["paths"] == [f"/{component}"])

    def damage(self, path):
        """Turns one byte in its midst; gives the file's name."""
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 0x55
        path.chmod(0o600)
        path.write_bytes(content)
        return path.name


def pack_of_volume(copy, claim):
    """A pack with data that only the newest snapshot of this claim has: the largest that the index names for one of its files."""
    snapshot = copy.newest_of(f"volume/{claim}")
    listing = [json.loads(line) for line in restic(copy.repository, copy.password_file, "ls", "--json", snapshot["id"]).splitlines()]
    file = max((node for node in listing if node.get("type") == "file"), key=lambda node: node["path"])
    tree = json.loads(restic(copy.repository, copy.password_file, "cat", "blob", tree_of(copy, snapshot, Path(file["path"]).parent.name)))
    blob = next(node for node in tree["nodes"] if node["name"] == file["name"])["content"][0]
    return pack_of_blob(copy, blob)


def tree_of(copy, snapshot, directory):
    """Blob id of the one directory below the root."""
    root = json.loads(restic(copy.repository, copy.password_file, "cat", "blob", snapshot["tree"]))
    return next(node for node in root["nodes"] if node["name"] == directory)["subtree"]


def pack_of_blob(copy, blob):
    for index in (copy.repository / "index").iterdir():
        for pack in json.loads(restic(copy.repository, copy.password_file, "cat", "index", index.name))["packs"]:
            if any(entry["id"] == blob for entry in pack["blobs"]):
                return copy.repository / "data" / pack["id"][:2] / pack["id"]
    raise AssertionError(f"no index names blob {blob}")


@pytest.fixture(scope="module")
def copies(site, origin, password_file):
    made = {name: Copy(site, name, password_file) for name in ("newer", "pack", "tree", "index", "snapshot", "lock")}
    for copy in made.values():
        copy.adding.succeeds()
    return made


@pytest.fixture(scope="module")
def damaged(site, copies):
    """(what was damaged, the restore from there), all at once."""
    newest = copies["snapshot"].newest_of("resources")
    set_version(copies["newer"].repository, copies["newer"].password_file, 3)
    tree = tree_of(copies["tree"], copies["tree"].newest_of("volume/data-keeper-1"), "volume")
    files = {"newer": "3",
             "pack": copies["pack"].damage(pack_of_volume(copies["pack"], "data-keeper-1")),
             "tree": copies["tree"].damage(pack_of_blob(copies["tree"], tree)),
             "index": copies["index"].damage(next((copies["index"].repository / "index").iterdir())),
             "snapshot": copies["snapshot"].damage(copies["snapshot"].repository / "snapshots" / newest["id"])}
    lock = copies["lock"].repository / "locks" / ("ab" * 32)
    lock.write_bytes(b"no lock")
    files["lock"] = lock
    return {name: (files[name], restore(site, f"from-{name}", storage=name)) for name in files}


def test_a_repository_of_a_newer_format_is_refused(damaged):
    damaged["newer"][1].fails("format version 3", "use a newer one")


def test_a_damaged_pack_takes_one_volume_and_the_others_come_back(site, damaged, origin):
    name, attempt = damaged["pack"]
    attempt.fails("data-keeper-1", f"pack {name[:8]}")
    assert {volume["claim"]: volume["phase"] for volume in attempt.status()["volumes"]} == {"data-keeper-0": "Succeeded", "data-keeper-1": "Failed"}
    assert [claim["status"]["phase"] for claim in site.list("pvc", "from-pack")] == ["Bound"]


def test_a_damaged_tree_is_named(damaged):
    name, attempt = damaged["tree"]
    attempt.fails(f"pack {name[:8]}")


def test_a_damaged_index_is_named_to_restores_and_backups(site, damaged):
    name, attempt = damaged["index"]
    attempt.fails(f"index/{name}")
    site.apply(plan_of("origin", "origin", "index"))
    Attempt(site, "backup", "origin", "-n", "origin").fails(f"index/{name}")


def test_a_damaged_snapshot_is_passed_over_and_backups_go_on(site, damaged, copies):
    name, attempt = damaged["snapshot"]
    attempt.succeeds()
    assert f"warning: 1 snapshots of the repository are damaged and were passed over, the first is snapshots/{name}" in attempt.notes
    restore(site, "from-snapshot", "--snapshot", name[:12], storage="snapshot").fails(f"snapshots/{name} is damaged: choose another backup")
    site.apply(plan_of("origin", "origin", "snapshot"))
    Attempt(site, "backup", "origin", "-n", "origin").succeeds()
    copy = copies["snapshot"]
    parent = copy.damage(copy.repository / "snapshots" / copy.newest_of("volume/data-keeper-0")["id"])
    again = Attempt(site, "backup", "origin", "-n", "origin").succeeds()
    assert f"warning: volume/data-keeper-0: snapshots/{parent} of the backup before is damaged or gone" in again.notes


def test_a_lock_that_cannot_be_read_is_named_and_waited_for(damaged):
    lock, attempt = damaged["lock"]
    attempt.says("lock abababab cannot be read; remove it with `unlock --remove-all`")
    lock.unlink()
    attempt.succeeds()


def test_nothing_of_all_this_is_left(site, damaged):
    assert site.leftovers() == []
    released = [volume["metadata"]["name"] for volume in site.list("pv") if volume["status"]["phase"] in ("Released", "Available")]
    assert wait_for(str(released), lambda: not [v for v in site.list("pv") if v["status"]["phase"] in ("Released", "Available")] or None, 60)
