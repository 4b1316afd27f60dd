"""Backups are verified by a Helm chart that is installed on the restored data."""

import functools
import http.server
import io
import tarfile
import threading

import pytest

from sites.applications import Keeper
from sites.plans import custom_resource, plan_of
from sites.site import SYSTEM
from sites.waiting import wait_for
from testbed.errors import TestbedError
from testbed.images.archive import ImageFile, build_image
from testbed.minio import HOST_ADDRESS
from testbed.programs import HELM
from tests.acceptance.verifications import SECONDS, Verifications

NAMESPACE = "verify-chart"
IMAGE = "dmaas.io/tests/helm-with-charts:1"
CHART = "apiVersion: v2\nname: reader\nversion: 1.0.0\n"
VALUES = "claim: none\nslow: false\nopens: false\nservice: ClusterIP\n"
READER = """
apiVersion: v1
kind: ServiceAccount
metadata: {name: {{ .Release.Name }}}
---
apiVersion: v1
kind: Service
metadata: {name: {{ .Release.Name }}}
spec: {type: {{ .Values.service }}, selector: {app: {{ .Release.Name }}}, ports: [{port: 80}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: {{ .Release.Name }}}
spec:
  replicas: 1
  selector: {matchLabels: {app: {{ .Release.Name }}}}
  template:
    metadata: {labels: {app: {{ .Release.Name }}}}
    spec:
      serviceAccountName: {{ .Release.Name }}
      terminationGracePeriodSeconds: 0
      containers:
      - name: reader
        image: dmaas.io/testbed/debian-base:12
        imagePullPolicy: Never
        command: [sleep, infinity]
        {{- if .Values.slow }}
        readinessProbe: {exec: {command: ["true"]}, initialDelaySeconds: 15}
        {{- end }}
        volumeMounts: [{name: data, mountPath: /restored}]
      volumes: [{name: data, persistentVolumeClaim: {claimName: {{ .Values.claim }}}}]
{{- if .Values.opens }}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: open}
spec: {podSelector: {}, policyTypes: [Egress], egress: [{}]}
{{- end }}
"""
FILES = {"Chart.yaml": CHART, "values.yaml": VALUES, "templates/reader.yaml": READER}
CONTENT = {"name": "content", "exec": {"podSelector": {"matchLabels": {"app": "verified"}}, "command": ["ls", "/restored"],
                                       "output": {"contains": "file-1"}}}


def chart(**values):
    return {"image": IMAGE, "chart": "/charts/reader", "values": {"claim": "data-keeper-0", **values}}


@pytest.fixture(scope="module")
def repository(tmp_path_factory):
    """The URL of one that is served from this machine, with the chart in it."""
    directory = tmp_path_factory.mktemp("charts")
    with tarfile.open(directory / "reader-1.0.0.tgz", "w:gz") as package:
        for name, text in FILES.items():
            member = tarfile.TarInfo(f"reader/{name}")
            member.size = len(text)
            package.addfile(member, io.BytesIO(text.encode()))
    (directory / "index.yaml").write_text("apiVersion: v1\nentries:\n  reader:\n  - {name: reader, version: 1.0.0, urls: [reader-1.0.0.tgz]}\n")
    server = http.server.ThreadingHTTPServer((HOST_ADDRESS, 0), functools.partial(http.server.SimpleHTTPRequestHandler, directory=directory))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://{HOST_ADDRESS}:{server.server_port}"
    server.shutdown()


def may(site, account, verb, resource, namespace):
    try:
        return site.kubectl("auth", "can-i", verb, resource, "-n", namespace, f"--as={account}").strip() == "yes"
    except TestbedError:
        return False


@pytest.fixture(scope="module")
def keeper(site):
    site.cluster.load_image(build_image(IMAGE, files={
        "/usr/local/bin/helm": ImageFile(HELM.program(), mode=0o755), **{f"/charts/reader/{name}": ImageFile(text=text) for name, text in FILES.items()}}))
    made = Keeper(site, NAMESPACE).deploy(files=5)
    site.apply(plan_of(NAMESPACE, NAMESPACE))
    site.back_up((NAMESPACE, NAMESPACE))
    yield Verifications(site, NAMESPACE)
    made.remove()


