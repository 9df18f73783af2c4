"""Where a payload travels: each carrier makes the bytes that a client and a server say."""
import email.mime.multipart
import json
import struct
import typing
import urllib.parse

import codings
from codings import PLAIN_ASCII

WORDS = ("the order was placed and will be sent when the parcel is ready please wait for "
         "our mail or call the shop during the day thank you for your visit").split()
HTTP, DNS = 80, 53
CONTENT_CODINGS = {"gzip": "gzip", "zlib": "deflate", "brotli": "br", "zstd": "zstd"}
POSITIONS = ("start", "middle", "end")
DEEP = 90000


class Exchange(typing.NamedTuple):
    proto: str          # tcp, udp, icmp
    port: int
    outbound: bool      # the protected server opens it
    turns: list         # (said by the opener, bytes)


class Place(typing.NamedTuple):
    """What a carrier needs to know."""
    chain: tuple
    style: str
    position: str
    host: str


def filler(rng, length):
    """Words and line ends, without a digit."""
    out, size = [], 0
    while size < length:
        word = rng.choice(WORDS)
        out.append(word)
        size += len(word) + 1
    return "\n".join(" ".join(out[at:at + 12]) for at in range(0, len(out), 12)).encode()


def quoted(data):
    return urllib.parse.quote(data, safe="").encode()


def request(method, target, place, headers=(), body=None):
    head = [f"{method} {target} HTTP/1.1", f"Host: {place.host}",
            "User-Agent: Mozilla/5.0 (Windows NT 10.0; Win64; x64)", "Accept: */*", *headers]
    if body is not None:
        head.append(f"Content-Length: {len(body)}")
    return ("\r\n".join(head) + "\r\n\r\n").encode("latin-1") + (body or b"")


OK = (b"HTTP/1.1 200 OK\r\nServer: nginx\r\nContent-Type: text/plain\r\n"
      b"Content-Length: 3\r\n\r\nok\n")


def http(message):
    return [Exchange("tcp", HTTP, True, [(True, message), (False, OK)])]


def post(place, kind, body, headers=()):
    return http(request("POST", "/collect", place, [f"Content-Type: {kind}", *headers], body))


def around(rng, place, payload):
    """Filler before and behind, as far as the position wants it."""
    before, behind = {"start": (0, 0), "middle": (rng.randint(1, 900), rng.randint(1, 900)),
                      "end": (rng.randint(1, 3000), 0), "deep": (DEEP, 60)}[place.position]
    parts = [filler(rng, before), payload, filler(rng, behind)]
    return b"\n".join(part for part in parts if part)


def query(rng, place, payload):
    head = "u=3&" if place.position != "start" else ""
    tail = "&t=js" if place.position == "middle" else ""
    return http(request("GET", f"/c.gif?{head}d={quoted(payload).decode()}{tail}", place))


def path(rng, place, payload):
    return http(request("GET", f"/t/{quoted(payload).decode()}/x.png", place))


def cookie(rng, place, payload):
    before = "lang=ja; " if place.position != "start" else ""
    behind = "; theme=dark" if place.position == "middle" else ""
    return http(request("GET", "/px.gif", place,
                        [f"Cookie: {before}t={quoted(payload).decode()}{behind}"]))


def header(rng, place, payload):
    return http(request("GET", "/px.gif", place, [f"X-Data: {payload.decode('ascii')}"]))


def form_field(rng, place, payload):
    pairs = [b"d=" + quoted(payload)]
    if place.position != "start":
        pairs.insert(0, b"act=save&note=" + quoted(filler(rng, rng.randint(5, 300))))
    if place.position == "middle":
        pairs.append(b"done=yes")
    return post(place, "application/x-www-form-urlencoded", b"&".join(pairs))


def form_plus(rng, place, payload):
    """A careless client: '+' of base64 goes as it is and becomes a blank."""
    return post(place, "application/x-www-form-urlencoded", b"d=" + payload)


def form_body(rng, place, payload):
    return post(place, "application/x-www-form-urlencoded", payload)


def text_body(rng, place, payload):
    return post(place, "text/plain", around(rng, place, payload))


def octet_body(rng, place, payload):
    return post(place, "application/octet-stream", payload)


