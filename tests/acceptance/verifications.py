"""Verifications of backups, driven as a person would."""

import json

from sites.plans import custom_resource
from sites.waiting import wait_for

SECONDS = 300


class Verifications:
    """Of the plan of one namespace, which is named as the namespace is."""

    def __init__(self, site, namespace):
        self.site = site
        self.namespace = namespace

    @property
    def newest(self):
        """The Snapshot of the newest backup."""
        return max(self.site.list("snapshots.dmaas.io", self.namespace), key=lambda backup: backup["spec"]["time"])

    def begin(self, name, *checks, allowed=True, **settings):
        """Starts one of the newest backup; its name."""
        repository = self.newest["spec"]["repositoryRef"]["name"]
        self.site.apply(custom_resource("VerificationSession", name, self.namespace, {
            "repositoryRef": {"name": repository},
            "verification": {"checks": list(checks), "allowUnisolated": allowed, **settings}}))
        return name

    def status(self, name):
        return self.site.status("verificationsession", name, self.namespace)

    def ended(self, name):
        return self.site.await_end("verificationsession", name, self.namespace, SECONDS)

    def await_phase(self, name, phase):
        wait_for(lambda: f"phase {phase} of {name}\n{json.dumps(self.status(name), indent=1)}",
                 lambda: self.status(name).get("phase") == phase, 120)

    def verdict(self):
        """(status, message) of the condition Verified of the newest backup."""
        return self.site.condition("snapshot.dmaas.io", self.newest["metadata"]["name"], self.namespace, "Verified")

    def delete(self, name):
        self.site.kubectl("-n", self.namespace, "delete", "verificationsession", name, "--timeout=120s")

    def remains(self):
        """Scratch namespaces, and volumes and restores of them."""
        spaces = [space["metadata"]["name"] for space in self.site.list("namespaces", selector="dmaas.io/part=scratch")]
        volumes = [volume["metadata"]["name"] for volume in self.site.list("pv")
                   if volume["spec"].get("claimRef", {}).get("namespace", "").startswith("dmaas-verify-")]
        return spaces + volumes
