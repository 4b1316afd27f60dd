"""Restores in other forms than "all of the latest": by day, and into claims that exist."""

import json
from datetime import UTC, datetime

import pytest

from sites.applications import Keeper
from sites.plans import custom_resource, plan_of
from sites.site import SYSTEM
from sites.waiting import wait_for

SOURCE = "moved-from"
TARGET = "moved-to"
AUTOSCALER = {"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": {"name": "keeper", "namespace": TARGET},
              "spec": {"scaleTargetRef": {"apiVersion": "apps/v1", "kind": "StatefulSet", "name": "keeper"}, "minReplicas": 2, "maxReplicas": 3,
                       "metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 50}}}]}}


@pytest.fixture(scope="module")
def source(site):
    """Backed up twice; `checksums` of both are kept."""
    application = Keeper(site, SOURCE).deploy(files=20, size=100_000)
    application.protect()
    application.old = application.checksums()
    site.dmaas("backup", "keeper", "-n", SOURCE)
    application.write(files=20, size=100_000)
    application.new = application.checksums()
    site.dmaas("backup", "keeper", "-n", SOURCE)
    (repository,) = site.list("repositories.dmaas.io", SOURCE)
    application.repository = f"{SOURCE}/{repository['metadata']['name']}"
    yield application
    application.remove()


@pytest.fixture
def target(site):
    """Another setup of the same application: two replicas, files of its own."""
    application = Keeper(site, TARGET, replicas=2).deploy(files=3, size=1000)
    application.shell("echo mine > /data/only-here")
    yield application
    site.kubectl("delete", "namespace", TARGET, "--wait=true", "--timeout=120s")


def objects_of(site, namespace):
    """What the namespace holds, by kind and name, with the generation of each; without what changes by itself."""
    kinds = "statefulsets,services,configmaps,secrets,persistentvolumeclaims,serviceaccounts"
    return {(found["kind"], found["metadata"]["name"]): (found["metadata"]["uid"], found.get("spec")) for found in site.list(kinds, namespace)}


def restore(site, source, *flags, expect="Succeeded"):
    namespace, name = site.begin("restore", "--repository", source.repository, "-n", SYSTEM, *flags)
    status = site.await_end("restoresession", name, namespace)
    assert status["stage"] == expect, json.dumps(status, indent=1)
    return name, status


def run_session(site, source, name, expect="Succeeded", **spec):
    """A restore that no flag of the program says; its status."""
    namespace, repository = source.repository.split("/")
    site.apply(custom_resource("RestoreSession", name, SYSTEM, {"source": {"repositoryRef": {"namespace": namespace, "name": repository}}, **spec}))
    status = site.await_end("restoresession", name, SYSTEM)
    assert status["stage"] == expect, json.dumps(status, indent=1)
    return status


def files_in(sums):
    """File by file of one claim's checksums."""
    return {line.split()[1]: line.split()[0] for line in sums.splitlines()}


@pytest.fixture
def elsewhere(site):
    """A namespace that a restore may make."""
    yield "restored-elsewhere"
    site.kubectl("delete", "namespace", "restored-elsewhere", "--ignore-not-found", "--wait=true", "--timeout=120s")


DATA_ONLY = ("--data", "volumes", "--map-namespace", f"{SOURCE}={TARGET}")


def test_a_day_chooses_its_oldest_or_its_newest_backup(site, source):
    today = datetime.now(UTC).strftime("%Y-%m-%d")
    for flag, expected in (("--oldest-of", source.old), ("--latest-of", source.new)):
        restore(site, source, flag, today, "--map-namespace", f"{SOURCE}=of-a-day")
        try:
            assert source.checksums("of-a-day") == expected
        finally:
            site.kubectl("delete", "namespace", "of-a-day", "--wait=true", "--timeout=120s")


def test_a_day_without_backup_is_answered_with_those_that_have_some(site, source):
    _, status = restore(site, source, "--oldest-of", "2020-02-29", "--preflight", expect="Failed")
    assert status["message"].startswith("no backup of 2020-02-29: the repository holds 2 backups"), status["message"]


def test_a_run_of_the_plan_chooses_among_its_own_backups(site, source):
    _, newest = restore(site, source, "--preflight")
    _, of_run = restore(site, source, "--run", "backup", "--preflight")
    assert of_run["snapshot"] == newest["snapshot"]
    _, of_another = restore(site, source, "--run", "nightly", "--preflight", expect="Failed")
    assert of_another["message"].startswith("no backup by run nightly: the repository holds 2 backups"), of_another["message"]


def test_a_claim_in_use_is_refused_and_its_pod_is_named(site, source, target):
    before = target.checksums()
    _, status = restore(site, source, *DATA_ONLY, "--in-place", "refuseIfInUse", expect="Failed")
    assert "pod keeper-0 uses the claim: stop it first, or restore with spec.inPlace.quiesce: scaleToZero" in status["message"]
    assert target.checksums() == before


def test_data_alone_goes_into_an_application_that_is_sized_differently(site, source, target):
    site.apply(AUTOSCALER)
    before = objects_of(site, TARGET)
    second = target.checksums()[1]
    _, status = restore(site, source, *DATA_ONLY, "--in-place", "scaleToZero")
    assert [(row["name"], row["replicas"], row["state"]) for row in status["workloads"]] == [("keeper", 2, "Restored")]
    site.await_rollout("statefulset/keeper", TARGET)
    # Of the one claim of the backup; what only the target had is gone, its other claim untouched.
    assert target.checksums() == [source.new[0], second]
    assert objects_of(site, TARGET) == before
    assert site.leftovers() == []


def test_a_claim_map_and_kept_files(site, source, target):
    first = target.checksums()[0]
    target.shell("echo mine > /data/only-here", pod=1)
    site.kubectl("-n", TARGET, "scale", "statefulset/keeper", "--replicas=0")
    wait_for("no pod", lambda: site.list("pods", TARGET) == [])
    restore(site, source, *DATA_ONLY, "--in-place", "refuseIfInUse", "--keep-extra-files", "--map-claim", "data-keeper-0=data-keeper-1")
    site.kubectl("-n", TARGET, "scale", "statefulset/keeper", "--replicas=2")
    site.await_rollout("statefulset/keeper", TARGET)
    sums = target.checksums()
    assert sums[0] == first
    assert set(source.new[0].splitlines()) < set(sums[1].splitlines())
    assert target.shell("cat /data/only-here", pod=1) == "mine\n"


def test_data_that_does_not_fit_is_refused_with_numbers(site, source, target):
    site.kubectl("-n", TARGET, "delete", "statefulset/keeper", "--cascade=foreground")
    small = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "small", "namespace": TARGET},
             "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Mi"}}}}
    user = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "user", "namespace": TARGET},
            "spec": {"terminationGracePeriodSeconds": 0, "volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": "small"}}],
                     "containers": [{"name": "user", "image": "dmaas.io/testbed/debian-base:12", "imagePullPolicy": "Never",
                                     "command": ["sleep", "infinity"], "volumeMounts": [{"name": "data", "mountPath": "/data"}]}]}}
    site.apply(small, user)
    site.kubectl("-n", TARGET, "wait", "pod/user", "--for=condition=Ready", "--timeout=60s")
    site.kubectl("-n", TARGET, "delete", "pod/user")
    _, status = restore(site, source, *DATA_ONLY, "--in-place", "refuseIfInUse", "--map-claim", "data-keeper-0=small", expect="Failed")
    assert "the claim has room for 1.0 MiB, the backup's data is 1.9 MiB" in status["message"], status["message"]


