"""Commands of the product that run side by side, and what they do, seen as a person sees it."""

import json
import os
import re
import subprocess
import tempfile
import time

from sites.site import PROGRAM

POLL_SECONDS = 0.5
KINDS = {"backup": "backupsession", "restore": "restoresession"}


def wait_until(holds, what, seconds=180, pause=POLL_SECONDS):
    """What `holds` returns as soon as it is true; `what` may be a function that tells the state at the end."""
    deadline = time.monotonic() + seconds
    while True:
        found = holds()
        if found:
            return found
        assert time.monotonic() < deadline, f"not within {seconds} s: {what() if callable(what) else what}"
        time.sleep(pause)


class Attempt:
    """A command that was started. Its session, when it makes one, is looked at through the API."""

    def __init__(self, site, *arguments, environment=None):
        self.site = site
        self.arguments = [str(argument) for argument in arguments]
        self._output = tempfile.TemporaryFile("w+")
        self._notes = tempfile.TemporaryFile("w+")
        self._process = subprocess.Popen([str(PROGRAM), *self.arguments], stdout=self._output, stderr=self._notes,
                                         env={**os.environ, "KUBECONFIG": str(site.cluster.kubeconfig), **(environment or {})})

    @property
    def output(self):
        return _text_of(self._output)

    @property
    def notes(self):
        """What it has told on standard error so far."""
        return _text_of(self._notes)

    def __str__(self):
        return f"{' '.join(self.arguments)}\n{self.output}\n{self.notes}"

    def end(self, seconds=240):
        """Its exit code."""
        try:
            return self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self._process.kill()
            raise AssertionError(f"goes on after {seconds} s: {self}\n{json.dumps(self.status(), indent=1)}") from None

    def succeeds(self, seconds=240):
        assert self.end(seconds) == 0, str(self)
        return self

    def fails(self, *texts, seconds=240):
        """With exit code 1, and every text in one line of its last words."""
        assert self.end(seconds) == 1, str(self)
        last = self.notes.strip().splitlines()[-1]
        assert last.startswith("error: "), str(self)
        for text in texts:
            assert text in last, f"{text!r} is missing\n{self}"
        return self

    def says(self, text, seconds=180):
        """Waits until it has told this; it goes on."""
        def said():
            has_ended = self._process.poll() is not None
            if text in self.notes:
                return True
            assert not has_ended, f"ended without saying {text!r}\n{self}"
            return False
        wait_until(said, lambda: f"{text!r}\n{self}", seconds)
        return self

    @property
    def session(self):
        """Namespace and name."""
        found = wait_until(lambda: re.search(r"session (\S+)/(\S+) created", self.output + self.notes), lambda: str(self), 30)
        return found[1], found[2]

    def status(self):
        namespace, name = self.session
        return self.site.get(KINDS[self.arguments[0]], name, namespace).get("status", {})

    def reaches(self, holds, what, seconds=180):
        """The session's status as soon as `holds(status)`."""
        def found():
            status = self.status()
            return status if holds(status) else None
        return wait_until(found, lambda: f"{what}\n{self}\n{json.dumps(self.status(), indent=1)}", seconds)

    def stop(self):
        """Whatever it does; its session goes on."""
        self._process.kill()
        self._process.wait()


def _text_of(file):
    file.flush()
    return os.pread(file.fileno(), 1 << 20, 0).decode(errors="replace")