def coded_body(rng, place, payload):
    """The outermost coding is declared."""
    return post(place, "text/plain", payload,
                [f"Content-Encoding: {CONTENT_CODINGS[place.chain[0]]}"])


def chunked_body(rng, place, payload):
    body, at = b"", 0
    payload = around(rng, place, payload)
    while at < len(payload):
        size = rng.randint(1, 40) if len(payload) < 4000 else rng.randint(100, 4000)
        piece = payload[at:at + size]
        body += b"%x\r\n%s\r\n" % (len(piece), piece)
        at += size
    head = request("POST", "/collect", place, ["Content-Type: text/plain",
                                               "Transfer-Encoding: chunked"])
    return http(head + body + b"0\r\n\r\n")


def json_value(rng, place, payload):
    rows = [("s", 3), ("data", payload.decode("utf-8"))]
    if place.position != "start":
        rows.insert(0, ("note", filler(rng, rng.randint(5, 300)).decode()))
    if place.position == "middle":
        rows = [("v", 1), ("event", dict(rows))]
    return post(place, "application/json",
                json.dumps(dict(rows), ensure_ascii=rng.random() < 0.5).encode())


def json_body(rng, place, payload):
    return post(place, "application/json", payload)


def multipart(rng, place, name, kind, payload):
    """RFC 7578; the boundary is the library's."""
    library = email.mime.multipart.MIMEMultipart("form-data",
                                                 boundary=f"----WebKit{rng.getrandbits(60):x}")
    edge = library.get_boundary().encode()
    head = b"Content-Disposition: form-data; name=\"d\"" + name + b"\r\n" + kind
    parts = [head + b"\r\n" + payload]
    other = b"Content-Disposition: form-data; name=\"act\"\r\n\r\nsave"
    if place.position != "start":
        parts.insert(0, other)
    if place.position == "middle":
        parts.append(other)
    body = b"".join(b"--" + edge + b"\r\n" + part + b"\r\n" for part in parts)
    return post(place, "multipart/form-data; boundary=" + edge.decode(),
                body + b"--" + edge + b"--\r\n")


def multipart_field(rng, place, payload):
    return multipart(rng, place, b"", b"", payload)


def multipart_file(rng, place, payload):
    return multipart(rng, place, b"; filename=\"a.jpg\"", b"Content-Type: image/jpeg\r\n",
                     codings.JPEG + payload)


def raw_tcp(rng, place, payload):
    return [Exchange("tcp", 4444, True, [(True, around(rng, place, payload)), (False, b"ok\n")])]


def raw_udp(rng, place, payload):
    said = around(rng, place, payload)
    return [Exchange("udp", 9999, True, [(True, said if len(said) < 1400 else payload)])]


def icmp(rng, place, payload):
    return [Exchange("icmp", 0, True, [(True, payload), (False, payload)])]


def dns_name(labels):
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


def dns_query(rng, labels):
    return (struct.pack(">6H", rng.getrandbits(16), 0x0100, 1, 0, 0, 0) + dns_name(labels)
            + struct.pack(">2H", 1, 1))


def labels_of(payload, size):
    return [payload[at:at + size] for at in range(0, len(payload), size)]


def dns_label(rng, place, payload):
    message = dns_query(rng, labels_of(payload, 63) + [b"t", b"example", b"net"])
    return [Exchange("udp", DNS, True, [(True, message)])]


def dns_spread(rng, place, payload):
    """A piece a query, numbered."""
    tag = b"%04x" % rng.getrandbits(16)
    return [Exchange("udp", DNS, True, [(True, dns_query(
        rng, [piece, b"%d" % number, tag, b"example", b"net"]))])
        for number, piece in enumerate(labels_of(payload, 30))]


def dns_txt(rng, place, payload):
    """Asked for by a stranger, answered by the protected server."""
    ask = struct.pack(">6H", 4660, 0x0100, 1, 0, 0, 0) + dns_name([b"k7", b"example", b"net"])
    ask += struct.pack(">2H", 16, 1)
    value = b"".join(bytes([len(piece)]) + piece for piece in labels_of(payload, 255))
    answer = (ask[:2] + struct.pack(">5H", 0x8400, 1, 1, 0, 0) + ask[12:]
              + b"\xc0\x0c" + struct.pack(">2HIH", 16, 1, 60, len(value)) + value)
    return [Exchange("udp", DNS, False, [(True, ask), (False, answer)])]


