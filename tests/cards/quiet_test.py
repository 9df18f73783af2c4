"""Goal: numbers that are no cards make no alert, and what a mixed message tells are its cards.

usage: quiet_test.py SENSOR SIGNATURES FORGE

Every context of decoys in every density, every context of names that are asked for, and every
mixed context, from one seed (SEKISHO_SEED)."""
import collections
import os
import sys
import tempfile

sys.dont_write_bytecode = True

import decoy_names
import decoys
import mixed
import score
from events import Run
from wire import Writer, truth_of

DECOYS, NAMES, MIXED = 14000, 12000, 66
CODED = {"state-in-base64"}  # found once what is coded is looked into


def written(folder, name, forge, seed, made):
    writer = Writer(os.path.join(folder, name))
    for message in made:
        writer.add(*message)
    writer.close(forge, seed)
    return writer.stem


def told(run, row):
    return [alert for alert in run.of(row) if alert.is_of_cards()]


def is_silent(run, rows):
    loud = collections.Counter(row["context"] for row in rows if told(run, row))
    for context, count in loud.most_common(10):
        print(f"# {context}: {count} messages")
    return not loud


def is_precise(run, rows):
    """Each card is told, and nothing else."""
    good = True
    for row in rows:
        listed, count = score.cards_told(told(run, row))
        true = {(card[:6], card[-4:], len(card)) for card in row["cards"]}
        if not listed <= true or count > len(true):
            print(f"# {row['context']}: {count} told, {len(true)} are cards")
            good = False
        if count < len(true) and row["context"] not in CODED:
            print(f"# {row['context']}: {count} of {len(true)} cards")
            good = False
    return good


def main():
    sensor, signatures, forge = sys.argv[1:4]
    seed = os.environ.get("SEKISHO_SEED", "1")
    print("1..6")
    with tempfile.TemporaryDirectory() as folder:
        sets = [("decoys", decoys.generate(seed, DECOYS), is_silent, "decoys make no alert"),
                ("names", decoy_names.generate(seed, NAMES), is_silent,
                 "names that are asked for make no alert"),
                ("mixed", mixed.generate(seed, MIXED), is_precise,
                 "of a mixed message its cards are told")]
        number = 0
        for name, made, holds, what in sets:
            stem = written(folder, name, forge, seed, made)
            for workers in (1, 2):
                number += 1
                run = Run(sensor, signatures, [stem + ".pcap"], workers)
                good = holds(run, truth_of(stem))
                print(f"{'' if good else 'not '}ok {number} - {what}, {workers} workers")


if __name__ == "__main__":
    main()
