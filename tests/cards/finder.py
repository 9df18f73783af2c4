"""A naive finder of card numbers in bytes: no cleverness, no speed.  It is what faster
finders are compared with, so it shares nothing with them.

    python3 finder.py FILE...       # one line a number: offset, length, brand, tier, form

Digits are ASCII or full-width (UTF-8, Shift_JIS, EUC-JP, ISO-2022-JP).  A number is a whole
run of them, or groups 4-4-4-4, 4-6-5, 4-6-4, 4-4-4-4-3 with one separator throughout; its
length and prefix fit an issuer, its check digit is right, it has four different digits, and
its neighbours do not make it part of something longer."""
import re
import sys

from issuers import brand_of, is_luhn

# name, one digit as a pattern, how many bytes it has
ALPHABETS = [
    ("plain", rb"[0-9]", 1),
    ("full-width-utf-8", rb"\xef\xbc[\x90-\x99]", 3),
    ("full-width-shift_jis", rb"\x82[\x4f-\x58]", 2),
    ("full-width-euc-jp", rb"\xa3[\xb0-\xb9]", 2),
    ("full-width-iso-2022-jp", rb"\x23[\x30-\x39]", 2),
]
SEPARATORS = [b" ", b"-", b".", b"+", b"_", b"\xc2\xa0", b"\xe3\x80\x80", b"%20", b"%2D", b"%2d",
              b"&nbsp;", b"\\u3000"]
ASCII_LEFT = re.compile(rb"[0-9A-Za-z_.+%-]\Z")
ASCII_LEFT_OF_GROUPS = re.compile(rb"[0-9A-Za-z_.]\Z")
ASCII_RIGHT = re.compile(rb"[0-9A-Za-z_]|\.[0-9]")


def digits_of(raw, name, width):
    """The digits of a run as text: the last byte of each counts from the zero of its set."""
    zero = {"plain": 0x30, "full-width-utf-8": 0x90, "full-width-shift_jis": 0x4f,
            "full-width-euc-jp": 0xb0, "full-width-iso-2022-jp": 0x30}[name]
    return "".join(str(byte - zero) for byte in raw[width - 1::width])


def is_card(digits, tier):
    """(brand, tier) or None."""
    if len(set(digits)) < 4 or not is_luhn(digits):
        return None
    return brand_of(digits, tier)


def runs(data, name, digit, width):
    """Whole runs of digits of one alphabet."""
    for match in re.finditer(rb"(?:" + digit + rb")+", data):
        start, end = match.span()
        if not 12 <= (end - start) // width <= 19:
            continue
        if name == "plain" and (ASCII_LEFT.search(data[max(0, start - 1):start])
                                or ASCII_RIGHT.match(data[end:end + 2])):
            continue
        if name == "full-width-iso-2022-jp" and not (
                data[max(0, start - 3):start] in (b"\x1b$B", b"\x1b$@")
                and data[end:end + 1] == b"\x1b"):
            continue
        yield start, end, digits_of(match.group(), name, width)


def patterns_of_groups(digit):
    """4-4-4-4 with or without three more, and 4-6-5 or 4-6-4; one separator throughout."""
    def group(size):
        return rb"((?:" + digit + rb"){" + size + rb"})"

    separator = rb"(" + rb"|".join(map(re.escape, SEPARATORS)) + rb")"
    again = rb"\2"
    yield (group(b"4") + separator + group(b"4") + again + group(b"4") + again + group(b"4")
           + rb"(?:" + again + group(b"3") + rb"(?!" + digit + rb"))?")
    yield group(b"4") + separator + group(b"6") + again + group(b"5")
    yield group(b"4") + separator + group(b"6") + again + group(b"4") + rb"(?!" + digit + rb")"


def chain_goes_on(data, start, end, separator):
    """A group before or behind: this is a piece of a UUID, an address, a longer number."""
    size = len(separator)
    before, behind = data[max(0, start - size - 1):start], data[end:end + size + 1]
    return (before.endswith(separator) and re.match(rb"[0-9A-Fa-f]", before[:-size])
            or behind.startswith(separator) and re.match(rb"[0-9A-Fa-f]", behind[size:]))


def groups(data, name, digit, width):
    """Groups of digits with one separator throughout."""
    for pattern in patterns_of_groups(digit):
        for match in re.finditer(pattern, data):
            start, end = match.span()
            left, right = data[max(0, start - width):start], data[end:end + width]
            if re.fullmatch(digit, left) or re.fullmatch(digit, right):
                continue
            if name == "plain" and (ASCII_LEFT_OF_GROUPS.search(left)
                                    or ASCII_RIGHT.match(data[end:end + 2])):
                continue
            if chain_goes_on(data, start, end, match.group(2)):
                continue
            pieces = [match.group(1), *[piece for piece in match.groups()[2:] if piece]]
            yield start, end, "".join(digits_of(piece, name, width) for piece in pieces)


def find(data, tier=2):
    """[(offset, length, digits, brand, tier, form)] in the order of offsets."""
    found = {}
    for name, digit, width in ALPHABETS:
        for form, search in (("run", runs), ("grouped", groups)):
            for start, end, digits in search(data, name, digit, width):
                brand = is_card(digits, tier)
                if brand:
                    found[start] = (start, end - start, digits, *brand,
                                    form if name == "plain" else name)
    return [found[start] for start in sorted(found)]


def main(paths):
    for path in paths:
        with open(path, "rb") as file:
            for offset, length, digits, brand, tier, form in find(file.read()):
                print(f"{path}:{offset}: {length} bytes, {brand}, tier {tier}, {form},"
                      f" {digits[:6]}..{digits[-4:]}")


if __name__ == "__main__":
    main(sys.argv[1:])
