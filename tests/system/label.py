#!/usr/bin/env python3
"""Goal: an alert of a flow that no parser claimed says what nDPI calls it, the
same with any number of workers; a parser's own name comes first.
Method: a card in a mail and in a talk of nothing, written by forge.

usage: label.py SENSOR SIGNATURES FORGE"""
import json
import os
import subprocess
import sys
import tempfile

SENSOR, SIGNATURES, FORGE = sys.argv[1:4]
SCENARIO = """start 2026-11-20T10:00:00Z
host shop 10.0.0.5
host out 198.51.100.9
tcp shop out:%d
\trecv %s
\tsend %s
\trecv %s
\tsend card={card} cvv={cvv} exp={exp} name={name}\\r\\n
end
"""
TALKS = {
    "smtp": (25, "220 mail.example ESMTP\\r\\n", "EHLO a.example\\r\\n",
             "250-mail.example\\r\\n250 SIZE\\r\\n"),
    None: (4444, "hello, nobody\\r\\n", "hello, nothing\\r\\n", "hello, no one\\r\\n"),
}


def alerts(folder, workers):
    done = subprocess.run([SENSOR, "--signatures", SIGNATURES, "--workers", str(workers),
                           "--events", "-", "-r", os.path.join(folder, "in.pcap")],
                          capture_output=True, text=True, check=False)
    events = [json.loads(line) for line in done.stdout.splitlines()]
    return [e.get("app_proto") for e in events if e["event_type"] == "alert"]


def main():
    fine = True
    with tempfile.TemporaryDirectory() as folder:
        for number, (word, talk) in enumerate(TALKS.items(), 1):
            script = os.path.join(folder, "in.forge")
            with open(script, "w", encoding="ascii") as file:
                file.write(SCENARIO % talk)
            subprocess.run([FORGE, script, "-o", os.path.join(folder, "in.pcap")], check=True)
            found = [alerts(folder, workers) for workers in (1, 2, 4)]
            holds = found == [[word]] * 3
            print("%s %d - %s" % ("ok" if holds else "not ok", number,
                                  "an alert is labelled " + word if word else "or not at all"))
            fine = fine and holds
    print("1..%d" % len(TALKS))
    return 0 if fine else 1


sys.exit(main())
