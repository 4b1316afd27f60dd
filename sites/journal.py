"""The journal: an application that writes all the time, and knows what it had written when it was held still."""

MANIFEST = """
apiVersion: v1
kind: Namespace
metadata: {{name: {namespace}}}
---
apiVersion: v1
kind: ConfigMap
metadata: {{name: settings, namespace: {namespace}}}
data: {{day: none}}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {{name: journal, namespace: {namespace}}}
spec:
  serviceName: journal
  replicas: 1
  selector: {{matchLabels: {{app: journal}}}}
  template:
    metadata: {{labels: {{app: journal}}}}
    spec:
      terminationGracePeriodSeconds: 0
      containers:
      - name: journal
        image: dmaas.io/testbed/debian-base:12
        imagePullPolicy: Never
        command:
        - bash
        - -c
        - |
          cd /data
          mkdir -p /control/records
          find . -type f | sort | xargs -r sha256sum > /control/found.new
          mv /control/found.new /control/found
          while true; do
            if [ -e /control/hold ]; then touch /control/held; sleep 0.02; continue; fi
            rm -f /control/held
            n=$((n + 1))
            echo "$n $EPOCHREALTIME $(head -c 90 /dev/urandom | base64 -w0)" >> log-$((n / 500))
            head -c 8192 /dev/urandom > page-$((n % 16))
            sleep 0.1
          done
        volumeMounts: [{{name: data, mountPath: /data}}, {{name: control, mountPath: /control}}]
      volumes: [{{name: control, emptyDir: {{}}}}]
  volumeClaimTemplates:
  - metadata: {{name: data}}
    spec: {{accessModes: [ReadWriteOnce], resources: {{requests: {{storage: 64Mi}}}}}}
"""
# The number of the record is part of what is recorded, so that a restored volume says which one it is to be compared with.
HOLD = """
cd /data
touch /control/hold
until [ -e /control/held ]; do sleep 0.01; done
n=$(($(cat number 2>/dev/null || echo 0) + 1))
echo $n > number
find . -type f | sort | xargs sha256sum > /control/records/$n
"""
# Of a run: nothing is written between the record and the end of reading.
HOOKS = {"before": [{"name": "hold", "exec": {"command": ["bash", "-c", HOLD], "undo": ["rm", "-f", "/control/hold"], "maxQuiesce": "60s"}}]}


class Journal:
    """In a namespace of its own; `prefix` is before the names of one that was restored as new."""

    def __init__(self, site, namespace, prefix=""):
        self.site = site
        self.namespace = namespace
        self.prefix = prefix

    def deploy(self):
        self.site.cluster.apply(MANIFEST.format(namespace=self.namespace))
        self.await_ready()
        return self

    def await_ready(self):
        self.site.await_rollout(f"statefulset/{self.prefix}journal", self.namespace)

    def shell(self, command):
        return self.site.kubectl("exec", "-n", self.namespace, f"{self.prefix}journal-0", "--", "sh", "-c", command)

    def recorded(self, number):
        """Name and SHA-256 of every file when it was held still for the `number`-th time."""
        return self.shell(f"cat /control/records/{number}")

    def found(self):
        """The same of what was in its volume when it started."""
        return self.shell("cat /control/found")

    @property
    def day(self):
        return self.site.get("configmap", f"{self.prefix}settings", self.namespace)["data"]["day"]

    @day.setter
    def day(self, text):
        self.site.patch("configmap", f"{self.prefix}settings", self.namespace, {"data": {"day": text}})
