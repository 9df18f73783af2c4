"""Writes what was made: a scenario for forge and its capture, a file of packs for programs,
and the truth, which holds clear numbers: readable by its owner alone, for as long as a test runs.

packs:  "CARDPACK" then for each exchange, little endian,
        u32 vector, u8 protocol (6, 17, 1), u8 outbound, u16 port, u32 turns,
        and for each turn u8 said-by-the-opener, u32 length, bytes
truth:  one JSON object a line, "server" is the protected server's address: one a vector"""
import ipaddress
import json
import os
import re
import struct
import subprocess

PROTO = {"tcp": 6, "udp": 17, "icmp": 1}
PLAIN = re.compile(rb"[^A-Za-z0-9=&;,:/.?+*()<>\[\]_|-]")
SERVERS, STRANGERS = int(ipaddress.ip_address("10.0.1.0")), int(ipaddress.ip_address("198.18.0.1"))


def private(path, mode):
    """Opens a new file for its owner alone."""
    if os.path.exists(path):
        os.unlink(path)
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), mode)


def server_of(number):
    return str(ipaddress.ip_address(SERVERS + number))


def stranger_of(number):
    return str(ipaddress.ip_address(STRANGERS + number % 131000))


def escaped(data):
    return PLAIN.sub(lambda match: b"\\x%02x" % match.group()[0], data)


def forge_lines(number, exchanges, stress, pause):
    """One vector's exchanges as lines of a scenario."""
    yield f"host s {server_of(number)}\nhost r {stranger_of(number)}\n".encode()
    for one in exchanges:
        ends = ("s", "r") if one.outbound else ("r", "s")
        port = f":{one.port}" if one.proto != "icmp" else ""
        words = f" with {stress}" if stress and one.proto == "tcp" else ""
        yield f"{one.proto} {ends[0]} {ends[1]}{port}{words}\n".encode()
        for opener, data in one.turns:
            yield b"\t" + (b"send " if opener else b"recv ") + escaped(data) + b"\n"
        yield f"end\nwait {pause}ms\n".encode()


def packs_of(number, exchanges):
    for one in exchanges:
        yield struct.pack("<IBBHI", number, PROTO[one.proto], one.outbound, one.port,
                          len(one.turns))
        for opener, data in one.turns:
            yield struct.pack("<BI", opener, len(data)) + data


def read_packs(path):
    """(vector, protocol, outbound, port, turns) of each exchange."""
    with open(path, "rb") as file:
        data = file.read()
    if data[:8] != b"CARDPACK":
        raise ValueError(f"{path}: no packs")
    at = 8
    while at < len(data):
        number, proto, outbound, port, count = struct.unpack_from("<IBBHI", data, at)
        at, turns = at + 12, []
        for _ in range(count):
            opener, size = struct.unpack_from("<BI", data, at)
            turns.append((bool(opener), data[at + 5:at + 5 + size]))
            at += 5 + size
        yield number, proto, bool(outbound), port, turns


class Writer:
    """Takes (exchanges, truth, stress) one after another."""

    def __init__(self, stem, pause=20):
        self.stem, self.number, self.pause = stem, 0, pause
        os.makedirs(os.path.dirname(stem) or ".", exist_ok=True)
        self.scenario = private(stem + ".forge", "wb")
        self.scenario.write(b"start 2026-11-20T08:00:00Z\nrtt 4ms\n")
        self.packs = private(stem + ".packs", "wb")
        self.packs.write(b"CARDPACK")
        self.truth = private(stem + ".truth", "w")

    def add(self, exchanges, truth, stress=""):
        row = {"id": self.number, "server": server_of(self.number), "stress": stress, **truth}
        self.truth.write(json.dumps(row) + "\n")
        self.scenario.writelines(forge_lines(self.number, exchanges, stress, self.pause))
        self.packs.writelines(packs_of(self.number, exchanges))
        self.number += 1

    def close(self, forge, seed):
        """The capture, if forge is given."""
        for file in (self.scenario, self.packs, self.truth):
            file.close()
        if forge:
            private(self.stem + ".pcap", "wb").close()
            subprocess.run([forge, self.stem + ".forge", "-o", self.stem + ".pcap", "--seed",
                            str(seed)], check=True)


def truth_of(stem):
    with open(stem + ".truth", encoding="utf-8") as file:
        return [json.loads(line) for line in file]
