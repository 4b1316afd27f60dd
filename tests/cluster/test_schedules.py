"""Backups begin by themselves: by schedule, and when a pipeline edits the plan."""

import time

import pytest

from sites.applications import deploy_settings
from sites.plans import plan_of
from sites.waiting import wait_for

NAMESPACE = "begun"


@pytest.fixture(scope="module", autouse=True)
def settings(site):
    deploy_settings(site, NAMESPACE)
    yield
    site.kubectl("delete", "namespace", NAMESPACE, "--wait=false")


def sessions_of(site, plan):
    return [session for session in site.list("backupsessions.dmaas.io", NAMESPACE) if session["spec"]["planRef"]["name"] == plan]


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
