"""Stands between a client and a server, and misbehaves as told."""

import datetime
import socket
import struct
import threading
import time
from enum import Enum

PIECE_BYTES = 64 << 10
HEAD_BYTES = 64 << 10


class Mode(Enum):
    PASS = "everything goes through"
    SLOW = "everything goes through at a snail's pace"
    LOST = "every connection ends at once"
    UNAVAILABLE = "every request is answered with 503"
    SILENT = "no request is answered"
    SKEWED = "every request is refused for its time, an hour before the server's"


class FaultyProxy:
    """Listens at `address` from its making until `close`. What it says of other modes than PASS and SLOW comes from no server."""

    slow_bytes_per_second = 1_500_000

    def __init__(self, address, server):
        self._server = server
        self._listener = socket.create_server((address, 0))
        self.address = f"{address}:{self._listener.getsockname()[1]}"
        self._mode = Mode.PASS
        self._open = set()
        self._lock = threading.Lock()
        self.faults = 0  # connections that met with the present fault
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def mode(self):
        return self._mode

    @mode.setter
    def mode(self, mode):
        """Connections that are open end: what they carry is lost."""
        with self._lock:
            self._mode, self.faults = mode, 0
            for connection in self._open:
                _drop(connection)
            self._open.clear()

    def close(self):
        self.mode = Mode.LOST
        self._listener.close()

    def _accept(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with self._lock:
                self._open.add(connection)
            threading.Thread(target=self._serve, args=(connection, self._mode), daemon=True).start()

    def _serve(self, connection, mode):
        if mode in (Mode.PASS, Mode.SLOW):
            return self._pass_on(connection, mode)
        if mode is not Mode.LOST:
            head = _head_of(connection)
            if head and mode is Mode.UNAVAILABLE:
                _answer(connection, "503 Service Unavailable", "SlowDown", datetime.timedelta())
            if head and mode is Mode.SKEWED:
                _answer(connection, "403 Forbidden", "RequestTimeTooSkewed", datetime.timedelta(hours=1))
        self.faults += 1
        if mode is not Mode.SILENT:
            self._forget(connection)

    def _pass_on(self, connection, mode):
        try:
            server = socket.create_connection(self._server)
        except OSError:
            return self._forget(connection)
        with self._lock:
            self._open.add(server)
        back = threading.Thread(target=_pump, args=(server, connection, None), daemon=True)
        back.start()
        _pump(connection, server, self.slow_bytes_per_second if mode is Mode.SLOW else None)
        back.join()
        self._forget(connection)
        self._forget(server)

    def _forget(self, connection):
        with self._lock:
            self._open.discard(connection)
        _drop(connection)


def _pump(source, target, bytes_per_second):
    try:
        while piece := source.recv(PIECE_BYTES):
            if bytes_per_second:
                time.sleep(len(piece) / bytes_per_second)
            target.sendall(piece)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        _drop(target)


def _head_of(connection):
    head = b""
    try:
        while b"\r\n\r\n" not in head and len(head) < HEAD_BYTES:
            piece = connection.recv(PIECE_BYTES)
            if not piece:
                return b""
            head += piece
    except OSError:
        return b""
    return head


def _answer(connection, status, code, ahead):
    now = datetime.datetime.now(datetime.timezone.utc) + ahead
    body = f"<Error><Code>{code}</Code><Message>told so by a test</Message></Error>"
    text = (f"HTTP/1.1 {status}\r\nDate: {now:%a, %d %b %Y %H:%M:%S} GMT\r\nContent-Type: application/xml\r\n"
            f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n{body}")
    try:
        connection.sendall(text.encode())
        connection.shutdown(socket.SHUT_WR)
        connection.settimeout(5)
        while connection.recv(PIECE_BYTES):
            pass
    except OSError:
        pass


def _drop(connection):
    try:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
    connection.close()
