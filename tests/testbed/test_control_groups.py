"""Control groups of pods come and go while others look at them."""

import threading

import pytest

from testbed import control_groups

NAME = "dmaas-test-groups"


@pytest.fixture
def flickering():
    """A tree of groups that another thread makes and removes all the time."""
    control_groups.create(NAME)
    top = control_groups.existing(NAME)[0]
    ended = threading.Event()

    def flicker():
        while not ended.is_set():
            groups = [top / f"pod-{number}" for number in range(20)]
            for group in groups:
                group.mkdir()
            for group in groups:
                group.rmdir()

    thread = threading.Thread(target=flicker)
    thread.start()
    yield
    ended.set()
    thread.join()
    control_groups.remove(NAME)


def test_processes_are_listed_while_groups_go(flickering):
    for _ in range(300):
        assert list(control_groups.processes(NAME)) == []
