"""A clock that a test sets, for the controller of one cluster and for nothing else."""

import contextlib
import json
import shutil
from datetime import datetime, timedelta, timezone
from pathlib import Path

from sites.site import SYSTEM

LIBRARY = "libfaketimeMT.so.1"
MOUNT = "/var/lib/dmaas-test-clock"


def next_midnight():
    return (datetime.now(timezone.utc) + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)


@contextlib.contextmanager
def controller_clock(site):
    """Afterwards the controller has the machine's time again."""
    clock = ControllerClock(site, f"/var/lib/dmaas-test-clock-{site.name}")
    clock.install()
    yield clock
    site.kubectl("-n", SYSTEM, "rollout", "undo", "deployment/dmaas-controller")
    site.await_rollout("deployment/dmaas-controller", SYSTEM)
    shutil.rmtree(clock.directory)


class ControllerClock:
    """Debian's libfaketime, which the node (this machine) lends to the controller's pod. Time that is measured, such as that of waits and
    leases, goes on as it does; gateway, movers, API server and storage keep the machine's time."""

    def __init__(self, site, directory):
        self.site = site
        self.directory = Path(directory)

    def install(self):
        """From now on the controller's time is what `set` says. Returns when a controller with this clock is ready."""
        self.directory.mkdir(parents=True, exist_ok=True)
        (library,) = Path("/usr/lib").glob(f"*/faketime/{LIBRARY}")
        self.directory.joinpath(LIBRARY).write_bytes(library.read_bytes())
        self.set(datetime.now().astimezone())
        environment = {"LD_PRELOAD": f"{MOUNT}/{LIBRARY}", "FAKETIME_TIMESTAMP_FILE": f"{MOUNT}/offset", "FAKETIME_NO_CACHE": "1",
                       "FAKETIME_DONT_FAKE_MONOTONIC": "1", "NO_FAKE_STAT": "1"}
        container = {"name": "controller", "env": [{"name": name, "value": value} for name, value in environment.items()],
                     "volumeMounts": [{"name": "clock", "mountPath": MOUNT, "readOnly": True}]}
        pod = {"containers": [container], "volumes": [{"name": "clock", "hostPath": {"path": str(self.directory), "type": "Directory"}}]}
        self.site.kubectl("-n", SYSTEM, "patch", "deployment", "dmaas-controller", "--type=strategic",
                          "-p", json.dumps({"spec": {"template": {"spec": pod}}}))
        self.site.await_rollout("deployment/dmaas-controller", SYSTEM)

    def set(self, time):
        """It goes on from `time`."""
        seconds = (time - datetime.now().astimezone()).total_seconds()
        new = self.directory / "offset.new"
        new.write_text(f"{seconds:+.0f}\n")
        new.chmod(0o644)
        new.rename(self.directory / "offset")  # in one step: it is read all the time
