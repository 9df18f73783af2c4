"""Goal: whatever a card is written in, its explanation holds no number, neither for a reader nor
for our own decoders, and says what the sensor would find.  Method: messages of vectors.py in all
codings, forms and chains, as a server sends them; each explanation, as a page and as JSON, is
searched plainly, and explained again.

usage: explain_test.py SEKISHO SIGNATURES"""
import concurrent.futures
import json
import os
import re
import subprocess
import sys

sys.dont_write_bytecode = True

import codings
import score
import vectors

SEKISHO, SIGNATURES = sys.argv[1:3]
SEED = int(os.environ.get("SEKISHO_SEED", "5"))
COUNT = 8000 if os.environ.get("SEKISHO_FULL") else 500
PLACES = ["text-body", "octet-body", "form-body", "json-body", "form-field", "json-value",
          "multipart-field", "chunked-body"]
FOUND, TRUE = 98, 97  # percent of those without a searched key; all that the sensor finds itself
BETWEEN = re.compile(r"[ .,_+-]")


def explain(given, *words):
    done = subprocess.run([SEKISHO, "explain", "-", "--signatures", SIGNATURES, *words],
                          input=given, capture_output=True, timeout=120, check=False)
    if done.returncode or done.stderr:
        raise AssertionError(f"status {done.returncode}: {done.stderr.decode()}")
    return done.stdout.decode()


def numbers_in(text):
    """What our own decoders read out of it: a card, or what is one but for its surroundings."""
    again = json.loads(explain(text.encode(), "--json"))
    lacks = {row["id"] for row in again.get("nearest_miss", {}).get("lacks", [])}
    return "found" in again or lacks & {"score", "name", "proof"}


def judge(made):
    """(row, leaks, found, true)"""
    exchanges, row = made[:2]
    sent = b"".join(data for one in exchanges for opener, data in one.turns
                    if opener == one.outbound)
    page, text = explain(sent), explain(sent, "--json")
    shown = BETWEEN.sub("", page + text)
    leaks = [card for card in row["cards"] if card in shown]
    if numbers_in(page) or numbers_in(text):
        leaks.append("for our own decoders")
    found = json.loads(text).get("found", {})
    hit = any(card["bin"][:6] == row["bin"] and card["last4"][-2:] == row["last4"][-2:]
              for card in found.get("cards", {}).get("list", []))
    return row, leaks, hit, hit and score.is_true(found["encoding"], row)


def tell(number, good, what):
    print(f"{'' if good else 'not '}ok {number} - {what}")
    return good


def main():
    print("1..3")
    made = list(vectors.generate(SEED, COUNT, None, None, PLACES))
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        judged = list(pool.map(judge, made))
    seen = {name for row, *_ in judged for name in row["layers"]}
    missing = sorted(set(codings.CODINGS) - seen)
    for row, leaks, *_ in judged:
        if leaks:
            print("#", row["layers"], row["form"], row["style"],
                  row["carrier"], f"{len(leaks)} leaks")
    clear = [(hit, true) for row, _, hit, true in judged if not row["keyed"]]
    found = 100 * sum(hit for hit, _ in clear) / len(clear)
    truth = 100 * sum(true for _, true in clear) / max(1, sum(hit for hit, _ in clear))
    good = tell(1, not missing, f"{len(seen)} codings are in {len(judged)} messages"
                + "".join(f", not {name}" for name in missing))
    good &= tell(2, not any(leaks for _, leaks, *_ in judged),
                 "no explanation holds a number, plainly or for our own decoders")
    good &= tell(3, found >= FOUND and truth >= TRUE,
                 f"{found:.1f} % of {len(clear)} without a searched key are found, the layers of "
                 f"{truth:.1f} % of these are named truly")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
