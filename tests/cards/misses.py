"""Shows vectors that a sensor did not find, with what was sent.

    python3 misses.py DIR/vectors [KEY=VALUE]... [-n COUNT] [--sensor PROGRAM] [--untrue]

KEY is one of the truth: form, style, carrier, kind, position, block, stress, or layers, as in
layers=base64,gzip (the outermost first; layers= for none).  --untrue shows those that were
found under another encoding.  What is printed holds clear (made up) numbers."""
import argparse
import sys

from events import Run
from score import is_true
from wire import read_packs, truth_of


def fits(row, wishes):
    """Whether a row of the truth has all the values that are asked for."""
    for wish in wishes:
        key, _, value = wish.partition("=")
        if key not in row:
            raise SystemExit(f"{key}: the truth has {', '.join(row)}")
        have = ",".join(row[key]) if isinstance(row[key], list) else str(row[key])
        if have != value:
            return False
    return True


def show(row, turns, alerts):
    print(f"{row['id']} {row['kind']} {row['form']}, {row['style']}, in {row['carrier']}"
          f" ({row['position']}{', ' + row['stress'] if row['stress'] else ''}):"
          f" {' > '.join(row['layers']) or 'uncoded'} {row['variants'] or ''}")
    for alert in alerts:
        print(f"   alert {alert.category} {alert.confidence} {alert.score}"
              f" {' > '.join(alert.encoding) or 'plain'}: {' '.join(alert.reasons)}")
    for opener, data in turns:
        print(f"   {'>' if opener else '<'} {data[-400:]!r}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("stem")
    parser.add_argument("wishes", nargs="*")
    parser.add_argument("-n", type=int, default=10)
    parser.add_argument("--sensor", default="build/sensor/sekisho-sensor")
    parser.add_argument("--signatures", default="signatures")
    parser.add_argument("--untrue", action="store_true")
    options = parser.parse_args()
    run = Run(options.sensor, options.signatures, [options.stem + ".pcap"])
    turns = {}
    for number, *_, said in read_packs(options.stem + ".packs"):
        turns.setdefault(number, []).extend(said)
    missed = 0
    for row in truth_of(options.stem):
        if not fits(row, options.wishes):
            continue
        hits = [alert for alert in run.of(row) if alert.is_of_cards() and alert.holds(row["card"])]
        true = any(is_true(alert.encoding, row) for alert in hits)
        if hits and (true or not options.untrue) or options.untrue and not hits:
            continue
        missed += 1
        if missed <= options.n:
            show(row, turns[row["id"]], run.of(row))
    print(f"{missed} in all")
    return 0


if __name__ == "__main__":
    sys.exit(main())
