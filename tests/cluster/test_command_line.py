"""The command line as people use it, and the discovery of backups on a bare storage."""

import json
import os
import shutil
import subprocess
import time

import pytest

from sites.applications import Keeper
from sites.plans import custom_resource
from sites.site import PROGRAM, SESSION_LABEL, SYSTEM, restic, run, session_in
from sites.waiting import wait_for
from tests.cluster.node_view import Node, stopped

NAMESPACE = "cli-keeper"
# Several times as long as `logs --follow` takes to see a pod.
FOLLOW_SECONDS = 2
PATH = f"{{cluster}}/ns/{NAMESPACE}/{NAMESPACE}"


class Answer:
    """What a command printed, for programs and for people, and its exit code."""

    def __init__(self, site, *arguments, seconds=300, kubeconfig=None):
        done = subprocess.run([str(PROGRAM), *map(str, arguments)], capture_output=True, text=True, timeout=seconds,
                              env={**os.environ, **site.environment, **({"KUBECONFIG": str(kubeconfig)} if kubeconfig else {})})
        self.output, self.notes, self.code = done.stdout, done.stderr, done.returncode

    def __repr__(self):
        return f"exit code {self.code}\n{self.output}\n{self.notes}"


def names(site, kind, namespace=NAMESPACE):
    lines = site.dmaas("get", kind, "-n", namespace, "-o", "name").split()
    return [line.split("/")[1] for line in lines]


@pytest.fixture(scope="module")
def bare(site, password_file):
    """A storage of its own, so that it holds only what these tests put there."""
    directory = f"{site.storage_directory}/bare"
    site.add_storage("bare", password_file, "--local", directory)
    yield directory
    site.kubectl("delete", "backupstorage", "bare", "-n", SYSTEM)
    shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture(scope="module")
def keeper(site, bare):
    """An application with one backup."""
    made = Keeper(site, NAMESPACE).deploy().protect(storage="bare")
    site.dmaas("wait", "plan/keeper", "-n", NAMESPACE)
    made.first = Answer(site, "backup", "keeper", "-n", NAMESPACE)
    yield made
    made.remove()


def test_a_backup_tells_in_a_pipe_what_happens(keeper):
    assert keeper.first.code == 0, keeper.first
    notes = keeper.first.notes.splitlines()
    assert notes[0].startswith("session cli-keeper/keeper-") and "Moving" in notes and "Succeeded" in notes
    assert any(note.startswith("volume/data-keeper-0: stored, ") for note in notes)
    assert keeper.first.output.startswith("backup cli-keeper-") and "on dmaas-system/bare" in keeper.first.output


def test_get_lists_by_the_words_of_people_and_of_kubectl(site, keeper):
    table = site.dmaas("get", "plans", "-n", NAMESPACE).splitlines()
    assert table[0].split()[:2] == ["NAME", "READY"] and table[1].split()[:2] == ["keeper", "True"]
    assert site.dmaas("get", "bplan", "keeper", "-n", NAMESPACE, "-o", "name") == "backupconfiguration.dmaas.io/keeper\n"
    assert json.loads(site.dmaas("get", "plan/keeper", "-n", NAMESPACE, "-o", "json"))["metadata"]["name"] == "keeper"
    assert "kind: BackupConfiguration" in site.dmaas("get", "plan", "keeper", "-n", NAMESPACE, "-o", "yaml")
    everything = site.dmaas("get", "-n", NAMESPACE)
    assert [line for line in everything.splitlines() if line.endswith(":")] == ["repositories:", "plans:", "sessions:", "backups:"]
    assert "dmaas-system" in site.dmaas("get", "storages", "-A")


def test_backups_are_found_by_storage_and_repository(site, keeper):
    backups = names(site, "backups")
    assert len(backups) == 1
    repository = names(site, "repositories")[0]
    for flags in (["--storage", "bare"], ["--storage", "dmaas-system/bare"], ["--repository", repository]):
        assert backups[0] in site.dmaas("get", "backups", "-A", *flags)
    assert backups[0] not in site.dmaas("get", "backups", "-A", "--storage", "main")


