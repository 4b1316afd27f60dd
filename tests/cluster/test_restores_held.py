"""Restores into claims whose application goes on and is held still by a hook meanwhile."""

import json

import pytest

from sites.journal import HOOKS, Journal
from sites.plans import custom_resource, plan_of
from sites.site import SYSTEM
from sites.waiting import wait_for

NAMESPACE = "restored-held"
HOLD = "touch /control/hold; until [ -e /control/held ]; do sleep 0.01; done"
# What is in the volume while nothing can write to it, and then the end of that.
THAW = "cd /data; find . -type f | sort | xargs sha256sum > /control/restored.new; mv /control/restored.new /control/restored; rm -f /control/hold"
# Before it holds still it lets the test take the node away from the movers that will write.
HOLD_WHEN_TOLD = "until [ -e /control/go ]; do sleep 0.05; done; " + HOLD
LABELLED = {"nodeSelector": {"dmaas-test/may-write": "yes"}}


def hook_template(name, **changes):
    return custom_resource("HookTemplate", name, NAMESPACE, {"exec": {
        "command": ["bash", "-c", HOLD], "undo": ["bash", "-c", THAW], "maxQuiesce": "5m", **changes}})


@pytest.fixture(scope="module")
def journal(site):
    made = Journal(site, NAMESPACE).deploy()
    site.apply(hook_template("hold"), hook_template("when-told", command=["bash", "-c", HOLD_WHEN_TOLD]),
               hook_template("briefly", command=["bash", "-c", HOLD_WHEN_TOLD], maxQuiesce="25s"), plan_of(NAMESPACE, "journal", hooks=HOOKS))
    site.back_up((NAMESPACE, "journal"))
    yield made
    site.kubectl("delete", "namespace", NAMESPACE, "--wait=false")


def repository(site):
    return site.list("repositories.dmaas.io", NAMESPACE)[0]["metadata"]["name"]


def label_node(site, label):
    (node,) = [found["metadata"]["name"] for found in site.list("nodes")]
    site.kubectl("label", "node", node, label, "--overwrite")


def begin_stuck(site, journal, name, hook="when-told"):
    """A restore that holds the application still and never gets to write."""
    def told():
        return f"the application to be held still\n{json.dumps(site.status('restoresession', name, NAMESPACE), indent=1)}"

    label_node(site, "dmaas-test/may-write=yes")
    journal.shell("rm -f /control/go")
    site.apply(custom_resource("RestoreSession", name, NAMESPACE, {
        "source": {"repositoryRef": {"name": repository(site)}}, "what": {"data": "dataOnly"},
        "inPlace": {"quiesce": "hook", "hookRef": {"name": hook}}, "mover": LABELLED}))
    wait_for(told, lambda: site.status("restoresession", name, NAMESPACE).get("message") == "the application is being held still", pause=0.1)
    label_node(site, "dmaas-test/may-write=no")
    journal.shell("touch /control/go")
    wait_for(told, lambda: [hook["stage"] for hook in site.status("restoresession", name, NAMESPACE).get("hooks", [])] == ["before"], pause=0.1)


def is_held(journal):
    return journal.shell("[ ! -e /control/hold ] || echo yes") == "yes\n"


def assert_goes_on(journal):
    wait_for("the application to be let go", lambda: not is_held(journal))
    before = journal.shell("tail -qn1 /data/log-* | sort -n | tail -n1")
    wait_for("the application to write again", lambda: journal.shell("tail -qn1 /data/log-* | sort -n | tail -n1") != before)


def test_the_data_is_replaced_under_an_application_that_goes_on(site, journal):
    pod = site.get("pod", "journal-0", NAMESPACE)["metadata"]["uid"]
    journal.shell("echo later > /data/only-later")
    namespace, name = site.begin("restore", "--repository", f"{NAMESPACE}/{repository(site)}", "-n", SYSTEM, "--data", "volumes",
                                 "--in-place", "hook", "--quiesce-hook", f"{NAMESPACE}/hold")
    status = site.await_end("restoresession", name, namespace)
    assert status["stage"] == "Succeeded", json.dumps(status, indent=1)
    assert [(hook["stage"], hook["pod"], hook["succeeded"]) for hook in status["hooks"]] == [
        ("before", "journal-0", True), ("undo", "journal-0", True)]
    # Nothing was written between the restore and the undo that looked at it.
    assert journal.shell("cat /control/restored") == journal.recorded(1)
    after = site.get("pod", "journal-0", NAMESPACE)
    assert (after["metadata"]["uid"], after["status"]["containerStatuses"][0]["restartCount"]) == (pod, 0)
    assert_goes_on(journal)
    assert site.leftovers() == []


def test_a_hook_that_holds_nothing_still_is_refused(site, journal):
    site.apply(custom_resource("HookTemplate", "note", NAMESPACE, {"exec": {"command": ["true"]}}))
    site.apply(custom_resource("RestoreSession", "unheld", NAMESPACE, {
        "source": {"repositoryRef": {"name": repository(site)}}, "what": {"data": "dataOnly"},
        "inPlace": {"quiesce": "hook", "hookRef": {"name": "note"}}}))
    status = site.await_end("restoresession", "unheld", NAMESPACE)
    assert (status["stage"], status["message"]) == (
        "Failed", "spec.inPlace.hookRef: HookTemplate note holds nothing still: give it undo and maxQuiesce")


def test_a_restore_that_is_cancelled_lets_the_application_go(site, journal):
    begin_stuck(site, journal, "cancelled")
    assert is_held(journal)
    site.dmaas("cancel", "cancelled", "-n", NAMESPACE)
    assert_goes_on(journal)
    assert site.leftovers() == []


def test_a_restore_that_takes_longer_than_may_be_held_still_fails(site, journal):
    begin_stuck(site, journal, "late", "briefly")
    status = site.await_end("restoresession", "late", NAMESPACE)
    assert status["stage"] == "Failed" and "let go before all its data was written, because maxQuiesce was over" in status["message"]
    assert_goes_on(journal)
    assert site.leftovers() == []


def test_a_controller_that_is_killed_leaves_nothing_held_still(site, journal):
    begin_stuck(site, journal, "killed")
    site.kubectl("-n", SYSTEM, "delete", "pod", "-l", "app.kubernetes.io/component=controller", "--grace-period=0", "--force")
    assert_goes_on(journal)
    status = site.await_end("restoresession", "killed", NAMESPACE)
    assert status["stage"] == "Failed" and "let go before all its data was written" in status["message"], status["message"]
    assert any("the controller that held it still was lost" in warning for warning in status["warnings"])
    assert site.leftovers() == []
