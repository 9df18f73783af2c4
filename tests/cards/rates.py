"""How often random numbers become alerts, by context: nothing is made to have a right check digit.

    python3 rates.py SEED MESSAGES --sensor PROGRAM --signatures FOLDER --forge PROGRAM

MESSAGES in every context of decoy_contexts.py; alerts are given for 10^8 numbers, beside how many
of them have brand and check digit."""
import argparse
import collections
import os
import random
import tempfile

from decoy_contexts import CONTEXTS
from decoy_shapes import drawn, holds_branded
from decoys import sent
from events import Run
from wire import Writer, truth_of

NUMBERS = 120


def generate(seed, messages):
    rng = random.Random(f"rates {seed}")
    for context in CONTEXTS:
        for _ in range(messages):
            count = min(NUMBERS, context.most)
            values = [drawn(context.shape, rng, False) for _ in range(1 if context.repeats
                                                                     else count)]
            made = context.frame(rng, values)
            yield sent(rng, rng.choice(context.directions), made), {
                "context": context.name, "numbers": len(values),
                "branded": sum(map(holds_branded, values))}, ""


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("seed")
    parser.add_argument("messages", type=int)
    parser.add_argument("--sensor", default="build/sensor/sekisho-sensor")
    parser.add_argument("--signatures", default="signatures")
    parser.add_argument("--forge", default="build/tools/forge/forge")
    options = parser.parse_args()
    sums, alerts = collections.defaultdict(collections.Counter), 0
    with tempfile.TemporaryDirectory() as folder:
        writer = Writer(os.path.join(folder, "rates"))
        for made in generate(options.seed, options.messages):
            writer.add(*made)
        writer.close(options.forge, options.seed)
        run = Run(options.sensor, options.signatures, [writer.stem + ".pcap"])
        for row in truth_of(writer.stem):
            loud = [alert for alert in run.of(row) if alert.is_of_cards()]
            sums[row["context"]].update(numbers=row["numbers"], branded=row["branded"],
                                        alerts=len(loud))
    print(f"{'context':28} {'numbers':>9} {'branded':>8} {'alerts':>7} {'per 10^8':>9}")
    for context, row in sorted(sums.items()):
        alerts += row["alerts"]
        print(f"{context:28} {row['numbers']:9} {row['branded']:8} {row['alerts']:7}"
              f" {row['alerts'] * 10 ** 8 // row['numbers']:9}")
    print(f"{'all':28} {sum(row['numbers'] for row in sums.values()):9}"
          f" {sum(row['branded'] for row in sums.values()):8} {alerts:7}")


if __name__ == "__main__":
    main()
