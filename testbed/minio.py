"""MinIO on the host, at an address that the pods of every cluster reach."""

import contextlib
import time
from enum import Enum
from pathlib import Path

from testbed import programs
from testbed.certificates import Authority
from testbed.errors import TestbedError
from testbed.network import HOST_ADDRESS, ensure_host_address
from testbed.processes import Processes
from testbed.s3_request import S3Account, S3Answer, send

ADDRESS = f"{HOST_ADDRESS}:9000"
# Cluster DNS answers every name below `testbed` with the host's address, so that
# <bucket>.minio.testbed works from pods.
DOMAIN = "minio.testbed"
ACCESS_KEY = "testbed-access"
SECRET_KEY = "testbed-secret"
READY_SECONDS = 30
POLL_SECONDS = 0.05
PROGRAM = "minio"


class Encryption(Enum):
    PLAIN = "http"
    TLS = "https"


class Minio:
    """A server whose data, keys and logs lie below one directory."""

    def __init__(self, directory: Path, address: str, encryption: Encryption) -> None:
        self.directory = directory
        self.address = address
        self.secret_key = SECRET_KEY  # what is set here holds from the next start
        self._encryption = encryption
        self._processes = Processes(directory)

    @property
    def account(self) -> S3Account:
        """Endpoint and credential; the certificate authority of a TLS server."""
        certificate = self.directory / "keys" / "ca.crt"
        return S3Account(f"{self._encryption.value}://{self.address}", ACCESS_KEY, self.secret_key,
                         certificate if self._encryption is Encryption.TLS else None)

    def objects(self, bucket: str) -> set[str]:
        """Names of what lies in a bucket, seen on the disk: each object is a directory there, also while the server is down."""
        root = self.directory / "data" / bucket
        return {str(file.parent.relative_to(root)) for file in root.rglob("xl.meta")}

    @property
    def log(self) -> Path:
        return self._processes.log(PROGRAM)

    def start(self) -> None:
        """Unless it runs; ready when this returns."""
        ensure_host_address()
        data, keys = self.directory / "data", self.directory / "keys"
        data.mkdir(parents=True, exist_ok=True)
        keys.mkdir(parents=True, exist_ok=True)
        if self._encryption is Encryption.TLS:
            self._make_certificate(keys)
        self._processes.start(
            PROGRAM,
            [str(programs.MINIO.program()), "server", "--address", self.address, "--certs-dir",
             str(keys / "server"), "--quiet", "--anonymous", str(data)],
            {"MINIO_ROOT_USER": ACCESS_KEY, "MINIO_ROOT_PASSWORD": self.secret_key,
             "MINIO_BROWSER": "off", "MINIO_UPDATE": "off", "MINIO_DOMAIN": DOMAIN})
        deadline = time.monotonic() + READY_SECONDS
        while not self._is_ready():
            self._processes.require(PROGRAM)
            if time.monotonic() > deadline:
                raise TestbedError(f"MinIO was not ready after {READY_SECONDS} s: see {self.log}")
            time.sleep(POLL_SECONDS)

    def kill(self) -> None:
        """SIGKILL; `start` goes on with the same data."""
        self._processes.kill(PROGRAM)

    def down(self) -> None:
        """Stops it; the data stay."""
        self._processes.stop(PROGRAM, seconds=10)

    def request(self, method: str, path: str, *, query: dict[str, str] | None = None,
                body: bytes = b"") -> S3Answer:
        return send(self.account, method, path, query=query, body=body)

    def create_bucket(self, name: str) -> None:
        """Nothing happens when there is one of this name."""
        answer = self.request("PUT", f"/{name}")
        if answer.status != 200 and b"BucketAlreadyOwnedByYou" not in answer.body:
            raise TestbedError(f"cannot create bucket {name}: {answer.body.decode()}")

    def _is_ready(self) -> bool:
        with contextlib.suppress(OSError):
            return self.request("GET", "/").status == 200
        return False

    def _make_certificate(self, keys: Path) -> None:
        server = keys / "server"
        server.mkdir(exist_ok=True)
        certificate, key = Authority(keys).issue(
            "minio", common_name="minio",
            alternative_names=[f"IP:{self.address.rsplit(':', 1)[0]}", "IP:127.0.0.1",
                               f"DNS:{DOMAIN}", f"DNS:*.{DOMAIN}"])
        (server / "public.crt").write_bytes(certificate.read_bytes())
        (server / "private.key").write_bytes(key.read_bytes())


def up(directory: Path, address: str = ADDRESS,
       encryption: Encryption = Encryption.PLAIN) -> Minio:
    """A running server; one that runs with this directory already is taken as it is."""
    server = Minio(directory, address, encryption)
    server.start()
    return server
