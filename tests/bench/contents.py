"""Bytes to search for cards, made from a seed: what a server sends and is sent on a usual day,
and what somebody sends who wants the search to be slow.

A content is a block of BLOCK bytes, again and again up to the size that is wanted."""
import base64
import gzip
import random

BLOCK = 2 << 20
JPEG = bytes.fromhex("ffd8ffe000104a46494600010100000100010000ffdb004300")
WORDS = """account address amount article basket blog button campaign cart category checkout city
client color comment content copyright country coupon customer default delivery description detail
discount display element email error event family footer form gallery gift global header height
holiday image index input item label language layout letter link list login margin message method
mobile modal name news notice number object office option order package page parent password payment
phone picture point policy popular price privacy product profile promise prototype quantity query
random recent region related result return review sale search season section select service session
shipping shop slider spring status stock store style submit summary target template title token
total update value version video view wrapper width window""".split()
TAGS = ("div", "span", "li", "p", "td", "h3", "section", "article")
NAMES = ("id", "user_id", "order_id", "created_at", "price", "sku", "parent", "ref")


def until(size, piece):
    """Pieces joined until they are so many bytes."""
    parts, have = [], 0
    while have < size:
        parts.append(piece())
        have += len(parts[-1])
    return "".join(parts).encode()[:size]


def camel(rng):
    first, *rest = rng.sample(WORDS, rng.randint(1, 3))
    return first + "".join(word.title() for word in rest)


def path(rng):
    words = "/".join(rng.sample(WORDS, 3))
    return f"/{words}-{rng.randrange(9999)}.{rng.choice(('html', 'png', 'js', 'css'))}"


def prose(rng):
    return " ".join(rng.choices(WORDS, k=rng.randint(4, 20))).capitalize()


def html(rng):
    def piece():
        tag, kind = rng.choice(TAGS), "-".join(rng.sample(WORDS, rng.randint(1, 3)))
        line = f'<{tag} class="{kind} col-md-{rng.randrange(13)}">{prose(rng)}</{tag}>\n'
        if rng.random() < 0.3:
            line += f'  <a href="https://www.{rng.choice(WORDS)}.example{path(rng)}?v=' \
                    f'{rng.randrange(10 ** 8)}" title="{prose(rng)}"><img src="{path(rng)}" ' \
                    f'width="{rng.randrange(900)}" height="{rng.randrange(900)}"></a>\n'
        if rng.random() < 0.05:
            line += f"<p>{rng.randrange(1990, 2030)}-{rng.randrange(1, 13):02}-" \
                    f"{rng.randrange(1, 29):02} &copy; {prose(rng)} &nbsp; " \
                    f"{rng.randrange(99)},{rng.randrange(999):03}</p>\n"
        return line
    return until(BLOCK, piece)


def js(rng):
    def piece():
        name, other = camel(rng), camel(rng)
        return rng.choice((
            f"function {name}(e,t){{var n={rng.randrange(9999)};"
            f"if(e.{other}!==t){{return n+t.length}}}}\n",
            f"{name}.prototype.{other}=function(){{return this.{camel(rng)}||\"{other}\"}};\n",
            f"var {name}={{{other}:{rng.random():.4f},{camel(rng)}:!0,"
            f"{camel(rng)}:\"{prose(rng)}\"}};\n",
            f"for(var r=0;r<{name}.length;r++){other}[r]=document.getElementById(\"{name}\");\n"))
    return until(BLOCK, piece)


def json_ids(rng):
    def piece():
        fields = ",".join(
            f'"{name}":{rng.randrange(10 ** rng.choice((6, 9, 10, 13, 16, 18)))}' for name in NAMES)
        return f'{{{fields},"name":"{prose(rng)}","active":true}},\n'
    return until(BLOCK, piece)


def base64_lines(rng):
    return base64.encodebytes(rng.randbytes(BLOCK * 3 // 4))[:BLOCK]


def images(rng):
    parts, have = [], 0
    while have < BLOCK:
        parts.append(JPEG + rng.randbytes(rng.randrange(8 << 10, 200 << 10)) + b"\xff\xd9")
        have += len(parts[-1])
    return b"".join(parts)[:BLOCK]


def csv(rng):
    def piece():
        return ",".join(str(rng.randrange(10 ** rng.randint(1, 18))) for _ in range(8)) + "\n"
    return until(BLOCK, piece)


def hex_dump(rng):
    at = 0

    def piece():
        nonlocal at
        raw = rng.randbytes(16)
        at += 16
        text = "".join(chr(c) if 32 <= c < 127 else "." for c in raw)
        return f"{at:08x}  {raw[:8].hex(' ')}  {raw[8:].hex(' ')}  |{text}|\n"
    return until(BLOCK, piece)


def digits(rng):
    """Every number of a card's length, one after the other."""
    return until(BLOCK, lambda: f"{rng.randrange(4 * 10 ** 15, 6 * 10 ** 15)} ")


def nested_base64(rng):
    inner = base64.b64encode(rng.randbytes(BLOCK * 9 // 16))
    return base64.b64encode(inner)[:BLOCK]


def escapes(rng):
    return until(BLOCK, lambda: rng.choice((
        f"%{rng.randrange(48, 58):02x}", f"\\u00{rng.randrange(48, 58):02x}",
        f"&#{rng.randrange(48, 58)};", f"={rng.randrange(48, 58):02X}")))


def bombs(rng):
    """Pieces of gzip, each of which gives a thousand times its bytes, and holds another."""
    inner = gzip.compress(b"0" * (1 << 20) + rng.randbytes(16), mtime=0)
    piece = gzip.compress(inner + b"4" * (1 << 20), mtime=0)
    return (piece * (BLOCK // len(piece) + 1))[:BLOCK]


def starts(rng):
    """Nothing but beginnings of what is packed."""
    magics = (b"\x1f\x8b\x08\x00", b"\x28\xb5\x2f\xfd", b"PK\x03\x04", b"\x78\x9c", b"\xff\xd9")
    return b"".join(rng.choice(magics) + rng.randbytes(4) for _ in range(BLOCK // 6))[:BLOCK]


USUAL = {"html": html, "js": js, "json": json_ids, "base64": base64_lines, "images": images,
         "random": lambda rng: rng.randbytes(BLOCK), "csv": csv, "hexdump": hex_dump}
HOSTILE = {"digits": digits, "base64x2": nested_base64, "escapes": escapes, "bombs": bombs,
           "starts": starts}


def content(name, size, seed):
    block = {**USUAL, **HOSTILE}[name](random.Random(f"{name} {seed}"))
    return (block * (size // len(block) + 1))[:size]
