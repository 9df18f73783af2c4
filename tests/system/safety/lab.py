"""What the tests of safety share: the programs, forged captures, an aggregator
to talk to, and TAP.

usage of each test: TEST.py SENSOR AGGREGATOR SEKISHO FORGE SOURCE-FOLDER"""
import contextlib
import http.client
import os
import pathlib
import random
import re
import shutil
import signal
import socket
import sqlite3
import struct
import subprocess
import sys
import tempfile
import time
import traceback

SENSOR, AGGREGATOR, SEKISHO, FORGE = (os.path.abspath(path) for path in sys.argv[1:5])
ROOT = pathlib.Path(sys.argv[5]).resolve()
SIGNATURES = str(ROOT / "signatures")
SCENARIOS = ROOT / "tests" / "scenarios"
DEMO = ROOT / "tools" / "demo"
POLICY = ["--signatures", SIGNATURES, "--policy", str(DEMO / "policy.yaml"),
          "--list", str(DEMO / "list.csv")]
FULL = bool(os.environ.get("SEKISHO_FULL"))
TESTS = []
GAP_KIND = 7


class NotRun(Exception):
    """What is missing here, and why that is no failure."""


def test(function):
    TESTS.append(function)
    return function


def check(truth, why):
    if not truth:
        raise AssertionError(why)


def equal(got, expected, what):
    if got != expected:
        raise AssertionError(f"{what}: got {got!r}, expected {expected!r}")


def main():
    print(f"1..{len(TESTS)}", flush=True)
    failed = 0
    for number, function in enumerate(TESTS, 1):
        name = function.__name__.replace("_", " ")
        try:
            with tempfile.TemporaryDirectory(prefix="safety") as folder:
                os.chmod(folder, 0o755)
                function(pathlib.Path(folder))
            print(f"ok {number} - {name}", flush=True)
        except NotRun as why:
            print(f"ok {number} - {name} # SKIP not run: {why}", flush=True)
        except Exception:
            failed += 1
            print(f"not ok {number} - {name}")
            for line in traceback.format_exc().splitlines():
                print("#", line, flush=True)
    sys.exit(1 if failed else 0)


def forge(path, scenario, *options):
    """A capture and its truth beside it."""
    subprocess.run([FORGE, str(scenario), "-o", str(path), "--truth", str(path) + ".truth",
                    "--clear-truth", *options], check=True, capture_output=True)
    return str(path)


def run(words, timeout=120, **options):
    return subprocess.run([str(word) for word in words], stdin=subprocess.DEVNULL,
                          capture_output=True, timeout=timeout, check=False, **options)


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=40)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self.path))


def ask(path, target, method="GET", body=None):
    connection = UnixConnection(path)
    try:
        connection.request(method, target, body=body)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def wait_for(what, condition, seconds=30):
    until = time.monotonic() + seconds
    while not condition():
        check(time.monotonic() < until, f"no {what} after {seconds} s")
        time.sleep(0.01)


class Aggregator:
    """One that can be killed and started again on the same database."""

    def __init__(self, folder, *options):
        self.db, self.socket = folder / "sekisho.db", folder / "api"
        self.endpoint = f"ipc://{folder}/events"
        self.errors = folder / "aggregator.err"
        self.options = options
        self.process = None
        self.start()

    def start(self):
        self.socket.unlink(missing_ok=True)
        with open(self.errors, "ab") as errors:
            self.process = subprocess.Popen(
                [AGGREGATOR, "--listen", self.endpoint, "--db", str(self.db), "--socket",
                 str(self.socket), "--merchants", str(DEMO / "merchants.csv"), *self.options],
                stdin=subprocess.DEVNULL, stdout=errors, stderr=errors)
        wait_for("aggregator: " + self.errors.read_text(), self.is_ready)

    def is_ready(self):
        check(self.process.poll() is None, self.errors.read_text())
        return self.socket.exists()

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.terminate()
            self.process.wait()

    def ask(self, target):
        return ask(self.socket, target)

    def rows(self, question):
        with contextlib.closing(sqlite3.connect(f"file:{self.db}?mode=ro", uri=True)) as base:
            return base.execute(question).fetchall()


@contextlib.contextmanager
def aggregator(folder, *options):
    made = Aggregator(folder, *options)
    try:
        yield made
    finally:
        made.stop()


def users_of(folder):
    """Who still has a file of that folder open."""
    found = set()
    for link in pathlib.Path("/proc").glob("[0-9]*/fd/*"):
        with contextlib.suppress(OSError):
            if os.readlink(link).startswith(str(folder) + "/"):
                found.add(int(link.parts[2]))
    return found


def children(pid):
    """name -> pid of a keeper's children."""
    found = {}
    with contextlib.suppress(OSError):
        for child in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
            with contextlib.suppress(OSError):
                name = pathlib.Path(f"/proc/{child}/comm").read_text().strip()
                found[name] = int(child)
    return found


def committed(spool):
    """Every record that an engine ever committed to the ring beside the spool, in order:
    (n, run, kind, body).  It must never have gone round (layouts: base/spsc.h, event/record.h)."""
    ring = (pathlib.Path(spool) / "ring").read_bytes()
    size, = struct.unpack_from("<Q", ring, 8)
    head, = struct.unpack_from("<Q", ring, 64)
    check(head <= size, "the ring went round: what it held first is not there any more")
    at, records = 256, []
    while at < 256 + head:
        length, = struct.unpack_from("<I", ring, at)
        n, run, _, _, _, text, _, kind = struct.unpack_from("<QQQQIIHB", ring, at + 8)
        body = ring[at + 8 + 48:at + 8 + 48 + text]
        records.append((n, run, kind, body.decode()))
        at += 8 + (length + 7) // 8 * 8
    return records


def stored_once(spool, aggregator_):
    """What was committed stands in the store, once and in order; what stands there beside it
    was made by the shipper, and each number from 1 to the mark is there once."""
    seen, expected = set(), []
    for n, run, kind, body in committed(spool):
        if (run, n) not in seen:
            expected.append((kind, body))
            seen.add((run, n))
    for sensor, epoch, mark in aggregator_.rows("SELECT id, epoch, hw FROM sensor"):
        seqs = aggregator_.rows(
            f"SELECT seq FROM event WHERE sensor = {sensor} AND epoch = {epoch} UNION ALL "
            f"SELECT seq FROM refused WHERE sensor = {sensor} AND epoch = {epoch} ORDER BY seq")
        equal([seq for (seq,) in seqs], list(range(1, mark + 1)), "numbers in the store")
    made = aggregator_.rows("SELECT kind, body FROM event ORDER BY sensor, epoch, seq")
    got = [row for row in made if row[0] != GAP_KIND]
    equal(aggregator_.rows("SELECT count(*) FROM refused"), [(0,)], "events refused")
    equal(len(got), len(expected), "events in the store, against those committed to the ring")
    for number, (row, record) in enumerate(zip(got, expected)):
        equal(row, record, f"event {number}")
