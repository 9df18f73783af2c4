"""Every coding a vector may be written in: one row of CODINGS each, made by libraries of
Python, brotli and zstandard, and undone in codings_test.py by tools that share nothing with
them (basenc, iconv, perl, unzip, tar, zstd ...)."""
import base64
import binascii
import codecs
import gzip
import io
import quopri
import tarfile
import typing
import zipfile
import zlib

import brotli
import zstandard

PLAIN_ASCII = bytes(range(0x20, 0x7f)) + b"\r\n\t"
JPEG = bytes.fromhex("ffd8ffe000104a46494600010100000100010000ffd9")
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d4944415478da63fccff0bf1e0006830281d63aa4d50000000049454e44ae426082")


class Coding(typing.NamedTuple):
    name: str
    kind: str           # reversible, compression, container, key-search
    encode: typing.Callable  # (rng, bytes) -> (bytes, variant)
    takes: typing.Callable   # bytes -> None, or why not
    text: bool          # what comes out is printable ASCII
    whole: bool         # must be a whole field or body: nothing says where it begins


def anything(data):
    return None


def only_ascii(data):
    return None if not data.translate(None, PLAIN_ASCII) else \
        "names code points, and these bytes are no ASCII"


def only_text(data):
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return "a charset of bytes that are no text"
    return None


def every(pattern):
    return lambda rng, data: ("".join(pattern % byte for byte in data).encode(), "")


def percent(rng, data):
    style = rng.choice(("upper", "lower"))
    return "".join(("%%%02X" if style == "upper" else "%%%02x") % b for b in data).encode(), style


def entities(rng, data):
    style = rng.choice(("&#%d;", "&#x%x;", "&#x%X;"))
    return "".join(style % byte for byte in data).encode(), style[2:-1]


def js_escape(rng, data):
    style = rng.choice(("\\x%02x", "\\x%02X"))
    return "".join(style % byte for byte in data).encode(), style[-1]


def quoted_printable(rng, data):
    """Every byte escaped, lines of 72 ended softly; or by quopri, where digits stay."""
    if rng.random() < 0.3:
        return quopri.encodestring(data, quotetabs=True), "quopri"
    text = ["=%02X" % byte for byte in data]
    lines = ["".join(text[at:at + 24]) for at in range(0, len(text), 24)]
    return "=\r\n".join(lines).encode(), "every byte"


def base64_std(rng, data):
    variant = rng.choice(("padded", "bare", "lines of 76", "lines of 64"))
    text = base64.b64encode(data)
    if variant == "bare":
        text = text.rstrip(b"=")
    elif variant != "padded":
        width = int(variant[-2:])
        text = b"\r\n".join(text[at:at + width] for at in range(0, len(text), width))
    return text, variant


def base64_url(rng, data):
    variant = rng.choice(("padded", "bare"))
    text = base64.urlsafe_b64encode(data)
    return (text if variant == "padded" else text.rstrip(b"=")), variant


def hexadecimal(rng, data):
    variant = rng.choice(("lower", "upper", "0x,", "spaced", "lower", "upper"))
    text = binascii.hexlify(data).decode()
    pairs = [text[at:at + 2] for at in range(0, len(text), 2)]
    if variant == "0x,":
        text = ",".join("0x" + pair for pair in pairs)
    elif variant == "spaced":
        text = " ".join(pairs)
    return (text.upper() if variant == "upper" else text).encode(), variant


def base32(rng, data):
    variant = rng.choice(("padded", "bare", "lower"))
    text = base64.b32encode(data)
    if variant != "padded":
        text = text.rstrip(b"=")
    return (text.lower() if variant == "lower" else text), variant


def charcodes(rng, data):
    separator = rng.choice((",", ", ", " ", ";", "|"))
    return separator.join(str(byte) for byte in data).encode(), separator


def utf16(order):
    return lambda rng, data: (data.decode("utf-8").encode("utf-16-" + order), "")


def raw_deflate(rng, data):
    packer = zlib.compressobj(rng.choice((1, 6, 9)), zlib.DEFLATED, -15)
    return packer.compress(data) + packer.flush(), ""


def zip_member(rng, data):
    method = rng.choice((zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED))
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        archive.writestr(zipfile.ZipInfo("log.txt", (2026, 11, 20, 8, 0, 0)), data, method)
    return out.getvalue(), "stored" if method == zipfile.ZIP_STORED else "deflated"


def tar_member(rng, data):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        row = tarfile.TarInfo("var/log.txt")
        row.size, row.mtime = len(data), 1795161600
        archive.addfile(row, io.BytesIO(data))
    return out.getvalue()[:1536 + (len(data) // 512 + 1) * 512], ""


def behind_image(rng, data):
    magic, name = rng.choice(((JPEG, "jpeg"), (PNG, "png")))
    return magic + data, name


def reversal(rng, data):
    return data[::-1], ""


def rot_letters(text, by):
    lower, upper = "abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    return text.translate(str.maketrans(lower + upper, lower[by:] + lower[:by]
                                        + upper[by:] + upper[:by]))


def rot(rng, data):
    """Of letters by n; of all printable characters (rot47)."""
    text = data.decode("ascii")
    if rng.random() < 0.3:
        return bytes(33 + (byte - 33 + 47) % 94 if 33 <= byte <= 126 else byte
                     for byte in data), "47"
    by = rng.choice((13, 13, *range(1, 26)))
    return (codecs.encode(text, "rot13") if by == 13 else rot_letters(text, by)).encode(), str(by)


