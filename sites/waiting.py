"""Waiting for what comes true by itself."""

import time

PAUSE_SECONDS = 0.3


def wait_for(what, find, seconds=60, pause=PAUSE_SECONDS):
    """The first true value that `find` gives; `what` may be a function that tells the state at the end."""
    deadline = time.monotonic() + seconds
    while True:
        found = find()
        if found:
            return found
        assert time.monotonic() < deadline, f"not within {seconds:g} s: {what() if callable(what) else what}"
        time.sleep(pause)
