"""What administrators offer and impose, and what users can do about it."""

import json
import os
import shutil
import subprocess

import pytest
import yaml

from sites.applications import Keeper, deploy_side_by_side
from sites.people import Person
from sites.plans import custom_resource
from sites.site import PROGRAM, SYSTEM, restic
from sites.waiting import wait_for
from testbed.errors import TestbedError

MAIN = {"name": "main", "namespace": SYSTEM}
TEMPLATE = {"runs": [{"name": "backup", "schedule": "${schedule}"}], "storages": [{"storageRef": {"name": "main"}}]}
IMPACT = {"type": "incremental", "availability": "none at all", "performance": "reads one volume",
          "recoverability": "to the last night", "setupMakesUnavailable": False}


def policy(name, namespaces, kinds=("StatefulSet",), **spec):
    spec = {"openTo": {"kinds": list(kinds), "namespaces": list(namespaces)}, "variables": {"schedule": "0 3 * * *"}, "template": TEMPLATE, **spec}
    document = custom_resource("BackupPolicy", name, None, {key: value for key, value in spec.items() if value is not None})
    del document["metadata"]["namespace"]
    return document


def workload(namespace, name="idle", **annotations):
    """A Deployment without pods."""
    labels = {"app": name}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name, "namespace": namespace, "annotations": annotations},
            "spec": {"replicas": 0, "selector": {"matchLabels": labels},
                     "template": {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "c", "image": "none"}]}}}}


def namespace(name, **annotations):
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "annotations": annotations}}


def plans_in(site, where):
    return site.list("backupconfigurations.dmaas.io", where)


def protecting(site, where, target):
    """The plan of `where` that a policy made for `target`; None when there is none."""
    found = [plan for plan in plans_in(site, where) if plan["metadata"].get("annotations", {}).get("dmaas.io/protects") == target]
    return found[0] if found else None


def protection(site, kind, name, where):
    annotations = site.get(kind, name, where)["metadata"].get("annotations", {})
    return annotations.get("dmaas.io/protection"), annotations.get("dmaas.io/protection-message", "")


def await_protection(site, kind, name, where, state="Ready"):
    return wait_for(lambda: f"{state} on {kind} {where}/{name}: {protection(site, kind, name, where)}",
                    lambda: protection(site, kind, name, where)[0] == state)


@pytest.fixture(scope="module")
def cleared(site):
    """Removes the policies and namespaces that it is told of."""
    policies, namespaces = [], []
    yield policies, namespaces
    site.kubectl("delete", "backuppolicies", "--ignore-not-found", "--wait=false", *policies)
    site.kubectl("delete", "namespace", "--ignore-not-found", "--wait=false", *namespaces)


def make(site, cleared, *objects):
    for made in objects:
        kept = {"BackupPolicy": cleared[0], "Namespace": cleared[1]}.get(made["kind"])
        if kept is not None:
            kept.append(made["metadata"]["name"])
    site.apply(*objects)


def test_an_annotation_protects_a_workload_and_its_removal_ends_it(site, cleared):
    make(site, cleared, namespace("pol-blue"), policy("blue", ["pol-blue"], kinds=["Deployment"]),
         workload("pol-blue", **{"dmaas.io/policy": "blue", "var.dmaas.io/schedule": "0 4 * * *"}))
    target = "Deployment pol-blue/idle"
    plan = wait_for("a plan", lambda: protecting(site, "pol-blue", target))
    assert plan["spec"]["runs"][0]["schedule"] == "0 4 * * *" and plan["spec"]["policyRef"] == {"name": "blue"}
    assert "Ready" not in protection(site, "deployment", "idle", "pol-blue")[1]
    site.dmaas("wait", "deployment/idle", "-n", "pol-blue", "--timeout", "60s")
    site.dmaas("backup", plan["metadata"]["name"], "-n", "pol-blue")
    wait_for("the counts", lambda: site.status("backuppolicy", "blue", "pol-blue").get("protectedTargets") == 1)
    site.kubectl("-n", "pol-blue", "annotate", "deployment", "idle", "dmaas.io/policy-")
    wait_for("the plan's end", lambda: not plans_in(site, "pol-blue"))
    wait_for("the annotation's end", lambda: protection(site, "deployment", "idle", "pol-blue")[0] is None)
    assert len(site.list("snapshots.dmaas.io", "pol-blue")) == 1


