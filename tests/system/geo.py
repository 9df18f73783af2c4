#!/usr/bin/env python3
"""Goal: an alert says country and system of the remote end if files were given,
and nothing of the kind if not; a file that is no good never runs.
Method: the robbery of tests/scenarios, read by the sensor as a user runs it.

usage: geo.py SENSOR SIGNATURES FORGE SCENARIO POLICY
"""

import json
import os
import subprocess
import sys
import tempfile

SENSOR, SIGNATURES, FORGE, SCENARIO, POLICY = sys.argv[1:6]
REMOTE = {"ip": "198.51.100.77", "country": "ZZ", "asn": 64511, "as_org": "Demo Elsewhere"}
results = []


def check(holds, name):
    results.append(holds)
    print("%s %d - %s" % ("ok" if holds else "not ok", len(results), name), flush=True)


def run(folder, *args):
    done = subprocess.run([SENSOR, "--signatures", SIGNATURES, "--policy", POLICY, "--events", "-",
                           "-r", os.path.join(folder, "in.pcap"), *args],
                          capture_output=True, text=True, check=False)
    events = [json.loads(line) for line in done.stdout.splitlines()]
    remotes = [e["sekisho"]["remote"] for e in events if e["event_type"] == "alert"]
    for remote in remotes:
        remote.pop("port")
    return done, remotes


def main():
    with tempfile.TemporaryDirectory() as folder:
        mmdb, yaml = os.path.join(folder, "geo.mmdb"), os.path.join(folder, "sensor.yaml")
        subprocess.run([FORGE, SCENARIO, "-o", os.path.join(folder, "in.pcap")], check=True)
        subprocess.run([FORGE, "mmdb", "-o", mmdb], check=True)
        with open(yaml, "w", encoding="utf-8") as file:
            file.write("geoip: [%s]\n" % mmdb)
        done, remotes = run(folder, "--geoip", mmdb)
        check(done.returncode == 0 and remotes and all(r == REMOTE for r in remotes),
              "an alert names country and system of the remote end")
        done, remotes = run(folder, "-c", yaml)
        check(remotes and all(r == REMOTE for r in remotes), "sensor.yaml says the same")
        done, remotes = run(folder)
        check(remotes and all(r == {"ip": REMOTE["ip"]} for r in remotes),
              "without a file nothing is said")
        with open(mmdb, "r+b") as file:
            file.truncate(1000)
        done, remotes = run(folder, "--geoip", mmdb)
        check(done.returncode == 2 and done.stdout == "" and done.stderr.count(mmdb) == 1,
              "a cut file never runs: status 2 and one line that names it")
        done, remotes = run(folder, "--geoip", "a", "--geoip", "b", "--geoip", "c")
        check(done.returncode == 2 and "--geoip: at most 2 are taken" in done.stderr,
              "a third file is one too many")
    print("1..%d" % len(results))
    return 0 if all(results) else 1


sys.exit(main())
