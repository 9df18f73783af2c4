"""What the tests of safety share: the programs, forged captures, an aggregator
to talk to, and TAP.

usage of each test: TEST.py SENSOR AGGREGATOR SEKISHO FORGE SOURCE-FOLDER"""
import contextlib
import hashlib
import json
import os
import pathlib
import signal
import sqlite3
import struct
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))

import unix_http
from tap import NotRun, check, equal, main, skip_all, test

SENSOR, AGGREGATOR, SEKISHO, FORGE = (os.path.abspath(path) for path in sys.argv[1:5])
ROOT = pathlib.Path(sys.argv[5]).resolve()
SIGNATURES = str(ROOT / "signatures")
SCENARIOS = ROOT / "tests" / "scenarios"
DEMO = ROOT / "tools" / "demo"
POLICY = ["--signatures", SIGNATURES, "--policy", str(DEMO / "policy.yaml"),
          "--list", str(DEMO / "list.csv")]
FULL = bool(os.environ.get("SEKISHO_FULL"))
GAP_KIND = 7


def forge(path, scenario, *options):
    """A capture and its truth beside it."""
    subprocess.run([FORGE, str(scenario), "-o", str(path), "--truth", str(path) + ".truth",
                    "--clear-truth", *options], check=True, capture_output=True)
    return str(path)


def run(words, timeout=120, **options):
    return subprocess.run([str(word) for word in words], stdin=subprocess.DEVNULL,
                          capture_output=True, timeout=timeout, check=False, **options)


def ask(path, target, method="GET", body=None):
    with contextlib.closing(unix_http.Connection(path)) as connection:
        return connection.ask(target, method, body)


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

    def pages(self):
        """Of all incidents."""
        listed = json.loads(self.ask("/incidents?state=all")[1])["incidents"]
        return [json.loads(self.ask(f"/incidents/{row['id']}")[1]) for row in listed]

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


def is_confined(pid):
    """It has given up new privileges: an engine that reads."""
    with contextlib.suppress(OSError):
        return "NoNewPrivs:\t1" in pathlib.Path(f"/proc/{pid}/status").read_text()
    return False


def card_key(folder):
    path = folder / "card.key"
    path.write_bytes(hashlib.sha256(b"cards").digest())
    path.chmod(0o600)
    return str(path)


class Road:
    """A sensor and an aggregator under a supervisor that starts again what died."""

    def __init__(self, folder, key, *words):
        folder.mkdir()
        self.spool = folder / "spool"
        self.aggregator = Aggregator(folder)
        self.words = [SENSOR, *words, "--publish", self.aggregator.endpoint, "--spool",
                      str(self.spool), "--card-key", key, "--name", "road", *POLICY]
        self.error_path = folder / "sensor.err"
        self.errors = open(self.error_path, "ab")
        self.keeper = None
        self.start()

    def start(self):
        self.keeper = subprocess.Popen(self.words, stdin=subprocess.DEVNULL, stdout=self.errors,
                                       stderr=self.errors)

    def pid_of(self, victim):
        if victim == "keeper":
            return self.keeper.pid
        if victim == "aggregator":
            return self.aggregator.process.pid
        return children(self.keeper.pid).get(f"sekisho-{victim}")

    def pids_of(self, victim):
        """None for one that is not there."""
        if victim == "all":
            return [*children(self.keeper.pid).values(), self.keeper.pid,
                    self.aggregator.process.pid]
        return [self.pid_of(victim)]

    def strike(self, victim, pids):
        """kill -9, and what a supervisor would do."""
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if victim in ("aggregator", "all"):
            self.aggregator.process.wait()
            self.aggregator.start()
        if victim in ("keeper", "all"):
            self.keeper.wait()
            self.start()

    def end(self, seconds):
        equal(self.keeper.wait(timeout=seconds), 0,
              "exit status of the last sensor: " + self.said())

    def said(self):
        return self.error_path.read_text() + self.aggregator.errors.read_text()

    def close(self):
        if self.keeper.poll() is None:
            self.keeper.kill()
            self.keeper.wait()
        self.aggregator.stop()
        self.errors.close()


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
