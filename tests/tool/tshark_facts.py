#!/usr/bin/env python3
"""What tshark 4.0 says the captures hold: the kept facts of tests/facts.

usage: tshark_facts.py CAPTURES FACTS [--check]

Writes below FACTS
  tshark.tsv          per capture and field: count of values, and of each value a
                      short hash over it and its flow's Community ID (facts.py)
  tshark-skipped.tsv  per capture: frames with HTTP, DNS or TLS that are left out
                      because we do not decode what carries them, and the reason
--check writes nothing and fails if either would change.

What is compared (facts.py, tshark.py): HTTP/1 on the TCP ports of tshark's own
table, DNS on port 53, TLS hellos over TCP where neither HTTP nor STARTTLS is
usual; bodies without transfer and content codings, as SHA-256; Community IDs of
TCP, UDP and ICMP.  HTTP is the union of three readings: in order, behind gaps,
and heads of messages that never become whole."""

import os
import sys
import tempfile

import facts
import tshark


def write_or_check(path, text, check):
    if not check:
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        return True
    with open(path, encoding="utf-8") as f:
        kept = f.read().splitlines()
    wrong = sorted(set(kept) ^ set(text.splitlines()))
    for line in wrong[:20]:
        print(f"# {os.path.basename(path)}: {'kept' if line in kept else 'now'}: {line[:160]}")
    return not wrong


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    root, folder = sys.argv[1:3]
    check = "--check" in sys.argv
    with tempfile.TemporaryDirectory() as scratch:
        captures = facts.captures(root, scratch)
        read = tshark.read([path for _, path in captures])
    rows, skipped = [], []
    for name, path in captures:
        for field, values in read[path].facts.values.items():
            if values:
                rows.append([name, field, sum(values.values()), facts.packed(values)])
        if read[path].skipped:
            reasons = read[path].skipped
            skipped.append([name, sum(reasons.values()), ", ".join(sorted(reasons))])
    same = write_or_check(os.path.join(folder, "tshark.tsv"),
                          facts.tsv(["capture", "field", "count", "hashes"], rows), check)
    same &= write_or_check(os.path.join(folder, "tshark-skipped.tsv"),
                           facts.tsv(["capture", "frames", "reason"], skipped), check)
    sys.exit(0 if same else 1)


if __name__ == "__main__":
    main()
