"""kill -9 of engine, shipper, aggregator, keeper, and all of them, at random
moments of a live run over a cable: what a supervisor would start again is
started again.  Each round of traffic is sent twice: a kill strikes somewhere in
the first, the second is whole.  In the end the incidents say what they say
after an undisturbed run, but for times and for what passed while nobody looked;
no event that was committed is missing or doubled; every frame sent is booked,
as received or as lost, unless the keeper (who holds the interface) was killed.
Prints TAP.

20 kills (seeded), 300 with SEKISHO_FULL=1; SEKISHO_SEED=N for others.
usage: see lab.py; needs root"""
import collections
import contextlib
import hashlib
import json
import os
import pathlib
import random
import signal
import subprocess
import sys
import time

sys.dont_write_bytecode = True

import cable
import lab
from lab import check, equal, test

CYCLES = 15 if lab.FULL else 1
SEED = int(os.environ.get("SEKISHO_SEED", "1"))
ROUNDS = 8
# A cycle: 20 kills in three runs.  All; those under whom the interface stays open, so that
# every frame is booked; those who see no packet, so that every sum is as without.
RUNS = (("all", ("engine", "shipper", "aggregator", "keeper", "all"), 8),
        ("kept", ("engine", "shipper", "aggregator"), 6),
        ("blind", ("shipper", "aggregator"), 6))
ROUND_SECONDS = 0.8
# Of a page: what may not depend on times, and on how often something was seen.
PAGE_SAME = ("state", "certainty", "severity", "title", "merchant", "server", "families", "cards")
THREADS = ("SELECT subject, tenant, merchant, server, family, sink, category, technique,"
           " confidence, severity, confirmed, score, shared FROM thread")
CARDS = "SELECT DISTINCT t.sink, c.token, c.brand FROM card c JOIN thread t ON t.id = c.thread"
CONTACTS = "SELECT DISTINCT tenant, server, remote, port, proto, opened, merchant FROM contact"
SUMS = "SELECT sum(frames), sum(decoded), sum(drops) FROM frames WHERE span = 60000000000"
PACKETS = "SELECT sum(packets_out), sum(packets_in), sum(bytes_out), sum(bytes_in) FROM contact"


class Road:
    """A live sensor under a supervisor that starts again what died."""

    def __init__(self, folder, key):
        folder.mkdir()
        self.spool = folder / "spool"
        self.aggregator = lab.Aggregator(folder)
        self.words = [lab.SENSOR, "-i", cable.LISTENING, "--workers", "2", "--memory", "512M",
                      "--publish", self.aggregator.endpoint, "--spool", str(self.spool),
                      "--card-key", key, "--name", "road", *lab.POLICY]
        self.error_path = folder / "sensor.err"
        self.errors = open(self.error_path, "ab")
        self.keeper = None
        self.sender = cable.Sender()
        self.start()
        self.settle()

    def start(self):
        self.keeper = subprocess.Popen(self.words, stdin=subprocess.DEVNULL, stdout=self.errors,
                                       stderr=self.errors)

    def pid_of(self, victim):
        if victim == "keeper":
            return self.keeper.pid
        if victim == "aggregator":
            return self.aggregator.process.pid
        return lab.children(self.keeper.pid).get(f"sekisho-{victim}")

    def is_up(self):
        """The engine reads (it has given up new privileges), the shipper is there."""
        check(self.keeper.poll() is None, "the keeper ended: " + self.said())
        engine = self.pid_of("engine")
        if engine is None or self.pid_of("shipper") is None:
            return False
        with contextlib.suppress(OSError):
            return "NoNewPrivs:\t1" in pathlib.Path(f"/proc/{engine}/status").read_text()
        return False

    def settle(self):
        lab.wait_for("live sensor: " + self.said(), self.is_up)

    def kill(self, victim):
        if victim == "all":
            pids = [*lab.children(self.keeper.pid).values(), self.keeper.pid,
                    self.aggregator.process.pid]
        else:
            pids = [self.pid_of(victim)]
        check(None not in pids, f"no {victim} to kill: {self.said()}")
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        if victim in ("aggregator", "all"):
            self.aggregator.process.wait()
            self.aggregator.start()
        if victim in ("keeper", "all"):
            self.keeper.wait()
            self.start()
        else:
            lab.wait_for("end of the " + victim, lambda: self.pid_of(victim) not in pids)

    def round(self, frames, rng, victim):
        """Sent once with a kill by chance somewhere in it, then again with all alive."""
        at = rng.randrange(len(frames)) if victim else 0
        self.sender.send(frames[:at], ROUND_SECONDS * at / len(frames))
        if victim:
            self.kill(victim)
        self.sender.send(frames[at:], ROUND_SECONDS * (1 - at / len(frames)))
        self.settle()
        self.sender.send(frames, ROUND_SECONDS)

    def finish(self):
        self.settle()
        self.keeper.send_signal(signal.SIGTERM)
        equal(self.keeper.wait(timeout=30), 0, "exit status of the last sensor: " + self.said())

    def said(self):
        return self.error_path.read_text() + self.aggregator.errors.read_text()

    def incidents(self):
        listed = json.loads(self.aggregator.ask("/incidents?state=all")[1])["incidents"]
        pages = [json.loads(self.aggregator.ask(f"/incidents/{row['id']}")[1]) for row in listed]
        return sorted(json.dumps({name: page[name] for name in PAGE_SAME}, sort_keys=True)
                      for page in pages)

    def story(self):
        ask = self.aggregator.rows
        return {"incidents": self.incidents(), "threads": sorted(ask(THREADS)),
                "cards": sorted(ask(CARDS)), "contacts": sorted(ask(CONTACTS))}

    def close(self):
        if self.keeper.poll() is None:
            self.keeper.kill()
            self.keeper.wait()
        self.sender.close()
        self.aggregator.stop()
        self.errors.close()


