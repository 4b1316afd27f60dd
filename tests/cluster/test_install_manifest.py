"""deploy/install.yaml alone makes a working installation, without a secret in it; certificates are made and renewed in the cluster."""

import base64
import socket
import ssl

import pytest

from sites.applications import Keeper
from sites.site import PROGRAM, ROOT, SYSTEM, Site, run
from sites.waiting import wait_for
from tests.conftest import NAME

CLUSTER = f"{NAME}-yaml"
MANIFEST = ROOT / "deploy/install.yaml"
AUTHORITY, CONTROLLER, GATEWAY = SECRETS = ("dmaas-ca", "dmaas-controller-tls", "dmaas-gateway-tls")
DEPLOYMENTS = ("dmaas-controller", "dmaas-gateway")
MAKER = "dmaas-certificates"
PROCESSES = "app.kubernetes.io/component in (controller,gateway)"
# Servers look at their files every 15 s, kubelet brings them when it will.
SERVED_SECONDS = 90


class Installation:
    """A cluster whose administrator has kubectl and the file."""

    def __init__(self):
        self.site = Site(CLUSTER, "", images=())
        self.apply()
        self.await_deployments()
        self.after_first = self.identities()
        self.apply()
        self.after_second = self.identities()
        self.await_deployments()
        self.runs = 0

    def apply(self):
        self.site.kubectl("apply", "--server-side", "-f", MANIFEST)

    def await_deployments(self):
        for name in DEPLOYMENTS:
            self.site.await_rollout(f"deployment/{name}", SYSTEM)

    def identities(self):
        """What tells whether an object was made or changed anew."""
        kinds = "deployments,jobs,cronjobs,services,secrets"
        return {(one["kind"], one["metadata"]["name"]): (one["metadata"]["uid"], one["metadata"].get("generation"))
                for one in self.site.list(kinds, SYSTEM)}

    def back_up(self):
        """Nobody sees more of it than this: the command ends well only when the backup did."""
        self.site.dmaas("backup", "keeper", "-n", "manifest", seconds=180)

    def value(self, secret, key):
        return base64.b64decode(self.site.get("secret", secret, SYSTEM)["data"][key]).decode()

    def certificates(self):
        return {secret: self.value(secret, "tls.crt") for secret in SECRETS}

    def lose(self, secret, key="tls.crt"):
        self.site.patch("secret", secret, SYSTEM, {"data": {key: ""}})

    def renew(self):
        """As an administrator does who does not want to wait for Sunday."""
        self.runs += 1
        name = f"by-hand-{self.runs}"
        self.site.kubectl("-n", SYSTEM, "create", "job", f"--from=cronjob/{MAKER}", name)
        self.site.kubectl("-n", SYSTEM, "wait", f"job/{name}", "--for=condition=Complete", "--timeout=60s")
        # Kubelet brings changed Secrets with its next look at a pod: once in a minute and a half, or when the pod changes.
        self.site.kubectl("-n", SYSTEM, "annotate", "pods", "-l", PROCESSES, "--overwrite", f"test/renewed={name}")

    def served(self, service):
        """The certificate that new connections get; clients that trust ca.crt accept it under the service's name."""
        address = self.site.get("service", service, SYSTEM)["spec"]["clusterIP"]
        context = ssl.create_default_context(cadata=self.value(CONTROLLER, "ca.crt"))
        with socket.create_connection((address, 8443), timeout=10) as raw:
            with context.wrap_socket(raw, server_hostname=f"{service}.{SYSTEM}.svc") as connection:
                return ssl.DER_cert_to_PEM_cert(connection.getpeercert(binary_form=True)).strip()

    def await_served(self):
        for service, secret in zip(DEPLOYMENTS, (CONTROLLER, GATEWAY)):
            wanted = self.value(secret, "tls.crt").strip()
            wait_for(f"the new certificate of {service}", lambda service=service, wanted=wanted: self.served(service) == wanted,
                     seconds=SERVED_SECONDS, pause=2)

    def pods(self):
        """Names and restarts of the two processes."""
        pods = self.site.list("pods", SYSTEM, PROCESSES)
        return {pod["metadata"]["name"]: pod["status"]["containerStatuses"][0]["restartCount"] for pod in pods}


