"""A live sensor with two workers takes a new generation at SIGHUP: what comes
behind it is judged by it, what came before is not, and no packet is lost; a
broken one changes nothing and says why.  Prints TAP.

usage: see lab.py; needs root"""
import collections
import contextlib
import json
import pathlib
import signal
import struct
import subprocess
import sys
import threading

sys.dont_write_bytecode = True

import cable
import lab
from lab import check, equal, test

SECTIONS = 5
RATE = 1500  # frames a second beside what is looked at
SID = 990001
RULE = 'alert http any any -> any any (msg:"reloaded"; http.uri; content:"{}"; sid:{};)\n'
NO_RULE, ONE_RULE = RULE.format("/no/such", SID + 1), RULE.format("/collect.jpg", SID)
LISTED = "192.0.2.66"


def payload_of(frame):
    """Bytes behind TCP or UDP in an IPv4 frame of forge."""
    total, protocol = struct.unpack_from(">H", frame, 16)[0], frame[23]
    head = (frame[14] & 15) * 4
    return total - head - (8 if protocol == 17 else (frame[14 + head + 12] >> 4) * 4)


class Stream:
    """Frames over and over at a moderate rate, until told to end."""

    def __init__(self, frames):
        self.frames, self.sender, self.going = frames, cable.Sender(), True
        self.rounds = 0
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while self.going:
            self.sender.send(self.frames, len(self.frames) / RATE)
            self.rounds += 1

    def end(self):
        self.going = False
        self.thread.join()
        return self.rounds * sum(payload_of(frame) for frame in self.frames)


class Sensor:
    def __init__(self, folder):
        self.list, self.rules = folder / "list.csv", folder / "more.rules"
        self.list.write_text("192.0.2.99\n")
        self.rules.write_text(NO_RULE)
        self.error_path = folder / "sensor.err"
        self.events, self.lock = [], threading.Lock()
        with open(self.error_path, "ab") as errors:
            self.keeper = subprocess.Popen(
                [lab.SENSOR, "-i", cable.LISTENING, "--workers", "2", "--memory", "512M",
                 "--events", "-", "--signatures", lab.SIGNATURES, "--policy",
                 str(lab.DEMO / "policy.yaml"), "--list", str(self.list), "--rules",
                 str(self.rules)],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors)
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()
        lab.wait_for("live sensor: " + self.said(), self.is_up)

    def read(self):
        for line in self.keeper.stdout:
            with self.lock:
                self.events.append(json.loads(line))

    def said(self):
        return self.error_path.read_text()

    def engine(self):
        return lab.children(self.keeper.pid).get("sekisho-engine")

    def is_up(self):
        check(self.keeper.poll() is None, self.said())
        with contextlib.suppress(OSError):
            return "NoNewPrivs:\t1" in pathlib.Path(f"/proc/{self.engine()}/status").read_text()
        return False

    def seen(self, since=0):
        with self.lock:
            return self.events[since:]

    def states(self, word):
        return [event["sekisho"] for event in self.seen()
                if event["event_type"] == "health" and event["sekisho"]["state"] == word]

    def reload(self, word):
        """The next event of that state."""
        before = len(self.states(word))
        self.keeper.send_signal(signal.SIGHUP)
        lab.wait_for(f"{word} in events, see {self.error_path}",
                     lambda: len(self.states(word)) > before)
        return self.states(word)[-1]

    def mapped(self):
        """Sections that the engine has in memory, and open."""
        maps = pathlib.Path(f"/proc/{self.engine()}/maps").read_text()
        fds = [link for link in pathlib.Path(f"/proc/{self.engine()}/fd").iterdir()]
        words = ("policy", "lists", "cards", "rules", "geo")
        opened = 0
        for link in fds:
            with contextlib.suppress(OSError):
                opened += any(f"memfd:{word} " in str(link.readlink()) for word in words)
        return sum(maps.count(f"memfd:{word} ") for word in words), opened

    def stop(self):
        self.keeper.send_signal(signal.SIGTERM)
        equal(self.keeper.wait(timeout=30), 0, "exit status: " + self.said())
        self.reader.join()

    def close(self):
        if self.keeper.poll() is None:
            self.keeper.kill()
        self.keeper.wait()
        self.reader.join()
        self.keeper.stdout.close()


@contextlib.contextmanager
def sensor(folder):
    made = Sensor(folder)
    try:
        yield made
    finally:
        made.close()


def alerts(events):
    """How many of each: card-exfil by finding, listed contacts, our rule."""
    found = collections.Counter()
    for event in events:
        if event["event_type"] == "alert":
            ours = event["alert"]["signature_id"] == SID
            found["rule" if ours else event["sekisho"]["category"]] += 1
    return found


