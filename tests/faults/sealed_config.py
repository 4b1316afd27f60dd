"""Writes another format version into a restic repository's config: with stock restic, OpenSSL and the few lines of Poly1305, none of ours.

Sealed: 16 bytes nonce, AES-256-CTR of the text, 16 bytes Poly1305-AES of what was encrypted.
"""

import base64
import json
import os
import subprocess

from sites.site import restic

PRIME = (1 << 130) - 5
CLAMP = 0x0ffffffc0ffffffc0ffffffc0fffffff


def set_version(repository, password_file, version):
    key = json.loads(restic(repository, password_file, "cat", "masterkey"))
    encrypt, sign, clamped = (base64.b64decode(text) for text in (key["encrypt"], key["mac"]["k"], key["mac"]["r"]))
    config = json.loads(restic(repository, password_file, "cat", "config"))
    nonce = os.urandom(16)
    text = _openssl("-aes-256-ctr", encrypt, json.dumps(config | {"version": version}).encode(), "-iv", nonce.hex())
    pad = _openssl("-aes-128-ecb", sign, nonce, "-nopad")
    file = repository / "config"
    file.chmod(0o600)
    file.write_bytes(nonce + text + _poly1305(text, clamped, pad))


def _openssl(cipher, key, data, *arguments):
    return subprocess.run(["openssl", "enc", cipher, "-K", key.hex(), *arguments], input=data, capture_output=True, check=True).stdout


def _poly1305(message, clamped, pad):
    factor, total = int.from_bytes(clamped, "little") & CLAMP, 0
    for start in range(0, len(message), 16):
        total = (total + int.from_bytes(message[start:start + 16] + b"\x01", "little")) * factor % PRIME
    return ((total + int.from_bytes(pad, "little")) % (1 << 128)).to_bytes(16, "little")
