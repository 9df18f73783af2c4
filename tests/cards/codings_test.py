"""Goal: what the generators call gzip, base32 or XOR is what everybody calls so.
Method: each coding's output is undone by a second public tool: one process a coding for
all samples."""
import base64
import json
import random
import subprocess
import tempfile
import unittest

import codings
import issuers


def piped(data, *command):
    done = subprocess.run(command, input=data, capture_output=True, check=True)
    return done.stdout


def perl(program, *arguments):
    """Undoes by perl -0777 -pe or a longer program reading all of the input."""
    return lambda data, variant: piped(
        data, "perl", *arguments, "-0777", "-e",
        "binmode STDIN; binmode STDOUT; $_ = <STDIN>;" + program.replace("KEY", variant)
        + "; print")


def by_file(suffix, *command):
    def undo(data, variant):
        with tempfile.NamedTemporaryFile(suffix=suffix) as file:
            file.write(data)
            file.flush()
            return piped(b"", *[file.name if word == "FILE" else word for word in command])
    return undo


def base32(data, variant):
    text = data.upper()
    return piped(text + b"=" * (-len(text) % 8), "basenc", "--base32", "-d")


def hexadecimal(data, variant):
    text = data.replace(b"0x", b"").replace(b",", b"").replace(b" ", b"")
    return piped(text.upper(), "basenc", "--base16", "-d")


def rot(data, variant):
    if variant == "47":
        return piped(data, "perl", "-pe", "tr/!-~/P-~!-O/")
    low = "abcdefghijklmnopqrstuvwxyz"
    by = int(variant)
    return piped(data, "tr", low[by:] + low[:by] + low.upper()[by:] + low.upper()[:by],
                 low + low.upper())


UNDO = {
    "percent": perl("s/%(..)/chr hex $1/gie"),
    "json-escape": lambda data, variant: json.loads(b'"' + data + b'"').encode(),
    "js-escape": perl(r"s/\\x(..)/chr hex $1/gie"),
    "html": perl("s/&#x([0-9a-f]+);/chr hex $1/gie; s/&#([0-9]+);/chr $1/ge"),
    "quoted-printable": perl("$_ = MIME::QuotedPrint::decode($_)", "-MMIME::QuotedPrint"),
    "base64": perl("$_ = MIME::Base64::decode($_)", "-MMIME::Base64"),
    "base64url": lambda data, variant: piped(data + b"=" * (-len(data) % 4), "basenc",
                                             "--base64url", "-d"),
    "hex": hexadecimal,
    "base32": base32,
    "utf-16le": lambda data, variant: piped(data, "iconv", "-f", "UTF-16LE", "-t", "UTF-8"),
    "utf-16be": lambda data, variant: piped(data, "iconv", "-f", "UTF-16BE", "-t", "UTF-8"),
    "charcodes": perl("$_ = join '', map { chr } /[0-9]+/g"),
    "gzip": lambda data, variant: piped(data, "gzip", "-dc"),
    "zlib": perl("$_ = Compress::Zlib::uncompress($_)", "-MCompress::Zlib"),
    "deflate": perl("my $i = $_; IO::Uncompress::RawInflate::rawinflate(\\$i => \\my $o); $_ = $o",
                    "-MIO::Uncompress::RawInflate"),
    "brotli": lambda data, variant: piped(data, "brotli", "-dc"),
    "zstd": lambda data, variant: piped(data, "zstd", "-dcq"),
    "zip": by_file(".zip", "unzip", "-p", "FILE"),
    "tar": lambda data, variant: piped(data, "tar", "-xOf", "-"),
    "image": lambda data, variant: data[len(codings.JPEG if variant == "jpeg" else codings.PNG):],
    "reversal": perl("$_ = reverse $_"),
    "rot": rot,
    "digit-shift": lambda data, variant: piped(
        data, "tr", "0123456789"[int(variant):] + "0123456789"[:int(variant)], "0123456789"),
    "xor": perl("$_ ^= chr(0xKEY) x length"),
    "add": perl("s/(.)/chr((ord($1) - 0xKEY) & 255)/gse"),
    "xor-repeating": perl("my $k = pack 'H*', 'KEY'; $_ ^= substr($k x length, 0, length)"),
}
# Every byte where the coding takes bytes; at least a record where it takes text.
SAMPLES = [b"holder=AOI+SATO&exp=03/28&cvv=264", b"x", bytes(range(256)) * 2,
           "名義 アオイ".encode()]