def test_a_cancelled_restore_gives_replicas_back_and_a_second_one_finishes_it(site, source, target):
    namespace, name = site.begin("restore", "--repository", source.repository, "-n", SYSTEM, *DATA_ONLY, "--in-place", "scaleToZero")

    def stopped():
        return [row["state"] for row in site.status("restoresession", name, namespace).get("workloads", [])] == ["Stopped"]

    wait_for(lambda: json.dumps(site.status("restoresession", name, namespace), indent=1), stopped, 120)
    site.kubectl("-n", SYSTEM, "delete", "pod", "-l", "app.kubernetes.io/component=controller", "--grace-period=0", "--force")
    site.dmaas("cancel", name, "-n", namespace)
    assert site.get("statefulset", "keeper", TARGET)["spec"]["replicas"] == 2
    assert site.leftovers() == []
    restore(site, source, *DATA_ONLY, "--in-place", "scaleToZero")
    site.await_rollout("statefulset/keeper", TARGET)
    assert target.checksums()[0] == source.new[0]


def test_a_restore_that_was_cancelled_leaves_nothing_behind_and_another_one_finishes_it(site, source, elsewhere):
    namespace, name = site.begin("restore", "--repository", source.repository, "-n", SYSTEM, "--map-namespace", f"{SOURCE}={elsewhere}")

    def fills():
        status = site.status("restoresession", name, namespace)
        return any(volume["phase"] in ("Provisioning", "Filling") for volume in status.get("volumes", []))

    wait_for(lambda: json.dumps(site.status("restoresession", name, namespace), indent=1), fills, 120, pause=0.1)
    site.dmaas("cancel", name, "-n", namespace)
    assert site.leftovers() == []
    assert site.list("statefulsets,pods", elsewhere) == []
    _, status = restore(site, source, "--map-namespace", f"{SOURCE}={elsewhere}")
    assert {count["kind"]: count.get("skipped", 0) for count in status["counts"]}["ConfigMap"] > 0
    site.await_rollout("statefulset/keeper", elsewhere)
    assert source.checksums(elsewhere) == source.new


