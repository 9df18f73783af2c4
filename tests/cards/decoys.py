"""Makes messages full of numbers that are no cards, though brand and check digit are right.

    python3 decoys.py SEED COUNT [-o FOLDER] [--forge PROGRAM] [--context order-json,...]
    python3 decoys.py --list

COUNT decoys at least, in every context of decoy_contexts.py: alone, among ordinary numbers
of their kind (one in ten), and dense.  Writes decoys.packs, .forge, .truth and .pcap."""
import argparse
import os
import random
import sys

import carriers
from carriers import Exchange, Place
from decoy_contexts import CONTEXTS
from decoy_shapes import drawn
from wire import Writer

DENSITIES = {"alone": (1, 1), "natural": (10, 120), "dense": (2, 700)}
HOSTS = ("api.shop-system.example", "stock.warehouse.example", "app.metrics-cloud.example",
         "www.hanamizuki.example")


def values_of(rng, context, density):
    """(all values in order, those that are decoys)."""
    low, high = DENSITIES[density]
    count = min(rng.randint(low, high), context.most)
    if context.repeats:
        one = drawn(context.shape, rng, True)
        return [one] * count, [one] * count
    wishes = [density != "natural" or rng.random() < 0.1 for _ in range(count)]
    if not any(wishes):
        wishes[rng.randrange(count)] = True
    values = [drawn(context.shape, rng, wish) for wish in wishes]
    return values, [value for value, wish in zip(values, wishes) if wish]


def sent(rng, direction, made):
    """The exchange of a message: up (our server sends), down (it answers a visitor), in (a
    visitor sends), pull (it is answered)."""
    place = Place((), "", "start", rng.choice(HOSTS))
    head = list(made.headers)
    if made.body is None:
        message = carriers.request("GET", made.target, place, head)
    else:
        message = carriers.request("POST", made.target, place,
                                   [f"Content-Type: {made.kind}", *head], made.body)
    if direction in ("up", "in"):
        return [Exchange("tcp", 80, direction == "up", [(True, message), (False, carriers.OK)])]
    body = made.body or b"ok\n"
    answer = ("\r\n".join(["HTTP/1.1 200 OK", "Server: nginx", f"Content-Type: {made.kind}",
                           *[line for line in head if not line.startswith("Cookie")],
                           f"Content-Length: {len(body)}"]) + "\r\n\r\n").encode() + body
    ask = carriers.request("GET", made.target, place)
    return [Exchange("tcp", 80, direction == "pull", [(True, ask), (False, answer)])]


def generate(seed, count, names=None):
    """Yields (exchanges, truth, stress); every context in turn, in every density."""
    rng, total = random.Random(f"decoys {seed}"), 0
    contexts = [context for context in CONTEXTS if not names or context.name in names]
    number = 0
    while total < count:
        for at, context in enumerate(contexts):
            density = tuple(DENSITIES)[(number + at) % (3 if context.dense else 2)]
            values, decoys = values_of(rng, context, density)
            direction = rng.choice(context.directions)
            made = context.frame(rng, values)
            total += len(decoys)
            yield sent(rng, direction, made), {
                "context": f"{context.name}", "density": density, "direction": direction,
                "decoys": len(decoys), "numbers": len(values), "values": decoys}, ""
        number += 1


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("seed", nargs="?")
    parser.add_argument("count", nargs="?", type=int)
    parser.add_argument("-o", "--out", default=".")
    parser.add_argument("--forge")
    parser.add_argument("--context", type=lambda text: text.split(","))
    parser.add_argument("--list", action="store_true")
    options = parser.parse_args()
    if options.list:
        for context in CONTEXTS:
            print(f"{context.name:22} {','.join(context.directions):16} {context.about}")
        return 0
    if options.count is None:
        parser.error("SEED COUNT or --list")
    writer = Writer(os.path.join(options.out, "decoys"))
    for made in generate(options.seed, options.count, options.context):
        writer.add(*made)
    writer.close(options.forge, options.seed)
    return 0


if __name__ == "__main__":
    sys.exit(main())