@pytest.fixture(scope="module")
def installation(minio, password_file):
    made = Installation()
    made.site.add_bucket("main", password_file, minio, "manifest")
    Keeper(made.site, "manifest").deploy(files=3).protect(f"{SYSTEM}/main")
    yield made
    made.site.cluster.down()


def test_no_secret_is_in_the_file_and_the_program_prints_the_same():
    text = MANIFEST.read_text()
    assert "kind: Secret\n" not in text and "PRIVATE KEY" not in text
    assert run(PROGRAM, "install", "--dry-run") == text.split("\n", 1)[1]


def test_applying_it_again_changes_nothing(installation):
    assert len(installation.after_first) >= 9
    assert installation.after_first.items() <= installation.after_second.items()


def test_a_backup_succeeds(installation):
    installation.back_up()


def test_lost_certificates_are_renewed_and_served_without_a_restart(installation):
    before, pods = installation.certificates(), installation.pods()
    installation.lose(CONTROLLER)
    installation.lose(GATEWAY)
    installation.renew()
    after = installation.certificates()
    assert after[AUTHORITY] == before[AUTHORITY]
    assert after[CONTROLLER] != before[CONTROLLER] and after[GATEWAY] != before[GATEWAY]
    installation.await_served()
    installation.back_up()
    assert installation.pods() == pods


def test_renewing_what_is_good_changes_nothing(installation):
    before = [installation.site.get("secret", secret, SYSTEM) for secret in SECRETS]
    installation.renew()
    assert [installation.site.get("secret", secret, SYSTEM) for secret in SECRETS] == before


def test_a_new_authority_is_trusted_before_it_signs(installation):
    before, pods = installation.certificates(), installation.pods()
    installation.site.kubectl("-n", SYSTEM, "delete", "secret", AUTHORITY)
    installation.renew()
    after = installation.certificates()
    assert after[AUTHORITY] != before[AUTHORITY]
    assert {**after, AUTHORITY: ""} == {**before, AUTHORITY: ""}
    trusted = installation.value(CONTROLLER, "ca.crt")
    assert trusted == after[AUTHORITY] + before[AUTHORITY]
    installation.back_up()
    wait_for("the controller to trust it", lambda: "other authorities are trusted now" in installation.site.kubectl(
        "-n", SYSTEM, "logs", "deployment/dmaas-controller"), seconds=SERVED_SECONDS)
    installation.lose(GATEWAY)
    installation.lose(CONTROLLER)
    installation.renew()
    installation.await_served()
    installation.back_up()
    assert installation.pods() == pods


def test_who_makes_certificates_may_do_nothing_else(installation):
    account = f"--as=system:serviceaccount:{SYSTEM}:{MAKER}"
    listed = installation.site.kubectl("-n", SYSTEM, "auth", "can-i", "--list", account).splitlines()
    secrets = [" ".join(line.split()) for line in listed if line.startswith("secrets")]
    assert sorted(secrets) == sorted(["secrets [] [] [create]",
                                      *(f"secrets [] [{name}] [get patch]" for name in SECRETS)])
    others = {line.split()[0] for line in listed[1:] if not line.startswith(("secrets", " "))}
    assert others == {"selfsubjectreviews.authentication.k8s.io", "selfsubjectaccessreviews.authorization.k8s.io",
                      "selfsubjectrulesreviews.authorization.k8s.io"}


def test_installing_by_the_program_takes_it_over(installation):
    before = installation.certificates()
    installation.site.dmaas("install", "--image-pull-policy", "Never", seconds=120)
    assert installation.certificates() == before
    installation.back_up()


def test_uninstalling_leaves_no_certificate_and_nobody_who_makes_them(installation):
    installation.site.dmaas("uninstall", seconds=120)
    assert installation.site.leftovers() == []  # the last backup's movers take a moment to end
    left = installation.site.kubectl("-n", SYSTEM, "get", "secrets,jobs,cronjobs,pods,serviceaccounts,roles,rolebindings", "-o", "name").split()
    assert [name for name in left if MAKER in name or name.removeprefix("secret/") in SECRETS] == []
    assert [name for name in left if name.startswith(("pod/", "job", "cronjob"))] == []