def test_protection_is_chosen_while_the_database_is_being_written(site, cleared):
    """Nothing of it is in the cluster yet: what to put beside its manifest, and what that does to it, is told."""
    make(site, cleared, namespace("pol-new"), policy("chosen", ["pol-new"], kinds=["Deployment"], impact=[IMPACT]))
    told = wait_for("the policy", lambda: (site.dmaas("policies", "--for", "Deployment/idle", "-n", "pol-new") or None))
    assert all(text in told for text in ("dmaas.io/policy", "chosen", "none at all", "to the last night", "keeps it available")), told
    plan = yaml.safe_load(site.dmaas("protect", "Deployment/idle", "-n", "pol-new", "--policy", "chosen", "--schedule", "0 5 * * *",
                                     "--dry-run", "-o", "yaml"))
    assert not plans_in(site, "pol-new")
    site.apply({key: plan[key] for key in ("apiVersion", "kind", "spec")} | {"metadata": {"name": "idle", "namespace": "pol-new"}},
               workload("pol-new"))
    site.dmaas("wait", "deployment/idle", "-n", "pol-new", "--timeout", "60s")
    assert plans_in(site, "pol-new")[0]["spec"]["runs"][0]["schedule"] == "0 5 * * *"


def test_a_default_protects_whole_namespaces_until_they_opt_out(site, cleared):
    make(site, cleared, namespace("pol-d1"), namespace("pol-d2", **{"dmaas.io/policy": "none"}),
         policy("usual", ["pol-d?"], kinds=["Namespace"], enforcement="default"))
    wait_for("a plan", lambda: protecting(site, "pol-d1", "Namespace pol-d1"))
    await_protection(site, "namespace", "pol-d1", "")
    assert not plans_in(site, "pol-d2")
    site.kubectl("annotate", "namespace", "pol-d1", "dmaas.io/policy=none")
    wait_for("the plan's end", lambda: not plans_in(site, "pol-d1"))


def test_what_cannot_be_protected_says_why_and_the_wait_fails(site, cleared):
    make(site, cleared, namespace("pol-bad"), policy("unset", ["pol-bad"], kinds=["Deployment"], variables={}),
         workload("pol-bad", "no-value", **{"dmaas.io/policy": "unset"}), workload("pol-bad", "no-policy", **{"dmaas.io/policy": "absent"}))
    await_protection(site, "deployment", "no-value", "pol-bad", "Failed")
    await_protection(site, "deployment", "no-policy", "pol-bad", "Pending")
    done = subprocess.run([PROGRAM, "wait", "deployment/no-value", "-n", "pol-bad"], capture_output=True, text=True,
                          env=site.environment, timeout=60)
    assert done.returncode == 1 and "${schedule} of the template has no value" in done.stderr, done
    status, message = site.condition("backuppolicy", "unset", "pol-bad")
    assert status == "False" and "1 targets get no plan" in message
    site.kubectl("-n", "pol-bad", "annotate", "deployment", "no-value", "var.dmaas.io/schedule=@daily")
    await_protection(site, "deployment", "no-value", "pol-bad")


@pytest.fixture(scope="module")
def tenant(site, cleared):
    """A stateful application with two people beside it."""
    keeper = Keeper(site, "pol-user")
    deploy_side_by_side(keeper)
    cleared[1].append("pol-user")
    keeper.editor = Person(site, "pol-user", "editor", "edit")
    keeper.admin = Person(site, "pol-user", "owner", "admin")
    return keeper


def refused(person, *arguments):
    with pytest.raises(TestbedError, match="orbidden"):
        person.kubectl(*arguments)


