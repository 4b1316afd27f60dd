"""Commands of the product that run side by side, and what they do, seen as a person sees it."""

import json
import os
import subprocess
import tempfile

from sites.site import PROGRAM, session_in
from sites.waiting import wait_for

KINDS = {"backup": "backupsession", "restore": "restoresession"}


class Attempt:
    """A command that was started. Its session, when it makes one, is looked at through the API."""

    def __init__(self, site, *arguments, environment=None):
        self.site = site
        self.arguments = [str(argument) for argument in arguments]
        self._output = tempfile.TemporaryFile("w+")
        self._notes = tempfile.TemporaryFile("w+")
        self._process = subprocess.Popen([str(PROGRAM), *self.arguments], stdout=self._output, stderr=self._notes,
                                         env={**os.environ, **site.environment, **(environment or {})})

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
        wait_for(lambda: f"{text!r}\n{self}", said, seconds)
        return self

    @property
    def session(self):
        """Namespace and name."""
        return wait_for(lambda: str(self), lambda: session_in(self.output + self.notes), 30)

    def status(self):
        namespace, name = self.session
        return self.site.status(KINDS[self.arguments[0]], name, namespace)

    def reaches(self, holds, what, seconds=180):
        """The session's status as soon as `holds(status)`."""
        def found():
            status = self.status()
            return status if holds(status) else None
        return wait_for(lambda: f"{what}\n{self}\n{json.dumps(self.status(), indent=1)}", found, seconds)

    def stop(self):
        """Whatever it does; its session goes on."""
        self._process.kill()
        self._process.wait()


def _text_of(file):
    file.flush()
    return os.pread(file.fileno(), 1 << 20, 0).decode(errors="replace")
