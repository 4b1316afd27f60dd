"""TCID-DIR-DMAAS-EXCLUDE-SECRET: with `excludeSecrets` no Secret and no value of one is in the repository, wherever it was written."""

import base64
import binascii
import gzip
import json
import re

import pytest

from sites.applications import Keeper
from sites.plans import custom_resource, plan_of
from sites.site import restic

NAMESPACE = "reticent"
COPY = "reticent-copy"
# Where each stands is in its name.
SECRETS = {place: f"{place}-5d2c9e417b" for place in (
    "of-keeper", "in-environment", "in-arguments", "within-a-text", "in-binary-data", "in-an-annotation", "in-a-helm-secret",
    "in-a-helm-config-map", "in-a-custom-resource", "in-no-other-object")}
BASE64 = re.compile(rb"[A-Za-z0-9+/]{16,}={0,2}")


def helm_record(secret):
    """As Helm keeps it: the manifests of a release, packed and in base64."""
    manifest = f"apiVersion: v1\nkind: Secret\nstringData: {{password: {secret}}}\n"
    return base64.b64encode(gzip.compress(json.dumps({"name": "web", "manifest": manifest}).encode())).decode()


def document(kind, name, api_version="v1", **members):
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": name, "namespace": NAMESPACE}, **members}


def objects():
    """An application that, as many do, repeats its Secrets where they do not belong."""
    s = SECRETS
    container = {"name": "web", "image": "dmaas.io/testbed/debian-base:12", "imagePullPolicy": "Never",
                 "command": ["sh", "-c", f"sleep infinity # --token={s['in-arguments']}"],
                 "env": [{"name": "TOKEN", "value": s["in-environment"]}]}
    labels = {"app": "web"}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [container], "terminationGracePeriodSeconds": 0}}
    annotated = document("ConfigMap", "annotated", data={"a": "b"})
    annotated["metadata"]["annotations"] = {"example.com/note": json.dumps({"password": s["in-an-annotation"]})}
    return [
        document("Secret", "all", stringData={place: value for place, value in s.items() if place not in ("of-keeper", "in-a-helm-secret")}),
        document("Deployment", "web", "apps/v1", spec={"selector": {"matchLabels": labels}, "template": template}),
        document("ConfigMap", "settings", data={"DSN": f"mysql://shop:{s['within-a-text']}@db/shop", "colour": "green"}),
        document("ConfigMap", "keys", binaryData={"key": base64.b64encode(b"\0\1" + s["in-binary-data"].encode()).decode()}),
        annotated,
        document("Secret", "sh.helm.release.v1.web.v1", type="helm.sh/release.v1", stringData={"release": helm_record(s["in-a-helm-secret"])}),
        document("ConfigMap", "sh.helm.release.v1.old.v1", data={"release": helm_record(s["in-a-helm-config-map"])}),
        custom_resource("HookTemplate", "login", NAMESPACE, {"exec": {"command": ["login", s["in-a-custom-resource"]]}}),
    ]


class Backups:
    """Of one application by two plans: one with the exclusion, one without."""

    def __init__(self, site, password_file, directory):
        self.site, self.password_file, self.directory = site, password_file, directory
        self.keeper = Keeper(site, NAMESPACE, secret=SECRETS["of-keeper"]).deploy(files=2)
        site.apply(*objects())
        site.await_rollout("deployment/web", NAMESPACE)
        without = plan_of(NAMESPACE, "without")
        without["spec"]["excludeSecrets"] = True
        site.apply(without, plan_of(NAMESPACE, "with"))
        self.without, self.complete = site.back_up((NAMESPACE, "without"), (NAMESPACE, "with"))

    def contents(self, plan):
        """Path and bytes of every file of every snapshot, as stock restic reads them."""
        where = f"{self.site.storage_directory}/{self.site.name}/ns/{NAMESPACE}/{plan}"
        for snapshot in json.loads(restic(where, self.password_file, "snapshots", "--json")):
            yield f"snapshot {snapshot['id']}", json.dumps(snapshot).encode()
            target = self.directory / snapshot["id"]
            if not target.exists():
                restic(where, self.password_file, "restore", snapshot["id"], "--target", target)
            for file in sorted(target.rglob("*")):
                if file.is_file():
                    yield str(file.relative_to(target)), file.read_bytes()


