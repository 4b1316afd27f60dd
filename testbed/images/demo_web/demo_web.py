#!/usr/bin/python3
"""A shop of one page: counts the rows of table `orders`; with WRITE=1 it adds rows all the time."""

import hashlib
import http.server
import os
import signal
import sys
import threading
import time

import pymysql

TABLE = """CREATE TABLE IF NOT EXISTS orders (
  id BIGINT AUTO_INCREMENT PRIMARY KEY, created DATETIME(6) NOT NULL,
  payload VARCHAR(255) NOT NULL, checksum CHAR(64) NOT NULL)"""
WRITE_SECONDS = 0.2
RETRY_SECONDS = 1.0
PORT = 8080


def connect() -> pymysql.Connection:
    return pymysql.connect(
        host=os.environ["DATABASE_HOST"], port=int(os.environ.get("DATABASE_PORT", "3306")),
        user=os.environ["DATABASE_USER"], password=os.environ["DATABASE_PASSWORD"],
        database=os.environ["DATABASE_NAME"], autocommit=True, connect_timeout=5,
        read_timeout=10, write_timeout=10)


def write_orders() -> None:
    number = 0
    while True:
        try:
            with connect() as connection, connection.cursor() as cursor:
                cursor.execute(TABLE)
                while True:
                    number += 1
                    payload = f"order {number} of {os.uname().nodename}"
                    cursor.execute(
                        "INSERT INTO orders (created, payload, checksum) VALUES (NOW(6), %s, %s)",
                        (payload, hashlib.sha256(payload.encode()).hexdigest()))
                    time.sleep(WRITE_SECONDS)
        except (pymysql.Error, OSError) as error:
            print(f"cannot write: {error}", file=sys.stderr, flush=True)
            time.sleep(RETRY_SECONDS)


def count_orders() -> int:
    with connect() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM orders")
        return cursor.fetchone()[0]


class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path == "/healthz":
            self.answer(200, "ok\n")
            return
        try:
            self.answer(200, f"{count_orders()} orders\n")
        except (pymysql.Error, OSError) as error:
            self.answer(503, f"the database does not answer: {error}\n")

    def answer(self, status: int, text: str) -> None:
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:
        """A probe every second is no news."""


def main() -> None:
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    if os.environ.get("WRITE") == "1":
        threading.Thread(target=write_orders, daemon=True).start()
    http.server.ThreadingHTTPServer(("", PORT), Page).serve_forever()


if __name__ == "__main__":
    main()
