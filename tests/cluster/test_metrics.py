"""What operators see: metrics that a real Prometheus collects, alert rules and a dashboard made of them."""

import base64
import json
import re
import subprocess
import time
import urllib.parse
import urllib.request

import pytest

from sites.applications import deploy_settings
from sites.plans import plan_of
from sites.site import ROOT, SYSTEM, run
from sites.waiting import wait_for
from tests.cluster.endpoints import Endpoint

NAMESPACE = "watched"
MONITORING = ROOT / "deploy/monitoring"
ADDRESS = "127.0.0.1:9391"
NAME = re.compile(r"\bdmaas_[a-z_]+")


@pytest.fixture(scope="module")
def watched(site):
    """A plan with an objective and one backup, and an account that may read metrics."""
    deploy_settings(site, NAMESPACE)
    plan = plan_of(NAMESPACE, "settings")
    plan["spec"]["objectives"] = {"recoveryPoint": "24h"}
    site.apply(plan, {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "collector", "namespace": NAMESPACE}})
    site.kubectl("create", "clusterrolebinding", "collector", "--clusterrole=dmaas-metrics", f"--serviceaccount={NAMESPACE}:collector")
    # The first look at the sessions says what ended before.
    assert ask(site, token_of(site, "collector"))[0] == 200
    site.back_up((NAMESPACE, "settings"))
    yield site
    site.kubectl("delete", "clusterrolebinding", "collector")
    site.kubectl("delete", "namespace", NAMESPACE, "--wait=false")


def token_of(site, account):
    return site.kubectl("-n", NAMESPACE, "create", "token", account).strip()


def ask(site, token):
    status, body = Endpoint(site, "dmaas-controller").ask("GET", "/metrics", token)
    return status, body.decode()


def metrics_of(site):
    """Of controller and gateway."""
    gateway = Endpoint(site, "dmaas-gateway").ask("GET", "/metrics")[1].decode()
    return ask(site, token_of(site, "collector"))[1], gateway


def families(text):
    return set(re.findall(r"^# TYPE (\S+)", text, re.MULTILINE))


def test_metrics_of_the_controller_are_not_for_everybody(watched):
    assert ask(watched, None)[0] == 401
    status, body = ask(watched, token_of(watched, "default"))
    assert status == 401 and "bind it to the ClusterRole dmaas-metrics" in body


def test_they_are_well_formed(watched):
    for text in metrics_of(watched):
        done = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr


def test_they_tell_of_the_plan(watched):
    text = metrics_of(watched)[0]
    labels = f'{{namespace="{NAMESPACE}",plan="settings"}}'
    value = {line.rsplit(" ", 1)[0]: float(line.rsplit(" ", 1)[1]) for line in text.splitlines() if not line.startswith("#")}
    assert value[f"dmaas_plan_ready{labels}"] == 1
    assert value[f"dmaas_plan_recovery_point_objective_seconds{labels}"] == 86400
    assert 0 <= time.time() - value[f"dmaas_plan_last_success_timestamp_seconds{labels}"] < 120
    assert value[f'dmaas_sessions_ended_total{{kind="backup",namespace="{NAMESPACE}",plan="settings",phase="Succeeded"}}'] == 1
    assert value[f'dmaas_storage_ready{{namespace="{SYSTEM}",storage="main"}}'] == 1
    assert value["dmaas_controller_leader"] == 1


def test_the_document_tells_of_each_and_no_other(watched):
    documented = set(re.findall(r"^\| `(dmaas_\w+)`", (ROOT / "docs/metrics.md").read_text(), re.MULTILINE))
    assert set().union(*map(families, metrics_of(watched))) == documented


@pytest.mark.parametrize("file", ["alerts.yaml", "dashboard.json"])
def test_rules_and_dashboard_use_what_there_is(watched, file):
    used = set(NAME.findall((MONITORING / file).read_text()))
    known = set().union(*map(families, metrics_of(watched)))
    assert used and used <= known


def test_alert_rules_do_what_they_say():
    run("promtool", "check", "rules", MONITORING / "alerts.yaml")
    run("promtool", "test", "rules", ROOT / "tests/cluster/alerts_test.yaml")


def test_the_dashboard_is_one(watched):
    dashboard = json.loads((MONITORING / "dashboard.json").read_text())
    assert len({panel["id"] for panel in dashboard["panels"]}) == len(dashboard["panels"]) > 5


@pytest.fixture
def prometheus(watched, tmp_path):
    """With the scrape configuration and the rules that the product brings, but for paths and addresses."""
    (tmp_path / "token").write_text(token_of(watched, "collector"))
    (tmp_path / "ca.crt").write_bytes(base64.b64decode(watched.get("secret", "dmaas-controller-tls", SYSTEM)["data"]["ca.crt"]))
    text = (MONITORING / "scrape.yaml").read_text()
    text = text.replace("/var/run/secrets/kubernetes.io/serviceaccount/token", f"{tmp_path}/token").replace("/etc/prometheus/dmaas/ca.crt", f"{tmp_path}/ca.crt")
    # This machine does not know the cluster's names: one job for each, with the name in the certificate.
    text = text.replace('targets: ["dmaas-controller.dmaas-system.svc:8443", "dmaas-gateway.dmaas-system.svc:8443"]',
                        f'targets: ["{watched.get("service", "dmaas-controller", SYSTEM)["spec"]["clusterIP"]}:8443"]')
    text = text.replace("tls_config: {", "tls_config: {server_name: dmaas-controller.dmaas-system.svc, ")
    (tmp_path / "prometheus.yml").write_text(f"global: {{scrape_interval: 1s, evaluation_interval: 1s}}\nrule_files: [{MONITORING}/alerts.yaml]\n{text}")
    process = subprocess.Popen(["prometheus", f"--config.file={tmp_path}/prometheus.yml", f"--storage.tsdb.path={tmp_path}/data",
                                f"--web.listen-address={ADDRESS}"], stderr=(tmp_path / "log").open("w"))
    yield lambda query: json.load(urllib.request.urlopen(f"http://{ADDRESS}/api/v1/query?{urllib.parse.urlencode({'query': query})}"))["data"]["result"]
    process.kill()
    process.wait()


def test_a_real_prometheus_collects_them(prometheus):
    def found():
        try:
            return prometheus(f'time() - dmaas_plan_last_success_timestamp_seconds{{namespace="{NAMESPACE}"}}')
        except OSError:
            return []  # it has not begun yet
    (sample,) = wait_for("Prometheus to have collected", found, 60)
    assert sample["metric"]["plan"] == "settings" and float(sample["value"][1]) < 600
