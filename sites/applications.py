"""Small applications to protect."""

KEEPER = """
apiVersion: v1
kind: Namespace
metadata: {{name: {namespace}}}
---
apiVersion: v1
kind: Secret
metadata: {{name: keeper, namespace: {namespace}}}
stringData: {{password: "{secret}"}}
---
apiVersion: v1
kind: ConfigMap
metadata: {{name: keeper, namespace: {namespace}}}
data: {{colour: green}}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {{name: keeper, namespace: {namespace}}}
spec:
  serviceName: keeper
  replicas: {replicas}
  podManagementPolicy: Parallel
  selector: {{matchLabels: {{app: keeper}}}}
  template:
    metadata: {{labels: {{app: keeper}}}}
    spec:
      terminationGracePeriodSeconds: 0
      containers:
      - name: keeper
        image: dmaas.io/testbed/debian-base:12
        imagePullPolicy: Never
        command: [sleep, infinity]
        env: [{{name: PASSWORD, valueFrom: {{secretKeyRef: {{name: keeper, key: password}}}}}}]
        volumeMounts: [{{name: data, mountPath: /data}}]
  volumeClaimTemplates:
  - metadata: {{name: data}}
    spec: {{accessModes: [ReadWriteOnce], resources: {{requests: {{storage: {claim_size}}}}}}}
"""
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
FILL = "for i in $(seq {files}); do head -c {size} /dev/urandom > /data/file-$i; done; sync"


class Keeper:
    """Stateful, in a namespace of its own: pods with a claim each, files of known content, a Secret and a ConfigMap."""

    def __init__(self, site, namespace, secret="keeper-secret-value", replicas=1, claim_size="64Mi"):
        self.site = site
        self.namespace = namespace
        self.secret = secret
        self.replicas = replicas
        self.claim_size = claim_size

    def deploy(self, files=20, size=100_000):
        deploy_side_by_side(self, files=files, size=size)
        return self

    def protect(self, storage="main", name="keeper", **changes):
        """The plan as `dmaas protect` writes it; `changes` are merged into its spec."""
        self.site.dmaas("protect", "all", "-n", self.namespace, "--name", name, "--storage", storage)
        if changes:
            self.change_plan(name, **changes)
        return self

    def change_plan(self, name="keeper", **changes):
        self.site.patch("backupconfiguration", name, self.namespace, {"spec": changes})

    def write(self, files=20, size=100_000):
        for pod in range(self.replicas):
            self.shell(FILL.format(files=files, size=size), pod=pod)

    def shell(self, command, namespace=None, pod=0):
        return self.site.kubectl("exec", "-n", namespace or self.namespace, f"keeper-{pod}", "--", "sh", "-c", command)

    def checksums(self, namespace=None):
        """Of every file, as one text for each claim."""
        return [self.shell("cd /data && find . -type f | sort | xargs sha256sum", namespace, pod) for pod in range(self.replicas)]

    def remove(self):
        self.site.kubectl("delete", "namespace", self.namespace, "--ignore-not-found", "--wait=false")


def deploy_side_by_side(*keepers, files=20, size=100_000):
    for keeper in keepers:
        keeper.site.cluster.apply(KEEPER.format(namespace=keeper.namespace, secret=keeper.secret, replicas=keeper.replicas,
                                                 claim_size=keeper.claim_size))
    for keeper in keepers:
        keeper.site.await_rollout("statefulset/keeper", keeper.namespace)
        keeper.write(files, size)


def deploy_settings(site, namespace):
    """An application without volumes and pods: one ConfigMap."""
    site.cluster.apply(SETTINGS.format(namespace=namespace))
