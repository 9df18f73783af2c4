"""A writer of MaxMind DB files (format 2.0, maxmind.github.io/MaxMind-DB), from
the specification alone.

Networks are inserted from short to long, so that the longest prefix wins; a
network splits a shorter one that holds it.  Data is written once per content
(and reached by pointers inside maps too, as real files do).
"""

import ipaddress
import struct

MARKER = b"\xab\xcd\xefMaxMind.com"
ALIASES = ("::ffff:0:0/96", "2001::/32", "2002::/16")


def head(kind, size):
    first, rest = (kind << 5, b"") if kind < 8 else (0, bytes([kind - 7]))
    if size < 29:
        return bytes([first | size]) + rest
    if size < 285:
        return bytes([first | 29]) + rest + bytes([size - 29])
    return bytes([first | 30]) + rest + struct.pack(">H", size - 285)


class Pointer(int):
    """To an offset of the data section, below 2^19 + 2^11."""


def encode(value):
    if isinstance(value, Pointer):
        if value < 2048:
            return bytes([1 << 5 | value >> 8, value & 255])
        value -= 2048
        return bytes([1 << 5 | 1 << 3 | value >> 16, value >> 8 & 255, value & 255])
    if isinstance(value, str):
        raw = value.encode()
        return head(2, len(raw)) + raw
    if isinstance(value, bytes):  # a text that is none
        return head(2, len(value)) + value
    if isinstance(value, list):
        return head(11, len(value)) + b"".join(map(encode, value))
    if isinstance(value, dict):
        return head(7, len(value)) + b"".join(encode(k) + encode(v) for k, v in value.items())
    kind, raw = value  # (kind, number): 5 u16, 6 u32, 9 u64
    raw = raw.to_bytes((raw.bit_length() + 7) // 8, "big")
    return head(kind, len(raw)) + raw


class Tree:
    def __init__(self, version):
        self.version, self.nodes = version, [[None, None]]

    def path(self, network):
        bits = network.prefixlen + (96 if network.version == 4 and self.version == 6 else 0)
        whole = 128 if self.version == 6 else 32
        return [int(network.network_address) >> (whole - 1 - i) & 1 for i in range(bits)]

    def walk(self, path):
        """The node in which the last bit of the path is decided."""
        node = 0
        for bit in path[:-1]:
            below = self.nodes[node][bit]
            if not isinstance(below, int):  # split what is there: nothing, or data
                self.nodes.append([below, below])
                self.nodes[node][bit] = below = len(self.nodes) - 1
            node = below
        return node

    def insert(self, network, data):
        path = self.path(network)
        self.nodes[self.walk(path)][path[-1]] = ("data", data)

    def alias(self):
        v4 = self.path(ipaddress.ip_network("0.0.0.0/0"))
        start = self.nodes[self.walk(v4)][v4[-1]]
        for text in ALIASES:
            path = self.path(ipaddress.ip_network(text))
            self.nodes[self.walk(path)][path[-1]] = start


def record(bits, left, right):
    if bits == 24:
        return left.to_bytes(3, "big") + right.to_bytes(3, "big")
    if bits == 28:
        middle = (left >> 24) << 4 | right >> 24
        return (left & 0xFFFFFF).to_bytes(3, "big") + bytes([middle]) + (
            right & 0xFFFFFF).to_bytes(3, "big")
    return struct.pack(">II", left, right)


def write(path, networks, version=6, record_bits=28, alias=True, kind="Test-Country-ASN"):
    """networks: [(ip_network, value)], no two equal."""
    tree, data, places = Tree(version), bytearray(encode("shared")), {}
    for network, value in sorted(networks, key=lambda row: row[0].prefixlen +
                                 (96 if row[0].version == 4 else 0)):
        key = repr(value)
        if key not in places:
            places[key] = len(data)
            data += encode(value)
        tree.insert(network, places[key])
    if alias and version == 6:
        tree.alias()
    count = len(tree.nodes)

    def number(entry):
        if entry is None:
            return count
        return entry if isinstance(entry, int) else count + 16 + entry[1]

    out = b"".join(record(record_bits, number(a), number(b)) for a, b in tree.nodes)
    meta = {"binary_format_major_version": (5, 2), "binary_format_minor_version": (5, 0),
            "build_epoch": (9, 1795168800), "database_type": kind,
            "description": {"en": "made up"}, "ip_version": (5, version), "languages": ["en"],
            "node_count": (6, count), "record_size": (5, record_bits)}
    with open(path, "wb") as file:
        file.write(out + bytes(16) + bytes(data) + MARKER + encode(meta))
