"""How a card number is written, and the record it stands in."""
import json
import typing
import urllib.parse

from issuers import draw_digits, groups_of

SEPARATORS = {"space": " ", "dash": "-", "dot": ".", "underscore": "_", "plus": "+",
              "percent20": "%20", "percent2D": "%2D", "nbsp": "\u00a0", "wide-space": "\u3000",
              "nbsp-entity": "&nbsp;"}
CHARSETS = {"utf-8": "utf-8", "shift_jis": "shift_jis", "euc-jp": "euc_jp",
            "iso-2022-jp": "iso2022_jp"}
FORMS = ("plain", *("grouped-" + name for name in SEPARATORS),
         *("full-width-" + name for name in CHARSETS),
         "track1", "track2", "emv57", "emv5a", "split2", "split3", "split4")
# The words a form, a JSON object and a table head use for the number and what stands by it.
KEYS = [("card_number", "exp", "cvv", "holder"), ("cc_number", "cc_exp", "cc_cid", "cc_owner"),
        ("cardNumber", "expiry", "cvc", "cardHolder"), ("cardno", "expire", "securitycode",
                                                        "holdername"),
        ("card_no", "card_expire", "security_code", "card_name"), ("ccnum", "expdate", "cvv2",
                                                                   "owner"),
        ("CardNo", "Expire", "SecurityCode", "HolderName"), ("pan", "valid_term", "conf_number",
                                                             "name")]
SPLIT_KEYS = ("cc", "card_no", "cardno_", "cnum", "card_number")
GIVEN = ("AOI", "HINA", "YUTO", "SORA", "MIO", "RIN", "HARU", "KENJI", "EMI", "TARO", "NAOKO")
FAMILY = ("SATO", "SUZUKI", "TANAKA", "WATANABE", "KIMURA", "INOUE", "MORI", "ABE", "OGAWA")


class Card(typing.NamedTuple):
    kind: str
    digits: str
    exp: str
    cvv: str
    name: str


def holder_of(rng, kind, digits):
    """The card with what stands beside it."""
    exp = f"{rng.randint(1, 12):02}/{rng.randint(27, 33)}"
    return Card(kind, digits, exp, draw_digits(rng, 4 if kind == "amex" else 3),
                f"{rng.choice(GIVEN)} {rng.choice(FAMILY)}")


def wide(text, charset):
    return "".join(chr(ord(char) + 0xfee0) for char in text).encode(charset)


def pieces_of(digits, count):
    """2: halves; 3: 4-6-5 or as near; 4: as on the card."""
    if count == 4:
        groups = groups_of(digits)
        return groups if len(groups) <= 4 else groups[:3] + ["".join(groups[3:])]
    if count == 3:
        return [digits[:4], digits[4:10], digits[10:]]
    return [digits[:len(digits) // 2], digits[len(digits) // 2:]]


def written(card, form):
    """The number itself as bytes, for the forms that are a number."""
    if form.startswith("grouped-"):
        separator = SEPARATORS[form[len("grouped-"):]]
        return separator.join(groups_of(card.digits)).encode()
    if form.startswith("full-width-"):
        return wide(card.digits, CHARSETS[form[len("full-width-"):]])
    return card.digits.encode()


def track(card, form):
    month, year = card.exp.split("/")
    if form == "track1":
        family, given = reversed(card.name.split())
        return f"%B{card.digits}^{family}/{given}^{year}{month}201{card.cvv}00000000?".encode()
    return f";{card.digits}={year}{month}201{card.cvv}00000?".encode()


def emv(card, form):
    """EMV book 3: tag 5A, the number in BCD; tag 57, with expiry and service code."""
    month, year = card.exp.split("/")
    text = card.digits if form == "emv5a" else f"{card.digits}d{year}{month}2010{card.cvv}"
    value = bytes.fromhex(text + "f" * (len(text) % 2))
    date = bytes.fromhex("5f2403" + year + month + "31")
    return bytes([0x5a if form == "emv5a" else 0x57, len(value)]) + value + date


def careful(rng, number):
    """Percent coded as browsers do, or left as it is as scripts do."""
    return urllib.parse.quote_plus(number).encode() if rng.random() < 0.5 else number


def split_pairs(rng, card, form):
    """Numbered fields; in one of four they come in another order than their keys."""
    stem, pieces = rng.choice(SPLIT_KEYS), pieces_of(card.digits, int(form[-1]))
    number = "%02d" if stem == "card_no" else "%d"
    pairs = [(stem + number % (at + 1), piece) for at, piece in enumerate(pieces)]
    return rng.sample(pairs, len(pairs)) if rng.random() < 0.25 else pairs


def as_form(pairs):
    return b"&".join(urllib.parse.quote_plus(key).encode() + b"="
                     + (value if isinstance(value, bytes)
                        else urllib.parse.quote_plus(value).encode()) for key, value in pairs)


def as_json(pairs):
    return json.dumps({key: value if isinstance(value, str) else value.decode("utf-8")
                       for key, value in pairs}, ensure_ascii=False).encode()


def record(rng, card, form, style):
    """(bytes, style) of the record: form, json, pipe, csv, line or lone.  Forms that bring
    their own frame decide themselves."""
    if form.startswith("track"):
        return track(card, form), "track"
    if form.startswith("emv"):
        return emv(card, form), "emv"
    keys = rng.choice(KEYS)
    rest = [(keys[1], card.exp), (keys[2], card.cvv), (keys[3], card.name)]
    if form.startswith("split"):
        pairs = split_pairs(rng, card, form) + rest
        return (as_json(pairs), "json") if style == "json" else (as_form(pairs), "form")
    number = written(card, form)
    if style == "json" and form.endswith(("shift_jis", "euc-jp", "iso-2022-jp")):
        style = "form"
    if style == "form":
        if form.startswith("full-width") or form in ("grouped-nbsp", "grouped-wide-space"):
            number = careful(rng, number)
        pairs = [(keys[0], number), *rest]
        return as_form(rng.sample(pairs, len(pairs)) if rng.random() < 0.3 else pairs), style
    if style == "json":
        return as_json([(keys[0], number), *rest]), style
    if style == "pipe":
        return b"|".join([number, card.exp.encode(), card.cvv.encode(), card.name.encode()]), style
    if style == "csv":
        head = f"order,{keys[3]},{keys[0]},{keys[1]},{keys[2]}\r\n".encode()
        return head + b",".join([b"1007", card.name.encode(), number, card.exp.encode(),
                                 card.cvv.encode()]) + b"\r\n", style
    if style == "line":
        return keys[0].encode() + b": " + number + b", " + card.exp.encode(), style
    return number, "lone"
