"""Backups are verified by real restores into scratch namespaces, of which nothing remains."""

import json

import pytest

from sites.applications import Keeper
from sites.plans import custom_resource, plan_of
from sites.shop import Shop
from sites.site import SYSTEM
from sites.waiting import wait_for
from tests.acceptance.verifications import SECONDS, Verifications

SHOP, KEEPER, OTHER = "verify-shop", "verify-keeper", "verify-other"
COUNT = 'mariadb -N -u"$MARIADB_USER" -p"$MARIADB_PASSWORD" "$MARIADB_DATABASE" -e "select count(*) from orders"'
OF_MARIADB = {"podSelector": {"matchLabels": {"app": "mariadb"}}, "command": ["sh", "-c", COUNT]}
READY = {"name": "ready", "ready": True}
FILES = {"name": "files", "files": True}
PAGE = """
apiVersion: v1
kind: Service
metadata: {name: shop-page, namespace: verify-shop}
spec: {selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}
"""
EDGE = """
apiVersion: v1
kind: Service
metadata: {name: edge, namespace: verify-keeper}
spec: {type: NodePort, selector: {app: keeper}, ports: [{port: 80, nodePort: 30789}]}
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: nightly, namespace: verify-keeper}
spec:
  schedule: "* * * * *"
  jobTemplate: {spec: {template: {spec: {restartPolicy: Never, containers: [{name: a, image: "dmaas.io/testbed/debian-base:12", command: ["true"]}]}}}}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: edge, namespace: verify-keeper}
spec: {defaultBackend: {service: {name: edge, port: {number: 80}}}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: open, namespace: verify-keeper}
spec: {podSelector: {}, policyTypes: [Egress], egress: [{}]}
"""
LAUNCHED = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: reader}
spec:
  replicas: 1
  selector: {matchLabels: {app: reader}}
  template:
    metadata: {labels: {app: reader}}
    spec:
      terminationGracePeriodSeconds: 0
      containers:
      - {name: reader, image: "dmaas.io/testbed/debian-base:12", imagePullPolicy: Never, command: [sleep, infinity],
         volumeMounts: [{name: data, mountPath: /restored}]}
      volumes: [{name: data, persistentVolumeClaim: {claimName: data-keeper-0}}]
