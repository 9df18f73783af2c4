"""Captures of HTTP requests with any bytes inside: what the scenarios of forge
cannot write.  Ethernet, IPv4, TCP, in order; every request on a connection of its own."""
import struct

SERVER, STRANGER = bytes([203, 0, 113, 10]), bytes([198, 51, 100, 77])
SEGMENT = 1400
START = 1795000000  # any time
SYN, ACK, PSH, FIN = 2, 16, 8, 1


def total(data):
    data += b"\0" * (len(data) % 2)
    value = sum(struct.unpack(f">{len(data) // 2}H", data))
    while value >> 16:
        value = (value & 0xFFFF) + (value >> 16)
    return value ^ 0xFFFF


def frame(source, target, ports, seq, ack, flags, data=b""):
    tcp = struct.pack(">HHIIBBHHH", *ports, seq, ack, 80, flags, 65535, 0, 0)
    pseudo = source + target + struct.pack(">BBH", 0, 6, len(tcp) + len(data))
    tcp = tcp[:16] + struct.pack(">H", total(pseudo + tcp + data)) + tcp[18:]
    ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(tcp) + len(data), 1, 0, 64, 6, 0, source,
                     target)
    ip = ip[:10] + struct.pack(">H", total(ip)) + ip[12:]
    return bytes([2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0]) + ip + tcp + data


def connection(port, request):
    there, back = (port, 80), (80, port)
    yield frame(SERVER, STRANGER, there, 99, 0, SYN)
    yield frame(STRANGER, SERVER, back, 499, 100, SYN | ACK)
    yield frame(SERVER, STRANGER, there, 100, 500, ACK)
    seq = 100
    for at in range(0, len(request), SEGMENT):
        part = request[at:at + SEGMENT]
        yield frame(SERVER, STRANGER, there, seq, 500, ACK | PSH, part)
        seq += len(part)
    answer = b"HTTP/1.1 204 No Content\r\n\r\n"
    yield frame(STRANGER, SERVER, back, 500, seq, ACK | PSH, answer)
    yield frame(SERVER, STRANGER, there, seq, 500 + len(answer), ACK | FIN)
    yield frame(STRANGER, SERVER, back, 500 + len(answer), seq + 1, ACK | FIN)
    yield frame(SERVER, STRANGER, there, seq + 1, 501 + len(answer), ACK)


def post(body, *headers, target="/collect"):
    lines = [f"POST {target} HTTP/1.1", "Host: cdn-jquery-stat.example",
             f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def capture(path, requests):
    """One packet a millisecond, one connection every ten seconds."""
    with open(path, "wb") as out:
        out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1))
        for count, request in enumerate(requests):
            for number, data in enumerate(connection(20000 + count, request)):
                seconds, millis = divmod(number, 1000)
                out.write(struct.pack("<IIII", START + 10 * count + seconds, millis * 1000,
                                      len(data), len(data)) + data)
    return str(path)