def test_describe_tells_the_story(site, keeper):
    session = site.dmaas("describe", "session", names(site, "sessions")[0], "-n", NAMESPACE)
    for part in ("Phase:      Succeeded", "volume/data-keeper-0", "Backups:", "Events:", "backup started"):
        assert part in session, session
    plan = site.dmaas("describe", "plan", "keeper", "-n", NAMESPACE)
    for part in ("Last success:", "cli-keeper/data-keeper-0", "What would stop it:\n  nothing that is known"):
        assert part in plan, plan
    backup = site.dmaas("describe", "backup", names(site, "backups")[0], "-n", NAMESPACE)
    for part in ("Complete:      yes", "volume/data-keeper-0", f"Cluster:       {site.name}"):
        assert part in backup, backup
    repository = site.dmaas("describe", "repository", names(site, "repositories")[0], "-n", NAMESPACE)
    assert f"Path:          {PATH.format(cluster=site.name)}" in repository and "this one" in repository


def test_report_tells_an_auditor_what_is_protected(site, keeper):
    report = json.loads(site.dmaas("report", "-n", NAMESPACE, "--since", "1d", "-o", "json"))
    (plan,) = report["plans"]
    assert (plan["plan"], plan["backups"], plan["failedSessions"]) == (f"{NAMESPACE}/keeper", 1, 0)
    assert f"{NAMESPACE}/data-keeper-0" not in report.get("unprotectedClaims", [])
    elsewhere = json.loads(site.dmaas("report", "--since", "1d", "-o", "json"))
    assert plan in elsewhere["plans"]
    text = site.dmaas("report", "-n", NAMESPACE)
    assert text.startswith("# Backups from ") and f"| {NAMESPACE}/keeper | everything | " in text, text


def test_mistakes_are_answered_with_what_there_is(site, keeper):
    missing = Answer(site, "backup", "keepr", "-n", NAMESPACE)
    assert missing.code == 1 and "its plans are: keeper" in missing.notes
    assert "its runs are: backup" in Answer(site, "backup", "keeper", "-n", NAMESPACE, "--run", "daily").notes
    assert "the kinds are: storages, repositories, plans" in Answer(site, "get", "deployments").notes
    assert "dmaas-system/bare" in Answer(site, "protect", "all", "-n", NAMESPACE, "--storage", "bear").notes


def test_a_cluster_that_does_not_answer_is_named(site, tmp_path):
    text = site.cluster.kubeconfig.read_text()
    lost = tmp_path / "lost"
    lost.write_text(text.replace(":6443", ":6444"))
    answer = Answer(site, "get", "plans", kubeconfig=lost)
    assert answer.code == 1 and "6444" in answer.notes and str(lost) in answer.notes and "does not answer" in answer.notes
    assert "no kubeconfig at" in Answer(site, "get", "plans", kubeconfig=tmp_path / "none").notes


def test_preflight_of_a_plan_shows_volumes_and_what_would_stop_it(site, keeper):
    good = Answer(site, "preflight", "keeper", "-n", NAMESPACE)
    assert good.code == 0 and "data-keeper-0" in good.output and "mount" in good.output
    site.dmaas("pause", "keeper", "-n", NAMESPACE)
    site.dmaas("wait", "plan/keeper", "-n", NAMESPACE, "--for", "condition=Ready=False")
    paused = Answer(site, "preflight", "keeper", "-n", NAMESPACE)
    assert paused.code == 1 and "it is paused" in paused.output
    site.dmaas("resume", "keeper", "-n", NAMESPACE)
    site.dmaas("wait", "plan", "keeper", "-n", NAMESPACE)


def test_preflight_of_a_restore_changes_nothing(site, keeper):
    answer = Answer(site, "preflight", "--backup", f"{NAMESPACE}/{names(site, 'backups')[0]}", "--map-namespace", f"{NAMESPACE}=cli-tried")
    assert answer.code == 0 and " objects accepted, 0 rejected" in answer.output, answer
    assert "cli-tried" not in site.kubectl("get", "namespaces", "-o", "name")


def test_dry_run_makes_nothing(site, keeper):
    site.dmaas("protect", "StatefulSet/keeper", "-n", NAMESPACE, "--name", "second", "--dry-run")
    site.dmaas("backup", "keeper", "-n", NAMESPACE, "--dry-run")
    assert names(site, "plans") == ["keeper"] and len(names(site, "sessions")) == 1


