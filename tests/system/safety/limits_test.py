"""Every limit that bites in a worker is a number in an event of type stats, the same
for any number of workers, and a line of `sekisho status`.  Prints TAP.

usage: see lab.py"""
import base64
import collections
import gzip
import json
import re
import sys

sys.dont_write_bytecode = True

import lab
import packets
from lab import check, equal, test

JSON = "Content-Type: application/json"
RULES = "".join(f'alert http any any -> any any (msg:"r{i}"; http.request_body;'
                f' content:"word{i}"; sid:{100 + i}; rev:1;)\n' for i in range(6))
VALUES = 1 << 20  # unwrap.h


def swelling():
    """Each stretch gives 64 KiB, and nothing of any use."""
    return b"\n".join([base64.b64encode(gzip.compress(b" " * 65536, 9, mtime=0))] * 8)


def entangled():
    """Long stretches of one coding after another, whose bytes others take for theirs."""
    return b"".join(piece * 500 for piece in (
        b"%41", b"=41", b"&#65;", b"\\x41", b"\\u0041", b"65,", b"0x41,", b"41 ", b"QUJD", b"GEZD",
        b"\\101", b"A\0")) * 3


def nested(depth):
    return b'{"d":' * depth + b'"12345678901234567890"' + b"}" * depth


def many(values):
    return b"[1234567890123" + b",1234567890123" * (values - 1) + b"]"


def get():
    return b"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n"


# Word of sensor/base/limit.def, requests at the limit, and beyond it.
CASES = {"peeled_over": ([packets.post(swelling()[:400])], [packets.post(swelling())]),
         "opens_over": ([packets.post(b"%41%41")], [packets.post(entangled())]),
         "depth_over": ([packets.post(nested(32), JSON)], [packets.post(nested(33), JSON)]),
         "values_over": ([packets.post(many(VALUES), JSON)],
                         [packets.post(many(VALUES + 1), JSON)]),
         "exchanges_over": ([get() * 64], [get() * 65]),
         "rules_over": ([packets.post(b"word0 word1 word2 word3")],
                        [packets.post(b"word0 word1 word2 word3 word4")])}


def words():
    text = (lab.ROOT / "sensor" / "base" / "limit.def").read_text()
    return re.findall(r'^(LIMIT|QUOTA)\(\w+, "(\w+)", "(.*)"\)$', text, re.M)


def counted(folder, requests, workers=1):
    """Sums of all events of type stats of one run."""
    rules = folder / "rules"
    rules.write_text(RULES)
    ran = lab.run([lab.SENSOR, "-r", packets.capture(folder / "pcap", requests), "--events", "-",
                   "--signatures", lab.SIGNATURES, "--rules", rules, "--workers", workers])
    equal(ran.returncode, 0, f"status of the sensor: {ran.stderr}")
    sums = collections.Counter()
    for line in ran.stdout.splitlines():
        event = json.loads(line)
        if event["event_type"] == "stats":
            sums.update(event["sekisho"]["counters"])
    return {word: n for word, n in sums.items() if word in [row[1] for row in words()]}


@test
def a_limit_bites_one_beyond_it_and_is_counted(folder):
    for word, (at, beyond) in CASES.items():
        equal(counted(folder, at), {}, f"{word} at the limit")
        got = counted(folder, beyond)
        equal(list(got), [word], f"{word} beyond the limit: {got}")


@test
def sums_are_those_of_all_workers(folder):
    requests = [request for word, (_, beyond) in CASES.items() if word != "values_over"
                for request in beyond * 3]
    want = counted(folder, requests)
    equal(set(want), set(CASES) - {"values_over"}, "words")
    equal(want["depth_over"], 3, "three such messages")
    for workers in (2, 4):
        equal(counted(folder, requests, workers), want, f"with {workers} workers")


@test
def status_shows_what_bit(folder):
    requests = [packets.post(nested(33), JSON)] * 1234
    capture = packets.capture(folder / "pcap", requests)
    with lab.aggregator(folder) as aggregator:
        ran = lab.run([lab.SENSOR, "-r", capture, "--publish", aggregator.endpoint, "--spool",
                       folder / "spool", "--name", "tap", *lab.POLICY])
        equal(ran.returncode, 0, f"status of the sensor: {ran.stderr}")
        status = json.loads(aggregator.ask("/status")[1])
        page = lab.run([lab.SEKISHO, "status", "--socket", aggregator.socket]).stdout.decode()
    equal(status["sensors"][0]["counters"].get("depth_over"), 1234, f"counters of {status}")
    text = next(text for _, word, text in words() if word == "depth_over")
    check(f"LIMITS         at tap, last two days:   1,234 {text}" in page, f"it is not in {page}")


@test
def every_word_stands_in_the_schema(_):
    schema = json.loads((lab.ROOT / "sensor" / "event" / "schema.json").read_text())
    stats = next(branch for branch in schema["oneOf"]
                 if branch["properties"]["event_type"].get("const") == "stats")
    known = stats["properties"]["sekisho"]["properties"]["counters"]["propertyNames"]["enum"]
    told = re.findall(r"COUNTER\((\w+)\)", (lab.ROOT / "sensor/join/stats.c").read_text())
    equal(sorted(known), sorted({*told, *(row[1] for row in words())} - {"name"}), "words")


lab.main()
