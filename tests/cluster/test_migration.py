"""`dmaas migrate` within one cluster: killed, stopped, resumed, rolled back, finished."""

import json
import signal
import subprocess

import pytest

from sites.applications import Keeper
from sites.plans import plan_of
from sites.site import PROGRAM, SYSTEM
from sites.waiting import wait_for

SOURCE = "mover"
PLACE = "mover-new"
CRON_JOB = {"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": "nightly", "namespace": SOURCE},
            "spec": {"schedule": "0 3 * * *", "jobTemplate": {"spec": {"template": {"spec": {
                "restartPolicy": "Never", "containers": [{"name": "c", "image": "dmaas.io/testbed/debian-base:12", "command": ["true"]}]}}}}}}


@pytest.fixture(scope="module")
def keeper(site):
    """Two replicas and a CronJob; its plan has a backup."""
    made = Keeper(site, SOURCE, replicas=2).deploy(files=5, size=1_000_000)
    site.apply(CRON_JOB, plan_of(SOURCE, "keeper"))
    site.back_up((SOURCE, "keeper"))
    yield made
    for namespace in (SOURCE, PLACE):
        site.kubectl("delete", "namespace", namespace, "--ignore-not-found")
    site.kubectl("-n", SYSTEM, "delete", "standby", "keeper-migration", "--ignore-not-found")


def migrate(site, command, *flags):
    return site.dmaas("migrate", command, "keeper", "-n", SOURCE, *flags)


def replicas(site, namespace):
    return site.get("statefulset", "keeper", namespace)["spec"]["replicas"]


def is_suspended(site, namespace):
    return site.get("cronjob", "nightly", namespace)["spec"]["suspend"]


def is_paused(site):
    return site.get("backupconfiguration", "keeper", SOURCE)["spec"].get("paused", False)


def record(site):
    return json.loads(site.get("backupconfiguration", "keeper", SOURCE)["metadata"]["annotations"]["dmaas.io/migration"])


def kill_when(site, arguments, reached):
    """The command, with SIGKILL as soon as this is true."""
    process = subprocess.Popen([str(PROGRAM), "migrate", *arguments, "-n", SOURCE], env={"KUBECONFIG": str(site.cluster.kubeconfig), "PATH": "/usr/bin:/bin"})
    try:
        wait_for("the command has come that far", reached, 180, pause=0.05)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()


def test_it_follows_without_stopping_the_source(site, keeper):
    told = migrate(site, "start", "--to-namespace", PLACE, "--until", "synced")
    assert "follows" in told
    assert replicas(site, SOURCE) == 2 and not is_paused(site)
    assert len(site.list("persistentvolumeclaims", PLACE)) == 2 and site.list("pods", PLACE) == []


def test_a_command_that_is_killed_is_gone_on_with(site, keeper):
    kill_when(site, ["resume", "keeper"], lambda: replicas(site, SOURCE) == 0)
    assert record(site)["isStopping"] and is_paused(site)
    assert {workload["name"]: workload["replicas"] for workload in record(site)["workloads"]} == {"keeper": 2, "nightly": 1}
    # Stopping gives everything back.
    migrate(site, "stop")
    assert replicas(site, SOURCE) == 2 and not is_suspended(site, SOURCE) and not is_paused(site)
    site.await_rollout("statefulset/keeper", SOURCE)


def test_it_arrives_with_its_last_words_and_its_replicas(site, keeper):
    keeper.shell("echo last > /data/last-words && sync")
    before = keeper.checksums()
    told = migrate(site, "resume")
    assert "the application runs at the destination" in told
    assert replicas(site, SOURCE) == 0 and is_suspended(site, SOURCE) and is_paused(site)
    assert replicas(site, PLACE) == 2 and not is_suspended(site, PLACE)
    assert keeper.checksums(PLACE) == before
    assert "runs at the destination" in migrate(site, "status")


def test_a_rollback_brings_it_back_and_keeps_what_was_written_there(site, keeper):
    keeper.shell("echo there > /data/written-there && sync", PLACE)
    migrate(site, "rollback")
    assert replicas(site, SOURCE) == 2 and not is_paused(site)
    site.await_rollout("statefulset/keeper", SOURCE)
    assert keeper.shell("cat /data/last-words") == "last\n"
    assert site.list("statefulsets", PLACE) == []
    with pytest.raises(AssertionError, match="--discard-changes"):
        migrate(site, "resume")
    assert replicas(site, SOURCE) == 2


def test_it_migrates_again_and_is_finished(site, keeper):
    keeper.shell("echo again > /data/again && sync")
    before = keeper.checksums()
    migrate(site, "resume", "--discard-changes")
    assert keeper.checksums(PLACE) == before
    told = migrate(site, "finish")
    assert "finished" in told
    assert is_paused(site) and replicas(site, SOURCE) == 0
    assert "dmaas.io/migration" not in site.get("backupconfiguration", "keeper", SOURCE)["metadata"].get("annotations", {})
    assert site.list("standbys", SYSTEM) == []
    assert keeper.checksums(PLACE) == before
