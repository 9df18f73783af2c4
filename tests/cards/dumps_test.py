"""Goal: answers with cards are what the table of directions says: a dump that is fetched, cards
that are shown, a counter, or nothing.

usage: dumps_test.py SENSOR SIGNATURES FORGE

Each row of dumps.ROWS many times, from SEKISHO_SEED, under a policy in which some clients are
operators; with 1 and 2 workers.  Every card of a dump is told, and nothing that is none."""
import collections
import os
import sys
import tempfile

sys.dont_write_bytecode = True

import dumps
import score
from events import Run
from wire import Writer, stranger_of, truth_of

EACH = 20
POLICY = """merchants:
  - id: 1
    addresses: [10.0.0.0/16]
    level: content
    basis: made traffic
assets:
"""


def policy_of(folder, rows):
    path = os.path.join(folder, "policy.yaml")
    with open(path, "w", encoding="ascii") as file:
        file.write(POLICY)
        for row in rows:
            if row["word"] == "operator":
                file.write(f"  - {{address: {stranger_of(row['id'])}, role: operator}}\n")
    return path


def fault(run, row):
    """What is wrong with what was told of a message, or None."""
    alerts = [alert for alert in run.of(row) if alert.is_of_cards()]
    if row["want"] is None:
        return f"{alerts[0].category} {alerts[0].technique}" if alerts else None
    if not alerts:
        return "silent"
    kinds = {(alert.category, alert.technique) for alert in alerts}
    if kinds != {tuple(row["want"])}:
        return f"told as {sorted(kinds)}"
    listed, count = score.cards_told(alerts)
    true = {(card[:6], card[-4:], len(card)) for card in row["cards"]}
    if listed - true:
        return f"{len(listed - true)} false"
    return f"{count} of {len(true)}" if count != len(true) else None


def main():
    sensor, signatures, forge = sys.argv[1:4]
    seed, number = os.environ.get("SEKISHO_SEED", "1"), 0
    print(f"1..{2 * (len(dumps.ROWS) + 2)}")
    with tempfile.TemporaryDirectory() as folder:
        writer = Writer(os.path.join(folder, "dumps"))
        for made in dumps.generate(seed, EACH * len(dumps.ROWS)):
            writer.add(*made)
        writer.close(forge, seed)
        rows = truth_of(writer.stem)
        policy = policy_of(folder, rows)
        for workers in (1, 2):
            run = Run(sensor, signatures, [writer.stem + ".pcap"], workers, ("--policy", policy))
            for what, *_ in dumps.ROWS:
                faults = collections.Counter(fault(run, row) for row in rows
                                             if row["what"] == what)
                good = faults.pop(None, 0)
                for text, count in faults.most_common(5):
                    print(f"# {count} times: {text}")
                number += 1
                print(f"{'' if good == EACH else 'not '}ok {number} - {what}, {good} of {EACH},"
                      f" {workers} workers")
            for name in ("own_payer", "received"):
                number += 1
                have = run.counters.get(name, 0)
                print(f"{'' if have == EACH else 'not '}ok {number} - counter {name} is {have},"
                      f" {workers} workers")


if __name__ == "__main__":
    main()
