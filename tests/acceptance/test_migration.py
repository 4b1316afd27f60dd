"""`dmaas migrate` to another cluster: the command is killed again and again, and nothing that the application wrote is lost."""

import os
import signal
import subprocess
import time

import pytest

from sites.journal import HOOKS, Journal
from sites.plans import plan_of
from sites.site import PROGRAM, SYSTEM, Site
from tests.conftest import NAME

EAST = f"{NAME}-a"
NAMESPACE = "journal"
REPOSITORY = f"{EAST}/ns/{NAMESPACE}/journal"
PLAN = ("journal", "-n", NAMESPACE)
# Each life of the command ends so long after it began, the last one when it is done.
LIVES_SECONDS = (4, 5, 9, 14, 20)


@pytest.fixture
def east(password_file, minio, tmp_path):
    """The source."""
    made = Site(EAST, str(tmp_path / "storage"), images=())
    made.install()
    made.add_bucket("main", password_file, minio, "backups")
    yield made
    made.cluster.down()


@pytest.fixture
def journal(site, east, minio, password_file):
    """It writes all the time, and has a backup that the destination knows."""
    made = Journal(east, NAMESPACE).deploy()
    east.apply(plan_of(NAMESPACE, "journal", hooks=HOOKS))
    east.back_up((NAMESPACE, "journal"))
    site.add_storage("of-east", password_file, "--bucket", "backups", "--endpoint", minio.account.endpoint, environment=minio.account.environment)
    site.dmaas("storage", "import", "of-east", REPOSITORY)
    yield made
    site.kubectl("delete", "namespace", NAMESPACE, "--ignore-not-found")


def killed_after(site, seconds, *arguments):
    process = subprocess.Popen([str(PROGRAM), "migrate", *arguments], env=os.environ | site.environment, stderr=subprocess.PIPE, text=True)
    time.sleep(seconds)
    process.send_signal(signal.SIGKILL)
    return process.communicate()[1]


def claim_files(cluster_site):
    """Name and SHA-256 of every file in the journal's volume, read by a pod of the test's own."""
    cluster_site.cluster.apply(f"""
apiVersion: v1
kind: Pod
metadata: {{name: reader, namespace: {NAMESPACE}}}
spec:
  restartPolicy: Never
  terminationGracePeriodSeconds: 0
  containers:
  - {{name: c, image: "dmaas.io/testbed/debian-base:12", imagePullPolicy: Never, command: [sleep, infinity], volumeMounts: [{{name: d, mountPath: /data}}]}}
  volumes: [{{name: d, persistentVolumeClaim: {{claimName: data-journal-0}}}}]
""")
    cluster_site.kubectl("-n", NAMESPACE, "wait", "--for=condition=Ready", "pod/reader", "--timeout=60s")
    try:
        return cluster_site.kubectl("-n", NAMESPACE, "exec", "reader", "--", "sh", "-c", "cd /data && find . -type f | sort | xargs sha256sum")
    finally:
        cluster_site.kubectl("-n", NAMESPACE, "delete", "pod", "reader", "--wait=true")


def test_it_arrives_whole_however_often_the_command_is_killed_and_comes_back(site, east, journal):
    told = killed_after(east, LIVES_SECONDS[0], "start", *PLAN, "--to-kubeconfig", site.cluster.kubeconfig)
    for seconds in LIVES_SECONDS[1:]:
        told += killed_after(east, seconds, "resume", *PLAN)
    east.dmaas("migrate", "resume", *PLAN, seconds=400)
    assert east.get("statefulset", "journal", NAMESPACE)["spec"]["replicas"] == 0, told
    assert east.list("pods", NAMESPACE) == []
    copy = Journal(site, NAMESPACE)
    copy.await_ready()
    assert copy.found() == claim_files(east)

    # Back again: what was written there stays there, the source goes on where it was.
    left = claim_files(east)
    east.dmaas("migrate", "rollback", *PLAN, seconds=400)
    journal.await_ready()
    assert journal.found() == left
    assert site.list("statefulsets", NAMESPACE) == [] and site.list("persistentvolumeclaims", NAMESPACE) != []
    east.dmaas("migrate", "delete", *PLAN)
    assert site.list("standbys", SYSTEM) == []
