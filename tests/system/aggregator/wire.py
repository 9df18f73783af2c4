"""A sensor's end of the wire, without ZeroMQ: ZMTP 3.0 with the NULL mechanism
(RFC 23/ZMTP) over a Unix socket, and the frames of event/wire.h inside."""
import contextlib
import json
import select
import socket
import struct
import time

MAGIC = 0x31484B53
HELLO, BATCH, ACK = 1, 2, 3
KINDS = {"alert": 1, "contact": 2, "observe": 3, "coverage": 4, "health": 5, "stats": 6}
HEADER = struct.Struct("<IHHQQII")
RECORD = struct.Struct("<QQQQIIHBBB3x")


def crc32c_table():
    table = []
    for i in range(256):
        c = i
        for _ in range(8):
            c = c >> 1 ^ (0x82F63B78 if c & 1 else 0)
        table.append(c)
    return table


TABLE = crc32c_table()


def crc32c(data):
    c = 0xFFFFFFFF
    for b in data:
        c = c >> 8 ^ TABLE[(c ^ b) & 0xFF]
    return c ^ 0xFFFFFFFF


def message(kind, sensor, epoch, body, crc=None):
    return HEADER.pack(MAGIC, 1, kind, sensor, epoch, len(body),
                       crc32c(body) if crc is None else crc) + body


def record(event, n=0):
    """event: a dict, or bytes as they shall be sent."""
    text = event if isinstance(event, bytes) else json.dumps(
        event, separators=(",", ":"), ensure_ascii=True).encode()
    head = event if isinstance(event, dict) else {}
    said = head.get("sekisho", {})
    packed = RECORD.pack(n, 0, 0, said.get("finding_id", 0), 0, len(text), 0,
                         KINDS.get(head.get("event_type"), 1), 0, 1 if said.get("replay") else 0)
    return packed + text + b"\0" * (-len(text) % 8)


def batch(sensor, epoch, first, records):
    return message(BATCH, sensor, epoch, struct.pack("<QII", first, len(records), 0)
                   + b"".join(records))


def hello(sensor, epoch, oldest, following, name="test"):
    return message(HELLO, sensor, epoch, struct.pack("<QQ64s", oldest, following, name.encode()))


class Sensor:
    """One connection; send() bytes, ack() gives (hw, credit, reason)."""

    SOCKET = b"DEALER"

    def __init__(self, path, timeout=5):
        self.s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.s.settimeout(timeout)
        self.s.connect(path)
        self.s.sendall(b"\xff" + b"\0" * 7 + b"\x01\x7f" + b"\x03\x00" + b"NULL" + b"\0" * 16
                       + b"\0" + b"\0" * 31)
        self.take(64)
        ready = (b"\x05READY" + b"\x0bSocket-Type" + struct.pack(">I", len(self.SOCKET))
                 + self.SOCKET)
        self.s.sendall(bytes([4, len(ready)]) + ready)
        self.frame()

    def take(self, n):
        out = b""
        while len(out) < n:
            piece = self.s.recv(n - len(out))
            if not piece:
                raise ConnectionError("closed")
            out += piece
        return out

    def frame(self):
        flags = self.take(1)[0]
        size = struct.unpack(">Q", self.take(8))[0] if flags & 2 else self.take(1)[0]
        return flags, self.take(size)

    def send(self, body):
        self.s.sendall(struct.pack(">BQ", 2, len(body)) + body)

    def pong(self, body):
        if body[:5] == b"\x04PING":  # answered with its context
            pong = b"\x04PONG" + body[7:]
            with contextlib.suppress(BrokenPipeError):  # cut off; what was sent can be read
                self.s.sendall(bytes([4, len(pong)]) + pong)

    def ack(self, seconds=30):
        until = time.monotonic() + seconds
        while True:
            if time.monotonic() > until:  # PINGs go on for ever
                raise TimeoutError("no ACK")
            flags, body = self.frame()
            if flags & 4:
                self.pong(body)
                continue
            if len(body) != HEADER.size + 16:
                continue
            return struct.unpack("<QII", body[HEADER.size:])

    def close(self):
        self.s.close()


class Subscriber(Sensor):
    """The other end of --publish."""

    SOCKET = b"SUB"

    def subscribe(self, topic=b""):
        self.s.sendall(bytes([0, 1 + len(topic)]) + b"\x01" + topic)

    def take_one(self, seconds):
        """(topic, event, id), or None if none has begun by then."""
        until, frames = time.monotonic() + seconds, []
        while frames or select.select([self.s], [], [], max(0, until - time.monotonic()))[0]:
            flags, body = self.frame()
            if flags & 4:
                self.pong(body)
                continue
            frames.append(body)
            if not flags & 1:
                return frames[0].decode(), json.loads(frames[1]), int(frames[2])
        return None