def test_some_files_of_a_volume_come_back_and_all_others_stay(site, source, target):
    target.write(files=20, size=1000)
    before = files_in(target.checksums()[0])
    backup = files_in(source.new[0])
    restore(site, source, *DATA_ONLY, "--in-place", "scaleToZero", "--files", "data-keeper-0:/file-1", "--files", "data-keeper-0:file-2*")
    site.await_rollout("statefulset/keeper", TARGET)
    chosen = {name for name in backup if name == "./file-1" or name.startswith("./file-2")}
    assert len(chosen) == 3
    assert files_in(target.checksums()[0]) == {name: (backup if name in chosen else before)[name] for name in before}


def test_files_that_the_backup_does_not_have_are_an_error(site, source, elsewhere):
    _, status = restore(site, source, "--map-namespace", f"{SOURCE}={elsewhere}", "--files", "data-keeper-0:/nothing/*", expect="Failed")
    assert "no file of the volume matches /nothing/*" in status["message"]


def test_only_the_objects_that_are_chosen_are_restored(site, source, elsewhere):
    run_session(site, source, "chosen-objects", namespaceMap={SOURCE: elsewhere},
                what={"data": "resourcesOnly", "objects": {"include": [{"kinds": ["ConfigMap", "Secret"], "names": ["keeper"]}],
                                                           "exclude": [{"kinds": ["Secret"]}]}})
    assert site.get("configmap", "keeper", elsewhere)["data"] == {"colour": "green"}
    held = {(kind, name) for kind, name in objects_of(site, elsewhere) if name not in ("kube-root-ca.crt", "default")}
    assert held == {("ConfigMap", "keeper")}


def test_an_application_is_restored_with_other_sizes_replicas_and_fields(site, source, elsewhere):
    run_session(site, source, "changed", namespaceMap={SOURCE: elsewhere}, changes={
        "claims": [{"size": "128Mi", "accessModes": ["ReadWriteOncePod"]}], "replicas": [{"name": "keeper", "replicas": 2}],
        "transformations": [
            {"match": {"kinds": ["StatefulSet"]}, "jsonPatch": [
                {"op": "test", "path": "/spec/template/spec/containers/0/name", "value": "keeper"},
                {"op": "add", "path": "/spec/template/spec/containers/0/env/-", "value": {"name": "PLACE", "value": "elsewhere"}}]},
            {"match": {"kinds": ["ConfigMap"], "names": ["keeper"]}, "mergePatch": {"data": {"colour": "red"}}}]})
    claim = site.get("persistentvolumeclaim", "data-keeper-0", elsewhere)["spec"]
    assert (claim["resources"]["requests"]["storage"], claim["accessModes"]) == ("128Mi", ["ReadWriteOncePod"])
    site.await_rollout("statefulset/keeper", elsewhere)
    assert site.get("persistentvolumeclaim", "data-keeper-1", elsewhere)["spec"]["resources"]["requests"]["storage"] == "128Mi"
    assert source.checksums(elsewhere) == source.new
    assert source.shell("echo $PLACE", elsewhere) == "elsewhere\n"
    assert site.get("configmap", "keeper", elsewhere)["data"] == {"colour": "red"}


def test_changes_that_cannot_be_are_refused_before_anything_is_changed(site, source, elsewhere):
    small = run_session(site, source, "too-small", "Failed", namespaceMap={SOURCE: elsewhere}, changes={"claims": [{"size": "1Mi"}]})
    assert "its new size is 1Mi, the backup's data is 1.9 MiB: give it more in spec.changes.claims" in small["message"]
    bad = run_session(site, source, "bad-patch", "Failed", namespaceMap={SOURCE: elsewhere}, changes={"transformations": [
        {"match": {"names": ["keeper"], "kinds": ["ConfigMap"]}, "jsonPatch": [{"op": "remove", "path": "/data/taste"}]}]})
    assert "spec.changes.transformations[0].jsonPatch does not fit ConfigMap restored-elsewhere/keeper" in bad["message"]
    assert elsewhere not in [found["metadata"]["name"] for found in site.list("namespaces")]


