"""One signed request to an S3 server (AWS Signature Version 4)."""

import datetime
import hashlib
import hmac
import http.client
import ssl
import urllib.parse
from dataclasses import dataclass
from pathlib import Path
from typing import Mapping

ANSWER_SECONDS = 30
SERVICE = "s3"


@dataclass(frozen=True)
class S3Account:
    endpoint: str
    access_key: str
    secret_key: str
    certificate_authority: Path | None = None
    region: str = "us-east-1"

    @property
    def environment(self) -> dict[str, str]:
        """The credential as programs that use S3 take it."""
        return {"AWS_ACCESS_KEY_ID": self.access_key, "AWS_SECRET_ACCESS_KEY": self.secret_key}


@dataclass(frozen=True)
class S3Answer:
    status: int
    body: bytes


def send(account: S3Account, method: str, path: str, *, query: Mapping[str, str] | None = None,
         body: bytes = b"", now: datetime.datetime | None = None) -> S3Answer:
    """`path` begins with `/` and the bucket's name, not encoded. Raises OSError only."""
    url = urllib.parse.urlsplit(account.endpoint)
    resource = urllib.parse.quote(path)
    arguments = "&".join(f"{_encoded(key)}={_encoded(value)}"
                         for key, value in sorted((query or {}).items()))
    moment = now or datetime.datetime.now(datetime.timezone.utc)
    headers = signed_headers(account, method, resource, arguments, url.netloc, body, moment)
    if url.scheme == "https":
        tls = ssl.create_default_context(cafile=account.certificate_authority)
        connection: http.client.HTTPConnection = http.client.HTTPSConnection(
            url.netloc, timeout=ANSWER_SECONDS, context=tls)
    else:
        connection = http.client.HTTPConnection(url.netloc, timeout=ANSWER_SECONDS)
    try:
        connection.request(method, f"{resource}?{arguments}" if arguments else resource,
                           body or None, headers)
        answer = connection.getresponse()
        return S3Answer(answer.status, answer.read())
    except http.client.HTTPException as error:
        raise OSError(f"{account.endpoint} did not answer as HTTP does: {error!r}") from error
    finally:
        connection.close()


def signed_headers(account: S3Account, method: str, resource: str, arguments: str, host: str,
                   body: bytes, moment: datetime.datetime) -> dict[str, str]:
    """Pure; resource and arguments are encoded already."""
    stamp, day = moment.strftime("%Y%m%dT%H%M%SZ"), moment.strftime("%Y%m%d")
    content = hashlib.sha256(body).hexdigest()
    headers = {"host": host, "x-amz-content-sha256": content, "x-amz-date": stamp}
    names = ";".join(headers)
    lines = "".join(f"{name}:{value}\n" for name, value in headers.items())
    request = "\n".join([method, resource, arguments, lines, names, content])
    scope = f"{day}/{account.region}/{SERVICE}/aws4_request"
    text = "\n".join(["AWS4-HMAC-SHA256", stamp, scope,
                      hashlib.sha256(request.encode()).hexdigest()])
    key = f"AWS4{account.secret_key}".encode()
    for part in (day, account.region, SERVICE, "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.digest(key, text.encode(), "sha256").hex()
    return {**headers, "Authorization":
            f"AWS4-HMAC-SHA256 Credential={account.access_key}/{scope},"
            f"SignedHeaders={names},Signature={signature}"}


def _encoded(text: str) -> str:
    return urllib.parse.quote(text, safe="-_.~")
