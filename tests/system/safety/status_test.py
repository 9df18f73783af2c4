"""The figures of `sekisho status`, counted once more from the frames of a forged
capture by a reader of this file alone: shares, gaps, one direction, and which
of our own prefixes never showed.  Prints TAP.

usage: see lab.py"""
import collections
import json
import struct
import sys

sys.dont_write_bytecode = True

import lab
from lab import check, equal, test

POLICY = """own_prefixes: [203.0.113.0/28, 198.18.0.0/24, 2001:db8::/32]
protected: [203.0.113.30]
merchants:
  - {id: 1, addresses: [203.0.113.10, 203.0.113.11], hostnames: [hanamizuki.example]}
  - {id: 2, addresses: [203.0.113.20]}
  - {id: 3, addresses: [203.0.113.40/30]}
"""
SHOPS = "id,name,addresses\n1,Tea,203.0.113.10\n2,Books,203.0.113.20\n3,Ink,203.0.113.40/30\n"
OWN = {"203.0.113.10": 1, "203.0.113.20": 2, "198.18.0.7": "office"}


class Flow:
    def __init__(self):
        self.seen, self.payload, self.early = set(), 0, 0
        self.sent = collections.defaultdict(dict)  # side -> sequence number -> bytes


def packets(capture):
    """(frame length, source, destination, protocol, ports, sequence, flags, payload)"""
    data = open(capture, "rb").read()
    magic, linktype = struct.unpack_from("<I16xI", data)
    check(magic in (0xA1B2C3D4, 0xA1B23C4D) and linktype == 1, "another kind of capture")
    at = 24
    while at < len(data):
        _, _, caught, length = struct.unpack_from("<IIII", data, at)
        frame = data[at + 16:at + 16 + caught]
        at += 16 + caught
        equal(frame[12:14], b"\x08\x00", "ether type")
        ip = frame[14:14 + struct.unpack_from(">H", frame, 16)[0]]
        sides = [".".join(map(str, ip[i:i + 4])) for i in (12, 16)]
        rest = ip[(ip[0] & 15) * 4:]
        ports = struct.unpack_from(">HH", rest)
        if ip[9] == 17:
            yield length, *sides, 17, ports, 0, 0, rest[8:]
        else:
            yield (length, *sides, 6, ports, struct.unpack_from(">I", rest, 4)[0], rest[13],
                   rest[(rest[12] >> 4) * 4:])


def missing(sent):
    """Holes between the first and the last byte of one side."""
    if not sent:
        return 0
    spans = sorted((at, at + len(data)) for at, data in sent.items())
    holes, end = 0, spans[0][0]
    for start, stop in spans:
        holes += max(0, start - end)
        end = max(end, stop)
    return holes


def encrypted(sent):
    """Bodies of TLS records that are neither hello nor change of cipher (RFC 8446 section 5.1)."""
    stream, total = b"".join(data for _, data in sorted(sent.items())), 0
    while len(stream) >= 5:
        size = 5 + struct.unpack_from(">H", stream, 3)[0]
        total += size - 5 if stream[0] in (21, 23) else 0
        stream = stream[size:]
    return total


def count(capture):
    """What status must say: of the whole file (0), and of each shop."""
    flows, frames = collections.defaultdict(Flow), 0
    for _, source, to, protocol, ports, at, flags, payload in packets(capture):
        frames += 1
        ends = ((source, ports[0]), (to, ports[1]))
        flow = flows[protocol, frozenset(ends)]
        flow.seen.add(ends[0])
        flow.payload += len(payload)
        flow.early += len(payload) if len(flow.seen) == 1 else 0
        if protocol == 6 and payload:
            flow.sent[ends[0]][at] = payload
    sums = collections.defaultdict(collections.Counter)
    for (_, ends), flow in flows.items():
        tls = any(port == 443 for _, port in ends)
        row = {"payload": flow.payload, "early": flow.early, "tls": flow.payload if tls else 0,
               "missing": sum(map(missing, flow.sent.values())),
               "unread": sum(map(encrypted, flow.sent.values())) if tls else 0}
        owner = next(OWN[ip] for ip, _ in ends if ip in OWN)
        for who in (0, owner):
            sums[who].update(row)
    return frames, sums


