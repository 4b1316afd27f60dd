"""Where repositories lie: a local directory, or a bucket of a MinIO that is started for it."""

from abc import ABC, abstractmethod
from pathlib import Path

from testbed import minio


class Store(ABC):
    """Room for one repository of each program."""

    name: str

    @abstractmethod
    def make_room(self, program: str) -> None:
        """For a repository of this program; there is none yet."""

    @abstractmethod
    def stored_bytes(self, program: str) -> int: ...

    def stop(self) -> None:
        """Ends what runs for it."""


class LocalStore(Store):
    name = "local"

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def path(self, program: str) -> Path:
        return self._directory / program

    def make_room(self, program: str) -> None:
        self._directory.mkdir(parents=True, exist_ok=True)

    def stored_bytes(self, program: str) -> int:
        return bytes_below(self.path(program))


class MinioStore(Store):
    name = "minio"
    region = "us-east-1"

    def __init__(self, directory: Path, address: str) -> None:
        self._directory = directory
        self._address = address
        self._server: minio.Minio | None = None

    @property
    def endpoint(self) -> str:
        return f"http://{self._address}"

    def bucket(self, program: str) -> str:
        return f"bench-{program}"

    def make_room(self, program: str) -> None:
        if self._server is None:
            self._server = minio.up(self._directory, self._address)
        self._server.create_bucket(self.bucket(program))

    def stored_bytes(self, program: str) -> int:
        """On MinIO's disk; its own records of the objects are part of it, for every program alike."""
        return bytes_below(self._directory / "data" / self.bucket(program))

    def stop(self) -> None:
        if self._server is not None:
            self._server.down()
            self._server = None


def bytes_below(directory: Path) -> int:
    return sum(path.stat().st_size for path in directory.rglob("*") if path.is_file())
