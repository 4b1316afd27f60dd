"""Restores by schedule: the newest backup again and again into claims that exist, within one cluster."""

import json

import pytest

from sites.applications import Keeper
from sites.plans import custom_resource
from sites.site import SYSTEM
from sites.waiting import wait_for

SOURCE, TARGET = "refilled-from", "refilled-to"
# The shortest that there is; a start may be some seconds late.
INTERVAL = ("--interval", "1m")
MINUTE_SECONDS = 100


@pytest.fixture(scope="module")
def source(site):
    """Backed up once."""
    application = Keeper(site, SOURCE).deploy(files=10, size=100_000)
    application.protect()
    site.back_up((SOURCE, "keeper"))
    (repository,) = site.list("repositories.dmaas.io", SOURCE)
    application.repository = f"{SOURCE}/{repository['metadata']['name']}"
    yield application
    application.remove()


@pytest.fixture
def target(site):
    """The same application, sized differently."""
    application = Keeper(site, TARGET, replicas=2, claim_size="96Mi").deploy(files=3, size=1000)
    yield application
    for found in site.list("restoreconfigurations", SYSTEM):
        site.dmaas("delete", "refill", found["metadata"]["name"])
    site.kubectl("delete", "namespace", TARGET, "--wait=true", "--timeout=120s")


def make_refill(site, source, name, *flags, in_place="scaleToZero"):
    return site.dmaas("restore", "--repository", source.repository, "-n", SYSTEM, "--data", "volumes", "--map-namespace", f"{SOURCE}={TARGET}",
                      "--in-place", in_place, "--name", name, *flags)


def status_of(site, name):
    return site.status("restoreconfiguration", name, SYSTEM)


def await_status(site, name, holds, seconds=MINUTE_SECONDS):
    def found():
        status = status_of(site, name)
        return status if holds(status) else None
    return wait_for(lambda: json.dumps(status_of(site, name), indent=1), found, seconds)


def await_restored(site, name, backup):
    return await_status(site, name, lambda status: status.get("lastRestored", {}).get("name") == backup)


def newest_backup(site):
    newest = max(site.list("snapshots.dmaas.io", SOURCE), key=lambda found: found["spec"]["time"])
    return newest["metadata"]["name"]


def objects_of(site, namespace):
    kinds = "statefulsets,services,configmaps,secrets,persistentvolumeclaims,serviceaccounts"
    return {(found["kind"], found["metadata"]["name"]): (found["metadata"]["uid"], found.get("spec"), found.get("data"))
            for found in site.list(kinds, namespace)}


def sessions_of(site, name):
    uid = site.get("restoreconfiguration", name, SYSTEM)["metadata"]["uid"]
    return site.list("restoresessions", SYSTEM, f"dmaas.io/refill={uid}")


def reasons(site, name):
    return {event["reason"] for event in site.list("events", SYSTEM) if event["involvedObject"]["name"] == name}


def test_new_data_arrives_by_itself_and_an_unchanged_backup_leaves_what_was_written_since(site, source, target):
    before, second = objects_of(site, TARGET), target.checksums()[1]
    assert make_refill(site, source, "arrives", *INTERVAL) == f"refill {SYSTEM}/arrives created\n"
    first = await_restored(site, "arrives", newest_backup(site))
    site.await_rollout("statefulset/keeper", TARGET)
    assert target.checksums() == [source.checksums()[0], second]
    assert objects_of(site, TARGET) == before

    target.shell("echo mine > /data/written-here")
    skipped = await_status(site, "arrives", lambda status: status.get("lastSkipped", {}).get("reason") == "SkippedBecauseUnchanged")
    assert skipped["lastSuccessTime"] == first["lastSuccessTime"] and len(sessions_of(site, "arrives")) == 1
    assert target.shell("cat /data/written-here") == "mine\n"
    wait_for(lambda: reasons(site, "arrives"), lambda: {"Started", "Restored", "SkippedBecauseUnchanged"} <= reasons(site, "arrives"))

    source.write(files=12, size=50_000)
    site.back_up((SOURCE, "keeper"))
    status = await_restored(site, "arrives", newest_backup(site))
    site.await_rollout("statefulset/keeper", TARGET)
    assert target.checksums() == [source.checksums()[0], second]
    assert objects_of(site, TARGET) == before
    told = site.dmaas("describe", "refill", "arrives", "-n", SYSTEM)
    assert "every 1m" in told and status["lastRestored"]["name"] in told and "there is no newer one" in told
    assert site.dmaas("get", "rplan", "arrives", "-n", SYSTEM, "-o", "name") == "restoreconfiguration.dmaas.io/arrives\n"
    assert site.leftovers() == []


