"""Runs the sensor over the captures of vectors.py, decoys.py, mixed.py and shapes.py and
prints what it found of the truth.

    python3 score.py --sensor PROGRAM --signatures FOLDER STEM... [--need CLASS=PERCENT]...

A STEM is FOLDER/vectors and so on, without ".pcap"; its name decides what is printed:
vectors*  found/total by class, coding, pair, form, carrier, brand; whether encoding is true
decoys*   alerts at medium or above by context, with their reasons
mixed*    precision and recall
shapes*   each shape, found or silent as it must be
--need pairs=100 names a class of the first table, or decoys=N the alerts that are allowed;
the status is 1 where one is missed, and for shapes where one is not as it must be."""
import argparse
import collections
import os
import sys

import codings
from decoys import DENSITIES
from events import Run
from wire import truth_of

# Words of the sensor that mean a row of codings.CODINGS.
ALIASES = {
    "url": "percent", "urlencoded": "percent", "json-string": "json-escape",
    "backslash": "js-escape", "entities": "html", "html-entities": "html",
    "qp": "quoted-printable", "utf16le": "utf-16le", "utf16be": "utf-16be",
    "char-codes": "charcodes", "br": "brotli", "raw-deflate": "deflate", "reverse": "reversal",
    "reversed": "reversal", "digits": "digit-shift", "jpeg": "image", "png": "image",
    "xor-key": "xor-repeating", "query": "form", "cookie": "form",
}
# Where two rows are one thing by other names.
SAME = [{"base64", "base64url"}, {"percent", "form"}, {"zlib", "deflate"}, {"rot", "digit-shift"},
        {"json-escape", "js-escape"}, {"xor", "xor-repeating"}]
PROVES_ITSELF = ("full-width", "grouped", "track", "emv", "split")


def same(one, other):
    return one == other or any({one, other} <= pair for pair in SAME)


def told(encoding, row):
    """The chain that an alert names, without what is the carrier's or need not be named."""
    names = [ALIASES.get(name, name) for name in encoding if not name.startswith(PROVES_ITSELF)]
    layers = [name for name in row["layers"] if name not in row["optional"]]
    names = [name for name in names if name not in row["optional"]]
    while len(names) > len(layers) and any(same(names[0], own) for own in row["own"]):
        names = names[1:]
    while len(names) > len(layers) and any(same(names[-1], own) for own in row["inner"]):
        names = names[:-1]
    return names, layers


def is_true(encoding, row):
    names, layers = told(encoding, row)
    return len(names) == len(layers) and all(map(same, names, layers))


def class_of(row):
    """The classes that thresholds name."""
    keyed = "keyed " if row["keyed"] else ""
    return {0: "plain", 1: f"{keyed}single", 2: f"{keyed}pairs"}.get(len(row["layers"]),
                                                                   f"{keyed}depth3")


class Tally:
    """found, total and truly named by name."""

    def __init__(self):
        self.rows = collections.defaultdict(lambda: [0, 0, 0])

    def add(self, name, found, true):
        row = self.rows[name]
        row[0] += found
        row[1] += 1
        row[2] += true

    def percent(self, name):
        found, total, _ = self.rows[name]
        return 100 * found / total if total else 100.0

    def show(self, title, width=26, by_share=False):
        rows = sorted(self.rows.items(), key=lambda item: (item[1][0] / item[1][1], item[0])
                      if by_share else str(item[0]))
        print(f"\n{title:{width}} {'found':>7} {'total':>7} {'%':>6} {'true':>7}")
        for name, (found, total, true) in rows:
            print(f"{name:{width}} {found:7} {total:7} {100 * found / total:6.1f} {true:7}")