def test_users_choose_within_the_bounds(site, cleared, tenant, password_file):
    directory = f"{site.storage_directory}/given"
    os.makedirs(directory, exist_ok=True)
    site.dmaas("storage", "add", "given", "--local", directory, "--recovery-password-file", password_file)
    site.patch("backupstorage", "given", SYSTEM, {"spec": {"usage": {"namespaces": "policies"}}})
    bounds = {"storages": [{"name": "given"}], "minInterval": "1h", "runTypes": ["incremental"]}
    make(site, cleared, policy("bounded", ["pol-user"], kinds=["StatefulSet", "Namespace"], allowed=bounds, impact=[IMPACT], template=None))
    try:
        wait_for("the storage", lambda: site.condition("backupstorage", "given", SYSTEM)[0] == "True")
        wait_for("the right to read it", lambda: tenant.editor.dmaas("policies", "--for", "StatefulSet/keeper")[1].find("bounded") >= 0)
        code, told = tenant.editor.dmaas("policies", "--for", "StatefulSet/keeper")
        assert code == 0 and all(text in told for text in ("dmaas-system/given", "none at all", "to the last night", "keeps it available"))
        refused(tenant.editor, "-n", SYSTEM, "get", "backupstorage", "given")
        assert tenant.editor.dmaas("protect", "StatefulSet/keeper", "--policy", "bounded", "--schedule", "0 * * * *")[0] == 0
        site.dmaas("wait", "plan/keeper", "-n", "pol-user", "--timeout", "60s")
        assert site.back_up(("pol-user", "keeper"))
        for name, change, field in (
                ("often", {"runs": [{"name": "backup", "schedule": "*/5 * * * *"}]}, "spec.runs[0].schedule: starts again after 5m"),
                ("elsewhere", {"storages": [{"storageRef": MAIN}]}, f"spec.storages[0].storageRef: '{SYSTEM}/main' is not allowed"),
                ("unbound", {"policyRef": None}, "is given by policies only")):
            spec = {**site.get("backupconfiguration", "keeper", "pol-user")["spec"], **change}
            plan = custom_resource("BackupConfiguration", name, "pol-user", {key: value for key, value in spec.items() if value is not None})
            tenant.editor.kubectl("create", "-f", written(site, plan))
            wait_for(lambda: f"refusal of {name}: {site.status('backupconfiguration', name, 'pol-user')}",
                     lambda: field in site.condition("backupconfiguration", name, "pol-user")[1])
            reason = [c["reason"] for c in site.status("backupconfiguration", name, "pol-user")["conditions"] if c["type"] == "Ready"]
            assert reason == ["PolicyViolated"]
            session = custom_resource("BackupSession", f"{name}-now", "pol-user", {"planRef": {"name": name}})
            tenant.editor.kubectl("create", "-f", written(site, session))
            status = site.await_end("backupsession", f"{name}-now", "pol-user")
            assert status["phase"] == "Failed" and field in status["message"], status
    finally:
        site.kubectl("-n", "pol-user", "delete", "backupconfigurations", "--all")
        site.kubectl("-n", "pol-user", "delete", "snapshots.dmaas.io,repositories.dmaas.io", "--all")
        site.kubectl("-n", SYSTEM, "delete", "backupstorage", "given")
        shutil.rmtree(directory, ignore_errors=True)


def written(site, document):
    file = site.cluster.layout.directory / "object.json"
    file.write_text(json.dumps(document))
    return file


def test_a_mandatory_plan_is_seen_and_restored_from_and_not_touched(site, cleared, tenant, password_file):
    make(site, cleared, policy("must", ["pol-user"], enforcement="mandatory"))
    site.kubectl("-n", "pol-user", "annotate", "statefulset", "keeper", "dmaas.io/policy=none", "var.dmaas.io/schedule=0 0 1 1 *", "--overwrite")
    plan = wait_for("the plan", lambda: protecting(site, SYSTEM, "StatefulSet pol-user/keeper"))
    name = plan["metadata"]["name"]
    assert plan["spec"]["runs"][0]["schedule"] == "0 3 * * *" and not plans_in(site, "pol-user")
    await_protection(site, "statefulset", "keeper", "pol-user")
    for person in (tenant.editor, tenant.admin):
        for arguments in (("get",), ("delete",), ("patch", "--type=merge", "-p", '{"spec": {"paused": true}}')):
            refused(person, "-n", SYSTEM, arguments[0], "backupconfiguration", name, *arguments[1:])
    site.back_up((SYSTEM, name))
    (shown,) = wait_for("the backup in the namespace", lambda: json.loads(tenant.editor.kubectl(
        "-n", "pol-user", "get", "snapshots.dmaas.io", "-o", "json"))["items"])
    repository = shown["spec"]["repositoryRef"]["name"]
    wait_for("its repository", lambda: site.condition("repository", repository, "pol-user")[0] == "True")
    assert not site.status("repository", repository, "pol-user")["ownedByThisCluster"]
    assert [pod["metadata"]["name"] for pod in site.list("pods", "pol-user")] == ["keeper-0"]
    erase_by_every_means(site, tenant, shown)
    path = f"{site.storage_directory}/{site.get('repository', repository, SYSTEM)['spec']['path']}"
    assert len(json.loads(restic(path, password_file, "--no-lock", "snapshots", "--json"))) == 2
    restored_by_its_owner(site, tenant, repository)


