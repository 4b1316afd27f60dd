"""Speaks to gateway and controller from outside, with any token."""

import base64
import hashlib
import http.client
import json
import socket
import ssl

from sites.site import SYSTEM


class Endpoint:
    """A service of the system namespace, by its cluster address; its certificate is verified."""

    def __init__(self, site, service):
        self._name = f"{service}.{SYSTEM}.svc"
        address = site.get("service", service, SYSTEM)["spec"]["clusterIP"]
        self._address = (address, 8443)
        authority = base64.b64decode(site.get("secret", "dmaas-controller-tls", SYSTEM)["data"]["ca.crt"]).decode()
        self._context = ssl.create_default_context(cadata=authority)

    def ask(self, method, path, token=None, body=None, headers=None):
        """Status and body of the answer."""
        connection = http.client.HTTPSConnection(*self._address, timeout=40, context=self._context)
        raw = socket.create_connection(self._address, timeout=40)
        connection.sock = self._context.wrap_socket(raw, server_hostname=self._name)
        sent = dict(headers or {})
        if token:
            sent["Authorization"] = f"Bearer {token}"
        try:
            connection.request(method, path, body=body, headers=sent)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()


class Gateway(Endpoint):
    """The restic REST protocol for one repository."""

    def __init__(self, site, storage, repository, token):
        super().__init__(site, "dmaas-gateway")
        self.base = f"/{storage}/{repository}"
        self.token = token

    def status(self, method, path, body=None):
        return self.ask(method, f"{self.base}/{path}", self.token, body)[0]

    def names(self, kind):
        status, body = self.ask("GET", f"{self.base}/{kind}/", self.token)
        assert status == 200, body
        return [entry["name"] if isinstance(entry, dict) else entry for entry in json.loads(body)]

    def save(self, kind, body, name=None):
        return self.status("POST", f"{kind}/{name or hashlib.sha256(body).hexdigest()}", body)
