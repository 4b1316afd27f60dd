"""What the test bed itself asks an API server: is it, is the node, is DNS ready."""

import calendar
import contextlib
import http.client
import json
import ssl
import time
import urllib.error
import urllib.request

from testbed.layout import Layout

ANSWER_SECONDS = 2.0
_FAILURES = (OSError, http.client.HTTPException, ValueError, KeyError, urllib.error.URLError)


class ApiServer:
    """Each question is answered at once; no answer counts as no."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._tls: ssl.SSLContext | None = None

    def is_ready(self) -> bool:
        with contextlib.suppress(*_FAILURES):
            return self._get("/readyz") == b"ok"
        return False

    def node_is_ready(self, node: str, since: float) -> bool:
        """By what kubelet reported after `since` (seconds since 1970): what the API server still
        knows of an earlier run does not count."""
        with contextlib.suppress(*_FAILURES):
            lease = json.loads(self._get(
                f"/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/{node}"))
            renewed = lease["spec"]["renewTime"].split(".")[0]
            if calendar.timegm(time.strptime(renewed, "%Y-%m-%dT%H:%M:%S")) < int(since):
                return False
            conditions = json.loads(self._get(f"/api/v1/nodes/{node}"))["status"]["conditions"]
            return any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)
        return False

    def has_default_service_account(self) -> bool:
        with contextlib.suppress(*_FAILURES):
            return bool(self._get("/api/v1/namespaces/default/serviceaccounts/default"))
        return False

    def dns_is_ready(self) -> bool:
        address = self._layout.network.addresses.node
        with contextlib.suppress(*_FAILURES):
            with _open_url(f"http://{address}:8181/ready", None) as answer:
                return answer.status == 200
        return False

    def _get(self, path: str) -> bytes:
        if self._tls is None:
            keys = self._layout.keys
            tls = ssl.create_default_context(cafile=str(keys / "ca.crt"))
            tls.load_cert_chain(keys / "kubeconfig.crt", keys / "kubeconfig.key")
            self._tls = tls
        with _open_url(self._layout.api_server + path, self._tls) as answer:
            return answer.read()


def _open_url(url: str, tls: ssl.SSLContext | None):
    # Never through a proxy that the environment names.
    handlers = [urllib.request.ProxyHandler({})]
    if tls:
        handlers.append(urllib.request.HTTPSHandler(context=tls))
    return urllib.request.build_opener(*handlers).open(url, timeout=ANSWER_SECONDS)
