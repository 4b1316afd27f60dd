"""Where the demo keeps its backups: a directory, or a bucket of MinIO."""

import shutil
from pathlib import Path

from testbed import minio

DIRECTORY = Path("/var/lib/dmaas-demo")
BUCKET = "backups"


class LocalStorage:
    directory = DIRECTORY / "local"
    text = f"directory {directory}"
    environment: dict[str, str] = {}
    add_flags = ["--local", str(directory)]

    def start(self) -> None:
        self.directory.mkdir(parents=True)

    def location(self, path: str) -> str:
        """As restic's -r option takes it."""
        return str(self.directory / path)

    def stop(self) -> None:
        """Nothing runs."""


class S3Storage:
    text = f"bucket {BUCKET} of MinIO at {minio.ADDRESS}"
    add_flags = ["--bucket", BUCKET, "--endpoint", f"http://{minio.ADDRESS}", "--create-bucket"]

    def start(self) -> None:
        self._server = minio.up(DIRECTORY / "minio")

    @property
    def environment(self) -> dict[str, str]:
        return self._server.account.environment

    def location(self, path: str) -> str:
        return f"s3:http://{minio.ADDRESS}/{BUCKET}/{path}"

    def stop(self) -> None:
        self._server.down()


def remove() -> None:
    """What an earlier demo left."""
    minio.Minio(DIRECTORY / "minio", minio.ADDRESS, minio.Encryption.PLAIN).down()
    shutil.rmtree(DIRECTORY, ignore_errors=True)
