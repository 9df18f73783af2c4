"""Goal: of the generated set what was found stays found, with any number of workers and with one
byte to a segment.

usage: found_test.py SENSOR SIGNATURES FORGE

4,000 vectors of one seed; with SEKISHO_FULL 20,000 of each of three.  Method: the share of each
class that FLOORS names; the events for 1, 2 and 4 workers are the same bytes; a part of the set
cut into single bytes tells the same cards as uncut."""
import os
import secrets
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True

import score
import vectors
from events import Run
from wire import Writer, private, truth_of

FULL = bool(os.environ.get("SEKISHO_FULL"))
COUNT, SEEDS = (20000, (1, 2, 3)) if FULL else (4000, (1,))
SHORT, BYTEWISE = 900, 600
WORKERS = (1, 2, 4)

# A class, what is wanted of it, what holds now in percent, and what is missing.
FLOORS = (
    ("plain", 100, 99.3, "full-width digits of ISO-2022-JP and EUC-JP, U+3000 between groups"),
    ("single", 100, 99.2, "%20, %2D and U+3000 between groups; tag 5A"),
    ("pairs", 100, 98.8, "&nbsp; and %2D between groups, a few short records"),
    ("depth3", 99, 94.5, "&nbsp; between groups makes it a layer more than is taken off"),
    ("lone", 100, 80, "a bare number in a cookie or a label: as likely an id"),
    ("rot", 95, 45, "digits stay under a rotation of letters; nothing else is turned back"),
)
TRUE = 97.5  # percent of those found, without rot, whose encoding names the layers
# Not looked for at all: carriers and codings that the floors do not count.
CARRIERS_LEFT = {"dns-spread": "the pieces of a number spread over queries are not put together"}
KEYS_LEFT = {
    "reversal": "a record read backwards: nothing turns it round",
    "digit-shift": "the key of a shift is not searched",
    "xor": "the key of a body is not searched",
    "add": "the key of a body is not searched",
    "xor-repeating": "the key of a body is not searched",
}


def class_of(row):
    """The row of FLOORS that counts it; None: it is of what is left out."""
    if row["carrier"] in CARRIERS_LEFT or set(row["layers"]) & set(KEYS_LEFT):
        return None
    if row["keyed"]:
        return "rot"
    return "lone" if row["style"] == "lone" else score.class_of(row)


def found(run, row):
    """Whether it is, and whether the layers are named truly."""
    hits = [alert for alert in run.of(row) if alert.is_of_cards() and alert.holds(row["card"])]
    return bool(hits), any(score.is_true(alert.encoding, row) for alert in hits)


def written(folder, name, forge, seed, made):
    writer = Writer(os.path.join(folder, name))
    for message in made:
        writer.add(*message)
    writer.close(forge, seed)
    return writer.stem


def shares(run, rows):
    """Whether every class reaches its floor."""
    tally, good = score.Tally(), True
    for row in rows:
        name = class_of(row)
        if name:
            tally.add(name, *found(run, row))
    for name, goal, floor, lacks in FLOORS:
        have, total, true = tally.rows[name]
        percent = tally.percent(name)
        print(f"# {name}: {have} of {total}, {percent:.2f} %, {true} named truly;"
              f" floor {floor}, goal {goal}: {lacks}")
        good = good and total > 0 and percent >= floor
        good = good and (name == "rot" or 100 * true >= TRUE * have)
    return good


def stream(arguments, stem, workers, key):
    """All events as bytes."""
    return subprocess.run(
        [arguments[0], "-r", stem + ".pcap", "--events", "-", "--signatures", arguments[1],
         "--workers", str(workers), "--card-key", key],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True).stdout


def is_short(exchanges):
    return sum(len(data) for one in exchanges for _, data in one.turns) < SHORT


def cards_of(run, row):
    return sorted((alert.category, card["bin"], card["last4"], card["digits"])
                  for alert in run.of(row) if alert.is_of_cards() for card in alert.cards)


def bytewise(arguments, folder):
    """The rows that tell other cards byte by byte than uncut, and how many there are."""
    made = [message for message in vectors.generate(7, BYTEWISE) if is_short(message[0])]
    runs = []
    for name, stress in (("uncut", ""), ("bytes", "one-byte")):
        stem = written(folder, name, arguments[2], 7,
                       [(exchanges, truth, stress) for exchanges, truth, _ in made])
        runs.append(Run(*arguments[:2], [stem + ".pcap"]))
    rows = truth_of(stem)
    return [row for row in rows if cards_of(runs[0], row) != cards_of(runs[1], row)], len(rows)


def test_seed(arguments, folder, seed, key, say):
    stem = written(folder, f"vectors{seed}", arguments[2], seed, vectors.generate(seed, COUNT))
    rows = truth_of(stem)
    say(shares(Run(*arguments[:2], [stem + ".pcap"]), rows),
        f"{len(rows)} vectors of seed {seed} are found as before")
    first = stream(arguments, stem, WORKERS[0], key)
    for workers in WORKERS[1:]:
        say(first.count(b"\n") > 1000 and stream(arguments, stem, workers, key) == first,
            f"{workers} workers tell the same bytes as one, seed {seed}")


def main():
    arguments, number = sys.argv[1:4], 0

    def say(good, what):
        nonlocal number
        number += 1
        print(f"{'' if good else 'not '}ok {number} - {what}")

    print(f"1..{len(SEEDS) * len(WORKERS) + 1}")
    with tempfile.TemporaryDirectory() as folder:
        key = os.path.join(folder, "key")
        with private(key, "wb") as file:
            file.write(secrets.token_bytes(32))
        for seed in SEEDS:
            test_seed(arguments, folder, seed, key, say)
        others, total = bytewise(arguments, folder)
        for row in others[:10]:
            print("#", " > ".join(row["layers"]), row["form"], row["style"], row["carrier"])
        say(total > 200 and not others, f"{total} vectors tell the same cards byte by byte")


if __name__ == "__main__":
    main()
