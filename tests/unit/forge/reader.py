"""A plain reader of captures, written apart from forge: link headers, tags,
VXLAN, fragments, checksums, and TCP streams where the first copy wins."""

import collections
import ipaddress
import struct

Segment = collections.namedtuple("Segment", "numbers src sport dst dport proto seq flags data good")


def frames(path):
    """(number, linktype, bytes) of a classic pcap file."""
    with open(path, "rb") as file:
        raw = file.read()
    magic, link = struct.unpack_from("<I16xI", raw)
    assert magic == 0xA1B2C3D4, "no pcap"
    at, number = 24, 0
    while at < len(raw):
        length = struct.unpack_from("<8xI", raw, at)[0]
        number += 1
        yield number, link, raw[at + 16 : at + 16 + length]
        at += 16 + length


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total  # 0xffff where it is right


def ethernet(data):
    kind, at = struct.unpack_from("!H", data, 12)[0], 14
    while kind in (0x8100, 0x88A8):
        kind, at = struct.unpack_from("!2xH", data, at)[0], at + 4
    return data[at:]


def network(link, data):
    """The IP packet of a frame."""
    return {0: lambda: data[4:], 1: lambda: ethernet(data), 101: lambda: data,
            113: lambda: data[16:]}[link]()


def ip_piece(data):
    """(src, dst, proto, id, offset, more, payload, is the header's sum right)"""
    if data[0] >> 4 == 4:
        total, ident, frag, proto = struct.unpack_from("!2xHHHxB", data)
        size = (data[0] & 15) * 4
        return (data[12:16], data[16:20], proto, ident, (frag & 0x1FFF) * 8, frag >> 13 & 1,
                data[size:total], checksum(data[:size]) == 0xFFFF)
    length, proto = struct.unpack_from("!4xHB", data)
    payload, ident, frag = data[40 : 40 + length], 0, 0
    if proto == 44:
        proto, frag, ident = struct.unpack_from("!BxHI", payload)
        payload = payload[8:]
    return data[8:24], data[24:40], proto, ident, frag & 0xFFF8, frag & 1, payload, True


def whole(pieces):
    """The payload of all fragments, or None while one is missing."""
    out, ended = b"", False
    for offset in sorted(pieces):
        more, payload = pieces[offset]
        if offset != len(out):
            return None
        out += payload
        ended = not more
    return out if ended else None


def packets(path):
    """(frame numbers, src, dst, proto, payload, good) of every whole IP packet."""
    open_ones = {}
    for number, link, data in frames(path):
        data = network(link, data)
        while True:
            src, dst, proto, ident, offset, more, payload, good = ip_piece(data)
            if proto == 17 and payload[2:4] == b"\x12\xb5":
                data = ethernet(payload[16:])
                continue
            break
        if not offset and not more:
            yield [number], src, dst, proto, payload, good
            continue
        numbers, pieces = open_ones.setdefault((src, dst, ident), ([], {}))
        numbers.append(number)
        pieces[offset] = (more, payload)
        done = whole(pieces)
        if done is not None:
            del open_ones[(src, dst, ident)]
            yield numbers, src, dst, proto, done, good
    assert not open_ones, "a packet misses a fragment"


def segments(path):
    for numbers, src, dst, proto, payload, good in packets(path):
        pseudo = src + dst + struct.pack("!II", len(payload), proto)
        right = checksum(payload if proto == 1 else pseudo + payload) == 0xFFFF
        sport, dport, seq, flags, data = 0, 0, 0, 0, payload[8:]
        if proto in (6, 17):
            sport, dport = struct.unpack_from("!HH", payload)
        if proto == 6:
            seq, size, flags = struct.unpack_from("!I4xBB", payload, 4)
            data = payload[(size >> 4) * 4 :]
        yield Segment(numbers, str(ipaddress.ip_address(src)), sport,
                      str(ipaddress.ip_address(dst)), dport, proto, seq, flags, data,
                      good and right)


def stream(path, src, sport, good_only=False):
    """What one side said: the first copy of each byte, gaps as zero bytes.
    A SYN begins it anew (port reuse)."""
    kept, first = {}, None
    for s in segments(path):
        if s.proto != 6 or (s.src, s.sport) != (src, sport) or (good_only and not s.good):
            continue
        if s.flags & 2:
            kept, first = {}, s.seq + 1
        if s.data and first is None:
            first = s.seq
        for i, byte in enumerate(s.data):
            off = (s.seq + i - first + 2**31) % 2**32 - 2**31
            kept.setdefault(off, byte)
    low = min(kept, default=0)
    return bytes(kept.get(i, 0) for i in range(low, max(kept, default=-1) + 1))
