"""Storage, retention, policy, application and plan are created in every order there is (C6)."""

import itertools
from concurrent.futures import ThreadPoolExecutor

from sites.plans import custom_resource
from sites.site import SYSTEM
from sites.waiting import wait_for
from tests.cluster.test_policies import TEMPLATE, cleared, namespace, policy, workload  # noqa: F401


def test_the_order_of_creation_never_matters(site, cleared, password_file):
    """Storage, retention, policy, application and plan in all 120 orders, side by side, each in a namespace of its own."""
    tried = [(f"pol-o{number}", order) for number, order in enumerate(itertools.permutations(range(5)))]
    site.apply({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "order-recovery", "namespace": SYSTEM},
                "stringData": {"password": password_file.read_text().strip()}})
    site.apply(*(namespace(name) for name, _ in tried))
    cleared[0].extend(name for name, _ in tried)
    cleared[1].extend(name for name, _ in tried)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda trial: [site.apply(ingredients(site, trial[0])[step]) for step in trial[1]], tried))
    names = [name for name, _ in tried]
    try:
        wait_for(lambda: f"all settle {settled_states(site, names)}", lambda: settled_states(site, names) == {("True", "True", "Ready")}, 180, 2)
    finally:
        site.kubectl("-n", SYSTEM, "delete", "backupstorages,retentionpolicies", *names, "--ignore-not-found", "--wait=false")


def ingredients(site, name):
    retention = {"name": name, "namespace": SYSTEM}
    return [
        custom_resource("BackupStorage", name, SYSTEM, {"backend": {"local": {"path": site.storage_directory}}, "usage": {"namespaces": "policies"},
                                                        "recoveryPasswordSecretRef": {"name": "order-recovery"}}),
        custom_resource("RetentionPolicy", name, SYSTEM, {"last": 3}),
        policy(name, [name], kinds=["Deployment"], allowed={"storages": [{"name": name}], "retentionPolicies": [name]},
               template={"runs": TEMPLATE["runs"], "storages": [{"storageRef": {"name": name}}], "retentionPolicyRef": {"name": name}}),
        workload(name, **{"dmaas.io/policy": name}),
        custom_resource("BackupConfiguration", "by-hand", name, {
            "targets": [{"name": "idle", "workload": {"kind": "Deployment", "name": "idle"}}], "runs": [{"name": "backup"}],
            "storages": [{"storageRef": {"name": name, "namespace": SYSTEM}}], "retentionPolicyRef": retention, "policyRef": {"name": name}})]


def settled_states(site, names):
    """Of each namespace: whether the person's plan is ready, whether the policy's is, what the workload says."""
    ready, told = {}, {}
    for plan in site.list("backupconfigurations.dmaas.io"):
        states = [c["status"] for c in plan.get("status", {}).get("conditions", []) if c["type"] == "Ready"]
        ready.setdefault(plan["metadata"]["namespace"], {})[plan["metadata"]["name"]] = states[0] if states else None
    for deployment in site.list("deployments"):
        told[deployment["metadata"]["namespace"]] = deployment["metadata"].get("annotations", {}).get("dmaas.io/protection")
    states = set()
    for name in names:
        plans = ready.get(name, {})
        by_policy = [state for key, state in plans.items() if key != "by-hand"]
        states.add((plans.get("by-hand"), by_policy[0] if len(by_policy) == 1 else None, told.get(name)))
    return states
