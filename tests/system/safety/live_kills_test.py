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
import json
import os
import pathlib
import random
import signal
import sys

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


class Road(lab.Road):
    """Of a live run."""

    def __init__(self, folder, key):
        self.sender = cable.Sender()
        super().__init__(folder, key, "-i", cable.LISTENING, "--workers", "2", "--memory", "512M")
        self.settle()

    def is_up(self):
        """The engine reads (it has given up new privileges), the shipper is there."""
        check(self.keeper.poll() is None, "the keeper ended: " + self.said())
        return self.pid_of("shipper") is not None and lab.is_confined(self.pid_of("engine"))

    def settle(self):
        lab.wait_for("live sensor: " + self.said(), self.is_up)

    def kill(self, victim):
        pids = self.pids_of(victim)
        check(None not in pids, f"no {victim} to kill: {self.said()}")
        self.strike(victim, pids)
        if victim not in ("keeper", "all"):
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
        self.end(30)

    def incidents(self):
        return sorted(json.dumps({name: page[name] for name in PAGE_SAME}, sort_keys=True)
                      for page in self.aggregator.pages())

    def story(self):
        ask = self.aggregator.rows
        return {"incidents": self.incidents(), "threads": sorted(ask(THREADS)),
                "cards": sorted(ask(CARDS)), "contacts": sorted(ask(CONTACTS))}

    def close(self):
        super().close()
        self.sender.close()


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
    with contextlib.closing(Road(folder / name, key)) as live:
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
    traffic, key = rounds(folder), lab.card_key(folder)
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