# ISO/IEC 7812-1 annex B: the remainder of the sum, 0 if the check digit is right.
LUHN = """my $s = 0; my @d = reverse split //;
for (0 .. $#d) { my $v = $d[$_] * (1 + $_ % 2); $s += $v > 9 ? $v - 9 : $v } print $s % 10"""


class Codings(unittest.TestCase):
    def test_every_coding_is_undone_by_a_second_tool(self):
        self.assertEqual(set(UNDO), set(codings.CODINGS))
        for name, row in codings.CODINGS.items():
            rng, seen = random.Random(name), 0
            for data in SAMPLES * 3:
                if row.takes(data):
                    continue
                coded, variant = row.encode(rng, data)
                self.assertEqual(UNDO[name](coded, variant), data, f"{name} {variant} {data[:9]}")
                seen += 1
            self.assertGreater(seen, 5, name)

    def test_text_is_text(self):
        for name, row in codings.CODINGS.items():
            coded, _ = row.encode(random.Random(5), SAMPLES[0])
            if row.text:
                self.assertFalse(coded.translate(None, codings.PLAIN_ASCII), name)

    def test_a_chain_is_written_from_the_inside(self):
        coded, variants, clear = codings.encode(random.Random(1), ["base64", "gzip", "tar"],
                                                SAMPLES[0], b"264")
        self.assertEqual(base64.b64decode(coded + b"==")[:2], b"\x1f\x8b")
        self.assertEqual((len(variants), clear), (3, ["tar"]))

    def test_layers_over_a_number_that_stands_there_clear_need_no_name(self):
        for chain, clear in ((["tar", "image"], {"tar", "image"}), (["hex", "tar"], {"tar"}),
                             (["reversal", "image", "reversal"], {"reversal", "image"}),
                             (["image", "hex"], {"image"})):
            _, _, found = codings.encode(random.Random(1), chain, SAMPLES[0], b"03/28")
            self.assertEqual(set(found), clear)

    def test_what_nobody_writes_has_a_reason(self):
        self.assertIn("no text", codings.why_not(["utf-16le", "gzip"]))
        self.assertIn("two unknown keys", codings.why_not(["xor", "base64", "rot"]))
        self.assertIsNone(codings.why_not(["base64", "xor"]))
        with self.assertRaises(ValueError):
            codings.encode(random.Random(1), ["html", "gzip"], SAMPLES[0], b"1")


class Cards(unittest.TestCase):
    def test_every_kind_is_valid_and_of_its_brand(self):
        rng = random.Random(3)
        for kind, (brand, _, length) in issuers.KINDS.items():
            cards = [issuers.draw_card(rng, kind) for _ in range(200)]
            sums = piped("\n".join(cards).encode(), "perl", "-lne", LUHN).split()
            self.assertEqual(sums, [b"0"] * 200)
            for digits in cards:
                self.assertEqual(len(digits), length)
                self.assertTrue(issuers.is_luhn(digits))
                self.assertEqual(issuers.brand_of(digits)[0], brand)
                self.assertFalse(issuers.is_like_a_test_number(digits))

    def test_published_test_numbers_are_known_as_such(self):
        for digits in ("4242424242424242", "4111111111111111", "3566111111111113"):
            self.assertTrue(issuers.is_luhn(digits))
            self.assertTrue(issuers.is_like_a_test_number(digits))
        self.assertEqual(issuers.brand_of("3530111333300000"), ("jcb", 1))
        self.assertIsNone(issuers.brand_of("8888888888888888"))


if __name__ == "__main__":
    unittest.main()