@contextlib.contextmanager
def road(*words):
    made = Road(*words)
    try:
        yield made
    finally:
        made.close()


def card_key(folder):
    path = folder / "card.key"
    path.write_bytes(hashlib.sha256(b"live kills").digest())
    path.chmod(0o600)
    return str(path)


def rounds(folder):
    scenario = pathlib.Path(__file__).parent / "live.forge"
    return [cable.frames_of(lab.forge(folder / f"round{n}.pcap", scenario, "--seed", str(n)))
            for n in range(1, ROUNDS + 1)]


def victims_of(rng, who, kills):
    """Each of them at least once, at most one a round."""
    chosen = [*who, *rng.choices(who, k=kills - len(who)), *[None] * (ROUNDS - kills)]
    rng.shuffle(chosen)
    return chosen


def all_booked(live, killed):
    """Frames: what the books hold is what was sent, or less by what no keeper saw."""
    live.sender.close()
    (frames, decoded, drops), = live.aggregator.rows(SUMS)
    sent, keepers = live.sender.sent, killed["keeper"] + killed["all"]
    check(frames + drops == sent or (keepers and frames + drops < sent),
          f"{sent} frames were sent, {frames} are booked and {drops} lost; killed: {killed}")
    equal(decoded, frames, "frames decoded")
    if not keepers and not killed["engine"]:
        equal(drops, 0, "frames lost without a reason")
    return drops


def run(folder, name, traffic, key, victims):
    """victims: one a round, or None."""
    rng, killed = random.Random(f"{SEED} {name}"), collections.Counter(filter(None, victims))
    with road(folder / name, key) as live:
        for frames, victim in zip(traffic, victims):
            live.round(frames, rng, victim)
        live.finish()
        what = f"seed {SEED}, {name}, killed {victims}"
        try:
            lab.stored_once(live.spool, live.aggregator)
            drops = all_booked(live, killed)
            sums = live.aggregator.rows(PACKETS)
        except AssertionError as why:
            raise AssertionError(f"{what}: {why}\n{live.said()}") from why
        print(f"# {name}: {live.sender.sent} frames, {drops} lost, killed {dict(killed)}")
        return live.story(), sums


@test
def kills_of_a_live_run_lose_and_double_nothing(folder):
    cable.enter_namespace()
    cable.plug()
    traffic, key = rounds(folder), card_key(folder)
    calm, sums = run(folder, "undisturbed", traffic, key, [None] * ROUNDS)
    check(calm["incidents"] and len(calm["cards"]) == 3 * ROUNDS and sums[0][0],
          f"too little to lose: {calm}")
    rng = random.Random(SEED)
    for cycle in range(CYCLES):
        for kind, who, kills in RUNS:
            name, victims = f"{kind}{cycle}", victims_of(rng, who, kills)
            story, more = run(folder, name, traffic, key, victims)
            for what, rows in story.items():
                equal(rows, calm[what], f"seed {SEED}, {name}, killed {victims}: {what}")
            if kind == "blind":
                equal(more, sums, f"seed {SEED}, {name}: packets and bytes of contacts")


lab.main()