def test_a_chart_is_installed_on_the_restored_data_and_checked(site, keeper):
    site.apply(custom_resource("BackupVerifier", "chart", NAMESPACE, {
        "plans": [{"name": NAMESPACE}], "verification": {"allowUnisolated": True, "helm": chart(), "checks": [
            {"name": "ready", "ready": True}, {"name": "files", "files": True}, CONTENT]}}))
    told = site.dmaas("verify", NAMESPACE, "-n", NAMESPACE, seconds=SECONDS)
    assert "3 checks passed" in told, told
    verdict, message = keeper.verdict()
    assert verdict == "True" and message.startswith("chart launched on restored volumes, 3 checks"), message
    assert keeper.remains() == [] and site.leftovers() == []


def test_a_chart_comes_from_a_repository(site, keeper, repository):
    helm = {**chart(), "chart": "reader", "repository": repository, "version": "1.0.0", "releaseName": "fetched"}
    check = {**CONTENT, "exec": {**CONTENT["exec"], "podSelector": {"matchLabels": {"app": "fetched"}}}}
    status = keeper.ended(keeper.begin("fetched", check, helm=helm))
    assert status["phase"] == "Succeeded", status
    assert keeper.remains() == []


def test_when_the_checks_run_nothing_is_open_any_more(site, keeper):
    wrong = {**CONTENT, "exec": {**CONTENT["exec"], "output": {"equals": "nothing"}}, "timeout": "5s"}
    status = keeper.ended(keeper.begin("kept", wrong, helm=chart(), keepOnFailure=True))
    assert "1 of 1 checks failed" in status["message"], status["message"]
    scratch = status["namespace"]
    assert sorted(policy["metadata"]["name"] for policy in site.list("networkpolicies", scratch)) == ["dmaas-isolation", "dmaas-movers"]
    account = f"system:serviceaccount:{scratch}:dmaas-launch"
    assert may(site, account, "create", "deployments", scratch)
    for verb, resource, namespace in (("create", "networkpolicies", scratch), ("create", "ingresses", scratch), ("update", "resourcequotas", scratch),
                                      ("create", "pods", NAMESPACE), ("get", "secrets", NAMESPACE), ("list", "nodes", "")):
        assert not may(site, account, verb, resource, namespace), (verb, resource, namespace)
    keeper.delete("kept")
    assert keeper.remains() == []


@pytest.mark.parametrize("values,said", [
    ({"opens": True}, 'networkpolicies.networking.k8s.io "open" is forbidden'), ({"service": "LoadBalancer"}, "exceeded quota: dmaas-launch"),
    ({"claim": ""}, "INSTALLATION FAILED")])
def test_a_chart_that_cannot_be_installed_fails_in_helms_words(site, keeper, values, said):
    status = keeper.ended(keeper.begin(f"refused-{next(iter(values))}", CONTENT, helm=chart(**values), timeout="5m"))
    assert status["phase"] == "Failed"
    assert status["message"].startswith("chart /charts/reader was not installed: ") and said in status["message"], status["message"]
    assert keeper.verdict()[0] == "False"
    assert keeper.remains() == []


def test_a_controller_that_is_killed_while_helm_works_goes_on(site, keeper):
    name = keeper.begin("killed", CONTENT, helm=chart(slow=True))
    keeper.await_phase(name, "Launching")
    wait_for("the pod of Helm", lambda: site.list("pods", keeper.status(name)["namespace"], "dmaas.io/part=launch"))
    site.kubectl("-n", SYSTEM, "delete", "pod", "-l", "app.kubernetes.io/component=controller", "--grace-period=0", "--force")
    status = keeper.ended(name)
    assert status["phase"] == "Succeeded", status
    assert keeper.remains() == []
