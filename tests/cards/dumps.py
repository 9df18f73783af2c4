"""What a client gets from a protected server: dumps of stolen cards in the shapes that thieves
leave them in, and the answers with and without cards that are a shop's business.

    python3 dumps.py SEED COUNT [-o FOLDER] [--forge PROGRAM]

COUNT messages, each of ROWS in turn.  The truth says what the table of directions makes of it
(want: category and technique, or null) and which cards stand in it."""
import argparse
import base64
import gzip
import io
import json
import os
import random
import sys
import zipfile

import carriers
import codings
import decoy_shapes as shape
import forms
import issuers
from carriers import HTTP, Exchange, Place
from decoy_contexts import N16
from wire import Writer

HOST = "www.hanamizuki.example"
DUMP, SHOWN = ["card-exfil", "dump-fetch"], ["card-exposure", "shown"]
FAMILIES = ("佐藤", "鈴木", "高橋", "田中")


class Case:
    def __init__(self, rng):
        self.rng, self.cards = rng, []
        self.place = Place((), "list", "start", HOST)

    def card(self):
        kind = self.rng.choice(issuers.TIER1)
        card = forms.holder_of(self.rng, kind, issuers.draw_card(self.rng, kind))
        self.cards.append(card.digits)
        return card

    def some(self, least=3, most=40):
        return [self.card() for _ in range(self.rng.randint(least, most))]

    def answer(self, target, kind, body, method="GET", ask=None):
        """A stranger asks the protected server."""
        asked = carriers.request(method, target, self.place, (), ask)
        head = (f"HTTP/1.1 200 OK\r\nServer: nginx\r\nContent-Type: {kind}\r\n"
                f"Content-Length: {len(body)}\r\n\r\n").encode()
        return [Exchange("tcp", HTTP, False, [(True, asked), (False, head + body)])]


def lines(cards, separator="|"):
    return "\n".join(separator.join((card.digits, card.exp, card.cvv, card.name))
                     for card in cards).encode() + b"\n"


def no_picture(case):
    name, kind = case.rng.choice((("cache.jpg", "image/jpeg"), ("b.gif", "image/gif"),
                                  ("favicon.ico", "image/x-icon"), ("x.woff2", "font/woff2")))
    return case.answer(f"/media/{name}", kind, lines(case.some(1)))


def behind_picture(case):
    name, magic = case.rng.choice((("a.jpg", codings.JPEG), ("a.png", codings.PNG)))
    data = lines(case.some(1))
    data = case.rng.choice((data, base64.b64encode(data)))
    return case.answer(f"/skin/images/{name}", f"image/{name[2:].replace('jpg', 'jpeg')}",
                       magic + data)


def static_file(case):
    name, kind = case.rng.choice((
        ("style.css", "text/css"), ("jquery.min.js", "application/javascript"),
        ("robots_old.txt", "text/plain"), ("system.log", "text/plain"),
        ("members.csv", "text/csv"), ("session.dat", "application/octet-stream")))
    return case.answer(f"/js/{name}?v=3", kind, lines(case.some(1), case.rng.choice("|,;\t")))


def sql_file(case):
    rows = ",\n".join(f"({number},'{card.name}','{card.digits}','{card.exp}')"
                      for number, card in enumerate(case.some(), 1))
    return case.answer("/backup/db.sql", "application/sql", (
        "-- MySQL dump 10.13\nCREATE TABLE `dtb_payment` (`id` int, `holder` varchar(64),"
        " `card_number` varchar(19), `exp` char(5));\nINSERT INTO `dtb_payment` VALUES\n"
        + rows + ";\n").encode())


def packed_file(case):
    data = lines(case.some())
    if case.rng.random() < 0.5:
        return case.answer("/var/log.gz", "application/gzip", gzip.compress(data, mtime=0))
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo("log.txt", (2026, 11, 20, 8, 0, 0)), data)
    return case.answer("/var/backup.zip", "application/zip", out.getvalue())


def text_records(case):
    return carriers.dns_txt(case.rng, case.place, lines(case.some(10, 16)))


def backdoor(case):
    return case.answer("/wp-content/plugins/x/class.php", "text/html; charset=UTF-8",
                       lines(case.some(10)), "POST", b"pass=" + b"%x" % case.rng.getrandbits(64))


def joined_base64(case):
    """Records of their own padding one behind the other, as cartcheckout.jpg has them."""
    data = b""
    for card in case.some(2):
        month, year = card.exp.split("/")
        name = card.name if case.rng.random() < 0.5 else case.rng.choice(FAMILIES)
        data += base64.b64encode(
            f"\r\n{name}|{card.name}|a{case.rng.randint(10, 999)}@shop.example|2-4-1"
            f"|JP|Tokyo|0355550{case.rng.randint(100, 999)}|1500001| |{card.name}|{card.digits}"
            f"|{card.cvv}|{month}|20{year}".encode())
    return case.answer("/media/wysiwyg/cartcheckout.jpg", "image/jpeg", data)


def php_string(text):
    return f's:{len(text)}:"{text}";'


def serialised(case):
    """A line a request: base64 of what PHP's serialize() writes."""
    out = b""
    for card in case.some(2):
        pairs = [("cc_owner", card.name), ("cc_number", card.digits), ("cc_exp", card.exp),
                 ("cc_cid", card.cvv)]
        text = "a:4:{" + "".join(php_string(key) + php_string(value)
                                 for key, value in pairs) + "}--a:0:{}"
        out += base64.b64encode(text.encode()) + b"\n"
    return case.answer("/media/catalog/product/5/1/5111111.jpg", "image/jpeg", out)


