"""Cards and numbers that only look like them in one message, one flow, one page.

    python3 mixed.py SEED COUNT [-o FOLDER] [--forge PROGRAM]

COUNT flows, each of the contexts in turn, the last one in ten without any card.  The truth
lists the cards; what is told beyond them is false.  Writes mixed.packs, .forge, .truth, .pcap."""
import argparse
import base64
import json
import os
import random
import sys
import urllib.parse

import carriers
import decoy_shapes as shape
import forms
import issuers
from carriers import Exchange, Place
from decoy_contexts import N16
from decoy_frames import order
from wire import Writer

HOST = "stats.shop-metrics.example"


class Mix:
    """A source of ids, ten in a hundred hard ones, and of cards that it remembers."""

    def __init__(self, rng):
        self.rng, self.cards, self.decoys = rng, [], 0
        self.place = Place((), "", "start", HOST)

    def id(self, draw=N16):
        hard = self.rng.random() < 0.1
        self.decoys += hard
        return shape.drawn(draw, self.rng, hard)

    def card(self):
        kind = self.rng.choice(issuers.TIER1)
        card = forms.holder_of(self.rng, kind, issuers.draw_card(self.rng, kind))
        self.cards.append(card.digits)
        return card

    def post(self, kind, body):
        return carriers.post(self.place, kind, body)


def one_among_thousands(mix):
    """5,000 ids and one card in a field of its own."""
    rows = [{"id": mix.id(), "n": mix.rng.randint(1, 9)} for _ in range(5000)]
    card = mix.card()
    rows.insert(mix.rng.randrange(5000), {"card_number": card.digits, "exp": card.exp,
                                          "cvv": card.cvv})
    return mix.post("application/json", json.dumps(rows).encode())


def column_beside_ids(mix):
    """CSV: an order number and a card in each row."""
    keys = mix.rng.choice(forms.KEYS)
    lines = [f"order_id,date,{keys[3]},{keys[0]},{keys[1]},total"]
    for _ in range(mix.rng.choice((1, 3, 8, 60))):
        card, row = mix.card(), order(mix.rng)
        lines.append(f"{mix.id()},{row['created'][:10]},{card.name},{card.digits},{card.exp},"
                     f"{row['total']}")
    return mix.post("text/csv", "\r\n".join(lines).encode())


def column_without_names(mix):
    """The same without a head, ids on both sides."""
    lines = []
    for _ in range(mix.rng.choice((2, 5, 40))):
        card = mix.card()
        lines.append(f"{mix.id()};{card.digits};{card.exp};{card.cvv};{mix.id(shape.order_time)}")
    return mix.post("text/plain", "\n".join(lines).encode())


def form_with_ids(mix):
    """A stolen form with all its other fields."""
    rng, card, row = mix.rng, mix.card(), order(mix.rng)
    keys = rng.choice(forms.KEYS)
    pairs = [("order_no", mix.id()), ("session", f"{rng.getrandbits(128):032x}"),
             ("ts", str(1795161600000 + rng.randrange(10 ** 9))), ("jan", mix.id(shape.jan13)),
             *row.items(), (keys[0], card.digits), (keys[1], card.exp), (keys[2], card.cvv),
             ("pixel", mix.id()), ("member_id", mix.id())]
    rng.shuffle(pairs)
    return mix.post("application/x-www-form-urlencoded", urllib.parse.urlencode(pairs).encode())


def order_with_card(mix):
    """JSON of orders; one of them has its card with it."""
    orders = [{"order_id": mix.id(), "tracking": mix.id(), **order(mix.rng)}
              for _ in range(mix.rng.randint(1, 60))]
    card = mix.card()
    mix.rng.choice(orders)["payment"] = {"card": {"number": card.digits, "expiry": card.exp,
                                                  "cvc": card.cvv, "holder": card.name}}
    return mix.post("application/json", json.dumps({"orders": orders}, ensure_ascii=False).encode())


def lines_among_logs(mix):
    """A log of requests; a few lines are a thief's."""
    lines = [f"2026-11-20 08:{n % 60:02} INFO request={mix.id()} took={n}ms"
             for n in range(mix.rng.randint(20, 200))]
    for _ in range(mix.rng.randint(1, 3)):
        card = mix.card()
        lines.insert(mix.rng.randrange(len(lines)),
                     f"{card.digits}|{card.exp}|{card.cvv}|{card.name}")
    return mix.post("text/plain", "\n".join(lines).encode())


def grouped_among_phones(mix):
    """Groups of digits of many kinds, one a card's."""
    lines = [f"{order(mix.rng)['name']} TEL {mix.id(shape.phones)}" for _ in range(20)]
    card = mix.card()
    lines.insert(9, f"card: {'-'.join(issuers.groups_of(card.digits))} exp {card.exp}")
    return mix.post("text/plain", "\n".join(lines).encode())


def one_flow(mix):
    """Innocent requests before and behind it on one connection."""
    turns = []
    for number in range(5):
        if number == 2:
            turns += form_with_ids(mix)[0].turns
            continue
        body = json.dumps({"orderIds": [mix.id() for _ in range(40)]}).encode()
        turns += mix.post("application/json", body)[0].turns
    return [Exchange("tcp", 80, True, turns)]


def dump_of_table(mix):
    """Fetched as an image: a table with ids and cards."""
    rows = []
    for number in range(mix.rng.choice((12, 40))):
        card = mix.card()
        rows.append(f"({mix.id()},'{card.name}','{card.digits}','{card.exp}',{number})")
    body = ("INSERT INTO `dtb_order` (`order_id`,`name`,`card_no`,`card_exp`,`n`) VALUES "
            + ",\n".join(rows) + ";\n").encode()
    return carriers.response(mix.rng, mix.place, body, "/upload/cache.jpg", "image/jpeg")


def state_in_base64(mix):
    """Ids and the card in one coded field."""
    card = mix.card()
    state = {"cart": [mix.id() for _ in range(5)], "cc_number": card.digits, "exp": card.exp}
    return mix.post("application/x-www-form-urlencoded", b"d=" + carriers.quoted(
        base64.b64encode(json.dumps(state).encode())))


def no_card(mix):
    """Only ids, beside words that cards have."""
    rows = [{"order_id": mix.id(), "method": "card", "exp_date": "12/28", **order(mix.rng)}
            for _ in range(60)]
    return mix.post("application/json", json.dumps({"orders": rows}, ensure_ascii=False).encode())


CONTEXTS = (one_among_thousands, column_beside_ids, column_without_names, form_with_ids,
            order_with_card, lines_among_logs, grouped_among_phones, one_flow, dump_of_table,
            state_in_base64, no_card)


def generate(seed, count):
    """Yields (exchanges, truth, stress)."""
    rng = random.Random(f"mixed {seed}")
    for number in range(count):
        context, mix = CONTEXTS[number % len(CONTEXTS)], Mix(rng)
        exchanges = context(mix)
        yield exchanges, {"context": context.__name__.replace("_", "-"), "cards": mix.cards,
                          "decoys": mix.decoys}, rng.choice(("", "", "mss 700 shuffle"))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("seed")
    parser.add_argument("count", type=int)
    parser.add_argument("-o", "--out", default=".")
    parser.add_argument("--forge")
    options = parser.parse_args()
    writer = Writer(os.path.join(options.out, "mixed"), 200)
    for made in generate(options.seed, options.count):
        writer.add(*made)
    writer.close(options.forge, options.seed)
    return 0


if __name__ == "__main__":
    sys.exit(main())
