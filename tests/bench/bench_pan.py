#!/usr/bin/env python3
"""Tables of the speed of the search for cards, over contents made from a seed.

usage: bench_pan.py [--mib N] [--full] [--rounds N] [--seed N] [--add FILE]...
                    [--only NAME,...] [--run BENCH_PAN] [--engine BENCH_RUN]

GB/s are the median of the rounds, with (least-most) behind it, on one core, in
runs of 1448 bytes; all parts of a row, the rival's too, are measured in turn in
one process.  "goal" marks what the ratio is to reach.  The second table: each
content as bodies of requests through the whole engine, CPU per byte beside that
of HTML.  --add measures a file, too.  Only what does not run fails it."""
import argparse
import pathlib
import statistics
import struct
import subprocess
import sys
import tempfile

import contents

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
SIGNATURES = ROOT / "signatures"
PARTS = ("read", "gate", "all", "place", "card", "rival")
RIVAL_GOAL = {"base64": 10, "images": 10, "random": 10}
SATURATED = ("csv", "hexdump", "digits")
RUN = 1448
BODY = 256 << 10
POLICY = """merchants:
  - id: 1
    addresses: [203.0.113.0/24]
    level: content
    basis: made for this table
"""


def call(*words):
    done = subprocess.run([str(word) for word in words], stdout=subprocess.PIPE, text=True,
                          check=False)
    if done.returncode != 0:
        sys.exit(f"{words[0]}: status {done.returncode}")
    return done.stdout


def pairs(line):
    return {key: float(value) for key, value in (word.split("=") for word in line.split())}


def spread(values):
    return f"{statistics.median(values):.2f} ({min(values):.2f}-{max(values):.2f})"


def table(title, head, rows):
    widths = [max(len(str(row[i])) for row in [head, *rows]) for i in range(len(head))]
    print(f"\n{title}")
    for row in [head, ["-" * width for width in widths], *rows]:
        print("  ".join(str(cell).ljust(width) for cell, width in zip(row, widths)).rstrip())
    sys.stdout.flush()


def passes(options, files):
    """GB/s of each part, by content."""
    text = call(options.run, SIGNATURES / "cards", options.rounds, *files.values())
    speeds, size = {}, 0
    names = {str(path): name for name, path in files.items()}
    for line in text.splitlines():
        head = line.split(" bytes=")
        if len(head) == 2:
            current, size = names[head[0]], int(head[1])
            speeds[current] = {part: [] for part in PARTS}
            continue
        times = pairs(line)
        for part in PARTS:
            speeds[current][part].append(size * 1e-9 / max(times[part], 1e-9))
    return speeds


def print_passes(options, speeds):
    rows, html = [], statistics.median(speeds["html"]["all"])
    for name, parts in speeds.items():
        median = {part: statistics.median(values) for part, values in parts.items()}
        goal = RIVAL_GOAL.get(name, 0 if name in SATURATED or name not in contents.USUAL else 5)
        rows.append([name, *(spread(parts[part]) for part in PARTS),
                     f"{100 * median['gate'] / median['read']:.0f} %",
                     f"{median['all'] / median['rival']:.1f}x" +
                     (f" (goal {goal})" if goal else ""),
                     f"1/{html / median['all']:.1f}"])
    table(f"GB/s over {options.mib} MiB of each; plain digits are to reach 40 % of memory read on "
          "usual text, digits without end 1/20 of HTML",
          ["content", "read", "plain digits", "all codings", "is clean", "cards", "7 expressions",
           "plain/read", "all/expressions", "all: of HTML"], rows)


def checksum(data):
    total = sum(struct.unpack(f"!{(len(data) + 1) // 2}H", data + b"\0" * (len(data) % 2)))
    total = (total & 0xffff) + (total >> 16)
    return ~((total & 0xffff) + (total >> 16)) & 0xffff