def told(capture, folder):
    (folder / "policy.yaml").write_text(POLICY)
    (folder / "shops.csv").write_text(SHOPS)
    with lab.aggregator(folder, "--merchants", str(folder / "shops.csv")) as aggregator:
        ran = lab.run([lab.SENSOR, "-r", capture, "--publish", aggregator.endpoint, "--spool",
                       folder / "spool", "--name", "tap", "--signatures", lab.SIGNATURES,
                       "--policy", folder / "policy.yaml"])
        equal(ran.returncode, 0, f"status of the sensor: {ran.stderr}")
        page = lab.run([lab.SEKISHO, "status", "--socket", aggregator.socket])
        equal(page.returncode, 0, f"status of sekisho: {page.stderr}")
        return json.loads(aggregator.ask("/status")[1]), page.stdout.decode()


def same_shares(row, want):
    payload = want["payload"]
    equal(row["payload"], payload, f"payload of {row}")
    for name, part in (("inspected", payload - want["unread"]), ("tls", want["tls"]),
                       ("one_sided", want["early"])):
        equal(row["share_" + name], round(part / payload, 5), f"share {name} of {row}")
    equal(row["missing"], want["missing"], f"gaps of {row}")


@test
def every_figure_of_status_is_that_of_the_frames(folder):
    capture = lab.forge(folder / "coverage.pcap", lab.SCENARIOS / "coverage.forge")
    frames, sums = count(capture)
    check(sums[1]["missing"] == 700 and sums[1]["unread"] > 0 and sums[1]["tls"] >
          sums[1]["unread"] and sums[2]["early"] == sums[2]["payload"] > 10000,
          f"the scenario shows nothing: {sums}")
    status, page = told(capture, folder)
    interface, = status["interfaces"]
    equal((interface["source"], interface["sensor"]), (capture, "tap"), "interface")
    equal((interface["frames"], interface["decoded"], interface["drops"]), (frames, frames, 0),
          "frames")
    equal((interface["prefixes"], interface["prefixes_seen"], interface["unseen"]),
          (8, 4, ["203.0.113.11/32", "203.0.113.30/32", "203.0.113.40/30", "2001:db8::/32"]),
          "own prefixes: of a merchant, protected, and the operator's")
    shops = {row["merchant"]["id"]: row for row in status["merchants"] if row["merchant"]}
    office, = [row for row in status["merchants"] if not row["merchant"]]
    equal((office["subject"], office["payload"], office["prefixes"]),
          ("s0/198.18.0.7", sums["office"]["payload"], None), "nobody's, but ours")
    check(office["share_inspected"] < 0.1, f"what nobody protects is read: {office}")
    # No further than heads: how far is not this test's affair, but that it adds up is.
    sums[0]["unread"] += round(office["payload"] * (1 - office["share_inspected"]))
    same_shares(interface, sums[0])
    equal(sorted(shops), [1, 2, 3], f"shops of {status['merchants']}")
    same_shares(shops[1], sums[1])
    same_shares(shops[2], sums[2])
    equal([(row["prefixes"], row["prefixes_seen"], row["unseen"]) for _, row in
           sorted(shops.items())], [(2, 1, ["203.0.113.11/32"]), (1, 1, []),
                                    (1, 0, ["203.0.113.40/30"])], "prefixes of the shops")
    equal((shops[3]["payload"], shops[3]["share_inspected"], shops[3]["merchant"]["name"]),
          (0, None, "Ink"), "a shop that never showed")
    for text in ("4 of 8", "NEVER SEEN", "203.0.113.40/30", "Ink"):
        check(text in page, f"{text!r} is not in {page}")


@test
def interfaces_are_told_apart(folder):
    """Two captures at once: each has its own figures; a shop's are of both."""
    first = lab.forge(folder / "a.pcap", lab.SCENARIOS / "coverage.forge")
    second = lab.forge(folder / "b.pcap", lab.SCENARIOS / "coverage.forge", "--seed", "2")
    with lab.aggregator(folder) as aggregator:
        ran = lab.run([lab.SENSOR, "-r", first, second, "--publish", aggregator.endpoint,
                       "--spool", folder / "spool", *lab.POLICY])
        equal(ran.returncode, 0, f"status of the sensor: {ran.stderr}")
        status = json.loads(aggregator.ask("/status")[1])
    want = {path: count(path) for path in (first, second)}
    rows = {row["source"]: row for row in status["interfaces"]}
    equal(sorted(rows), sorted(want), "interfaces")
    for path, (frames, sums) in want.items():
        equal((rows[path]["frames"], rows[path]["payload"]), (frames, sums[0]["payload"]),
              f"frames and payload of {path}")
    tea = next(row for row in status["merchants"] if row["merchant"]["id"] == 1)
    equal(tea["payload"], sum(sums[1]["payload"] for _, sums in want.values()), "of both")


lab.main()
