"""A live sensor with two workers takes a new generation at SIGHUP: what comes
behind it is judged by it, what came before is not, and no packet is lost; a
broken one changes nothing and says why.  Prints TAP.

usage: see lab.py; needs root"""
import collections
import signal
import subprocess
import sys
import threading

sys.dont_write_bytecode = True

import cable
import lab
from lab import check, equal, test
from live import NO_RULE, ONE_RULE, alerts, captures, main, payload_of, sensor

SECTIONS = 5
RATE = 1500  # frames a second beside what is looked at
LISTED = "192.0.2.66"


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


def blocks_hangup(pid):
    with open(f"/proc/{pid}/status") as file:
        mask, = [line.split()[1] for line in file if line.startswith("SigBlk:")]
    return int(mask, 16) >> (signal.SIGHUP - 1) & 1


@test
def a_replay_goes_on_and_reads_nothing_again(folder):
    """It waits for an aggregator that comes only after the signals."""
    capture = lab.forge(folder / "robbery.pcap", lab.SCENARIOS / "robbery.forge")
    errors, listed = folder / "sensor.err", folder / "list.csv"
    listed.write_text("192.0.2.99\n")
    with open(errors, "ab") as file:
        sensor_ = subprocess.Popen(
            [lab.SENSOR, "-r", capture, "--publish", f"ipc://{folder}/events", "--spool",
             str(folder / "spool"), *lab.POLICY, "--list", str(listed)],
            stdin=subprocess.DEVNULL, stdout=file, stderr=file)
    try:
        lab.wait_for("keeper that looks after signals", lambda: blocks_hangup(sensor_.pid))
        sensor_.send_signal(signal.SIGHUP)  # it compiles yet
        lab.wait_for("a line about it", lambda: errors.read_text().count("SIGHUP") == 1)
        listed.write_text("no address at all\n")
        sensor_.send_signal(signal.SIGHUP)
        lab.wait_for("a second line", lambda: errors.read_text().count("SIGHUP") == 2)
        with lab.aggregator(folder) as aggregator:
            equal(sensor_.wait(timeout=60), 0, "exit status: " + errors.read_text())
            equal(len(aggregator.pages()), 1, "incidents")
    finally:
        sensor_.kill()
        sensor_.wait()
    said = errors.read_text()
    equal(said.count("a replay reads its files once, at the start; it goes on"), 2, said)
    check("refused" not in said, said)


main()