def test_logs_follow_a_session_to_its_end(site, keeper):
    keeper.write(files=60, size=3_000_000)
    _, session = site.begin("backup", "keeper", "-n", NAMESPACE)

    def mover_runs():
        uid = site.get("backupsession", session, NAMESPACE)["metadata"]["uid"]
        return any(pod["status"].get("phase") == "Running" for pod in site.list("pods", selector=f"{SESSION_LABEL}={uid}"))

    wait_for("movers", lambda: site.status("backupsession", session, NAMESPACE).get("phase") == "Moving")
    # A mover may be over before anybody has looked: this one waits for the gateway until its log is followed.
    with stopped(Node(site).process_of("gateway")):
        following = subprocess.Popen([str(PROGRAM), "logs", session, "-n", NAMESPACE, "--follow"], text=True, stdout=subprocess.PIPE,
                                     env={**os.environ, **site.environment})
        wait_for("a mover that runs", mover_runs)
        time.sleep(FOLLOW_SECONDS)
    logs, _ = following.communicate(timeout=120)
    assert following.returncode == 0
    assert "[controller] Normal Started: backup started" in logs and "[controller] Normal Succeeded" in logs
    assert "[volume/data-keeper-0] " in logs, logs
    assert "is over" in Answer(site, "logs", session, "-n", NAMESPACE).notes


def test_interrupting_a_backup_leaves_it_running_and_cancel_cleans_it_up(site, keeper):
    keeper.write(files=60, size=3_000_000)
    following = subprocess.Popen([str(PROGRAM), "backup", "keeper", "-n", NAMESPACE], text=True, stderr=subprocess.PIPE,
                                 env={**os.environ, **site.environment})
    _, session = session_in(following.stderr.readline())
    wait_for("movers", lambda: "Moving" in following.stderr.readline())
    with stopped(Node(site).process_of("gateway")):  # else the session may be over too soon
        following.terminate()
        notes = following.stderr.read()
    assert following.wait(30) == 130 and f"'dmaas cancel {session} -n {NAMESPACE}'" in notes, notes
    assert "is cancelled and cleaned up" in site.dmaas("cancel", session, "-n", NAMESPACE)
    assert session not in names(site, "sessions")
    assert site.leftovers() == []
    assert "nothing to cancel" in Answer(site, "cancel", names(site, "sessions")[0], "-n", NAMESPACE).notes


def test_bash_completes_names_of_objects(site, keeper, tmp_path):
    script = tmp_path / "completion"
    script.write_text(site.dmaas("completion", "bash"))
    words = f"COMP_WORDS=({PROGRAM} pause -n {NAMESPACE} k); COMP_CWORD=4"
    shown = run("bash", "--norc", "-c", f"source {script}; {words}; _dmaas; echo ${{COMPREPLY[*]}}",
                environment=site.environment)
    assert shown.split() == ["keeper"]


def test_version_tells_both_sides(site):
    versions = site.dmaas("version")
    assert versions.startswith("client ") and "kubernetes  v1." in versions and "1 of 1 ready" in versions


def test_a_backup_is_found_on_a_bare_storage_and_restored(site, keeper, bare):
    path = PATH.format(cluster=site.name)
    keeper.write(files=10)
    site.dmaas("backup", "keeper", "-n", NAMESPACE)
    sums = keeper.checksums()
    count = len(names(site, "backups"))
    for kind in ("backupconfigurations", "snapshots.dmaas.io", "repositories", "backupsessions"):
        site.kubectl("delete", kind, "--all", "-n", NAMESPACE)

    row = site.dmaas("storage", "repositories", "bare").splitlines()[1].split()
    assert row == [path, f"{NAMESPACE}/{NAMESPACE}", site.name, "?", "?", "-"]
    assert f"{count} backups" in site.dmaas("storage", "import", "bare", path)
    assert f"{path} " in site.dmaas("storage", "repositories", "bare") and f" {count} " in site.dmaas("storage", "repositories", "bare")
    repository = [r for r in site.list("repositories", SYSTEM) if r["spec"]["path"] == path][0]
    assert repository["status"]["ownedByThisCluster"] is True and repository["status"]["ownerCluster"]["name"] == site.name
    assert repository["status"]["application"] == {"namespace": NAMESPACE, "name": NAMESPACE}
    shown = site.list("snapshots.dmaas.io", SYSTEM)
    assert len(shown) == count and all(s["status"]["complete"] and s["status"]["components"] for s in shown)

    assert "in " in site.dmaas("restore", "--storage", "bare", "--map-namespace", f"{NAMESPACE}=cli-copy", seconds=400)
    assert keeper.checksums("cli-copy") == sums
    restore = site.list("restoresessions", SYSTEM)[-1]["metadata"]["name"]
    story = site.dmaas("describe", "restore", restore)
    for part in ("Preflight ", "RestoringBackups ", "ActivatingApplications ", "StatefulSet ", "cli-copy/data-keeper-0"):
        assert part in story, story
    site.kubectl("delete", "namespace", "cli-copy", "--wait=false")