def score_vectors(run, rows, options):
    axes = {name: Tally() for name in ("class", "coding alone", "pair", "carrier", "form", "brand",
                                       "style", "position", "stress")}
    untrue = collections.Counter()
    for row in rows:
        hits = [alert for alert in run.of(row)
                if alert.is_of_cards(options.at) and alert.holds(row["card"])]
        found = bool(hits)
        true = any(is_true(alert.encoding, row) for alert in hits)
        if found and not true:
            names, layers = told(hits[0].encoding, row)
            untrue[(" > ".join(layers) or "none", " > ".join(names) or "none")] += 1
        axes["class"].add(class_of(row), found, true)
        if len(row["layers"]) == 1:
            axes["coding alone"].add(row["layers"][0], found, true)
        if len(row["layers"]) == 2:
            axes["pair"].add(" > ".join(row["layers"]), found, true)
        for axis, key in (("carrier", "carrier"), ("brand", "kind"), ("style", "style"),
                          ("position", "position"), ("form", "form")):
            if axis == "carrier" or not row["layers"]:
                axes[axis].add(row[key], found, true)
        axes["stress"].add(row["stress"].split(" ")[0] or "none", found, true)
    for name, tally in axes.items():
        if name == "pair":
            show_pairs(tally, options.pairs)
        else:
            tally.show(name if name in ("class", "coding alone", "carrier", "stress")
                       else name + ", uncoded")
    if untrue:
        print("\nfound, but encoding says otherwise (truth: said)")
        for (layers, names), count in untrue.most_common(15):
            print(f"  {count:5}  {layers}: {names}")
    return axes["class"]


