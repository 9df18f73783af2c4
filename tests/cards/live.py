"""Connections with large bodies as a capture that is read once and dropped."""
import ipaddress
import os
import random
import struct
import tempfile

import issuers
from events import Run

SERVERS = int(ipaddress.ip_address("10.0.0.1"))
PEERS = int(ipaddress.ip_address("198.18.0.1"))
CONTROL = 1 << 20  # number of the server that sends the control
SEGMENT = 8900
SYN, FIN, ACK, PUSH = 2, 1, 16, 8


def folded(data):
    """The sum of RFC 1071: of 16-bit words in one's complement, that is modulo 65535."""
    return int.from_bytes(data + b"\0" * (len(data) % 2), "big") % 0xffff


class Wire:
    """Ethernet, IPv4, TCP into a stream of pcap; a packet a tenth of a millisecond."""

    def __init__(self, file):
        self.file, self.tick, self.connections = file, 0, 0
        file.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1))

    def _packet(self, ends, ports, numbers, flags, data=b""):
        tcp = struct.pack(">HHIIBBHHH", *ports, *numbers, 0x50, flags, 64000, 0, 0)
        pseudo = struct.pack(">IIHH", *ends, 6, len(tcp) + len(data))
        check = 0xffff - folded(pseudo + tcp + data)
        ip = struct.pack(">BBHHHBBHII", 0x45, 0, 20 + len(tcp) + len(data), 0, 0x4000, 64, 6, 0,
                         *ends)
        ip = ip[:10] + struct.pack(">H", 0xffff - folded(ip)) + ip[12:]
        frame = (b"\2\0\0\0\0\1\2\0\0\0\0\2\x08\0" + ip + tcp[:16] + struct.pack(">H", check)
                 + tcp[18:] + data)
        self.tick += 1
        second, part = divmod(self.tick, 10000)
        self.file.write(struct.pack("<IIII", 1795161600 + second, part * 100, len(frame),
                                    len(frame)) + frame)

    def connection(self, ends, turns):
        """ends: addresses as integers, the opener first; turns: (by the opener, bytes)."""
        self.connections += 1
        port = 1024 + self.connections % 60000
        ways = [(ends, (port, 80)), (ends[::-1], (80, port))]
        seq = [1000, 5000]

        def send(way, flags, data=b""):
            self._packet(*ways[way], (seq[way], seq[1 - way] if flags & ACK else 0), flags, data)
            seq[way] += len(data) + (flags & (SYN | FIN) != 0)
        send(0, SYN)
        send(1, SYN | ACK)
        send(0, ACK)
        for opener, data in turns:
            for at in range(0, len(data), SEGMENT):
                send(1 - opener, ACK | PUSH, data[at:at + SEGMENT])
        send(0, FIN | ACK)
        send(1, FIN | ACK)
        send(0, ACK)


def number_of(server):
    return int(ipaddress.ip_address(server)) - SERVERS


def exchange(wire, number, kind, body, up):
    """A body in HTTP: up, protected server `number` sends it; else it answers a visitor."""
    ours, theirs = SERVERS + number, PEERS + random.Random(number).randrange(130000)
    head = f"Content-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    if up:
        ask = b"POST /v1/sync HTTP/1.1\r\nHost: api.partner.example\r\n" + head + body
        wire.connection((ours, theirs), [(True, ask), (False, b"HTTP/1.1 204 No Content\r\n\r\n")])
        return
    ask = b"GET /static/file HTTP/1.1\r\nHost: www.hanamizuki.example\r\n\r\n"
    wire.connection((theirs, ours), [(True, ask), (False, b"HTTP/1.1 200 OK\r\n" + head + body)])


def control(wire, number):
    """A card that must be told, or nothing was listened to."""
    rng = random.Random(number)
    body = '{"card_number":"%s","exp":"12/28","cvv":"123"}' % issuers.draw_card(rng, "visa")
    exchange(wire, number, "application/json", body.encode(), True)


def alerts_of(sensor, signatures, write):
    """Alerts on cards at medium or above over what write(wire) says; a card of our own is told."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "pcap")
        with open(path, "wb", 1 << 20) as file:
            wire = Wire(file)
            write(wire)
            control(wire, CONTROL)
        run = Run(sensor, signatures, [path])
    found = [alert for server, alerts in run.alerts.items() for alert in alerts
             if server == alert.server and alert.is_of_cards()]
    others = [alert for alert in found if number_of(alert.server) != CONTROL]
    if len(others) == len(found):
        raise SystemExit("the control card was not told")
    return others