@pytest.fixture(scope="module")
def backups(site, password_file, tmp_path_factory):
    made = Backups(site, password_file, tmp_path_factory.mktemp("restored"))
    yield made
    made.keeper.remove()
    site.kubectl("delete", "namespace", COPY, "--ignore-not-found", "--wait=false")


def layers(content, depth=4):
    """The bytes, and what is packed or encoded within them."""
    yield content
    if depth == 0:
        return
    for found in BASE64.finditer(content):
        text = found[0].rstrip(b"=")
        for start in range(4):
            whole = text[start:len(text) - (len(text) - start) % 4]
            try:
                inner = base64.b64decode(whole + b"=" * (-len(whole) % 4))
            except binascii.Error:
                continue
            if inner[:2] == b"\x1f\x8b":
                inner = gzip.decompress(base64.b64decode(found[0]))
                yield from layers(inner, depth - 1)
                break
            if start == 0:
                yield from layers(inner, depth - 1)
            else:
                yield inner


def places(backups, plan):
    """The files that hold a secret, by its place."""
    found = {}
    for path, content in backups.contents(plan):
        for layer in layers(content):
            for place, value in SECRETS.items():
                if value.encode() in layer:
                    found.setdefault(place, set()).add(path)
    return found


def test_the_search_finds_every_one_where_nothing_is_left_out(backups):
    assert sorted(places(backups, "with")) == sorted(SECRETS)


def test_no_secret_is_in_the_repository(backups):
    assert places(backups, "without") == {}
    paths = [path for path, _ in backups.contents("without")]
    assert not [path for path in paths if "/secrets/" in path or "sh.helm.release" in path]
    assert [path for path in paths if path.endswith("configmaps/v1/reticent/settings.json")]


def test_what_is_no_secret_stays_as_it_was(backups):
    settings = next(json.loads(content) for path, content in backups.contents("without") if path.endswith("/settings.json"))
    assert settings["data"] == {"DSN": "mysql://shop:left-out-by-dmaas@db/shop", "colour": "green"}


def test_plan_and_session_say_so(site, backups):
    assert site.condition("backupconfiguration", "without", NAMESPACE, "RestoreNeedsSecrets")[0] == "True"
    assert site.condition("backupconfiguration", "with", NAMESPACE, "RestoreNeedsSecrets")[0] != "True"
    warnings = " ".join(backups.without["warnings"])
    assert f"the first is {NAMESPACE}/keeper" in warnings
    # Six, and each once more in what kubectl noted of its last apply.
    assert "values of Secrets were taken out of 12 places" in warnings


def test_preflight_lists_what_will_be_missing(site, backups):
    status = restore(site, "--preflight")
    told = "\n".join(status["warnings"])
    assert f"Secret {COPY}/keeper is neither in the backup nor here" in told
    assert f"data.DSN of ConfigMap {NAMESPACE}/settings held the value of key within-a-text of Secret {NAMESPACE}/all" in told


def test_what_is_there_is_not_missed(site, backups):
    site.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": COPY}},
               {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "keeper", "namespace": COPY}, "stringData": {"password": "another"}})
    status = restore(site)
    assert status["stage"] == "Succeeded"
    assert not [warning for warning in status["warnings"] if "is neither in the backup nor here" in warning]
    assert site.get("secret", "keeper", COPY)["data"]["password"] == base64.b64encode(b"another").decode()


def restore(site, *flags):
    namespace, name = site.begin("restore", "-n", "dmaas-system", "--storage", "main", "--path", f"{site.name}/ns/{NAMESPACE}/without",
                                 "--map-namespace", f"{NAMESPACE}={COPY}", *flags)
    return site.await_end("restoresession", name, namespace)