def digit_shift(rng, data):
    by = rng.randint(1, 9)
    return bytes(48 + (byte - 48 + by) % 10 if 48 <= byte <= 57 else byte
                 for byte in data), str(by)


def xor(rng, data):
    key = rng.randint(1, 255)
    return bytes(byte ^ key for byte in data), f"{key:02x}"


def add(rng, data):
    key = rng.randint(1, 255)
    return bytes((byte + key) & 255 for byte in data), f"{key:02x}"


def xor_repeating(rng, data):
    key = bytes(rng.sample(range(1, 256), rng.choice((2, 3, 4))))
    return bytes(byte ^ key[at % len(key)] for at, byte in enumerate(data)), key.hex()


def fixed(function):
    return lambda rng, data: (function(data), "")


CODINGS = {row.name: row for row in [
    Coding("percent", "reversible", percent, anything, True, False),
    Coding("json-escape", "reversible", every("\\u%04x"), only_ascii, True, False),
    Coding("js-escape", "reversible", js_escape, anything, True, False),
    Coding("html", "reversible", entities, only_ascii, True, False),
    Coding("quoted-printable", "reversible", quoted_printable, anything, True, False),
    Coding("base64", "reversible", base64_std, anything, True, False),
    Coding("base64url", "reversible", base64_url, anything, True, False),
    Coding("hex", "reversible", hexadecimal, anything, True, False),
    Coding("base32", "reversible", base32, anything, True, False),
    Coding("utf-16le", "reversible", utf16("le"), only_text, False, True),
    Coding("utf-16be", "reversible", utf16("be"), only_text, False, True),
    Coding("charcodes", "reversible", charcodes, anything, True, False),
    Coding("gzip", "compression", fixed(lambda d: gzip.compress(d, 6, mtime=0)), anything, False,
           True),
    Coding("zlib", "compression", fixed(lambda d: zlib.compress(d, 6)), anything, False, True),
    Coding("deflate", "compression", raw_deflate, anything, False, True),
    Coding("brotli", "compression", fixed(lambda d: brotli.compress(d, quality=5)), anything,
           False, True),
    Coding("zstd", "compression", fixed(zstandard.ZstdCompressor(level=3).compress), anything,
           False, True),
    Coding("zip", "container", zip_member, anything, False, True),
    Coding("tar", "container", tar_member, anything, False, True),
    Coding("image", "container", behind_image, anything, False, True),
    Coding("reversal", "key-search", reversal, anything, False, False),
    Coding("rot", "key-search", rot, only_ascii, True, False),
    Coding("digit-shift", "key-search", digit_shift, only_ascii, True, False),
    Coding("xor", "key-search", xor, anything, False, True),
    Coding("add", "key-search", add, anything, False, True),
    Coding("xor-repeating", "key-search", xor_repeating, anything, False, True),
]}
BINARY = ("utf-16le", "utf-16be", *(row.name for row in CODINGS.values()
                                    if row.kind in ("compression", "container")))
SEARCHED = tuple(row.name for row in CODINGS.values() if row.kind == "key-search")
UNKEYED = tuple(name for name in CODINGS if name not in SEARCHED)


def why_not_pair(outer, inner):
    """Why nobody writes outer(inner(record)), or None.  Bytes have their say in takes()."""
    if outer in SEARCHED and inner in SEARCHED and "reversal" not in (outer, inner):
        return "two unknown keys: more keys than a record has proof for"
    if outer == inner and outer in ("reversal", "utf-16le", "utf-16be", "image"):
        return "undoes itself, or nobody does it twice"
    if outer in ("json-escape", "html") and inner in BINARY + ("xor", "add", "xor-repeating"):
        return "names code points, and these bytes are no ASCII"
    if outer.startswith("utf-16") and inner in BINARY + ("xor", "add", "xor-repeating"):
        return "a charset of bytes that are no text"
    if outer == "digit-shift" and inner != "reversal":
        return "a shift of digits is done to the number, not to the text of another coding"
    if outer == "rot" and inner not in ("reversal", "base64", "base64url", "base32", "hex"):
        return "a rotation is done to the record or to letters of a coding"
    if outer in ("xor", "add", "xor-repeating") and inner in ("utf-16le", "utf-16be", "image"):
        return "a key on bytes that nothing but themselves could prove"
    return None


def why_not(chain):
    """Of a chain, the outermost coding first."""
    for outer, inner in zip(chain, chain[1:]):
        reason = why_not_pair(outer, inner)
        if reason:
            return reason
    keyed = [name for name in chain if name in SEARCHED and name != "reversal"]
    return "two unknown keys: more keys than a record has proof for" if len(keyed) > 1 else None


def encode(rng, chain, data, number):
    """(bytes, variants, layers that leave the number or all of their input as it is) of a
    chain, the outermost first; raises ValueError with the reason where bytes forbid it."""
    variants, clear = [], []
    for name in reversed(chain):
        reason = CODINGS[name].takes(data)
        if reason:
            raise ValueError(reason)
        coded, variant = CODINGS[name].encode(rng, data)
        if number in coded:
            clear = [*chain[len(chain) - 1 - len(variants):]]
        elif data in coded:
            clear.append(name)
        data = coded
        variants.insert(0, variant)
    return data, variants, clear
