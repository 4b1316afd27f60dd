"""A database of an operator goes with its Secrets, its configuration and the entry of the operator's catalogue that it is of."""

import pytest

from sites.plans import plan_of
from sites.site import SYSTEM
from sites.waiting import wait_for

NAMESPACE = "operated"
GROUP, CATALOGUE = "example.org", "catalog.example.org"


def definition(kind, plural, group, scope):
    anything = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    return {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": f"{plural}.{group}"}, "spec": {
        "group": group, "scope": scope, "names": {"plural": plural, "singular": kind.lower(), "kind": kind},
        "versions": [{"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": anything}}]}}


def document(kind, name, api_version="v1", namespace=NAMESPACE, annotations=None, **members):
    place = {"namespace": namespace} if namespace else {}
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": name, "annotations": annotations or {}, **place}, **members}


DEFINITIONS = [definition("Database", "databases", GROUP, "Namespaced"), definition("DatabaseVersion", "databaseversions", CATALOGUE, "Cluster")]
DATABASE = document("Database", "main", f"{GROUP}/v1", spec={
    "version": "8-custom", "authSecret": {"name": "main-auth"}, "configuration": {"configMapName": "main-conf"},
    "usersConfigMap": {"name": "main-users"}})
ENTRY = document("DatabaseVersion", "8-custom", f"{CATALOGUE}/v1", namespace=None, spec={"image": "registry.example.org/database:8"})
OBJECTS = [
    DATABASE, ENTRY,
    document("DatabaseVersion", "9-custom", f"{CATALOGUE}/v1", namespace=None, spec={"image": "registry.example.org/database:9"}),
    document("Secret", "main-auth", stringData={"password": "kept"}),
    document("Secret", "of-another", stringData={"password": "not asked for"}),
    document("ConfigMap", "main-conf", data={"my.cnf": "[mysqld]"}),
    document("ConfigMap", "main-users", annotations={"example.org/backup": "no-need"}, data={"names": "a"})]


@pytest.fixture(scope="module")
def database(site):
    site.apply(*DEFINITIONS)
    site.kubectl("wait", "--for=condition=Established", "crd", *(one["metadata"]["name"] for one in DEFINITIONS), "--timeout=30s")
    site.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}, *OBJECTS)
    plan = plan_of(NAMESPACE, "database")
    plan["spec"]["targets"] = [{"name": "main", "workload": {"kind": "Database", "name": "main"},
                                "objects": {"exclude": [{"annotations": {"example.org/backup": "no*"}}]}}]
    site.apply(plan)
    yield
    site.kubectl("delete", "namespace", NAMESPACE, "--wait=false", "--ignore-not-found")
    site.kubectl("delete", "crd", *(one["metadata"]["name"] for one in DEFINITIONS), "--wait=false")


def restore(site, *arguments):
    (snapshot,) = site.list("snapshots.dmaas.io", NAMESPACE)
    site.dmaas("restore", f"{NAMESPACE}/{snapshot['metadata']['name']}", "-n", SYSTEM, *arguments)


def test_its_secret_configuration_and_catalogue_entry_come_back_with_it(site, database):
    site.dmaas("backup", "database", "-n", NAMESPACE)
    site.kubectl("delete", "database,secret,configmap", "--all", "-n", NAMESPACE)
    site.kubectl("delete", "databaseversion", "--all")
    restore(site)
    assert site.get("database", "main", NAMESPACE)["spec"] == DATABASE["spec"]
    assert [entry["metadata"]["name"] for entry in site.list("databaseversions")] == ["8-custom"]
    assert site.get("databaseversion", "8-custom", NAMESPACE)["spec"] == ENTRY["spec"]
    assert [secret["metadata"]["name"] for secret in site.list("secrets", NAMESPACE)] == ["main-auth"]
    maps = {found["metadata"]["name"]: found["data"] for found in site.list("configmaps", NAMESPACE)}
    assert maps.pop("kube-root-ca.crt") and maps == {"main-conf": {"my.cnf": "[mysqld]"}}  # main-users is excluded


def test_what_it_refers_to_has_the_new_name_in_a_copy(site, database):
    restore(site, "--prefix", "copy-")
    copy = site.get("database", "copy-main", NAMESPACE)["spec"]
    assert copy == {"version": "8-custom", "authSecret": {"name": "copy-main-auth"}, "configuration": {"configMapName": "copy-main-conf"},
                    "usersConfigMap": {"name": "main-users"}}
    assert site.get("secret", "copy-main-auth", NAMESPACE)["data"] == site.get("secret", "main-auth", NAMESPACE)["data"]


def test_an_exclusion_of_secrets_wins_and_the_plan_says_what_a_restore_will_need(site, database):
    site.patch("backupconfiguration", "database", NAMESPACE, {"spec": {"excludeSecrets": True}})

    def told():
        return site.condition("backupconfiguration", "database", NAMESPACE, "RestoreNeedsSecrets")

    wait_for(told, lambda: f"{NAMESPACE}/main-auth" in told()[1])
