"""Goal: less than one false incident in 10^6 uploads of order numbers, 700 random ones each.

usage: uploads_test.py SENSOR SIGNATURES
2,000 uploads, 10^6 with SEKISHO_FULL=1, 20,000 to a process; SEKISHO_SEED=N for others.
Every second upload calls its numbers by a name that the word list does not know."""
import os
import random
import sys

sys.dont_write_bytecode = True

import live

COUNT = 10 ** 6 if os.environ.get("SEKISHO_FULL") else 2000
NUMBERS, PART = 700, 20000
NAMES = ("order_id", "kanban", "orderNo", "slot_label")


def body_of(rng, name):
    draw, row = rng.random, f'{{"{name}":"%016d","qty":%d}}'
    return ('{"orders":[' + ",".join([row % (int(draw() * 1e16), int(draw() * 9) + 1)
                                      for _ in range(NUMBERS)]) + "]}").encode()


def main():
    sensor, signatures = sys.argv[1:3]
    rng = random.Random(f"uploads {os.environ.get('SEKISHO_SEED', '1')}")

    def write(wire):
        for number in range(min(PART, COUNT)):
            live.exchange(wire, number, "application/json",
                          body_of(rng, NAMES[number % len(NAMES)]), True)
    print("1..1")
    alerts = [alert for _ in range(0, COUNT, PART)
              for alert in live.alerts_of(sensor, signatures, write)]
    for alert in alerts[:10]:
        print("#", alert.category, alert.confidence, alert.distinct, *alert.reasons)
    print(f"{'not ' if alerts else ''}ok 1 - {COUNT} uploads of {NUMBERS} numbers make"
          f" {len(alerts)} incidents")


if __name__ == "__main__":
    main()