def erase_by_every_means(site, tenant, shown):
    """What an owner of a namespace may do to what he sees, none of which reaches the storage."""
    name, repository = shown["metadata"]["name"], shown["spec"]["repositoryRef"]["name"]
    tenant.admin.kubectl("-n", "pol-user", "patch", "snapshots.dmaas.io", name, "--type=merge", "-p", '{"spec": {"deletionPolicy": "Delete"}}')
    tenant.admin.kubectl("-n", "pol-user", "delete", "snapshots.dmaas.io", name, "--timeout=60s")
    tenant.admin.kubectl("-n", "pol-user", "annotate", "repositories.dmaas.io", repository, "dmaas.io/maintain=now")
    tenant.admin.kubectl("-n", "pol-user", "delete", "repositories.dmaas.io", repository)
    wait_for("both again", lambda: site.list("repositories.dmaas.io", "pol-user") and site.list("snapshots.dmaas.io", "pol-user"))
    wait_for("it is open again", lambda: site.condition("repository", repository, "pol-user")[0] == "True")
    stolen = custom_resource("Repository", "stolen", "pol-user", {"storageRef": MAIN, "path": f"{site.name}/groups/{SYSTEM}/other"})
    tenant.admin.kubectl("create", "-f", written(site, stolen))
    wait_for("a refusal", lambda: "is not a repository of namespace" in site.condition("repository", "stolen", "pol-user")[1])
    tenant.admin.kubectl("-n", "pol-user", "delete", "repositories.dmaas.io", "stolen")


def restored_by_its_owner(site, tenant, repository):
    before = tenant.checksums()
    code, told = tenant.admin.dmaas("restore", "--repository", repository, "--prefix", "copy-", seconds=240)
    assert code in (0, 3), told
    site.await_rollout("statefulset/copy-keeper", "pol-user")
    copy = site.kubectl("exec", "-n", "pol-user", "copy-keeper-0", "--", "sh", "-c", "cd /data && find . -type f | sort | xargs sha256sum")
    assert [copy] == before


def test_of_a_silent_plan_the_namespace_shows_nothing(site, cleared):
    keeper = Keeper(site, "pol-quiet")
    deploy_side_by_side(keeper)
    cleared[1].append("pol-quiet")
    user = Person(site, "pol-quiet", "editor", "edit")
    before = everything_in(site, "pol-quiet")
    make(site, cleared, policy("hidden", ["pol-quiet"], enforcement="silent"))
    plan = wait_for("the plan", lambda: protecting(site, SYSTEM, "StatefulSet pol-quiet/keeper"))
    wait_for("it is ready", lambda: site.condition("backupconfiguration", plan["metadata"]["name"], SYSTEM)[0] == "True")
    site.back_up((SYSTEM, plan["metadata"]["name"]))
    assert everything_in(site, "pol-quiet") == before
    assert protection(site, "statefulset", "keeper", "pol-quiet") == (None, "")
    assert "hidden" not in user.dmaas("policies")[1]
    refused(user, "get", "backuppolicy", "hidden")
    refused(user, "get", "backuppolicies")


def everything_in(site, where):
    """Names of all objects, and of events only ours."""
    kinds = site.kubectl("api-resources", "--verbs=list", "--namespaced", "-o", "name").split()
    items = site.list(",".join(kind for kind in kinds if not kind.startswith("events")), where)
    items += [event for event in site.list("events", where) if "dmaas" in event.get("reportingComponent", "")]
    return sorted((item["kind"], item["metadata"]["name"]) for item in items)


def test_hooks_are_not_silent(site, cleared):
    hooks = {"before": [{"name": "flush", "exec": {"command": ["sync"]}}]}
    make(site, cleared, namespace("pol-loud"), workload("pol-loud"),
         policy("loud", ["pol-loud"], kinds=["Deployment"], enforcement="silent", template={"runs": [{"name": "backup", "hooks": hooks}]}))
    wait_for("the condition", lambda: "which is not silent" in site.condition("backuppolicy", "loud", "pol-loud")[1])
    assert protecting(site, SYSTEM, "Deployment pol-loud/idle") is None