def test_original_and_copy_live_in_one_namespace_and_do_not_touch_each_other(site):
    name = "side-by-side"
    original = Keeper(site, name).deploy(files=5, size=1000)
    try:
        account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "keeper", "namespace": name}}
        role = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": {"name": "keeper", "namespace": name},
                "rules": [{"apiGroups": [""], "resources": ["configmaps"], "resourceNames": ["keeper"], "verbs": ["get"]}]}
        binding = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": {"name": "keeper", "namespace": name},
                   "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "keeper"},
                   "subjects": [{"kind": "ServiceAccount", "name": "keeper", "namespace": name}]}
        service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "keeper", "namespace": name},
                   "spec": {"selector": {"app": "keeper"}, "ports": [{"port": 80}]}}
        site.apply(account, role, binding, service)
        site.patch("statefulset", "keeper", name, {"spec": {"template": {"spec": {"serviceAccountName": "keeper"}}}})
        site.await_rollout("statefulset/keeper", name)
        original.protect()
        site.dmaas("backup", "keeper", "-n", name)
        backed_up = original.checksums()
        original.shell("echo later > /data/later")
        site.dmaas("restore", "--repository", f"{name}/{site.list('repositories.dmaas.io', name)[0]['metadata']['name']}", "-n", name, "--prefix", "copy-")

        def pods_behind(service_name):
            slices = site.list("endpointslices", name, f"kubernetes.io/service-name={service_name}")
            return {endpoint["targetRef"]["name"] for found in slices for endpoint in found["endpoints"] or []}

        wait_for("endpoints of the copy", lambda: pods_behind("copy-keeper"))
        assert (pods_behind("keeper"), pods_behind("copy-keeper")) == ({"keeper-0"}, {"copy-keeper-0"})
        copied = site.kubectl("exec", "-n", name, "copy-keeper-0", "--", "sh", "-c", "cd /data && find . -type f | sort | xargs sha256sum")
        assert [copied] == backed_up
        site.kubectl("exec", "-n", name, "copy-keeper-0", "--", "sh", "-c", "rm /data/*")
        assert set(files_in(original.checksums()[0])) == {*files_in(backed_up[0]), "./later"}
        copy = site.get("statefulset", "copy-keeper", name)["spec"]
        assert (copy["serviceName"], copy["template"]["spec"]["serviceAccountName"]) == ("copy-keeper", "copy-keeper")
        assert copy["template"]["spec"]["containers"][0]["env"][0]["valueFrom"]["secretKeyRef"]["name"] == "copy-keeper"
        assert site.get("role", "copy-keeper", name)["rules"][0]["resourceNames"] == ["copy-keeper"]
        bound = site.get("rolebinding", "copy-keeper", name)
        assert (bound["roleRef"]["name"], bound["subjects"][0]["name"]) == ("copy-keeper", "copy-keeper")
        site.kubectl("-n", name, "delete", "statefulset/copy-keeper", "--cascade=foreground")
        site.kubectl("-n", name, "get", "pod", "keeper-0")
    finally:
        original.remove()


@pytest.fixture
def ports(site):
    """A namespace with a Service whose port a person chose, by a command that leaves no annotation; and so many others
    that a backup reads them by a list."""
    site.kubectl("create", "namespace", "chosen-ports")
    site.apply(*({"apiVersion": "v1", "kind": "Service", "metadata": {"name": f"other-{number}", "namespace": "chosen-ports"},
                  "spec": {"ports": [{"port": 80}]}} for number in range(20)))
    site.kubectl("create", "service", "nodeport", "chosen", "--tcp=80", "--node-port=30777", "-n", "chosen-ports")
    yield "chosen-ports"
    site.kubectl("delete", "namespace", "chosen-ports", "--wait=true", "--timeout=120s")


def test_a_node_port_that_a_person_chose_comes_back(site, ports):
    site.apply(plan_of(ports, "ports"))
    site.back_up((ports, "ports"))
    site.kubectl("delete", "service", "chosen", "-n", ports)
    (repository,) = site.list("repositories.dmaas.io", ports)
    namespace, name = site.begin("restore", "--repository", f"{ports}/{repository['metadata']['name']}", "-n", SYSTEM)
    assert site.await_end("restoresession", name, namespace)["stage"] == "Succeeded"
    assert site.get("service", "chosen", ports)["spec"]["ports"][0]["nodePort"] == 30777
