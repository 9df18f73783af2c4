"""Searches bytes for what a truth file says was planted: plainly, with
separators removed, and percent-, JSON-, hex- and base64-decoded.

Three digits beside a card are found by their shape (cvv=123), not alone."""
import base64
import binascii
import json
import re
import urllib.parse

CODE = rb"(?i)(?:cvv|cvc|security.?code|code)[^0-9a-z]{1,6}%s(?![0-9])"
BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{16,}={0,2}")
HEX = re.compile(rb"(?:[0-9a-fA-F]{2}){12,}")
DEPTH = 3


def planted(truths):
    """The secrets of truth files: card, cvv, name, mail."""
    found = {"card": set(), "cvv": set(), "name": set(), "mail": set()}
    for path in truths:
        with open(path, encoding="utf-8") as lines:
            for row in map(json.loads, lines):
                for kind in found.keys() & row.keys():
                    found[kind].add(row[kind])
    return found


def from_json(data):
    """Escapes undone wherever they stand."""
    data = re.sub(rb"\\u00([0-9a-fA-F]{2})", lambda m: bytes([int(m[1], 16)]), data)
    return re.sub(rb"\\(.)", rb"\1", data)


def from_base64(data):
    """Every run, from each of its four places."""
    out = []
    for run in BASE64.findall(data):
        run = run.rstrip(b"=").replace(b"-", b"+").replace(b"_", b"/")
        for start in range(4):
            part = run[start:]
            part = part[:-1] if len(part) % 4 == 1 else part
            out.append(base64.b64decode(part + b"=" * (-len(part) % 4)))
    return b"\n".join(out)


def from_hex(data):
    return b"\n".join(binascii.unhexlify(run[start:len(run) - (len(run) - start) % 2])
                      for run in HEX.findall(data) for start in (0, 1))


def decoded(data, depth=DEPTH):
    """data and what it becomes by our decoders, each once."""
    todo, seen = [(data, depth)], {data}
    while todo:
        text, left = todo.pop()
        yield text
        if left == 0:
            continue
        for reading in (urllib.parse.unquote_to_bytes(text.replace(b"+", b" ")), from_json(text),
                        from_base64(text), from_hex(text), text.replace(b"\0", b"")):
            if reading and reading not in seen:
                seen.add(reading)
                todo.append((reading, left - 1))


def bare(data):
    return re.sub(rb"[^0-9A-Za-z]+", b"", data).lower()


class Search:
    """Compiled once for many outputs."""

    def __init__(self, secrets):
        texts = secrets["card"] | secrets["name"] | secrets["mail"]
        self.plain = re.compile(b"|".join(re.escape(t.encode()) for t in sorted(texts)), re.I)
        self.bare = re.compile(b"|".join(re.escape(bare(t.encode())) for t in sorted(texts)))
        codes = b"(?:" + b"|".join(c.encode() for c in sorted(secrets["cvv"])) + b")"
        self.code = re.compile(CODE % codes)

    def find(self, data):
        """What stands in data in any reading; an empty set is good."""
        found = set()
        for text in decoded(re.sub(rb"\0{8,}", b"\0" * 8, data)):
            found.update(self.plain.findall(text))
            found.update(self.code.findall(text))
            found.update(self.bare.findall(bare(text)))
        return found
