"""usage: coding_vectors.py CODING OUTPUT: texts that are written in it, with what they mean,
and decoys that are not.  Fields as vectors.h reads them: kind, coded, plain."""
import base64
import hashlib
import html
import json
import quopri
import random
import struct
import sys
import unicodedata
import urllib.parse
import uuid

RNG = random.Random(20261121)
FRONTS = ("", "d=", "note the parcel\n", "/t/", '{"data":"', "see ")
BACKS = ("", "&t=js", "\nthe order was placed", '"}', " and so on")


def digits(count):
    return "".join(RNG.choice("0123456789") for _ in range(count))


def grouped(separator):
    return separator.join(digits(4) for _ in range(4))


def records():
    """Plain texts, each with a number."""
    for count in range(13, 20):
        yield digits(count)
    yield f"{digits(16)}|12/27|123|AOI SATO"
    yield f'{{"cc":"{digits(16)}","exp":"12/27","cvv":"123"}}'
    yield f"cc_number={digits(16)}&cc_exp=12%2F27&cvv=123"
    yield f"card: {grouped(' ')}, 12/27"
    yield f"card: {grouped('-')}, 12/27"
    yield "name=\u4f50\u85e4&card=" + digits(16)


def surrounded(coded):
    """(before + coded + behind)"""
    return RNG.choice(FRONTS).encode() + coded + RNG.choice(BACKS).encode()


def base64_found():
    for record in records():
        for junk in ("", "n", "n="):
            plain = (junk + record).encode()
            coded = base64.b64encode(plain)
            for text in (coded, coded.rstrip(b"="), base64.urlsafe_b64encode(plain)):
                yield surrounded(text), plain
    noise = RNG.randbytes(300)
    for width, end in ((64, b"\n"), (76, b"\r\n")):
        for plain in (noise, (";".join(records()) * 3).encode()):
            text = base64.b64encode(plain)
            yield surrounded(end.join(text[at:at + width] for at in range(0, len(text), width))), \
                plain
    yield b"d=" + base64.b64encode(noise).replace(b"+", b" "), noise
    yield b'{"d":"' + base64.b64encode(noise).replace(b"/", b"\\/") + b'"}', noise
    plain = ("x" * 9000 + digits(16)).encode()
    yield b"d=" + base64.b64encode(plain), plain
    for front in ("/static/js/app/", "ORDER", "a1/B2/c3/D4/e5/F6/g7/H8/i9/", "token"):
        number = digits(16).encode()
        yield front.encode() + base64.b64encode(b"12345" + number + b"98765"), number[2:-2]
    yield base64.b64encode((digits(16)).encode("utf-16-le")), b"\0"
    tags = b"\x5a\x08" + bytes.fromhex(digits(16)) + b"\x5f\x24\x03\x27\x12\x31"
    yield base64.b64encode(tags), tags


def hex_found():
    for record in records():
        plain = record.encode()
        text = plain.hex()
        pairs = [text[at:at + 2] for at in range(0, len(text), 2)]
        for coded in (text, text.upper(), " ".join(pairs), ":".join(pairs),
                      ",".join("0x" + pair for pair in pairs),
                      ", ".join("0x" + pair for pair in pairs).upper().replace("X", "x")):
            yield surrounded(coded.encode()), plain
        yield b"cd=a" + text.encode(), plain
    noise = RNG.randbytes(90)
    yield surrounded(noise.hex().encode()), noise
    plain = ("x" * 9000 + digits(16)).encode()
    yield plain.hex().encode(), plain


def every(pattern, plain):
    return "".join(pattern % byte for byte in plain).encode()


def percent_found():
    for record in records():
        plain = record.replace("%", "").encode()
        for coded in (every("%%%02X", plain), every("%%%02x", plain),
                      urllib.parse.quote(plain, safe="").encode()):
            if coded.count(b"%") > 1:
                yield surrounded(coded), plain
    yield every("%%%02X", b"x" * 13000), b"x" * 13000
    yield b"cc=" + grouped(" ").replace(" ", "%20").encode(), b"cc="
    number = digits(16).encode()
    yield b"a=" + number + b"%7C12", number + b"|12"
    yield b"a=" + number[:8] + b"%2D" + number[8:], number[:8] + b"-" + number[8:]
    yield b"GET /%41%42\r\n\r\nbody follows", b"GET /AB"
    yield b"\xe3\x81\x82 100%, %zz %4 " + every("%%%02x", number), number


