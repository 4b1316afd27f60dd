"""Backups begin by themselves: by schedule or interval, again after a failure, and when a pipeline edits the plan."""

import time
from datetime import datetime, timedelta

import pytest

from sites.applications import Keeper, deploy_settings
from sites.plans import hook, plan_of
from sites.waiting import wait_for

NAMESPACE = "begun"
KEEPER = "begun-keeper"
# Longer than the interval of its plan, twice.
BUSY_SECONDS = 150


@pytest.fixture(scope="module", autouse=True)
def settings(site):
    """With two plans that take a minute to show what they are for, while other tests run."""
    deploy_settings(site, NAMESPACE)
    keeper = Keeper(site, KEEPER).deploy(files=1)
    unlucky = hook("miss", "false", timeout="1s")
    site.apply(plan_of(NAMESPACE, "unlucky", interval="1h", retries=1, hooks={"before": [unlucky]}),
               plan_of(KEEPER, "busy", interval="1m", concurrency="Forbid",
                       hooks={"before": [hook("dawdle", "sleep", str(BUSY_SECONDS), timeout="5m")]}))
    yield
    keeper.remove()
    site.kubectl("delete", "namespace", NAMESPACE, "--wait=false")


def sessions_of(site, plan, namespace=NAMESPACE):
    """The oldest first."""
    found = [session for session in site.list("backupsessions.dmaas.io", namespace) if session["spec"]["planRef"]["name"] == plan]
    return sorted(found, key=lambda session: session["metadata"]["creationTimestamp"])


def run_status(site, plan, namespace=NAMESPACE):
    """Of the plan's only run."""
    (status,) = site.status("backupconfiguration", plan, namespace).get("runs") or [{}]
    return status


def time_of(text):
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def pull(site, plan, value):
    """Sets the plan's trigger and awaits the session that it starts."""
    before = {session["metadata"]["name"] for session in sessions_of(site, plan)}
    site.patch("backupconfiguration", plan, NAMESPACE, {"spec": {"trigger": {"value": value}}})
    (name,) = wait_for("a session begins", lambda: {s["metadata"]["name"] for s in sessions_of(site, plan)} - before)
    status = site.await_end("backupsession", name, NAMESPACE)
    assert status["phase"] == "Succeeded", status
    return status


def test_each_new_value_of_a_trigger_starts_one_session(site):
    site.apply(plan_of(NAMESPACE, "pulled", fullEvery=2))
    links = [pull(site, "pulled", value) for value in ("a", "b", "a")]
    assert [(status["type"], status.get("chainPosition", 0)) for status in links] == [("full", 0), ("incremental", 1), ("full", 0)]
    site.patch("backupconfiguration", "pulled", NAMESPACE, {"spec": {"trigger": {"value": "a"}, "historyLimit": 9}})
    wait_for("the edit was seen", lambda: site.get("backupconfiguration", "pulled", NAMESPACE)["metadata"]["generation"]
             == site.status("backupconfiguration", "pulled", NAMESPACE)["observedGeneration"])
    assert len(sessions_of(site, "pulled")) == 3
    shown = sorted((snapshot["spec"]["time"], snapshot["status"]["chainPosition"]) for snapshot in site.list("snapshots.dmaas.io", NAMESPACE)
                   if snapshot["status"]["plan"] == f"{NAMESPACE}/pulled")
    assert [position for _, position in shown] == [0, 1, 0]


def test_the_first_backup_of_an_interval_starts_by_itself_and_the_next_one_after_it(site):
    site.apply(plan_of(NAMESPACE, "paced", interval="1h"), plan_of(NAMESPACE, "early", schedule="@yearly", firstRun="AtOnce"),
               plan_of(NAMESPACE, "patient", schedule="@yearly"))
    for plan in ("paced", "early"):
        (session,) = wait_for(f"the first session of {plan}", lambda plan=plan: sessions_of(site, plan))
        assert site.await_end("backupsession", session["metadata"]["name"], NAMESPACE)["phase"] == "Succeeded"
    paced = run_status(site, "paced")
    assert time_of(paced["nextTime"]) == time_of(paced["lastScheduledTime"]) + timedelta(hours=1)
    assert [len(sessions_of(site, plan)) for plan in ("paced", "early", "patient")] == [1, 1, 0]


