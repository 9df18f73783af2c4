"""HTTP, DNS, TLS and Community IDs of every capture against what tshark says (TAP).

Goal: per field at least 99.5 % of all values agree, and every capture that
differs stands in differences.tsv with a reason and exactly what differs.
Method: the messages tool reads all captures; tests/facts/tshark.tsv has hashes of
tshark's values, made by tests/tool/tshark_facts.py, which --tshark runs again and
compares.  Agreement is the values of both over the values of either.

usage: facts.py MESSAGES CAPTURES TOOLS FACTS [--renew | --tshark]

--renew writes differences.tsv anew and keeps the reasons of rows that are the same;
a reason is then written by hand, once somebody has looked."""

import os
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True

AGREE_MIN = 99.5  # percent of the values of a field
COLUMNS = ["capture", "field", "only here", "only tshark", "hash", "reason"]


class Tap:
    def __init__(self):
        self.count, self.fine = 0, True

    def ok(self, fine, text):
        self.count += 1
        self.fine &= fine
        print(f"{'' if fine else 'not '}ok {self.count} - {text}")


def read_all(facts, messages, root, folder):
    """(captures, {(capture, field): (our values, tshark's)}) of all that either side has."""
    kept = facts.read_tsv(os.path.join(folder, "tshark.tsv"), 2)
    with tempfile.TemporaryDirectory() as scratch:
        captures = facts.captures(root, scratch)
        mine = facts.ours(messages, [path for _, path in captures])
    both = {(name, field): (values, facts.unpacked(kept.pop((name, field), ["", ""])[1]))
            for name, path in captures for field, values in mine[path].values.items()}
    if kept:
        raise SystemExit(f"tshark.tsv has captures that are not there: {sorted(kept)[:3]}")
    return len(captures), both


def table(tap, facts, both):
    sums = {field: [0, 0, 0] for field in facts.GROUPS}
    for (name, field), (here, there) in both.items():
        row = sums[facts.group_of(name, field)]
        row[0] += sum((here & there).values())
        row[1] += sum((here | there).values())
        row[2] += here != there
    print(f"# {'field':24} {'agreed':>7} {'total':>7} percent  captures that differ")
    for field, (agreed, total, differ) in sums.items():
        print(f"# {field:24} {agreed:7} {total:7} {100 * agreed / max(total, 1):7.2f}  {differ}")
    for field, (agreed, total, _) in sums.items():
        if field in facts.FIELDS:
            tap.ok(agreed > 0 and 100 * agreed >= AGREE_MIN * total,
                   f"{field} agrees to {AGREE_MIN} percent")


def explained(tap, facts, both, known):
    wrong = []
    for (name, field), (here, there) in both.items():
        row = known.pop((name, field), None)
        found = facts.difference(here, there)
        if found and not row:
            wrong.append(f"{name} {field}: {found[0]} values only here, {found[1]} only of tshark, "
                         "no reason")
        elif found and (row[:3] != found or not row[3].strip()):
            wrong.append(f"{name} {field}: {found[0]} values only here, {found[1]} only of tshark, "
                         f"not what the reason is for")
        elif row and not found:
            wrong.append(f"{name} {field}: agrees, but has a reason why not")
    wrong += [f"{name} {field}: has a reason, but is no capture" for name, field in known]
    for line in wrong[:100]:
        print(f"# {line}")
    tap.ok(not wrong, "every difference is known and explained, and no reason is too many")


def renew(facts, both, path):
    known = facts.read_tsv(path, 2)
    rows = []
    for (name, field), (here, there) in sorted(both.items()):
        found = facts.difference(here, there)
        row = known.get((name, field))
        if found:
            rows.append([name, field, *found, row[3] if row and row[:3] == found else ""])
    with open(path, "w", encoding="utf-8") as f:
        f.write(facts.tsv(COLUMNS, rows))


def skip(why):
    print(f"1..1\nok 1 - facts # SKIP not run: {why}")
    sys.exit(0)


def ask_tshark(root, tools, folder):
    """Makes the facts again and compares them with the kept ones."""
    peers, full = os.environ.get("SEKISHO_PEERS"), os.environ.get("SEKISHO_FULL")
    if not peers and not (full and shutil.which("tshark")):
        skip("asks tshark only with --peers, or --full where it is")
    script = os.path.join(tools, "tshark_facts.py")
    done = subprocess.run([sys.executable, script, root, folder, "--check"], check=False)
    print(f"1..1\n{'not ' if done.returncode else ''}ok 1 - tshark says today what is kept")
    sys.exit(done.returncode)


def main():
    messages, root, tools, folder = sys.argv[1:5]
    sys.path.insert(0, tools)
    import facts  # pylint: disable=import-outside-toplevel
    if not os.path.isdir(root):
        if os.environ.get("CI") != "true":
            skip("data absent")
        print("1..1\nnot ok 1 - no captures: data absent")
        sys.exit(1)
    if "--tshark" in sys.argv:
        ask_tshark(root, tools, folder)
    tap = Tap()
    count, both = read_all(facts, messages, root, folder)
    differences = os.path.join(folder, "differences.tsv")
    if "--renew" in sys.argv:
        renew(facts, both, differences)
    tap.ok(count > 0, f"{count} captures are read")
    table(tap, facts, both)
    explained(tap, facts, both, facts.read_tsv(differences, 2))
    print(f"1..{tap.count}")
    sys.exit(0 if tap.fine else 1)


main()