def wrapped(name):
    """Every record in it; and a long one."""
    for record in records():
        if name != "json_escape" or record.isascii():
            yield record.encode()
    yield ("x" * 4000 + digits(16)).encode()


def json_escape_found():
    for plain in wrapped("json_escape"):
        for pattern in ("\\u%04x", "\\u%04X"):
            yield surrounded(every(pattern, plain)), plain
    for text in ("\u4f50\u85e4 4111", "\U0001f4b3\u00e9 5555", "\u00e9t\u00e9"):
        yield json.dumps(text).encode(), text.encode()
    number = digits(16)
    yield f"card{number}\\u003d12".encode(), f"card{number}=12".encode()
    yield b'\\ud83d \\udcb3 \\u12 ' + every("\\u%04x", number.encode()), number.encode()


def js_escape_found():
    for plain in wrapped("js_escape"):
        for pattern in ("\\x%02x", "\\x%02X", "\\%03o"):
            yield surrounded(every(pattern, plain)), plain
    number = digits(16).encode()
    yield b"a=" + number[:4] + b"\\x20" + number[4:8] + b"\\40" + number[8:12], \
        b"a=" + number[:4] + b" " + number[4:8] + b" " + number[8:12]


def html_found():
    for plain in wrapped("html"):
        if plain.isascii():
            for pattern in ("&#%d;", "&#x%x;", "&#x%X;", "&#%03d;"):
                yield surrounded(every(pattern, plain)), plain
    for text in (f"<b>{grouped('&nbsp;')}</b>", f"{digits(16)}&quot;&amp;exp=12",
                 "&#20304;&#x85e4;", f"card&equals;{digits(16)}&comma;12", f"{digits(16)}&#124;12"):
        yield text.encode(), html.unescape(text).encode()


def quoted_printable_found():
    for plain in wrapped("quoted_printable"):
        yield surrounded(every("=%02X", plain)), plain
        pairs = ["=%02X" % byte for byte in plain]
        for end in ("=\r\n", "=\n"):
            lines = ("".join(pairs[at:at + 24]) for at in range(0, len(pairs), 24))
            yield end.join(lines).encode(), plain
    for plain in ("caf\u00e9 \u4f50\u85e4 " + digits(16), "a=b;c=" + digits(16), "\u3000" * 40):
        yield quopri.encodestring(plain.encode()), plain.encode()
    number = base64.b64encode(b"x" * 90 + digits(16).encode())
    yield quopri.encodestring(number, quotetabs=True).rstrip(), number
    yield b"a:4111=201111=202222=203333", b"4111 1111 2222 3333"


def base32_found():
    for record in records():
        plain = record.encode()
        coded = base64.b32encode(plain)
        for text in (coded, coded.rstrip(b"="), coded.rstrip(b"=").lower()):
            yield surrounded(text), plain
    noise = RNG.randbytes(90)
    yield surrounded(base64.b32encode(noise)), noise
    yield base64.b32encode(b"x" * 4000 + noise), noise


def charcodes_found():
    for plain in wrapped("charcodes"):
        for separator in (",", ", ", " ", ";", "|", "\n"):
            yield surrounded(separator.join(str(byte) for byte in plain).encode()), plain
    noise = RNG.randbytes(90)
    yield b"[" + ",".join(str(byte) for byte in noise).encode() + b"]", noise
    number = digits(16).encode()
    yield b"1000,7|" + "|".join(str(byte) for byte in number).encode() + b",300", number


