"""Goal: a card that leaves in pieces, a query each, is found however the names are built.

usage: spread_found_test.py SENSOR SIGNATURES FORGE

Each way of ROWS carries a number of each brand: bare in four digits a name where they count,
else a line in base64 or hex.  Method: every number must be told, with 1, 2 and 4 workers."""
import base64
import os
import random
import sys
import tempfile

sys.dont_write_bytecode = True

import carriers
import issuers
from carriers import Exchange
from events import Run
from wire import Writer, truth_of

WORKERS = (1, 2, 4)
BRANDS = ("visa", "mastercard", "jcb", "amex", "diners", "unionpay")


def cut(text, size):
    return [text[at:at + size] for at in range(0, len(text), size)]


def chance(rng):
    return "".join(rng.choice("abcdefghijklmnopqrstuvwxyz0123456789") for _ in range(6))


def bare(card):
    return cut(card, 4)


def line(card):
    return cut(base64.urlsafe_b64encode(f"{card}|12/29|123".encode()).decode().rstrip("="), 9)


def hexed(card):
    return cut(f"card={card}&exp=1229".encode().hex(), 12)


def named(pattern):
    """One name a piece."""
    return lambda rng, pieces: [pattern.format(p=piece, n=number, r=chance(rng))
                                for number, piece in enumerate(pieces)]


def shuffled(rng, pieces):
    names = named("{p}.{n}.k3.example.net")(rng, pieces)
    return rng.sample(names, len(names))


def doubled(rng, pieces):
    """Both kinds of address are asked for, and one query is sent again."""
    names = named("{p}.{n}.k3.example.net")(rng, pieces)
    return [name for name in names for _ in (0, 1)] + names[:1]


def searched(rng, pieces):
    """The name itself, then with what the resolver's search list adds."""
    return [name for plain in named("{p}.{n}.k3.example.net")(rng, pieces)
            for name in (plain, plain + ".shop.example.co.jp")]


def between(rng, pieces):
    """The shop's own names, of the same domain too."""
    return [name for own in named("{p}.{n}.k3.example.net")(rng, pieces)
            for name in (own, f"web{rng.randint(1, 9)}.example.net", "www1.example.org")]


def interleaved(rng, pieces):
    """Another text at the same time."""
    other = named("{p}.{n}.k4.example.net")(rng, [chance(rng) for _ in pieces])
    return [name for pair in zip(named("{p}.{n}.k3.example.net")(rng, pieces), other)
            for name in pair]


def behind_others(rng, pieces):
    """Behind twenty names of other texts."""
    older = [name for _ in range(5) for name in named("{p}.{n}.{r}.example.net")(
        rng, [chance(rng) for _ in range(4)])]
    return older + named("{p}.{n}.k3.example.net")(rng, pieces)


# What, how the number is written, how names are made of it.
ROWS = (
    ("numbered", bare, named("{p}.{n}.k3.example.net")),
    ("numbered in front", bare, named("{n}.{p}.k3.example.net")),
    ("numbered with a letter", bare, named("{p}.s{n}.example.net")),
    ("under a country", bare, named("{p}.{n}.k3.example.co.jp")),
    ("out of order", bare, shuffled),
    ("asked twice", bare, doubled),
    ("a search list", bare, searched),
    ("behind other texts", bare, behind_others),
    ("a line, numbered", line, named("{p}.{n}.k3.example.net")),
    ("a line, no numbers", line, named("{p}.k3.example.net")),
    ("a line, chance behind", line, named("{p}.{r}.example.net")),
    ("a line, chance before", line, named("{r}.{p}.{n}.example.net")),
    ("a line, out of order", line, shuffled),
    ("a line, names between", line, between),
    ("a line, another between", line, interleaved),
    ("hex, numbered", hexed, named("{p}.{n}.k3.example.net")),
    ("hex, a search list", hexed, searched),
)


def generate(seed):
    rng = random.Random(f"spread {seed}")
    for what, written, make in ROWS:
        for brand in BRANDS:
            card = issuers.draw_card(rng, brand)
            yield [Exchange("udp", carriers.DNS, True, [(True, carriers.dns_query(
                rng, [label.encode() for label in name.split(".")]))])
                for name in make(rng, written(card))], {"way": what, "card": card}, ""


def main():
    sensor, signatures, forge = sys.argv[1:4]
    print(f"1..{len(ROWS) * len(WORKERS)}")
    with tempfile.TemporaryDirectory() as folder:
        writer = Writer(os.path.join(folder, "spread"))
        for message in generate(os.environ.get("SEKISHO_SEED", "1")):
            writer.add(*message)
        writer.close(forge, 1)
        rows, number = truth_of(writer.stem), 0
        for workers in WORKERS:
            run = Run(sensor, signatures, [writer.stem + ".pcap"], workers)
            for what, *_ in ROWS:
                number += 1
                missed = [row["card"][:6] for row in rows if row["way"] == what and not any(
                    alert.is_of_cards() and alert.holds(row["card"]) for alert in run.of(row))]
                print(f"{'not ' if missed else ''}ok {number} - {what}, {workers} workers"
                      f"{': not ' + ' '.join(missed) if missed else ''}")


if __name__ == "__main__":
    main()
