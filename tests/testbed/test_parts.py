"""How parts are built, archived, kept, and addressed."""

import datetime
import json
import os
import signal
import subprocess
import sys
import tarfile
import time
from pathlib import Path

import pytest

from testbed import cache, leftovers, registry, s3_request
from testbed.errors import TestbedError
from testbed.images.archive import ImageDirectory, ImageFile, build_image, image_identity
from testbed.kubernetes_access import clusters_from_environment
from testbed.processes import Processes
from testbed.programs import NEWEST

CHECKOUT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def own_directories(tmp_path, monkeypatch):
    monkeypatch.setenv("DMAAS_TESTBED_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("DMAAS_TESTBED_RUN", str(tmp_path / "run"))


def test_part_is_built_once():
    calls = []
    for _ in range(2):
        place = cache.built("part", "0" * 16, lambda target: calls.append(target))
    assert len(calls) == 1
    assert place.is_dir()


def test_failed_build_leaves_nothing():
    def fail(target):
        (target / "half").write_text("half")
        raise TestbedError("no")

    with pytest.raises(TestbedError):
        cache.built("part", "0" * 16, fail)
    assert [path.name for path in cache.cache_root().iterdir()] == [".part.lock"]


def test_killed_build_is_cleared_away_by_the_next():
    program = ("import time\nfrom testbed import cache\n"
               "def make(target):\n  (target / 'half').write_text('half')\n"
               "  print('begun', flush=True)\n  time.sleep(60)\n"
               "cache.built('part', '0' * 16, make)\n")
    builder = subprocess.Popen([sys.executable, "-c", program], cwd=CHECKOUT,
                               stdout=subprocess.PIPE)
    assert builder.stdout.readline() == b"begun\n"
    builder.kill()
    builder.wait()
    place = cache.built("part", "0" * 16, lambda target: (target / "whole").write_text("whole"))
    assert [path.name for path in place.iterdir()] == ["whole"]
    assert not list(cache.cache_root().glob(".unfinished*"))


def test_concurrent_builders_build_once(tmp_path):
    program = ("import time\nfrom pathlib import Path\nfrom testbed import cache\n"
               "def make(target):\n  time.sleep(0.3)\n"
               f"  open({str(tmp_path / 'builds')!r}, 'a').write('x')\n"
               "cache.built('part', '0' * 16, make)\n")
    builders = [subprocess.Popen([sys.executable, "-c", program], cwd=CHECKOUT) for _ in range(4)]
    assert [builder.wait() for builder in builders] == [0] * 4
    assert (tmp_path / "builds").read_text() == "x"


def test_old_versions_are_removed():
    for version in range(5):
        place = cache.built("part", f"{version:016x}", lambda target: None)
        os.utime(place, (version, version))
    kept = sorted(path.name[-1] for path in cache.cache_root().glob("part-*"))
    assert kept == ["2", "3", "4"]


def test_image_archive_holds_what_was_given(tmp_path):
    source = tmp_path / "program"
    source.write_text("program")
    archive = build_image(
        "dmaas.io/test/image:1",
        files={"/opt/bin/program": ImageFile(source, mode=0o755), "/data": ImageDirectory(owner=7),
               "/etc/note": ImageFile(text="note")},
        config={"Entrypoint": ["/opt/bin/program"], "User": "7:7"})
    name, digest = image_identity(archive)
    assert name == "dmaas.io/test/image:1"
    with tarfile.open(archive) as image:
        manifest = json.load(image.extractfile("manifest.json"))[0]
        configuration = image.extractfile(manifest["Config"]).read()
        with tarfile.open(fileobj=image.extractfile(manifest["Layers"][0])) as layer:
            entries = {entry.name: (entry.mode, entry.uid, entry.isdir()) for entry in layer}
    assert digest == "sha256:" + manifest["Config"].removesuffix(".json")
    assert json.loads(configuration)["config"]["User"] == "7:7"
    assert entries["opt/bin/program"] == (0o755, 0, False)
    assert entries["data"] == (0o755, 7, True)
    assert entries["etc"] == (0o755, 0, True)


def test_image_is_built_anew_when_a_file_changes(tmp_path):
    source = tmp_path / "program"
    identities = []
    for content in ("one", "two", "one"):
        source.write_text(content)
        archive = build_image("dmaas.io/test/image:1", files={"/program": ImageFile(source)})
        identities.append(image_identity(archive)[1])
    assert identities[0] == identities[2] != identities[1]


def test_reused_pid_is_not_taken_for_the_program(tmp_path):
    processes = Processes(tmp_path)
    processes.start("sleeper", ["sleep", "100"])
    pid = processes.pid("sleeper")
    assert pid is not None
    record = tmp_path / "pids" / "sleeper"
    true_record = record.read_text()
    record.write_text(f"{pid} 1")
    assert processes.pid("sleeper") is None
    record.write_text(true_record)
    processes.kill("sleeper")
    assert processes.pid("sleeper") is None


def test_stop_kills_what_does_not_listen(tmp_path):
    processes = Processes(tmp_path)
    script = "trap '' TERM; echo ready; while :; do sleep 0.1; done"
    processes.start("stubborn", ["sh", "-c", script])
    while "ready" not in processes.log("stubborn").read_text():
        time.sleep(0.01)
    os.kill(processes.pid("stubborn"), signal.SIGTERM)
    assert processes.pid("stubborn") is not None
    processes.stop("stubborn", seconds=0.2)
    assert processes.pid("stubborn") is None


def test_program_that_ends_is_reported_with_its_last_words(tmp_path):
    processes = Processes(tmp_path)
    processes.start("talker", ["sh", "-c", "echo last words; exit 1"])
    while processes.pid("talker") is not None:
        time.sleep(0.01)
    with pytest.raises(TestbedError, match="last words"):
        processes.require("talker")


def test_clusters_get_ranges_of_their_own_and_keep_them():
    first, second = registry.record("one", NEWEST), registry.record("two", NEWEST)
    assert first.network.addresses.pods != second.network.addresses.pods
    assert registry.record("one", NEWEST) == first
    assert registry.known_names() == ["one", "two"]
    assert registry.is_of_this_boot(first)


def test_run_directory_too_deep_for_sockets_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("DMAAS_TESTBED_RUN", str(tmp_path / ("x" * 80)))
    with pytest.raises(TestbedError, match="set DMAAS_TESTBED_RUN"):
        registry.layout_of("east")


def test_given_kubeconfig_is_used_instead_of_own_clusters(tmp_path, monkeypatch):
    monkeypatch.delenv("KUBECONFIG", raising=False)
    assert clusters_from_environment() == []
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "absent"))
    with pytest.raises(TestbedError, match="absent"):
        clusters_from_environment()


def test_signature_is_that_of_the_published_example():
    # "GET Bucket (List Objects)" in Amazon's documentation of Signature Version 4.
    account = s3_request.S3Account("https://examplebucket.s3.amazonaws.com",
                                   "AKIAIOSFODNN7EXAMPLE",
                                   "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
    moment = datetime.datetime(2013, 5, 24, tzinfo=datetime.timezone.utc)
    headers = s3_request.signed_headers(account, "GET", "/", "max-keys=2&prefix=J",
                                        "examplebucket.s3.amazonaws.com", b"", moment)
    assert headers["Authorization"].endswith(
        "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7")


def test_mounts_are_listed_innermost_first():
    points = leftovers.mounts_below(Path("/"))
    assert points.index(Path("/sys/fs/cgroup")) < points.index(Path("/sys"))