def utf16(order):
    for record in records():
        if record.isascii() and len(record) > 12:
            yield record.encode("utf-16-" + order), record.encode()
    mark = "\ufeff".encode("utf-16-" + order)
    wide = "".join(chr(0xff10 + int(digit)) for digit in digits(16))
    for text in ("card=" + digits(16) + "\u4f50\u85e4 exp=12", wide, "n=" + wide,
                 grouped("\u3000"), grouped("\u00a0"), "x" * 3000 + digits(16),
                 "card=" + digits(16) + "\U0001f4b3 ok ok ok"):
        yield text.encode("utf-16-" + order), text.encode()
    yield mark + "4111".encode("utf-16-" + order), b"4111"
    for record in list(records())[7:12]:
        yield b"\xff\x01" + record.encode("utf-16-" + order) + b"\xff\x01", record.encode()


def utf16le_found():
    yield from utf16("le")


def utf16be_found():
    yield from utf16("be")


def wide_found():
    for charset in ("utf-8", "shift_jis", "euc_jp", "iso2022_jp"):
        for count in range(13, 20):
            number = digits(count)
            coded = "".join(chr(0xff10 + int(digit)) for digit in number).encode(charset)
            yield surrounded(coded), number.encode()
            yield b"card_number=" + coded + b"&exp=12", f"card_number={number}&exp=12".encode()
    for separator, plain in (("\u00a0", " "), ("\u3000", " "), ("\uff0d", "-"), ("\u2212", "-")):
        text = grouped(separator)
        yield b"n: " + text.encode(), b"n: " + text.replace(separator, plain).encode()
        text = "".join(chr(0xff10 + int(c)) if c.isdigit() else c for c in text)
        yield text.encode(), unicodedata.normalize("NFKC", text).replace(
            separator, plain).replace("\u2212", "-").encode()


PROSE = """The order was placed on 12 May 2024 and will be sent when the parcel is ready. Please
wait for our mail or call the shop during the day (03-1234-5678); thank you for your visit.
ABCDEFGHIJKLMNOPQRSTUVWXYZ is the alphabet and abcdefghijklmnopqrstuvwxyz is it again."""
SCRIPT = """!function(e,t){"object"==typeof exports&&"undefined"!=typeof module?module.exports=t():
e.hasOwnProperty("getOwnPropertyDescriptors")&&Object.getOwnPropertyDescriptors(e);var n=1024,
r=[0,1,2,4,8,16,32,64],o={toLocaleDateStringOptions:1,dangerouslySetInnerHTML:!0},
createElementNamespaceDefault=o.componentDidUpdateSnapshot,WEBGL_COMPRESSED_TEXTURE_ATC=1}();"""
STYLE = """.container-fluid-screen{margin:0 auto;padding:12px 16px;color:#a1b2c3;width:33.3333%}
@media (min-width:1024px){.product-list-item-description{background:#fff url(/img/a/b/c.png)}}"""


def decoys():
    yield PROSE
    yield SCRIPT
    yield STYLE
    yield "\n".join(str(uuid.UUID(int=RNG.getrandbits(128))) for _ in range(20))
    yield "/usr/share/javascript/components/navigation/index/main/application.js\n" * 3
    yield "https://shop.example/products/category/summer/items/list/all?page=2&sort=price&order=asc"
    for number in range(20):
        yield hashlib.sha1(b"%d" % number).hexdigest()
        yield f'"integrity": "{hashlib.sha256(b"%d" % number).hexdigest()}"'
    yield "\n".join(",".join(digits(RNG.randint(1, 6)) for _ in range(10)) for _ in range(20))
    yield "1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20"
    yield "id=" + digits(30) + "&ts=" + digits(13)
    yield "00:1a:2b:3c:4d:5e 00:1a:2b:3c:4d:5f"


def not_for(name, text):
    """A decoy that may as well be written in it: chance gives such."""
    return name == "hex" and len(text) < 90 and "=" in text


FOUND = {name[:-len("_found")]: function for name, function in list(globals().items())
         if name.endswith("_found")}


def main():
    name, path = sys.argv[1:]
    with open(path, "wb") as out:
        rows = [(b"found", coded, plain) for coded, plain in FOUND[name]()]
        rows += [(b"decoy", text.encode(), b"") for text in decoys() if not not_for(name, text)]
        for row in rows:
            for field in row:
                out.write(struct.pack("<I", len(field)) + field)


main()
