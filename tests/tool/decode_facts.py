#!/usr/bin/env python3
"""What tshark says decode should find: tests/facts/decode.tsv.

usage: decode_facts.py CAPTURES TSV

For every capture below CAPTURES: frames of link types that decode knows, TCP
and UDP packets, and the SHA-256 of the sorted tuples (protocol, source,
destination, ports; IPv4 addresses as ::ffff:a.b.c.d; 37 bytes each).  The
innermost packet counts where VXLAN carries it; at any other tunnel, and at a
packet quoted by ICMP, a packet ends.

The columns known_* and comment are kept from the TSV that is there: where our
answer differs on purpose or tshark is wrong, they hold our figures and why.
Needs tshark 4.0 (Debian 12)."""

import hashlib
import ipaddress
import os
import subprocess
import sys

FIELDS = ["frame.encap_type", "frame.protocols", "ip.src", "ip.dst", "ipv6.src", "ipv6.dst",
          "tcp.srcport", "tcp.dstport", "udp.srcport", "udp.dstport"]
# wiretap: Ethernet, raw IP, NULL, SLL, LOOP, raw IPv4, raw IPv6, SLL2
LINKS = {"1", "7", "15", "25", "31", "129", "130", "210"}
PASSED = {"sll", "eth", "ethertype", "vlan", "ieee8021ad", "null", "raw", "loop", "ah",
          "ipv6.hopopts",
          "ipv6.routing", "ipv6.dstopts", "ipv6.fraghdr", "frame"}
COLUMNS = ["capture", "frames", "tcp", "udp", "sha256", "known_frames", "known_tcp", "known_udp",
           "known_sha256",
           "comment"]


class Layers:
    """The values of one frame, handed out in the order of its layers."""

    def __init__(self, columns):
        self.protocols = columns[1].split(":")
        self.values = {name: [v for v in value.split(",") if v]
                       for name, value in zip(FIELDS[2:], columns[2:])}

    def take(self, name):
        values = self.values[name]
        return values.pop(0) if values else None


def packed(text):
    address = ipaddress.ip_address(text)
    return (b"\0" * 10 + b"\xff\xff" + address.packed) if address.version == 4 else address.packed


def innermost(layers):
    """The tuple of the packet as 37 bytes, or None if it is not TCP or UDP."""
    ends = None
    for i, name in enumerate(layers.protocols):
        if name in ("ip", "ipv6"):
            src, dst = layers.take(name + ".src"), layers.take(name + ".dst")
            if ends or src is None or dst is None:
                return None
            ends = packed(src) + packed(dst)
        elif name in ("tcp", "udp"):
            sport, dport = layers.take(name + ".srcport"), layers.take(name + ".dstport")
            if not ends or sport is None or dport is None:
                return None
            if layers.protocols[i + 1:i + 2] != ["vxlan"]:
                number = 6 if name == "tcp" else 17
                ports = int(sport).to_bytes(2, "big") + int(dport).to_bytes(2, "big")
                return bytes([number]) + ends + ports
            ends = None
        elif name not in PASSED and name != "vxlan":
            return None
    return None


def facts(path):
    command = ["tshark", "-n", "-r", path, "-T", "fields", "-E", "separator=/t",
               "-E", "occurrence=a", "-E", "aggregator=,", "-d", "udp.port==8472,vxlan",
               "-o", "ipv6.tso_support:TRUE"]
    for field in FIELDS:
        command += ["-e", field]
    out = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout.decode()
    frames, tuples = 0, []
    for line in out.splitlines():
        columns = line.split("\t")
        if columns[0] not in LINKS:
            continue
        frames += 1
        found = innermost(Layers(columns))
        if found:
            tuples.append(found)
    digest = hashlib.sha256(b"".join(sorted(tuples))).hexdigest()
    return [frames, sum(t[0] == 6 for t in tuples), sum(t[0] == 17 for t in tuples), digest]


def kept(tsv):
    rows = {}
    if os.path.exists(tsv):
        with open(tsv, encoding="utf-8") as f:
            for line in f.read().splitlines()[1:]:
                columns = line.split("\t")
                rows[columns[0]] = columns[5:]
    return rows


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    root, tsv = sys.argv[1:]
    known = kept(tsv)
    names = sorted(os.path.relpath(os.path.join(folder, name), root)
                   for folder, _, files in os.walk(root) for name in files
                   if name.endswith((".pcap", ".pcapng")))
    with open(tsv, "w", encoding="utf-8") as f:
        f.write("\t".join(COLUMNS) + "\n")
        for name in names:
            row = [name] + [str(v) for v in facts(os.path.join(root, name))]
            if row[1] != "0":
                f.write("\t".join(row + known.get(name, ["", "", "", "", ""])) + "\n")


if __name__ == "__main__":
    main()