def test_deleting_objects_erases_nothing(site, keeper, bare):
    path = PATH.format(cluster=site.name)
    before = sorted(os.listdir(f"{bare}/{path}/snapshots"))
    site.kubectl("delete", "repositories", "--all", "-n", SYSTEM)
    site.kubectl("delete", "snapshots.dmaas.io", "--all", "-n", SYSTEM)
    assert sorted(os.listdir(f"{bare}/{path}/snapshots")) == before
    assert " backups" in site.dmaas("storage", "import", "bare", "--all")


def test_a_path_that_is_not_there_is_answered_with_the_nearest(site, bare, keeper):
    answer = Answer(site, "storage", "import", "bare", f"{site.name}/ns/{NAMESPACE}/keepr")
    assert answer.code == 1 and PATH.format(cluster=site.name) in answer.notes, answer
    assert not [r for r in site.list("repositories", SYSTEM) if r["spec"]["path"].endswith("keepr")]


def test_a_wrong_recovery_password_is_a_condition_with_its_remedy(site, bare, keeper, tmp_path):
    wrong = tmp_path / "wrong"
    wrong.write_text("something else\n")
    site.add_storage("wrong", wrong, "--local", bare)
    answer = Answer(site, "storage", "import", "wrong", PATH.format(cluster=site.name))
    assert answer.code == 1 and "Secret wrong-recovery" in answer.notes, answer
    refused = [r for r in site.list("repositories", SYSTEM) if r["spec"]["storageRef"]["name"] == "wrong"][0]
    assert [c["reason"] for c in refused["status"]["conditions"] if c["type"] == "Ready"] == ["WrongPassword"]
    site.kubectl("delete", "repository", refused["metadata"]["name"], "-n", SYSTEM)
    site.kubectl("delete", "backupstorage", "wrong", "-n", SYSTEM)


def test_a_namespace_cannot_look_into_the_repository_of_another(site, bare, keeper):
    site.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "cli-curious"}},
               custom_resource("Repository", "peek", "cli-curious", {"storageRef": {"name": "bare", "namespace": SYSTEM},
                                                                     "path": PATH.format(cluster=site.name)}))
    site.dmaas("wait", "repository/peek", "-n", "cli-curious", "--for", "condition=Ready=False")
    ready = [c for c in site.status("repository", "peek", "cli-curious")["conditions"] if c["type"] == "Ready"][0]
    assert ready["reason"] == "InvalidSpec" and "is not a repository of namespace cli-curious" in ready["message"]
    assert site.list("snapshots.dmaas.io", "cli-curious") == []
    site.kubectl("delete", "namespace", "cli-curious", "--wait=false")


def test_a_repository_of_another_cluster_of_the_same_name_is_only_read(site, bare, password_file, tmp_path):
    path = f"{site.name}/ns/cli-taken/cli-taken"
    (tmp_path / "backup.json").write_text(json.dumps({
        "formatVersion": 1, "time": "2026-01-02T03:04:05Z", "session": "old", "sessionUid": "0", "run": "backup",
        "cluster": {"name": site.name, "uid": "11111111-2222-3333-4444-555555555555"},
        "application": {"namespace": "cli-taken", "name": "cli-taken"}, "repositoryPath": path,
        "components": [{"name": "resources", "kind": "resources"}]}))
    repository = f"{bare}/{path}"
    restic(repository, password_file, "init")
    subprocess.run(["restic", "-r", repository, "-p", str(password_file), "--no-cache", "backup", "--tag",
                    "dmaas.io/component=resources,dmaas.io/session=0", "."], cwd=tmp_path, check=True, capture_output=True)

    taken = Keeper(site, "cli-taken").deploy(files=1).protect(storage="bare")
    answer = Answer(site, "backup", "keeper", "-n", "cli-taken")
    assert answer.code == 1 and "11111111-2222-3333-4444-555555555555" in answer.notes and "--cluster-name" in answer.notes, answer
    assert len(os.listdir(f"{repository}/snapshots")) == 1

    def conditions():
        return {c["type"]: c["status"] for r in site.list("repositories", "cli-taken") for c in r.get("status", {}).get("conditions", [])}
    wait_for("both conditions", lambda: conditions().get("ClusterNameTaken") == "True" and conditions().get("Ready") == "True")
    assert [s["status"]["cluster"]["uid"][:8] for s in site.list("snapshots.dmaas.io", "cli-taken")] == ["11111111"]
    taken.remove()
