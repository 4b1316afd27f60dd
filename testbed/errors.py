"""The one error of the test bed: a sentence for a person, with the remedy where there is one."""


class TestbedError(Exception):
    """Shown as it is by the command line; a test lets it pass through."""

    __test__ = False
