"""Messages around numbers: each frame is called with what it is about and gives a function of
(rng, values) that makes a message."""
import base64
import json
import typing
import urllib.parse

from decoy_shapes import moment
from forms import FAMILY, GIVEN
from issuers import draw_digits

ITEMS = ("はちみつ 500g", "Towel set", "Green tea", "藍染 手ぬぐい", "Notebook A5", "Soap")


class Made(typing.NamedTuple):
    target: str
    kind: str = "text/plain"
    body: bytes = None
    headers: tuple = ()


def person(rng):
    """What shops send along with an order."""
    name = f"{rng.choice(GIVEN)} {rng.choice(FAMILY)}"
    return {"name": name, "email": name.lower().replace(" ", ".") + "@mail.example",
            "zip": f"{draw_digits(rng, 3)}-{draw_digits(rng, 4)}",
            "tel": f"090-{draw_digits(rng, 4)}-{draw_digits(rng, 4)}"}


def order(rng):
    when = moment(rng)
    return {**person(rng), "total": rng.randint(400, 90000), "item": rng.choice(ITEMS),
            "created": when.strftime("%Y-%m-%dT%H:%M:%S+09:00"), "qty": rng.randint(1, 9)}


def json_rows(key, more=order, target="/v1/sync", wrap="items", as_number=False):
    """An array of objects, the number under its key."""
    def make(rng, values):
        rows = [{key: int(value) if as_number else value, **more(rng)} for value in values]
        data = rows[0] if len(rows) == 1 else {wrap: rows, "count": len(rows)}
        return Made(target, "application/json", json.dumps(data, ensure_ascii=False).encode())
    return make


def nothing(rng):
    return {}


def json_list(key, target="/v1/batch"):
    """Numbers one after another, without a name of their own."""
    return lambda rng, values: Made(target, "application/json",
                                    json.dumps({key: values, "n": len(values)}).encode())


def form(key, target="/api/update", more=order):
    def make(rng, values):
        pairs = []
        for number, value in enumerate(values):
            suffix = f"[{number}]" if len(values) > 1 else ""
            pairs += [(key + suffix, value), *((name + suffix, str(field))
                                               for name, field in more(rng).items())]
        return Made(target, "application/x-www-form-urlencoded",
                    urllib.parse.urlencode(pairs).encode())
    return make


def csv(head, charset="utf-8", target="/export/order.csv"):
    """A table with the number in its first column."""
    def make(rng, values):
        lines = [head]
        for value in values:
            row = order(rng)
            lines.append(f"{value},{row['created'][:10]},{row['name']},{row['tel']},{row['zip']},"
                         f"{row['total']}")
        return Made(target, "text/csv", ("\r\n".join(lines) + "\r\n").encode(charset))
    return make


def lines(pattern, target="/log", kind="text/plain", head="", foot="", charset="utf-8"):
    """A line a number: {v}, {date}, {time}, {name}, {n}, {small}, {item}."""
    def make(rng, values):
        out = [head] if head else []
        for number, value in enumerate(values):
            when, row = moment(rng), person(rng)
            out.append(pattern.format(v=value, date=f"{when:%Y-%m-%d}", time=f"{when:%H:%M:%S}",
                                      name=row["name"], n=number, small=rng.randint(1, 999),
                                      item=rng.choice(ITEMS)))
        return Made(target, kind, "\n".join([*out, foot]).encode(charset))
    return make


def html(pattern, target="/orders", charset="utf-8"):
    return lines(pattern, target, f"text/html; charset={charset}", "<!doctype html><html><head>"
                 "<title>Hanamizuki</title></head><body><main>", "</main></body></html>", charset)


def target(pattern, headers=()):
    """GETs: the numbers of a message stand in its target and headers."""
    def make(rng, values):
        filled = {"v": ",".join(values[:20]), "one": values[0]}
        return Made(pattern.format(**filled), headers=tuple(
            line.format(**filled) for line in headers))
    return make


def joined(separator, before="", behind="", kind="text/plain", path="/data"):
    """All numbers in one text."""
    return lambda rng, values: Made(path, kind, (before + separator.join(values)
                                                 + behind).encode())


def jwt(rng, values):
    """RFC 7519, under a key that only the issuer has: any bytes will do for the signature."""
    def part(data):
        return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
    tokens = []
    for value in values:
        issued = int(moment(rng).timestamp())
        claims = {"sub": value, "iat": issued, "exp": issued + 3600,
                  "jti": f"{rng.getrandbits(64):x}"}
        tokens.append(".".join([part(b'{"alg":"HS256","typ":"JWT"}'),
                                part(json.dumps(claims).encode()), part(rng.randbytes(32))]))
    return Made("/api/session", "application/json", json.dumps({"tokens": tokens}).encode(),
                (f"Authorization: Bearer {tokens[0]}",))


def mime(rng, values):
    """A form with a file, its parts between boundaries of digits."""
    edge = values[0]
    part = "Content-Disposition: form-data; name=\"{0}\"\r\n\r\n{1}\r\n"
    body = "".join(f"--{edge}\r\n" + part.format(name, text) for name, text in
                   (("title", "spring"), ("price", "1200"), ("memo", "see mail")))
    return Made("/upload", f"multipart/form-data; boundary={edge}",
                f"{body}--{edge}--\r\n".encode())


def base64_json(key):
    """A state that a script keeps: JSON in base64 in a field."""
    def make(rng, values):
        state = json.dumps({key: values, "v": 2}).encode()
        return Made("/state", "application/json",
                    json.dumps({"state": base64.b64encode(state).decode()}).encode())
    return make


def sql(table, column):
    def make(rng, values):
        rows = [f"({value},'{order(rng)['created'][:19]}',{rng.randint(1, 99)})"
                for value in values]
        text = f"INSERT INTO `{table}` (`{column}`,`at`,`n`) VALUES {','.join(rows)};\n"
        return Made("/sync.sql", "text/plain", text.encode())
    return make
