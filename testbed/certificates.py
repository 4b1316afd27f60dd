"""Keys and certificates of a cluster or a server, by the openssl program."""

import subprocess
from pathlib import Path
from typing import Sequence

from testbed.errors import TestbedError

DAYS = "3650"
_EC = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")


class Authority:
    """A certificate authority in a directory: ca.crt, ca.key, and NAME.crt, NAME.key of each."""

    def __init__(self, directory: Path, name: str = "ca") -> None:
        self.directory = directory
        self.certificate = directory / f"{name}.crt"
        self._key = directory / f"{name}.key"
        directory.mkdir(parents=True, exist_ok=True)
        if not self.certificate.exists():
            _openssl("req", "-x509", *_EC, "-days", DAYS, "-subj", f"/CN=testbed {name}",
                     "-addext", "basicConstraints=critical,CA:TRUE",
                     "-addext", "keyUsage=critical,keyCertSign,cRLSign,digitalSignature",
                     "-keyout", self._key, "-out", self.certificate)

    def issue(self, name: str, *, common_name: str, organization: str = "",
              alternative_names: Sequence[str] = ()) -> tuple[Path, Path]:
        """Certificate and key for clients and, with names (`DNS:x`, `IP:y`), for servers."""
        certificate = self.directory / f"{name}.crt"
        key = self.directory / f"{name}.key"
        if not certificate.exists():
            subject = (f"/O={organization}" if organization else "") + f"/CN={common_name}"
            names = ["-addext", "subjectAltName=" + ",".join(alternative_names)]
            _openssl("req", "-x509", *_EC, "-days", DAYS, "-subj", subject,
                     "-CA", self.certificate, "-CAkey", self._key,
                     "-addext", "basicConstraints=critical,CA:FALSE",
                     "-addext", "keyUsage=critical,digitalSignature",
                     "-addext", "extendedKeyUsage=clientAuth,serverAuth",
                     *(names if alternative_names else []),
                     "-keyout", key, "-out", certificate)
        return certificate, key


def make_signing_key(path: Path) -> None:
    """An RSA key, as most clusters sign the tokens of service accounts with."""
    if not path.exists():
        _openssl("genrsa", "-out", path, "2048")


def _openssl(*arguments: str | Path) -> None:
    done = subprocess.run(["openssl", *map(str, arguments)], capture_output=True, text=True)
    if done.returncode != 0:
        raise TestbedError(f"openssl {arguments[0]} failed: {done.stderr.strip()}")