def boxed_mails(case):
    text = "".join("++=====[ CreditCard ]=====++\n"
                   f"Bank    : {card.kind}\nName    : {card.name}\nCard    : {card.digits}\n"
                   f"Exp     : {card.exp}\nCvv     : {card.cvv}\n++=====[ End ]=====++\n\n"
                   for card in case.some(2))
    return case.answer("/skin/mail.txt", "text/plain", text.encode())


def json_lines(case):
    keys = case.rng.choice(forms.KEYS)
    text = "".join(json.dumps({"act": "pay", keys[3]: card.name, keys[0]: card.digits,
                               keys[1]: card.exp, keys[2]: card.cvv}) + "\n"
                   for card in case.some(2))
    return case.answer("/js/post.txt", "text/plain", text.encode())


def page(text):
    return ("<!DOCTYPE html><html lang=\"ja\"><head><title>shop</title></head><body>" + text
            + "</body></html>").encode()


def order_page(case):
    rows = "".join(f"<tr><td>ご注文番号</td><td>{shape.drawn(N16, case.rng, True)}</td>"
                   f"<td>{case.rng.randint(500, 90000)}</td></tr>" for _ in range(20))
    return case.answer("/mypage/history", "text/html; charset=UTF-8", page(
        f"<table>{rows}</table>"))


def account_page(case):
    rows = ""
    for _ in range(3):
        digits = case.card().digits
        rows += f"<li>{digits[:4]}{'*' * (len(digits) - 8)}{digits[-4:]} 12/29</li>" \
            if case.rng.random() < 0.5 else f"<li>**** **** **** {digits[-4:]} 12/29</li>"
    case.cards.clear()
    return case.answer("/mypage/card", "text/html; charset=UTF-8", page(f"<ul>{rows}</ul>"))


def own_card(case):
    card = case.card()
    return case.answer("/shopping/confirm", "text/html; charset=UTF-8", page(
        f"<dl><dt>カード番号</dt><dd>{card.digits}</dd><dt>有効期限</dt><dd>{card.exp}</dd></dl>"),
        "POST", b"step=2")


def cards_page(case):
    rows = "".join(f"<tr><td>{card.name}</td><td>{card.digits}</td><td>{card.exp}</td></tr>"
                   for card in case.some(2, 9))
    return case.answer("/mypage/cards", "text/html; charset=UTF-8", page(
        f"<table><tr><th>名義</th><th>カード番号</th><th>有効期限</th></tr>{rows}</table>"))


def psp_answer(case):
    card = case.card()
    body = json.dumps({"status": "CAPTURED", "CardNo": card.digits, "Expire": card.exp}).encode()
    head = ("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n").encode()
    ask = carriers.request("POST", "/payment/SearchCard.json", case.place,
                           ["Content-Type: application/json"], b'{"MemberID":"m-4"}')
    return [Exchange("tcp", HTTP, True, [(True, ask), (False, head + body)])]


def export(case):
    text = "注文番号,名義,カード番号,有効期限\r\n" + "".join(
        f"{number},{card.name},{card.digits},{card.exp}\r\n"
        for number, card in enumerate(case.some(12), 1000))
    return case.answer("/admin/order/export/order.csv", "application/octet-stream",
                       text.encode("shift_jis"))


# What, how it is made, what the table of directions makes of it; the last word: the client is
# an operator, or which counter counts it.
ROWS = [
    ("picture that is none", no_picture, DUMP),
    ("picture with data behind it", behind_picture, DUMP),
    ("static file", static_file, DUMP),
    ("SQL dump", sql_file, DUMP),
    ("packed file", packed_file, DUMP),
    ("TXT answers", text_records, DUMP),
    ("answer of a backdoor", backdoor, DUMP),
    ("base64 records without a border", joined_base64, DUMP),
    ("serialised lines in base64", serialised, DUMP),
    ("boxed mails", boxed_mails, DUMP),
    ("JSON lines", json_lines, DUMP),
    ("export by a stranger", export, DUMP),
    ("export by an operator", export, SHOWN, "operator"),
    ("page of a few cards", cards_page, SHOWN),
    ("page of orders", order_page, None),
    ("account page with masked cards", account_page, None),
    ("the payer's own card", own_card, None, "own_payer"),
    ("answer of a PSP", psp_answer, None, "received"),
]


def generate(seed, count):
    """Yields (exchanges, truth, stress)."""
    for number in range(count):
        what, make, want, *more = ROWS[number % len(ROWS)]
        case = Case(random.Random(f"dumps {seed} {number}"))
        exchanges = make(case)
        stress = case.rng.choice(("", "", "segments 40", "mss 536 shuffle"))
        yield exchanges, {"what": what, "want": want, "word": "".join(more),
                          "cards": case.cards}, stress


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("seed")
    parser.add_argument("count", type=int)
    parser.add_argument("-o", "--out", default=".")
    parser.add_argument("--forge")
    options = parser.parse_args()
    writer = Writer(os.path.join(options.out, "dumps"))
    for made in generate(options.seed, options.count):
        writer.add(*made)
    writer.close(options.forge, options.seed)
    return 0


if __name__ == "__main__":
    sys.exit(main())