def test_a_run_of_some_targets_has_a_chain_of_its_own(site):
    site.kubectl("-n", NAMESPACE, "create", "configmap", "other")
    for name in ("settings", "other"):
        site.kubectl("-n", NAMESPACE, "label", "configmap", name, f"part={name}")
    plan = plan_of(NAMESPACE, "parts")
    plan["spec"] |= {"targets": [{"name": name, "selector": {"matchLabels": {"part": name}}} for name in ("settings", "other")],
                     "runs": [{"name": "all"}, {"name": "one", "targets": ["other"]}]}
    site.apply(plan)
    taken = []
    for run in ("all", "one", "one", "all"):
        namespace, name = site.begin("backup", "parts", "-n", NAMESPACE, "--run", run)
        status = site.await_end("backupsession", name, namespace)
        assert status["phase"] == "Succeeded", status
        taken.append((status["type"], status["objectCount"]))
    (all_count, one_count) = (taken[0][1], taken[1][1])
    assert one_count < all_count
    assert taken == [("full", all_count), ("full", one_count), ("incremental", one_count), ("incremental", all_count)]


def test_a_due_time_is_skipped_while_another_session_runs_and_told(site):
    skipped = wait_for(lambda: run_status(site, "busy", KEEPER), lambda: run_status(site, "busy", KEEPER).get("lastSkipped"), 75)
    site.dmaas("pause", "busy", "-n", KEEPER)
    first = sessions_of(site, "busy", KEEPER)[0]
    assert skipped["reason"] == "SkippedBecauseRunning"
    assert first["metadata"]["name"] in skipped["message"]
    assert time_of(skipped["time"]) - time_of(first["spec"]["scheduledTime"]) in (timedelta(minutes=1), timedelta(minutes=2))
    assert "Skipped last:" in site.dmaas("describe", "plan", "busy", "-n", KEEPER)
    wait_for("an event tells it", lambda: [event for event in site.list("events.events.k8s.io", KEEPER) if event["reason"] == "SkippedBecauseRunning"])


def test_a_failed_session_of_the_schedule_is_tried_again_as_often_as_the_run_says(site):
    first, second = wait_for("a second session", lambda: (found := sessions_of(site, "unlucky"))[1:] and found, 75)
    for session in (first, second):
        assert site.await_end("backupsession", session["metadata"]["name"], NAMESPACE)["phase"] == "Failed"
    assert (second["spec"]["retryOf"], second["spec"]["attempt"]) == (first["metadata"]["name"], 1)
    assert second["spec"]["scheduledTime"] == first["spec"]["scheduledTime"]
    ended = time_of(site.status("backupsession", first["metadata"]["name"], NAMESPACE)["completionTime"])
    assert time_of(second["metadata"]["creationTimestamp"]) >= (ended + timedelta(minutes=1)).replace(microsecond=0)
    assert time_of(run_status(site, "unlucky")["nextTime"]) == time_of(first["spec"]["scheduledTime"]) + timedelta(hours=1)


def test_a_schedule_starts_a_session_at_its_minute_and_none_while_the_plan_is_paused(site):
    site.apply(plan_of(NAMESPACE, "punctual", schedule="* * * * *"))
    (session,) = wait_for("the next minute", lambda: sessions_of(site, "punctual"), 75)
    site.dmaas("pause", "punctual", "-n", NAMESPACE)
    assert site.await_end("backupsession", session["metadata"]["name"], NAMESPACE)["phase"] == "Succeeded"
    due = session["spec"]["scheduledTime"]
    assert due.endswith(":00Z")
    started = site.status("backupsession", session["metadata"]["name"], NAMESPACE)["startTime"]
    assert due[:17] + "00" <= started[:19] < due[:17] + "15"
    time.sleep(max(0, 62 - time.time() % 60))
    assert len(sessions_of(site, "punctual")) == 1
    site.dmaas("resume", "punctual", "-n", NAMESPACE)
    wait_for("it goes on", lambda: len(sessions_of(site, "punctual")) == 2, 75)
