"""Makes the vector set: cards in every form, coding, pair and triple of codings, carrier and
position, with the truth beside them.

    python3 vectors.py SEED COUNT [-o FOLDER] [--forge PROGRAM] [--block plain,single,...]
                       [--form plain,track1,...] [--carrier query,...]
    python3 vectors.py --list

Writes vectors.packs, vectors.forge, vectors.truth and, with --forge, vectors.pcap.  The same
seed and count give the same bytes.  --list prints which pairs there are, and why not the rest."""
import argparse
import collections
import itertools
import os
import random
import sys

import carriers
import codings
import forms
import issuers
from wire import Writer

BLOCKS = (("plain", 0.25), ("single", 0.25), ("pair", 0.35), ("triple", 0.15))
STYLES = ("form", "json", "pipe", "csv", "line")
# Where a bare number is by itself worth an alert: nothing of the kind belongs there.
LONE = ("query", "cookie", "header", "icmp", "dns-label", "dns-spread")
LISTED = 12
HOSTS = ("cdn-jquery-stat.example", "img.pixel-count.example", "api.shop-metrics.example")
TRIES = 60


def stress_of(rng, exchanges, digits):
    """Half of all travel uncut; the rest cut somewhere or inside the number, reordered, or
    byte by byte."""
    said = b"".join(data for one in exchanges for opener, data in one.turns
                    if opener == one.outbound)
    dice, at = rng.random(), said.find(digits.encode())
    if dice < 0.25 and exchanges[0].outbound:
        inside = at >= 0 and rng.random() < 0.5
        return f"cut {at + rng.randint(0, 16) if inside else rng.randint(1, len(said))}"
    if dice < 0.32:
        return f"segments {rng.randint(5, 60)} shuffle" if len(said) < 4000 else "mss 536 shuffle"
    if dice < 0.37:
        return "mss 700 reversed"
    return "one-byte" if dice < 0.39 and len(said) < 900 else ""


def why_not_form(form, style, chain):
    """Forms that a coding would destroy."""
    inner = chain[-1] if chain else ""
    if form.startswith("split") and inner in ("digit-shift", "rot"):
        return "the names of the fields change too"
    if form in ("grouped-percent20", "grouped-percent2D", "grouped-nbsp-entity") and inner in (
            "rot", "digit-shift"):
        return "letters and digits of the separator change too"
    if form.startswith("emv") and inner in ("reversal", "rot", "digit-shift", "utf-16le",
                                            "utf-16be", "json-escape", "html"):
        return "a coding of text on packed decimals"
    if form.startswith("full-width") and (inner in ("reversal", "rot", "digit-shift")):
        return "a coding of bytes on characters of two and three bytes"
    if form == "full-width-iso-2022-jp" and inner in ("utf-16le", "utf-16be"):
        return "one charset in another"
    return None


def why_not_keyed(carrier, style, chain):
    """Keys are searched where there is reason to, and where something proves them."""
    keyed = [name for name in chain if name in codings.SEARCHED]
    if keyed and style == "lone":
        return "a bare number under a key to be searched: chance gives as good ones"
    if keyed and style == "emv":
        return "packed decimals prove no key"
    if "xor-repeating" in keyed and style in ("pipe", "track"):
        return "no known word that proves the key"
    keys = {"xor", "add", "xor-repeating"} & set(keyed)
    if keys and carrier in ("path", "cookie", "header", "dns-label", "dns-spread") or \
            keys & set(chain[:1]) and carrier not in ("octet-body", "raw-tcp", "raw-udp", "icmp",
                                                      "response-image"):
        return "keys are searched in bodies that are suspicious already"
    return None


def keeps_card(carrier, style, form, chain, kind):
    """Whether such a message is one the product promises to find: None, or why not."""
    if style == "lone" and (carrier not in LONE or kind in issuers.TIER2):
        return "a bare number of such an issuer or at such a place is not enough"
    if style == "list" and carrier not in ("dns-txt", "response-image", "response-image-tail"):
        return "lists of cards stand in answers"
    if carrier == "dns-txt" and style != "list":
        return "an answer with fewer than ten cards is a counter by the table of directions"
    return why_not_form(form, style, chain) or why_not_keyed(carrier, style, chain)


