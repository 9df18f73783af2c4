"""Goal: the texts of this machine and real rule files, as bodies in both directions, make no
alert of cards.

usage: silence_test.py SENSOR SIGNATURES [SHARED]
100 MB of /usr/share, /usr/lib and SHARED/rules, 2 GB with SEKISHO_FULL=1: which files, SEKISHO_SEED
says.  Names the file and the reasons where there is an alert."""
import os
import random
import sys

sys.dont_write_bytecode = True

import live

MOST = (2000 if os.environ.get("SEKISHO_FULL") else 100) * 10 ** 6
PART = 200 * 10 ** 6  # to a process
FILE_MOST = 8 * 10 ** 6
KINDS = {".js": "text/javascript", ".json": "application/json", ".html": "text/html",
         ".css": "text/css", ".svg": "image/svg+xml", ".csv": "text/csv"}


def files_of(folder):
    for path, _, names in os.walk(folder):
        for name in names:
            whole = os.path.join(path, name)
            if os.path.isfile(whole) and not os.path.islink(whole):
                yield whole


def text_of(path):
    """Bytes of a text file, or None."""
    try:
        with open(path, "rb") as file:
            data = file.read(FILE_MOST)
    except OSError:
        return None
    return data if len(data) > 12 and b"\0" not in data[:4096] else None


def main():
    sensor, signatures = sys.argv[1:3]
    rng = random.Random(f"silence {os.environ.get('SEKISHO_SEED', '1')}")
    folders = ["/usr/share", "/usr/lib"]
    rules = os.path.join(sys.argv[3], "rules") if len(sys.argv) > 3 else ""
    if os.path.isdir(rules):
        folders.append(rules)
    elif os.environ.get("CI"):
        raise SystemExit(f"{rules}: absent")
    else:
        print("# rules: not run: data absent")
    paths = sorted(path for folder in folders for path in files_of(folder))
    rng.shuffle(paths)
    sent, total, alerts = [], 0, []

    def write(wire):
        nonlocal total
        most = min(MOST, total + PART)
        while paths and total < most:
            data = text_of(path := paths.pop())
            if data is None:
                continue
            total += 2 * len(data)
            kind = KINDS.get(os.path.splitext(path)[1], "text/plain")
            for up in (True, False):
                live.exchange(wire, len(sent), kind, data, up)
                sent.append(path)
    print("1..1")
    while paths and total < MOST:
        alerts += live.alerts_of(sensor, signatures, write)
    for alert in alerts[:20]:
        number = live.number_of(alert.server)
        print("#", sent[number], alert.category, alert.confidence, alert.distinct, *alert.reasons)
    print(f"{'not ' if alerts or total < 10 ** 6 else ''}ok 1 - {len(sent)} bodies,"
          f" {total // 10 ** 6} MB, {len(alerts)} alerts")


if __name__ == "__main__":
    main()
