"""Plans with one run, and applications that are not more than they need to be."""

import json

SETTINGS = """
apiVersion: v1
kind: Namespace
metadata: {{name: {namespace}}}
---
apiVersion: v1
kind: ConfigMap
metadata: {{name: settings, namespace: {namespace}}}
data: {{colour: green}}
"""


def deploy_settings(site, namespace):
    """An application without volumes and pods: one ConfigMap."""
    site.cluster.apply(SETTINGS.format(namespace=namespace))


def plan_of(namespace, name, storage="main", **run):
    """A plan for all of a namespace with one run `backup`; `run` is merged into it. Plans of different names have different repositories."""
    return {"apiVersion": "dmaas.io/v1alpha1", "kind": "BackupConfiguration", "metadata": {"name": name, "namespace": namespace},
            "spec": {"targets": [{"name": name, "allObjects": True}], "runs": [{"name": "backup", **run}],
                     "storages": [{"storageRef": {"name": storage, "namespace": "dmaas-system"}}]}}


def apply(site, *objects):
    site.cluster.apply(json.dumps({"apiVersion": "v1", "kind": "List", "items": list(objects)}))


def hook(name, *command, **more):
    """A hook that runs a command in a pod of the application."""
    return {"name": name, "exec": {"command": list(command)}, **more}


def condition(site, kind, name, namespace, wanted="Ready"):
    """(status, message) of a condition of an object; ("", "") when there is none."""
    for found in site.get(kind, name, namespace).get("status", {}).get("conditions", []):
        if found["type"] == wanted:
            return found["status"], found.get("message", "")
    return "", ""
