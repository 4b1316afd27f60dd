"""Documents of the product's own kinds."""


def custom_resource(kind, name, namespace, spec):
    return {"apiVersion": "dmaas.io/v1alpha1", "kind": kind, "metadata": {"name": name, "namespace": namespace}, "spec": spec}


def plan_of(namespace, name, storage="main", **run):
    """A plan for all of a namespace with one run `backup`; `run` is merged into it. Plans of different names have different repositories."""
    return custom_resource("BackupConfiguration", name, namespace, {
        "targets": [{"name": name, "allObjects": True}], "runs": [{"name": "backup", **run}],
        "storages": [{"storageRef": {"name": storage, "namespace": "dmaas-system"}}]})


def backup_of(namespace, name, plan):
    """A session with a name of the caller's choice."""
    return custom_resource("BackupSession", name, namespace, {"planRef": {"name": plan}})


def hook(name, *command, **more):
    """A hook that runs a command in a pod of the application."""
    return {"name": name, "exec": {"command": list(command)}, **more}