def test_a_claim_in_use_is_refused_each_time_and_nothing_is_written(site, source, target):
    before = target.checksums()
    make_refill(site, source, "careful", *INTERVAL, in_place="refuseIfInUse")
    await_status(site, "careful", lambda status: status.get("lastSession", {}).get("stage") == "Failed")
    restored, message = site.condition("restoreconfiguration", "careful", SYSTEM, "Restored")
    assert restored == "False" and "pod keeper-0 uses the claim" in message
    assert site.condition("restoreconfiguration", "careful", SYSTEM)[0] == "True"
    assert target.checksums() == before
    # It goes on: the next one finds no pod.
    site.kubectl("-n", TARGET, "scale", "statefulset/keeper", "--replicas=0")
    await_restored(site, "careful", newest_backup(site))


def test_deleting_one_that_restores_gives_replicas_back_and_leaves_the_data(site, source, target):
    make_refill(site, source, "ended", "--interval", "1h")

    def stopped():
        return [row["state"] for session in sessions_of(site, "ended") for row in session["status"].get("workloads", [])] == ["Stopped"]

    wait_for(lambda: json.dumps(sessions_of(site, "ended"), indent=1), stopped, 120)
    assert site.dmaas("delete", "refill", "ended").startswith(f"refill {SYSTEM}/ended is deleted")
    wait_for("its session to end", lambda: not [found for found in site.list("restoresessions", SYSTEM)
                                                if found["metadata"]["name"].startswith("ended-restore-")], 120)
    assert site.get("statefulset", "keeper", TARGET)["spec"]["replicas"] == 2
    site.await_rollout("statefulset/keeper", TARGET)
    assert site.leftovers() == []
    assert {claim["metadata"]["name"] for claim in site.list("pvc", TARGET)} == {"data-keeper-0", "data-keeper-1"}


def test_a_paused_one_starts_nothing_until_it_is_resumed(site, source, target):
    namespace, repository = source.repository.split("/")
    template = {"source": {"repositoryRef": {"name": repository, "namespace": namespace}}, "what": {"data": "dataOnly"},
                "namespaceMap": {SOURCE: TARGET}, "inPlace": {"quiesce": "scaleToZero"}}
    # An interval begins at once: it is due all the time.
    site.apply(custom_resource("RestoreConfiguration", "paused", SYSTEM, {"interval": "1h", "paused": True, "template": template}))
    wait_for("it to be looked at", lambda: site.condition("restoreconfiguration", "paused", SYSTEM)[0])
    assert site.condition("restoreconfiguration", "paused", SYSTEM) == ("False", "no session starts while spec.paused is true")
    assert "nextTime" not in status_of(site, "paused") and sessions_of(site, "paused") == []
    assert site.dmaas("resume", "refill/paused") == f"refill {SYSTEM}/paused goes on by its schedule\n"
    await_restored(site, "paused", newest_backup(site))
    assert site.dmaas("pause", "refill/paused", "-n", SYSTEM).startswith(f"refill {SYSTEM}/paused is paused")
    await_status(site, "paused", lambda status: "nextTime" not in status)


def test_a_dry_run_shows_what_would_be_made(site, source):
    made = json.loads(make_refill(site, source, "shown", "--schedule", "0 3 * * *", "--time-zone", "Europe/Berlin", "--dry-run", "-o", "json"))
    assert made["kind"] == "RestoreConfiguration"
    assert {key: made["spec"][key] for key in ("schedule", "timeZone", "unchanged")} == \
        {"schedule": "0 3 * * *", "timeZone": "Europe/Berlin", "unchanged": "Skip"}
    assert made["spec"]["template"]["source"]["snapshot"] == "latest" and made["spec"]["template"]["inPlace"]["quiesce"] == "scaleToZero"
    assert site.list("restoreconfigurations", SYSTEM) == []
    with pytest.raises(AssertionError, match="template.inPlace is required"):
        site.dmaas("restore", "--repository", source.repository, "--schedule", "0 3 * * *")


def test_a_wrong_schedule_is_told_with_field_and_remedy(site, source):
    make_refill(site, source, "wrong", "--schedule", "0 25 * * *")
    try:
        message = wait_for("what is wrong", lambda: site.condition("restoreconfiguration", "wrong", SYSTEM)[1])
        assert message.startswith("spec.schedule: "), message
        assert sessions_of(site, "wrong") == []
    finally:
        site.dmaas("delete", "refill", "wrong")