def inner_layers(style, form):
    """What the record is by itself, and may be named behind the chain."""
    return [*({"form": ["form", "percent"], "json": ["json", "json-escape"]}.get(style, [])),
            *(["percent"] if "percent" in form else ["html"] if "entity" in form else [])]


def list_record(rng, card, others):
    rows = [b"|".join([one.digits.encode(), one.exp.encode(), one.cvv.encode()])
            for one in (card, *others)]
    return b"\n".join(rng.sample(rows, len(rows)))


class Maker:
    def __init__(self, seed):
        self.rng = random.Random(f"vectors {seed}")
        self.refused = collections.Counter()

    def card(self, kind):
        return forms.holder_of(self.rng, kind, issuers.draw_card(self.rng, kind))

    def record(self, card, form, style):
        if style != "list":
            return *forms.record(self.rng, card, form, style), [card]
        others = [self.card(self.rng.choice(issuers.TIER1)) for _ in range(LISTED - 1)]
        return list_record(self.rng, card, others), "list", [card, *others]

    def style(self, carrier):
        if carrier in ("form-body", "json-body"):
            return carrier[:4]
        if carrier == "dns-txt" or carrier.startswith("response") and self.rng.random() < 0.3:
            return "list"
        if carrier in LONE and self.rng.random() < (0.7 if carrier.startswith("dns") else 0.3):
            return "lone"
        return self.rng.choice(STYLES)

    def attempt(self, kind, form, chain, carrier):
        """(exchanges, truth) or a reason as text."""
        style = self.style(carrier)
        if style == "list":
            form = "plain"
        card = self.card(kind)
        data, style, cards = self.record(card, form, style)
        reason = codings.why_not(chain) or keeps_card(carrier, style, form, chain, kind)
        if reason:
            return reason
        try:
            payload, variants, clear = codings.encode(
                self.rng, chain, data, forms.written(card, form))
        except ValueError as error:
            return str(error)
        reason = carriers.why_not(carrier, chain, style, payload)
        if reason:
            return reason
        position = "deep" if carrier in carriers.SURROUNDED and carrier != "raw-udp" \
            and self.rng.random() < 0.01 else self.rng.choice(carriers.POSITIONS)
        exchanges, position = carriers.place(self.rng, carrier, chain, style, payload, position,
                                             self.rng.choice(HOSTS))
        return exchanges, {
            "kind": kind, "brand": issuers.KINDS[kind][0], "card": card.digits,
            "bin": card.digits[:6], "last4": card.digits[-4:], "digits": len(card.digits),
            "cards": [one.digits for one in cards], "form": form, "style": style,
            "layers": list(chain), "variants": variants,
            "optional": clear, "carrier": carrier, "position": position,
            "own": list(carriers.OWN_LAYERS.get(carrier, ())), "inner": inner_layers(style, form),
            "keyed": any(name in codings.SEARCHED for name in chain)}

    def make(self, kinds, form_names, chains, places):
        """Tries what the wishes leave open until something is possible."""
        for _ in range(TRIES):
            made = self.attempt(*(self.rng.choice(each)
                                  for each in (kinds, form_names, chains, places)))
            if not isinstance(made, str):
                return made
            self.refused[made] += 1
        return None


def pairs():
    """[(outer, inner, None or why not)]"""
    return [(outer, inner, codings.why_not([outer, inner]))
            for outer in codings.CODINGS for inner in codings.CODINGS]


def triples(rng, count):
    names, out = list(codings.CODINGS), []
    while len(out) < count:
        chain = tuple(rng.choice(names) for _ in range(3))
        if not codings.why_not(chain):
            out.append(chain)
    return out


def most(kinds):
    """Mostly brands that may stand alone."""
    return issuers.TIER1 * 4 + issuers.TIER2 if kinds is None else kinds