def response(rng, place, payload, target, kind):
    ask = request("GET", target, place)
    answer = (f"HTTP/1.1 200 OK\r\nServer: nginx\r\nContent-Type: {kind}\r\n"
              f"Content-Length: {len(payload)}\r\n\r\n").encode() + payload
    return [Exchange("tcp", HTTP, False, [(True, ask), (False, answer)])]


def response_image(rng, place, payload):
    """A dump that calls itself a picture."""
    return response(rng, place, around(rng, place, payload), "/media/cache.jpg", "image/jpeg")


def response_image_tail(rng, place, payload):
    return response(rng, place, codings.JPEG + payload, "/media/a.jpg", "image/jpeg")


CARRIERS = {
    "query": query, "path": path, "cookie": cookie, "header": header, "form-field": form_field,
    "form-plus": form_plus, "form-body": form_body, "text-body": text_body,
    "octet-body": octet_body, "coded-body": coded_body, "chunked-body": chunked_body,
    "json-value": json_value, "json-body": json_body, "multipart-field": multipart_field,
    "multipart-file": multipart_file, "raw-tcp": raw_tcp, "raw-udp": raw_udp, "icmp": icmp,
    "dns-label": dns_label, "dns-spread": dns_spread, "dns-txt": dns_txt,
    "response-image": response_image, "response-image-tail": response_image_tail,
}
# Layers that are the carrier's own and may stand in front of the chain.
OWN_LAYERS = {"query": ("form", "percent"), "path": ("percent",), "cookie": ("cookie", "percent"),
              "form-field": ("form", "percent"), "form-plus": ("form", "percent"),
              "form-body": ("form", "percent"), "json-value": ("json", "json-escape"),
              "json-body": ("json", "json-escape"), "multipart-field": ("multipart",),
              "multipart-file": ("multipart", "image"), "response-image-tail": ("image",),
              "chunked-body": ("chunked",)}
LONGEST = {"path": 2000, "query": 6000, "cookie": 3500, "header": 3500, "dns-label": 180,
           "dns-spread": 300, "dns-txt": 1200, "icmp": 8000, "raw-udp": 8000}
SURROUNDED = ("text-body", "chunked-body", "raw-tcp", "raw-udp", "response-image")
DNS_BYTES = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def why_not(carrier, chain, style, payload):
    """Why this payload does not travel so, or None."""
    outer = codings.CODINGS[chain[0]] if chain else None
    if len(payload) > LONGEST.get(carrier, 60000):
        return "too long for it"
    if carrier == "coded-body" and (not outer or outer.name not in CONTENT_CODINGS):
        return "HTTP knows gzip, deflate, br and zstd"
    if carrier in ("form-body", "json-body") and (chain or style != carrier[:4]):
        return "the body is the record itself"
    if carrier == "form-plus" and (not outer or not outer.name.startswith("base64")
                                   or b"\n" in payload):
        return "about the '+' of base64"
    if carrier == "header" and payload.translate(None, PLAIN_ASCII[:-3]):
        return "a header field is printable ASCII on one line"
    if carrier in ("dns-label", "dns-spread") and payload.translate(None, DNS_BYTES):
        return "a label is letters, digits and hyphens"
    if carrier == "json-value" and codings.only_text(payload):
        return "a JSON string is text"
    if carrier == "multipart-file" and outer and outer.name == "image":
        return "it is behind an image already"
    if carrier == "response-image" and outer and outer.name == "image":
        return "then it is an image: response-image-tail"
    if carrier == "response-image-tail" and outer and outer.name == "image":
        return "it is behind an image already"
    return None


def place(rng, carrier, chain, style, payload, position, host):
    """The exchanges of a payload."""
    whole = bool(chain) and codings.CODINGS[chain[0]].whole
    if whole and carrier in SURROUNDED:
        position = "start"
    return CARRIERS[carrier](rng, Place(tuple(chain), style, position, host), payload), position