def show_pairs(tally, everything):
    """A row and a column for each coding: how many of ten were found; below, or all pairs."""
    if not tally.rows:
        return
    if everything:
        tally.show("pair", 34, True)
    names = list(codings.CODINGS)
    print("\npairs, outer (rows) of inner (columns): tenths found, X all, . none, blank: not made")
    for number, outer in enumerate(names):
        line = ""
        for inner in names:
            found, total, _ = tally.rows.get(f"{outer} > {inner}", (0, 0, 0))
            line += " " + (" " if not total else "X" if found == total else "." if not found
                           else str(10 * found // total))
        print(f"{number + 1:3} {outer:18}{line}")
    print("   " + " " * 19 + "".join(f" {(n + 1) % 10}" for n in range(len(names))))
    whole = sum(found == total for found, total, _ in tally.rows.values())
    print(f"{whole} of {len(tally.rows)} pairs wholly found")


def score_decoys(run, rows, options):
    alerts, numbers, reasons = collections.Counter(), collections.Counter(), {}
    messages, hit = collections.Counter(), collections.Counter()
    for row in rows:
        messages[row["context"]] += 1
        numbers[row["context"]] += row["decoys"]
        loud = [alert for alert in run.of(row) if alert.is_of_cards(options.at)]
        hit[row["context"], row["density"]] += bool(loud)
        alerts[row["context"]] += len(loud)
        reasons.setdefault(row["context"], collections.Counter()).update(
            f"{alert.category} {alert.confidence}: " + " ".join(alert.reasons) for alert in loud)
    print(f"\n{'':53} messages with alerts, by their decoys")
    print(f"{'context':28} {'messages':>8} {'decoys':>8} {'alerts':>7}"
          + "".join(f" {density:>7}" for density in DENSITIES))
    for context in sorted(numbers):
        print(f"{context:28} {messages[context]:8} {numbers[context]:8} {alerts[context]:7}"
              + "".join(f" {hit[context, density]:7}" for density in DENSITIES))
        for text, count in reasons.get(context, collections.Counter()).most_common(options.top):
            print(f"    {count:5} {text}")
    print(f"{'all':28} {sum(messages.values()):8} {sum(numbers.values()):8}"
          f" {sum(alerts.values()):7}"
          + "".join(f" {sum(hit[key] for key in hit if key[1] == density):7}"
                    for density in DENSITIES))
    tally = Tally()
    tally.rows["decoys"] = [sum(alerts.values()), sum(numbers.values()), 0]
    return tally


def cards_told(alerts):
    """(first, last, length) of those that are listed, and how many there are: lists are cut."""
    listed = {(card["bin"], card["last4"], card["digits"])
              for alert in alerts for card in alert.cards}
    most = collections.Counter()
    for alert in alerts:
        most[alert.finding] = max(most[alert.finding], alert.distinct)
    return listed, max(len(listed), sum(most.values()))


def score_mixed(run, rows, options):
    """Cards told of cards planted; what is told and was not planted is a false one.  Where a
    list is cut its rest counts as found only if nothing in it can be false."""
    table = collections.defaultdict(lambda: [0, 0, 0, 0])
    for row in rows:
        listed, count = cards_told([alert for alert in run.of(row)
                                    if alert.is_of_cards(options.at)])
        true = {(card[:6], card[-4:], len(card)) for card in row["cards"]}
        clean = listed <= true and count <= len(true)
        sums = (count if clean else len(listed & true), len(true),
                0 if clean else max(len(listed - true), count - len(true)), 1)
        table[row["context"]] = [old + new for old, new in zip(table[row["context"]], sums)]
    print(f"\n{'context':28} {'messages':>8} {'cards':>7} {'found':>7} {'false':>7} {'recall':>7}"
          f" {'precision':>9}")
    sums = [sum(counts[at] for counts in table.values()) for at in range(4)]
    for context, (hit, total, false, messages) in [*sorted(table.items()), ("all", sums)]:
        recall = f"{100 * hit / total:7.1f}" if total else f"{'-':>7}"
        precision = f"{100 * hit / (hit + false):9.1f}" if hit + false else f"{'-':>9}"
        print(f"{context:28} {messages:8} {total:7} {hit:7} {false:7} {recall} {precision}")
    tally = Tally()
    tally.rows["recall"] = [sums[0], sums[1], 0]
    tally.rows["precision"] = [sums[0], max(1, sums[0] + sums[2]), 0]
    return tally


def score_shapes(run, rows, options):
    tally, table = Tally(), collections.defaultdict(list)
    for row in rows:
        alerts = [alert for alert in run.of(row) if alert.is_of_cards(options.at)]
        if row["silent"]:
            good = not alerts
        else:
            good = any(alert.holds(row["card"]) for alert in alerts)
        true = row["silent"] or any(alert.holds(row["card"]) and is_true(alert.encoding, row)
                                    for alert in alerts)
        table[row["shape"]].append((good, row, alerts, true))
        tally.add("silent" if row["silent"] else "shapes", good, true and good)
    print(f"\n{'no':3} {'shape':36} good  true")
    for shape, cases in sorted(table.items()):
        good = sum(case[0] for case in cases)
        true = sum(case[3] for case in cases)
        said = sorted({" > ".join(alert.encoding) or "plain" for case in cases
                       for alert in case[2]})
        print(f"{shape:3} {cases[0][1]['what']:36} {good}/{len(cases)} {true:3}/{len(cases)}"
              f" {'   ' if good == len(cases) else '<<<'} {'; '.join(said)}")
    tally.show("all")
    return tally


SCORES = {"vectors": score_vectors, "decoys": score_decoys, "mixed": score_mixed,
          "shapes": score_shapes}


def judge(tally, needs, kind):
    """The needs that are missed."""
    missed = []
    for need in needs:
        name, _, value = need.partition("=")
        if name == "decoys" and kind == "decoys" and tally.rows[name][0] > float(value):
            missed.append(f"{tally.rows[name][0]} alerts on decoys, {value} allowed")
        elif name in tally.rows and name != "decoys" and tally.percent(name) < float(value):
            missed.append(f"{name}: {tally.percent(name):.2f} %, {value} needed")
    if kind == "shapes":
        missed += [f"{name}: {tally.percent(name):.0f} %" for name in tally.rows
                   if tally.percent(name) < 100]
    return missed


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("stems", nargs="+")
    parser.add_argument("--sensor", default="build/sensor/sekisho-sensor")
    parser.add_argument("--signatures", default="signatures")
    parser.add_argument("--workers", default=1, type=int)
    parser.add_argument("--at", default="medium", help="least confidence that counts")
    parser.add_argument("--need", action="append", default=[])
    parser.add_argument("--pairs", action="store_true", help="a line for each pair")
    parser.add_argument("--top", type=int, default=3, help="reasons a context")
    options = parser.parse_args()
    missed, classes = [], set()
    for stem in options.stems:
        kind = next((name for name in SCORES if os.path.basename(stem).startswith(name)), None)
        if not kind:
            parser.error(f"{stem}: the name begins with one of {', '.join(SCORES)}")
        run = Run(options.sensor, options.signatures, [stem + ".pcap"], options.workers)
        rows = truth_of(stem)
        print(f"== {stem}: {len(rows)} messages read in {run.seconds:.1f} s")
        tally = SCORES[kind](run, rows, options)
        classes |= set(tally.rows)
        missed += judge(tally, options.need, kind)
    missed += [f"{need}: there is nothing of that class" for need in options.need
               if need.partition("=")[0] not in classes]
    for line in missed:
        print("missed:", line)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