def wishes(rng, block):
    """Endless (kinds, forms, chains, carriers): every combination of the block's two main
    axes comes before one comes twice."""
    names, places = list(codings.CODINGS), list(carriers.CARRIERS)
    usual = ("plain",) * 12 + forms.FORMS
    bare = [place for place in places if place not in ("coded-body", "form-plus", "dns-txt")]
    good = [(outer, inner) for outer, inner, reason in pairs() if not reason]
    rounds = {
        "plain": lambda: [*(((kind,), (form,), ((),), bare) for kind, form in
                            itertools.product(issuers.KINDS, forms.FORMS)),
                          *((most(None), (form,), ((),), (place,)) for form, place in
                            itertools.product(forms.FORMS, bare))],
        "single": lambda: [*((most(None), usual, ((name,),), (place,)) for name, place in
                             itertools.product(names, places)),
                           *((most(None), (form,), ((name,),), places) for name, form in
                             itertools.product(names, forms.FORMS))],
        "pair": lambda: [(most(None), usual, (pair,), places) for pair in good],
        "triple": lambda: [(most(None), usual, (chain,), places)
                           for chain in triples(rng, 1000)],
    }[block]
    while True:
        rows = rounds()
        rng.shuffle(rows)
        yield from rows


def allowed(wish, form_names, places):
    """The wish within what was asked for, or None."""
    kinds, forms_of, chains, places_of = wish
    forms_of = [form for form in forms_of if not form_names or form in form_names]
    places_of = [place for place in places_of if not places or place in places]
    return (kinds, forms_of, chains, places_of) if forms_of and places_of else None


def generate(seed, count, blocks=None, form_names=None, places=None):
    """Yields (exchanges, truth, stress)."""
    maker = Maker(seed)
    shares = [(name, share) for name, share in BLOCKS if not blocks or name in blocks]
    total = sum(share for _, share in shares)
    for at, (name, share) in enumerate(shares):
        left = count - sum(int(count * s / total) for _, s in shares[:at]) \
            if at == len(shares) - 1 else int(count * share / total)
        source = wishes(maker.rng, name)
        while left > 0:
            wish = allowed(next(source), form_names, places)
            made = maker.make(*wish) if wish else None
            if made:
                exchanges, truth = made
                yield exchanges, {"block": name, **truth}, stress_of(
                    maker.rng, exchanges, truth["card"])
                left -= 1


def print_list():
    rows = pairs()
    names = list(codings.CODINGS)
    print("outer (rows) of inner (columns): x is made, . is not\n")
    for number, name in enumerate(names):
        marks = "".join(" x" if not reason else " ." for outer, _, reason in rows if outer == name)
        print(f"{number + 1:3} {name:18}{marks}")
    print("   " + " " * 19 + "".join(f" {(n + 1) % 10}" for n in range(len(names))) + "\n")
    print(f"{sum(not reason for *_, reason in rows)} pairs of {len(rows)}; not made:")
    why = collections.defaultdict(list)
    for outer, inner, reason in rows:
        if reason:
            why[reason].append(f"{outer}({inner})")
    for reason, chains in why.items():
        print(f"\n{reason}:\n  " + " ".join(chains))
    print("\nwhat else is not made, found while 4,000 vectors of seed 1 were drawn:")
    maker = Maker(1)
    for block, _ in BLOCKS:
        for wish in itertools.islice(wishes(maker.rng, block), 1000):
            maker.make(*wish)
    for reason, count in maker.refused.most_common():
        print(f"  {count:6} {reason}")


def write(options):
    writer = Writer(os.path.join(options.out, "vectors"))
    for exchanges, truth, stress in generate(options.seed, options.count, options.block,
                                              options.form, options.carrier):
        writer.add(exchanges, truth, stress)
    writer.close(options.forge, options.seed)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("seed", nargs="?")
    parser.add_argument("count", nargs="?", type=int)
    parser.add_argument("-o", "--out", default=".")
    parser.add_argument("--forge")
    for name in ("--block", "--form", "--carrier"):
        parser.add_argument(name, type=lambda text: text.split(","))
    parser.add_argument("--list", action="store_true")
    options = parser.parse_args()
    if options.list:
        print_list()
    elif options.count is None:
        parser.error("SEED COUNT or --list")
    else:
        write(options)
    return 0


if __name__ == "__main__":
    sys.exit(main())
