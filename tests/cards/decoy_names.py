"""Makes clients that ask for names full of digits and codes, none of which carries a card.

    python3 decoy_names.py SEED COUNT [-o FOLDER] [--forge PROGRAM] [--list]

COUNT names at least, in every context in turn: some to some hundreds of one client, each query
from a port of its own, some asked for twice.  Writes decoys.packs, .forge, .truth and .pcap."""
import argparse
import base64
import os
import random
import sys
import uuid

import carriers
from carriers import Exchange
from decoy_shapes import drawn, imei, moment
from issuers import draw_digits
from wire import Writer

ALNUM = "abcdefghijklmnopqrstuvwxyz0123456789"
HEX = "0123456789abcdef"


def letters(rng, length, of=ALNUM):
    return "".join(rng.choice(of) for _ in range(length))


def address(rng):
    return [rng.randint(1, 254) for _ in range(4)]


def backwards(octets):
    return ".".join(str(octet) for octet in reversed(octets))


def scan(rng, number):
    """One address after another."""
    rng_at = number + 1
    return f"{rng_at % 256}.{rng_at // 256}.17.172"


def phone(rng):
    return ".".join(reversed("81" + rng.choice(("90", "3", "6")) + draw_digits(rng, 8)))


def micros(rng, number):
    return str(int(moment(rng).timestamp() * 1000000) + number * 1000003 + rng.randint(0, 999999))


def telemetry(rng):
    """What a scanner asks its maker: a digest and what it was seen in, in base32."""
    text = base64.b32encode(rng.randbytes(rng.randint(30, 100))).decode().rstrip("=").lower()
    return ".".join(text[at:at + 60] for at in range(0, len(text), 60))


def suffixed(rng, name):
    """A resolver's search list goes on with a name that has too few dots."""
    return rng.choice((name, name + ".svc.cluster.local", name + ".corp.hanamizuki.example"))


# Name, what it is, and a function of (rng, number of the query) that makes a name.
CONTEXTS = (
    ("reverse", "who has an address", lambda rng, n: backwards(address(rng)) + ".in-addr.arpa"),
    ("reverse-scan", "the same for a network in order",
     lambda rng, n: scan(rng, n) + ".in-addr.arpa"),
    ("reverse6", "addresses of IPv6 by half bytes", lambda rng, n: ".".join(
        letters(rng, 16, HEX) + "0000000000008bd01002"[:16]) + ".ip6.arpa"),
    ("reputation", "is an address listed",
     lambda rng, n: backwards(address(rng)) + ".zen.blocklist.example"),
    ("reputation-scan", "the same in order",
     lambda rng, n: scan(rng, n) + ".dnsbl.blocklist.example"),
    ("enum", "telephone numbers, RFC 6116", lambda rng, n: phone(rng) + ".e164.arpa"),
    ("counter", "a number that counts", lambda rng, n: f"{n}.probe.monitor.example"),
    ("counter-far", "a number that counts, long since",
     lambda rng, n: f"{4480123 + n}.seq.monitor.example"),
    ("nonce", "four digits against caches",
     lambda rng, n: f"{draw_digits(rng, 4)}.nc.monitor.example"),
    ("nonces", "two of them",
     lambda rng, n: f"{draw_digits(rng, 4)}.{draw_digits(rng, 4)}.nc.monitor.example"),
    ("nonce-8", "eight digits", lambda rng, n: f"r{draw_digits(rng, 8)}.cb.adserver.example"),
    ("micros", "microseconds", lambda rng, n: f"{micros(rng, n)}.t.adserver.example"),
    ("micros-numbered", "and a number that counts",
     lambda rng, n: f"{micros(rng, n)}.{n}.t.adserver.example"),
    ("imei", "a device and its number of message",
     lambda rng, n: f"{drawn(imei, rng, True)}.{n}.iot.example"),
    ("md5", "is a file known", lambda rng, n: letters(rng, 32, HEX) + ".hash.scanner.example"),
    ("sha1", "is a file known",
     lambda rng, n: f"{letters(rng, 40, HEX)}.{n}.hash.scanner.example"),
    ("sha256", "in two labels", lambda rng, n:
     f"{letters(rng, 32, HEX)}.{letters(rng, 32, HEX)}.{n % 7}.hash.scanner.example"),
    ("digest-decimal", "digits of a digest as a number", lambda rng, n:
     f"{rng.getrandbits(160)}.{n}.hash.scanner.example"),
    ("telemetry", "base32 of several labels",
     lambda rng, n: f"{telemetry(rng)}.{n}.i.00.s.scanner.example"),
    ("telemetry-64", "base64url", lambda rng, n:
     base64.urlsafe_b64encode(rng.randbytes(45)).decode() + f".{n}.v2.scanner.example"),
    ("cdn", "edges of a network for content", lambda rng, n: rng.choice((
        f"d{letters(rng, 13)}.cloudedge.example", f"e{rng.randint(1, 99999)}.dscb.edge.example",
        f"a{rng.randint(1, 2000)}.g.edge.example", f"s{n}.g{rng.randint(1, 9)}.edge.example"))),
    ("uuid", "services by their UUID", lambda rng, n:
     f"{uuid.UUID(int=rng.getrandbits(128))}.srv.mesh.example"),
    ("pods", "machines by their address, with a search list", lambda rng, n:
     suffixed(rng, "-".join(map(str, address(rng))) + ".default.pod")),
    ("random-names", "is a resolver honest",
     lambda rng, n: suffixed(rng, letters(rng, rng.randint(7, 15), ALNUM[:26]))),
    ("hosts", "machines by number", lambda rng, n:
     f"{rng.choice(('web', 'db', 'mx', 'ns'))}{rng.randint(1, 40)}.dc{rng.randint(1, 4)}"
     ".hosting.co.jp"),
    ("keys", "keys of mail",
     lambda rng, n: f"s{draw_digits(rng, 8)}._domainkey.shop{rng.randint(1, 9)}.example"),
)
REPEATED = 0.1  # asked for again, or for its other kind of address


def names_of(rng, make):
    count = rng.choice((3, 8, 20, 60, 200))
    out = []
    for number in range(count):
        name = make(rng, number)
        out += [name] * (2 if rng.random() < REPEATED else 1)
    return out


def generate(seed, count):
    """Yields (exchanges, truth, stress)."""
    rng, total = random.Random(f"names {seed}"), 0
    while total < count:
        for context, _, make in CONTEXTS:
            names = names_of(rng, make)
            total += len(names)
            exchanges = [Exchange("udp", carriers.DNS, True, [(True, carriers.dns_query(
                rng, [label.encode() for label in name.split(".")]))]) for name in names]
            yield exchanges, {"context": f"dns-{context}", "density": "natural",
                              "direction": "up", "decoys": len(names), "numbers": len(names),
                              "values": []}, ""


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("seed", nargs="?")
    parser.add_argument("count", nargs="?", type=int)
    parser.add_argument("-o", "--out", default=".")
    parser.add_argument("--forge")
    parser.add_argument("--list", action="store_true")
    options = parser.parse_args()
    if options.list:
        for name, about, _ in CONTEXTS:
            print(f"{name:18} {about}")
        return 0
    if options.count is None:
        parser.error("SEED COUNT or --list")
    writer = Writer(os.path.join(options.out, "decoys"))
    for made in generate(options.seed, options.count):
        writer.add(*made)
    writer.close(options.forge, options.seed)
    return 0


if __name__ == "__main__":
    sys.exit(main())