class Capture:
    """One side's requests on one connection: classic pcap."""

    CLIENT, SERVER = bytes((203, 0, 113, 5)), bytes((198, 51, 100, 7))

    def __init__(self, file, port):
        self.file, self.port, self.sent, self.at = file, port, [1000, 5000], 0

    def segment(self, server, flags, data=b""):
        ends = (self.SERVER, self.CLIENT) if server else (self.CLIENT, self.SERVER)
        ports = (80, self.port) if server else (self.port, 80)
        tcp = struct.pack("!HHIIBBHHH", *ports, self.sent[server], self.sent[not server], 0x50,
                          flags, 0xffff, 0, 0)
        pseudo = ends[0] + ends[1] + struct.pack("!BBH", 0, 6, len(tcp) + len(data))
        tcp = tcp[:16] + struct.pack("!H", checksum(pseudo + tcp + data)) + tcp[18:]
        ip = struct.pack("!BBHHHBBH", 0x45, 0, 40 + len(data), 0, 0x4000, 64, 6, 0) + b"".join(ends)
        ip = ip[:10] + struct.pack("!H", checksum(ip)) + ip[12:]
        frame = b"\2\0\0\0\0\2\2\0\0\0\0\1\x08\0" + ip + tcp + data
        self.at += 10
        self.file.write(struct.pack("<IIII", 1_800_000_000 + self.at // 10 ** 6,
                                    self.at % 10 ** 6, len(frame), len(frame)) + frame)
        self.sent[server] += len(data) + (1 if flags & 3 else 0)

    def requests(self, data):
        self.segment(False, 2)
        self.segment(True, 0x12)
        self.segment(False, 0x10)
        for at in range(0, len(data), BODY):
            body = data[at:at + BODY]
            message = b"POST /upload HTTP/1.1\r\nHost: shop.example\r\nContent-Type: " \
                      b"application/octet-stream\r\nContent-Length: %d\r\n\r\n" % len(body) + body
            for off in range(0, len(message), RUN):
                self.segment(False, 0x18, message[off:off + RUN])
            self.segment(True, 0x18, b"HTTP/1.1 204 No Content\r\n\r\n")
        self.segment(False, 0x11)
        self.segment(True, 0x11)


def engine(options, files, folder):
    policy = folder / "policy.yaml"
    policy.write_text(POLICY)
    cost = {}
    for name, path in files.items():
        capture = folder / "bodies.pcap"
        data = path.read_bytes()[:options.engine_mib << 20]
        with capture.open("wb") as file:
            file.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1))
            Capture(file, 40000).requests(data)
        cost[name] = [pairs(call(options.engine, "engine", 1, capture, SIGNATURES, policy))["cpu"]
                      * 1e9 / len(data) for _ in range(options.rounds)]
        capture.unlink()
    base = statistics.median(cost["html"])
    table(f"The whole engine, {options.engine_mib} MiB of bodies: ns of CPU a byte; hostile bytes "
          "are to cost 10 times HTML at most",
          ["content", "ns/byte", "of HTML"],
          [[name, spread(values), f"{statistics.median(values) / base:.1f}x"]
           for name, values in cost.items()])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--mib", type=int, default=16)
    parser.add_argument("--engine-mib", type=int, default=16)
    parser.add_argument("--full", action="store_true", help="64 MiB, 5 rounds")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--add", action="append", default=[])
    parser.add_argument("--only", default=",".join([*contents.USUAL, *contents.HOSTILE]))
    parser.add_argument("--run", default=ROOT / "build/tests/bench/bench_pan")
    parser.add_argument("--engine", default=ROOT / "build/tests/bench/bench_run")
    options = parser.parse_args()
    if options.full:
        options.mib, options.rounds = 64, 5
    options.engine_mib = min(options.engine_mib, options.mib)
    names = ["html"] + [name for name in options.only.split(",") if name != "html"]
    with tempfile.TemporaryDirectory() as folder:
        files = {name: pathlib.Path(folder) / name for name in names}
        for name, path in files.items():
            path.write_bytes(contents.content(name, options.mib << 20, options.seed))
        files.update({path: pathlib.Path(path) for path in options.add})
        speeds = passes(options, files)
        print_passes(options, speeds)
        engine(options, files, pathlib.Path(folder))


main()
