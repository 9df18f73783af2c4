"""kill -9 of engine, shipper, aggregator, keeper, and all of them, at random
moments of a replay: what a supervisor would start again is started again, and
in the end the store says what it says after an undisturbed run.  Prints TAP.

20 kills (seeded), 300 with SEKISHO_FULL=1; SEKISHO_SEED=N for others.
usage: see lab.py"""
import collections
import contextlib
import json
import os
import random
import sys
import time

sys.dont_write_bytecode = True

import lab
from lab import check, equal, test

KILLS = 300 if lab.FULL else 20
SEED = int(os.environ.get("SEKISHO_SEED", "1"))
VICTIMS = ("engine", "shipper", "aggregator", "keeper", "all")
RUN_SECONDS = 90
# What the store must say whenever it was interrupted: all but times of receipt and ids of rows.
SAME = {
    "events": "SELECT sensor_key, kind, time, body FROM (SELECT e.*, s.name AS sensor_key"
              " FROM event e JOIN sensor s ON s.id = e.sensor AND s.epoch = e.epoch)",
    "threads": "SELECT run, subject, tenant, merchant, server, family, sink, category, technique,"
               " first, last, n, confidence, severity, confirmed, score, why, shared, bytes_out,"
               " bytes_in FROM thread",
    "findings": "SELECT f.run, f.id, t.sink, t.family, f.time, f.score, f.why, f.n, f.estimated,"
                " f.cards FROM finding f JOIN thread t ON t.id = f.thread",
    "cards": "SELECT t.sink, c.token, c.brand FROM card c JOIN thread t ON t.id = c.thread",
    "contacts": "SELECT * FROM contact",
    "coverage": "SELECT run, span, subject, start, source, packets, payload, inspected,"
                " duplicate, pending, missing, tls, one_sided FROM coverage",
    "prefix": "SELECT run, tenant, low, high, merchant, text, generation FROM prefix",
    "server": "SELECT run, tenant, address, source, last FROM server",
    "skipped": "SELECT * FROM skipped",
    "frames": "SELECT run, span, start, source, frames, bytes, decoded, drops FROM frames",
    "inputs": "SELECT * FROM input",
    "refused": "SELECT seq, why FROM refused",
    "lost": "SELECT name, lost FROM sensor",
    "blind": "SELECT * FROM blind",
    "counter": "SELECT run, day, word, n FROM counter",
}
PAGE_OWN = ("updated", "revision", "history", "timeline", "threads", "id")


class Road(lab.Road):
    """Of a replay."""

    def __init__(self, folder, captures, key):
        super().__init__(folder, key, "-r", *captures)
        self.reading = 0  # kills while there was an engine

    def moment(self, rng, victim, total):
        """Waits for one by chance: soon after a start, while the engine reads, or when the
        store holds so many events; False: the sensor was ready before."""
        kind, wait = rng.choice(("start", "engine", "store", "store")), rng.uniform(0, 0.15)
        if victim == "engine":
            kind, wait = "engine", wait / 3
        if kind == "store":
            held = self.held()
            wanted, wait = rng.randint(held, max(held, total - 1)), wait / 10
        while self.keeper.poll() is None:
            if (kind == "start" or (kind == "engine" and self.pid_of("engine"))
                    or (kind == "store" and self.held() >= wanted)):
                time.sleep(wait)
                return self.keeper.poll() is None
            time.sleep(0.002)
        return False

    def held(self):
        return self.aggregator.rows("SELECT count(*) FROM event")[0][0]

    def kill(self, victim):
        """False: it was not there."""
        if self.keeper.poll() is not None:
            return False
        pids = self.pids_of(victim)
        if None in pids:
            return False
        self.reading += self.pid_of("engine") is not None
        self.strike(victim, pids)
        return True

    def store(self):
        return {what: sorted(self.aggregator.rows(question), key=repr)
                for what, question in SAME.items()}

    def pages(self):
        pages = [{k: v for k, v in page.items() if k not in PAGE_OWN}
                 for page in self.aggregator.pages()]
        return sorted(pages, key=lambda page: json.dumps(page, sort_keys=True))

    def numbers(self):
        lab.stored_once(self.spool, self.aggregator)


def same(road_, undisturbed, what):
    store, pages = undisturbed
    for table, rows in road_.store().items():
        check(rows == store[table], f"{what}: {table} differ: {difference(rows, store[table])}\n"
              + road_.said())
    equal(road_.pages(), pages, f"{what}: pages of incidents")
    road_.numbers()


def difference(got, expected):
    return (f"{len(got)} rows, expected {len(expected)}; too many: "
            f"{[row for row in got if row not in expected][:3]}; missing: "
            f"{[row for row in expected if row not in got][:3]}")


def captures(folder):
    """Twice the road of the shop, which is robbed by two at a time, and an innocent one."""
    scenarios = (("robbery", 1), ("robbery", 2), ("innocent", 1))
    return [lab.forge(folder / f"{name}{seed}.pcap", lab.SCENARIOS / f"{name}.forge", "--seed",
                      str(seed)) for name, seed in scenarios]


@test
def kills_at_any_moment_lose_and_double_nothing(folder):
    paths, card_key = captures(folder), lab.card_key(folder)
    with contextlib.closing(Road(folder / "undisturbed", paths, card_key)) as calm:
        calm.end(RUN_SECONDS)
        undisturbed = calm.store(), calm.pages()
        calm.numbers()
    total = len(undisturbed[0]["events"])
    check(total > 70 and undisturbed[1], f"too little to lose: {total} events")
    rng, kills, reading, trial = random.Random(SEED), 0, 0, 0
    victims = collections.Counter()
    while kills < KILLS:
        trial += 1
        done = []
        with contextlib.closing(Road(folder / f"trial{trial}", paths, card_key)) as shaken:
            for victim in rng.choices(VICTIMS, k=rng.randint(2, 4)):
                if shaken.moment(rng, victim, total) and shaken.kill(victim):
                    done.append(victim)
            shaken.end(RUN_SECONDS)
            same(shaken, undisturbed, f"seed {SEED}, trial {trial}, killed {done}")
        kills += len(done)
        reading += shaken.reading
        victims.update(done)
    print(f"# {kills} kills in {trial} replays, {reading} while the engine read, seed {SEED}: "
          f"{dict(victims)}")


lab.main()