"""


@pytest.fixture(scope="module")
def shop(site):
    made = Shop(site, SHOP).deploy()
    site.cluster.apply(PAGE)
    site.apply(plan_of(SHOP, SHOP))
    site.patch("backupconfiguration", SHOP, SHOP, {"spec": {"objectives": {"recoveryPoint": "24h", "recoveryTime": "10m"}}})
    site.back_up((SHOP, SHOP))
    yield Verifications(site, SHOP)
    site.kubectl("delete", "namespace", made.namespace, "--wait=false")


@pytest.fixture(scope="module")
def keeper(site):
    made = Keeper(site, KEEPER).deploy(files=5)
    site.cluster.apply(EDGE)
    site.apply(plan_of(KEEPER, KEEPER))
    site.back_up((KEEPER, KEEPER))
    yield Verifications(site, KEEPER)
    made.remove()


@pytest.fixture(scope="module")
def verified(site, shop):
    """The status of a verification of the shop by the command."""
    site.apply(custom_resource("BackupVerifier", "shop", SHOP, {
        "plans": [{"name": SHOP}],
        "verification": {"allowUnisolated": True, "checks": [
            READY, FILES, {"name": "rows", "exec": {**OF_MARIADB, "output": {"matches": "^[1-9][0-9]*$"}}},
            {"name": "page", "http": {"service": "shop-page", "port": 80, "path": "/healthz"}}]}}))
    return json.loads(site.dmaas("verify", SHOP, "-n", SHOP, "-o", "json", seconds=SECONDS))["status"]


def test_a_verification_passes_and_measures_time_and_point_of_recovery(site, shop, verified):
    assert verified["phase"] == "Succeeded", verified
    assert [check["state"] for check in verified["checks"]] == ["Succeeded"] * 4
    assert "files of 2 volumes are as the backup knows them" in verified["checks"][1]["message"]
    assert verified["timeToRecover"] and verified["recoveryPoint"] and verified["restoreSession"]
    assert "recovered in" in verified["message"] and "4 checks passed" in verified["message"]
    assert shop.remains() == [] and site.leftovers() == []


def test_the_backup_and_its_plan_tell_that_it_is_verified(site, shop, verified):
    status, message = shop.verdict()
    assert status == "True" and message.startswith("restored, 4 checks")
    assert shop.newest["status"]["verification"]["timeToRecover"] == verified["timeToRecover"]
    wait_for("met objectives", lambda: site.condition("backupconfiguration", SHOP, SHOP, "ObjectivesMet")[0] == "True")
    assert "Verified" in site.dmaas("describe", "backup", shop.newest["metadata"]["name"], "-n", SHOP)


def test_a_missed_objective_is_a_condition_with_numbers(site, shop, verified):
    site.patch("backupconfiguration", SHOP, SHOP, {"spec": {"objectives": {"recoveryPoint": "24h", "recoveryTime": "1s"}}})
    wait_for("a breach", lambda: site.condition("backupconfiguration", SHOP, SHOP, "ObjectivesMet")[0] == "False")
    assert "the recovery time objective is 1s" in site.condition("backupconfiguration", SHOP, SHOP, "ObjectivesMet")[1]


def test_a_network_that_does_not_isolate_is_refused_and_says_nothing_about_the_backup(site, keeper):
    status = keeper.ended(keeper.begin("refused", READY, allowed=False))
    assert status["phase"] == "Failed"
    assert "does not isolate the scratch namespace" in status["message"] and "it reached" in status["message"]
    assert not status.get("restoreSession")
    assert keeper.verdict() == ("", "")
    assert keeper.remains() == []


def test_a_failing_check_says_why_and_the_namespace_is_kept_until_the_session_goes(site, keeper):
    wrong = {"name": "content", "exec": {"command": ["ls", "/data"], "output": {"equals": "nothing"}}, "timeout": "5s"}
    status = keeper.ended(keeper.begin("failing", wrong, READY, keepOnFailure=True))
    assert status["phase"] == "Failed"
    assert "1 of 2 checks failed, the first is content: the output: it is 'file-1" in status["message"]
    assert [check["state"] for check in status["checks"]] == ["Failed", "Succeeded"]
    verdict, message = keeper.verdict()
    assert verdict == "False" and "1 of 2 checks failed" in message

    scratch = status["namespace"]
    assert keeper.remains()[0] == scratch
    service = site.get("service", "edge", scratch)["spec"]
    assert service["type"] == "ClusterIP" and "nodePort" not in service["ports"][0]
    assert site.get("cronjob", "nightly", scratch)["spec"]["suspend"] is True
    assert site.list("ingress", scratch) == []
    assert sorted(policy["metadata"]["name"] for policy in site.list("networkpolicies", scratch)) == ["dmaas-isolation", "dmaas-movers"]
    assert "delete verificationsession failing" in site.dmaas("describe", "verification", "failing", "-n", KEEPER)

    keeper.delete("failing")
    assert keeper.remains() == [] and site.leftovers() == []


def test_a_session_that_is_deleted_midway_leaves_nothing(site, keeper):
    keeper.begin("deleted", READY)
    keeper.await_phase("deleted", "Restoring")
    wait_for("the restore", lambda: keeper.status("deleted").get("restoreSession"))
    keeper.delete("deleted")
    assert keeper.remains() == [] and site.leftovers() == []
    wait_for("the end of its restore", lambda: not site.list("restoresessions.dmaas.io", KEEPER))


@pytest.mark.parametrize("phase", ["Isolating", "Restoring", "Checking", "CleaningUp"])
def test_a_controller_that_is_killed_goes_on_where_it_was(site, keeper, phase):
    slow = {"name": "slow", "exec": {"command": ["sh", "-c", "sleep 5; ls /data"], "output": {"contains": "file-1"}}}
    name = keeper.begin(f"killed-{phase.lower()}", slow)
    keeper.await_phase(name, phase)
    site.kubectl("-n", SYSTEM, "delete", "pod", "-l", "app.kubernetes.io/component=controller", "--grace-period=0", "--force")
    status = keeper.ended(name)
    assert status["phase"] == "Succeeded", status
    assert keeper.verdict()[0] == "True"
    assert keeper.remains() == [] and site.leftovers() == []


def test_a_manifest_is_launched_on_the_restored_data(site, keeper):
    content = {"name": "content", "exec": {"command": ["ls", "/restored"], "output": {"contains": "file-1"}}}
    status = keeper.ended(keeper.begin("launched", content, manifest={"objects": LAUNCHED}))
    assert status["phase"] == "Succeeded", status
    assert [step["state"] for step in status["steps"]] == ["Succeeded"] * 5
    assert keeper.remains() == []


def test_another_namespaces_backup_is_not_verified_without_a_grant(site, keeper):
    site.kubectl("create", "namespace", OTHER)
    repository = keeper.newest["spec"]["repositoryRef"]["name"]
    site.apply(custom_resource("VerificationSession", "foreign", OTHER, {"repositoryRef": {"name": repository, "namespace": KEEPER}}))
    status = site.await_end("verificationsession", "foreign", OTHER)
    assert status["phase"] == "Failed" and f"namespace {KEEPER} does not let {OTHER} read" in status["message"]
    site.kubectl("delete", "namespace", OTHER, "--wait=false")


def test_a_verifier_verifies_a_new_backup_by_itself(site, keeper):
    site.apply(custom_resource("BackupVerifier", "after", KEEPER, {
        "plans": [{"name": KEEPER}], "afterBackup": True, "verification": {"allowUnisolated": True, "checks": [READY]}}))
    wait_for("a verifier that works", lambda: site.condition("backupverifier", "after", KEEPER)[0] == "True")
    site.back_up((KEEPER, KEEPER))

    def result():
        results = site.status("backupverifier", "after", KEEPER).get("results", [])
        return results[0] if results and results[0].get("phase") else None
    found = wait_for("a result of the verifier", result, SECONDS)
    assert found["phase"] == "Succeeded" and found["backup"] == keeper.newest["metadata"]["name"]
    assert site.condition("backupverifier", "after", KEEPER, "Verified")[0] == "True"
    assert keeper.verdict()[0] == "True"
    site.kubectl("-n", KEEPER, "delete", "backupverifier", "after")
    wait_for("the end of its sessions", lambda: keeper.remains() == [])
