"""MinIO as storage tests use it. Needs root and the built part."""

import pytest

from testbed import minio


@pytest.fixture(params=[minio.Encryption.PLAIN, minio.Encryption.TLS])
def server(request, tmp_path):
    running = minio.up(tmp_path, f"{minio.HOST_ADDRESS}:19{len(request.param.value)}00",
                       request.param)
    yield running
    running.down()


def test_bucket_keeps_objects_over_a_kill(server):
    server.create_bucket("orders")
    server.create_bucket("orders")
    assert server.request("PUT", "/orders/a b/ü+c", body=b"content").status == 200
    server.kill()
    with pytest.raises(OSError):
        server.request("GET", "/orders/a b/ü+c")
    server.start()
    assert server.request("GET", "/orders/a b/ü+c").body == b"content"
    listing = server.request("GET", "/orders", query={"list-type": "2", "prefix": "a b/"}).body
    assert "<Key>a b/ü+c</Key>" in listing.decode()
