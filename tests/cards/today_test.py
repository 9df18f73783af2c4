"""Goal: what the sensor finds today stays found: numbers as they are and in groups, in forms,
JSON, queries and bodies, wherever packets are cut.  Beyond that score.py measures.

usage: today_test.py SENSOR SIGNATURES FORGE"""
import os
import sys
import tempfile

sys.dont_write_bytecode = True

import score
import vectors
from events import Run
from wire import Writer, truth_of

FORMS = ["plain", "grouped-space", "grouped-dash", "grouped-plus"]
CARRIERS = ["form-body", "form-field", "json-body", "json-value", "text-body", "chunked-body",
            "raw-tcp", "multipart-field"]


def is_known(row):
    """Five groups are for later."""
    return row["form"] == "plain" or row["digits"] < 17


def main():
    sensor, signatures, forge = sys.argv[1:4]
    print("1..2")
    with tempfile.TemporaryDirectory() as folder:
        writer = Writer(os.path.join(folder, "vectors"))
        for made in vectors.generate(1, 600, ["plain"], FORMS, CARRIERS):
            writer.add(*made)
        writer.close(forge, 1)
        rows = [row for row in truth_of(writer.stem) if is_known(row)]
        for number, workers in enumerate((1, 2)):
            run = Run(sensor, signatures, [writer.stem + ".pcap"], workers)
            missed = [row for row in rows if not any(
                alert.is_of_cards() and alert.holds(row["card"])
                and score.is_true(alert.encoding, row) for alert in run.of(row))]
            for row in missed[:10]:
                print("#", row["kind"], row["form"], row["style"], row["carrier"], row["stress"])
            print(f"{'not ' if missed else ''}ok {number + 1} - {len(rows)} uncoded cards are found"
                  f" by {workers} workers")


if __name__ == "__main__":
    main()