def act(live, sender, frames, expected):
    """Sends a capture and waits until it has been judged: all alerts of it, and no other."""
    since = len(live.seen())
    sender.send(frames, 0.4)
    lab.wait_for(f"alerts {expected}, got {alerts(live.seen(since))}",
                 lambda: alerts(live.seen(since)) >= collections.Counter(expected))
    equal(alerts(live.seen(since)), collections.Counter(expected), "alerts")
    return sum(payload_of(frame) for frame in frames)


def books(live, sent, payload):
    """Every frame and every byte that was sent has a name; none was lost."""
    sums = collections.Counter()
    for event in live.seen():
        if event["event_type"] != "coverage":
            continue
        for row in event["sekisho"]["frames"]:
            sums.update({name: row[name] for name in ("frames", "decoded", "drops")})
            sums["refused"] += sum(row["refused"].values())
        for row in event["sekisho"]["rows"]:
            for name in ("payload", "inspected", "duplicate", "pending"):
                sums[name] += row[name]
            sums["skipped"] += sum(row["skipped"].values())
    equal((sums["frames"], sums["decoded"] + sums["refused"], sums["drops"]), (sent, sent, 0),
          "frames, decoded and refused, lost")
    equal(sums["payload"], payload, "payload")
    equal(sums["inspected"] + sums["duplicate"] + sums["skipped"] + sums["pending"], payload,
          "payload by what became of it")


BEFORE = {"card-exfil": 3}
AFTER = {"card-exfil": 3, "rule": 3, "takedown-contact": 1}


def captures(folder):
    scenario = pathlib.Path(__file__).parent / "live.forge"
    return [cable.frames_of(lab.forge(folder / f"part{n}.pcap", scenario, "--seed", str(n)))
            for n in range(1, 6)]


def add_list_and_rule(live):
    live.list.write_text(f"indicator,state,from,law\n{LISTED},taken_down,2026-09-01,yes\n")
    live.rules.write_text(ONE_RULE)


def browsing(frames):
    """What of them raises no alert: visitors of the shop."""
    shop = bytes([203, 0, 113, 10])
    return [frame for frame in frames
            if frame[23] == 6 and (frame[36:38] == b"\0\x50" and frame[30:34] == shop
                                   or frame[34:36] == b"\0\x50" and frame[26:30] == shop)]


@test
def a_swap_acts_from_its_place_on_and_loses_no_packet(folder):
    parts = captures(folder)
    with sensor(folder) as live:
        sender, stream = cable.Sender(), Stream(browsing(parts[4]))
        payload = act(live, sender, parts[0], BEFORE)
        first = live.states("started")[0]["generation"]
        add_list_and_rule(live)
        swapped = live.reload("generation")["generation"]
        check(swapped != first, "the generation is still the first")
        payload += act(live, sender, parts[1], AFTER)
        lab.wait_for("old sections unmapped", lambda: live.mapped() == (SECTIONS, SECTIONS))

        live.rules.write_text("alert http any any -> any any (msg:\"x\"; sid:1\n")
        why = live.reload("generation-refused")
        check("more.rules:1" in why["detail"], f"no place in {why['detail']!r}")
        equal(why["generation"], swapped, "generation in force")
        live.rules.write_text(ONE_RULE)
        live.list.unlink()
        why = live.reload("generation-refused")
        check("list.csv" in why["detail"], f"no place in {why['detail']!r}")
        payload += act(live, sender, parts[2], AFTER)

        live.list.write_text("192.0.2.99\n")
        live.rules.write_text(NO_RULE)
        equal(live.reload("generation")["generation"], first, "the same files, the same generation")
        payload += act(live, sender, parts[3], BEFORE)
        lab.wait_for("old sections unmapped", lambda: live.mapped() == (SECTIONS, SECTIONS))
        payload += stream.end()
        sent = sender.sent + stream.sender.sent
        sender.close()
        live.stop()
        books(live, sent, payload)
        lines = [line for line in live.said().splitlines() if "refused" in line]
        equal(len(lines), 2, "lines about refusals: " + live.said())
        print(f"# {sent} frames, 2 swaps, 2 refusals, none lost")


@test
def an_engine_that_starts_again_has_the_newest(folder):
    parts = captures(folder)
    with sensor(folder) as live:
        sender = cable.Sender()
        add_list_and_rule(live)
        live.reload("generation")
        old = live.engine()
        subprocess.run(["kill", "-9", str(old)], check=True)
        lab.wait_for("engine", lambda: live.engine() not in (None, old) and live.is_up())
        act(live, sender, parts[0], AFTER)
        live.list.write_text("192.0.2.99\n")
        live.rules.write_text(NO_RULE)
        live.reload("generation")
        act(live, sender, parts[1], BEFORE)
        sender.close()
        live.stop()


def main():
    try:
        cable.enter_namespace()
        cable.plug()
    except lab.NotRun as why:
        print(f"1..{len(lab.TESTS)}")
        for number in range(1, len(lab.TESTS) + 1):
            print(f"ok {number} # SKIP not run: {why}")
        return
    lab.main()


main()
