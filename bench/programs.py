"""The programs that are compared, each with the defaults of its makers."""

import hashlib
import os
import subprocess
from abc import ABC, abstractmethod
from pathlib import Path

from bench.stores import LocalStore, MinioStore, Store
from testbed import minio
from testbed.errors import TestbedError
from testbed.peers.restic import restic
from testbed.peers.rustic import rustic

PASSWORD = "a password of the benchmark"


class Program(ABC):
    """Commands of one program. A home of its own keeps its cache from run to run."""

    name: str
    defaults: str  # compression and pack size, in words

    def __init__(self, path: Path) -> None:
        self.path = path

    @abstractmethod
    def version(self) -> str: ...

    @abstractmethod
    def environment(self, store: Store, home: Path) -> dict[str, str]: ...

    @abstractmethod
    def init(self) -> list[str]: ...

    @abstractmethod
    def backup(self, data: Path) -> list[str]: ...

    @abstractmethod
    def restore(self, target: Path) -> list[str]:
        """The newest snapshot; the data come below `target` at the path that they had."""

    @abstractmethod
    def check(self) -> list[str]:
        """Everything that is stored is read."""

    def _output(self, *arguments: str) -> str:
        return subprocess.run([self.path, *arguments], check=True, capture_output=True,
                              text=True).stdout.strip()


class Restic(Program):
    name = "restic"
    defaults = "zstd, its level auto; packs of 16 MiB"

    def version(self) -> str:
        return self._output("version").split()[1]

    def environment(self, store: Store, home: Path) -> dict[str, str]:
        return _environment(home) | _restic_variables(store, self.name)

    def init(self) -> list[str]:
        return [str(self.path), "init"]

    def backup(self, data: Path) -> list[str]:
        return [str(self.path), "backup", str(data)]

    def restore(self, target: Path) -> list[str]:
        return [str(self.path), "restore", "latest", "--target", str(target)]

    def check(self) -> list[str]:
        return [str(self.path), "check", "--read-data"]


class Dmaas(Program):
    name = "dmaas"
    defaults = "zstd level 3; packs of 16 MiB"

    def version(self) -> str:
        with open(self.path, "rb") as program:
            digest = hashlib.file_digest(program, "sha256").hexdigest()
        return f"{self._output('--version').split()[-1]} ({digest[:8]})"

    def environment(self, store: Store, home: Path) -> dict[str, str]:
        return _environment(home) | _restic_variables(store, self.name)

    def init(self) -> list[str]:
        return [str(self.path), "repo", "init"]

    def backup(self, data: Path) -> list[str]:
        return [str(self.path), "repo", "backup", str(data)]

    def restore(self, target: Path) -> list[str]:
        return [str(self.path), "repo", "restore", "latest", "--target", str(target)]

    def check(self) -> list[str]:
        return [str(self.path), "repo", "check", "--read-data"]


class Rustic(Program):
    name = "rustic"
    defaults = "zstd level 3; packs of 32 MiB for data, of 4 MiB for trees, growing"

    def version(self) -> str:
        return self._output("--version").split()[-1]

    def environment(self, store: Store, home: Path) -> dict[str, str]:
        environment = _environment(home) | {"RUSTIC_PASSWORD": PASSWORD}
        if isinstance(store, LocalStore):
            return environment | {"RUSTIC_REPOSITORY": str(store.path(self.name))}
        assert isinstance(store, MinioStore)
        return environment | {
            "RUSTIC_REPOSITORY": "opendal:s3",
            "RUSTIC_REPO_OPT_ENDPOINT": store.endpoint,
            "RUSTIC_REPO_OPT_BUCKET": store.bucket(self.name),
            "RUSTIC_REPO_OPT_REGION": MinioStore.region,
        } | _s3_credential()

    def init(self) -> list[str]:
        return [str(self.path), "init"]

    def backup(self, data: Path) -> list[str]:
        return [str(self.path), "backup", str(data)]

    def restore(self, target: Path) -> list[str]:
        return [str(self.path), "restore", "latest", str(target)]

    def check(self) -> list[str]:
        return [str(self.path), "check", "--read-data"]


COMPARED: tuple[type[Program], ...] = (Dmaas, Restic, Rustic)


def our_program() -> Dmaas:
    path = os.environ.get("DMAAS")
    if not path or not Path(path).is_file():
        raise TestbedError("DMAAS does not name the program to measure: use ./x bench")
    return Dmaas(Path(path))


def all_programs() -> list[Program]:
    return [our_program(), Restic(restic()), Rustic(rustic())]


def _environment(home: Path) -> dict[str, str]:
    return {"HOME": str(home), "PATH": os.environ["PATH"], "NO_COLOR": "1"}


def _restic_variables(store: Store, program: str) -> dict[str, str]:
    variables = {"RESTIC_PASSWORD": PASSWORD}
    if isinstance(store, LocalStore):
        return variables | {"RESTIC_REPOSITORY": str(store.path(program))}
    assert isinstance(store, MinioStore)
    return variables | {
        "RESTIC_REPOSITORY": f"s3:{store.endpoint}/{store.bucket(program)}",
        "AWS_DEFAULT_REGION": MinioStore.region,
    } | _s3_credential()


def _s3_credential() -> dict[str, str]:
    return {"AWS_ACCESS_KEY_ID": minio.ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": minio.SECRET_KEY}
