"""Vectors for views_test, by json, urllib, zlib, brotli and zstandard: argument = file to write.

Each: name, Content-Type, Content-Encoding, body, number of views in it, and for
each of these its layers (joined by /), key and bytes, in the order they begin."""
import gzip
import json
import random
import struct
import sys
import urllib.parse
import zlib

import brotli
import zstandard

rng = random.Random(11)
out = open(sys.argv[1], 'wb')
FORM, JSON = 'application/x-www-form-urlencoded', 'application/json; charset=utf-8'


def field(value):
    value = value if isinstance(value, bytes) else str(value).encode('utf-8')
    out.write(struct.pack('<I', len(value)) + value)


def raw_deflate(plain):
    coder = zlib.compressobj(6, zlib.DEFLATED, -15)
    return coder.compress(plain) + coder.flush()


def named_gzip(plain):
    head = b'\x1f\x8b\x08\x08\0\0\0\0\0\x03name\0'
    return head + raw_deflate(plain) + struct.pack('<II', zlib.crc32(plain), len(plain))


CODERS = {'gzip': gzip.compress, 'x-gzip': gzip.compress, 'deflate': zlib.compress,
          'x-deflate': zlib.compress, 'br': brotli.compress,
          'zstd': zstandard.ZstdCompressor(level=5).compress}
WORDS = {'br': 'brotli', 'x-gzip': 'gzip', 'x-deflate': 'deflate'}


def vector(name, kind, coding, body, views):
    for value in (name, kind, coding, body, len(views)):
        field(value)
    for view in views:
        for value in view:
            field(value)


def document(name, kind, body, layer, pairs):
    """The body as it is, and in codings; a view of no layer is the body itself."""
    inner = [(layer, key, value) for key, value in pairs]
    vector(name, kind, '', body, [('', '', body)] + inner)
    for coding, coder in CODERS.items():
        word = WORDS.get(coding, coding)
        coded = coder(body)
        views = [(word, '', body)] + [(word + '/' + a, b, c) for a, b, c in inner]
        sure = 'gzip' in coding
        shown = ([] if sure else [('', '', coded)]) + views
        vector(name + ' ' + coding, kind, coding, coded, shown)
    coded = raw_deflate(body)
    vector(name + ' raw deflate', kind, 'deflate', coded, [('', '', coded), ('deflate', '', body)] +
           [('deflate/' + a, b, c) for a, b, c in inner])
    coded = CODERS['zstd'](body)
    vector(name + ' zstd by look', kind, ('gzip', 'br')[len(body) % 2], coded,
           [('', '', coded), ('zstd', '', body)] + [('zstd/' + a, b, c) for a, b, c in inner])
    coded = brotli.compress(CODERS['zstd'](body))
    vector(name + ' br of zstd', kind, 'zstd, br', coded, [
        ('', '', coded), ('brotli', '', CODERS['zstd'](body)), ('brotli/zstd', '', body)] +
        [('brotli/zstd/' + a, b, c) for a, b, c in inner])
    coded = gzip.compress(zlib.compress(body))
    vector(name + ' both', kind, 'identity, deflate,GZIP', coded,
           [('gzip', '', zlib.compress(body)), ('gzip/deflate', '', body)] +
           [('gzip/deflate/' + a, b, c) for a, b, c in inner])


def word(alphabet, low, high):
    return ''.join(rng.choices(alphabet, k=rng.randint(low, high)))


NAMES = 'abcdefghijklmnopqrstuvwxyz_0123456789'
TEXT = NAMES + ' .,-/\\"\'\t\n&;:?!\u00e9\u30ab\u30fc\u30c9\U0001f4b3}]'


def form_pairs(count, longest):
    return [(word(NAMES + '[]', 1, 64), word(TEXT + '+=', 1, longest)) for _ in range(count)]


def quote(text):
    quote = rng.choice((urllib.parse.quote_plus, urllib.parse.quote))
    return quote(text, safe=rng.choice(('', '/:')))


for i in range(30):
    pairs = form_pairs(rng.randint(2, 12), rng.choice((5, 60, 3000)))
    if i % 3 == 0:
        pairs = [('pad', 'x' * rng.randint(2000, 2100))] + pairs
    body = '&'.join(urllib.parse.quote(k, safe='[]') + '=' + quote(v) for k, v in pairs).encode()
    read = urllib.parse.parse_qsl(body.decode(), keep_blank_values=True, strict_parsing=True)
    assert read == pairs
    keyed = [(k, v.encode()) for k, v in pairs]
    document('form %d' % i, FORM, body, 'form', keyed)
    if len(keyed[0][1]) < 500:
        document('form %d by look' % i, 'text/plain' if i % 2 else '', body, 'form', keyed)


def value(depth, longest):
    kind = rng.randint(0, 9)
    if depth > 0 and kind < 2:
        return {word(NAMES, 1, 64): value(depth - 1, longest) for _ in range(rng.randint(0, 4))}
    if depth > 0 and kind < 4:
        return [value(depth - 1, longest) for _ in range(rng.randint(0, 4))]
    return rng.choice((True, False, None, rng.randint(-10**18, 10**18), rng.random() * 1e9,
                       word(TEXT, 0, longest), word(TEXT, 1, longest), word(TEXT, 1, 9)))


def walk(node, key):
    """(key, text) of every string and number, with the innermost member name."""
    if isinstance(node, dict):
        for name, inner in node.items():
            yield from walk(inner, name)
    elif isinstance(node, list):
        for inner in node:
            yield from walk(inner, key)
    elif isinstance(node, str):
        if node:
            yield key, node.encode()
    elif node is not None and not isinstance(node, bool):
        yield key, json.dumps(node).encode()


for i in range(60):
    longest = rng.choice((5, 60, 3000))
    tree = {word(NAMES, 1, 12): value(6, longest) for _ in range(rng.randint(1, 9))}
    if i % 3 == 0:
        tree = {'pad': 'x' * rng.randint(2000, 2100), **tree}
    if i % 5 == 0:
        tree = [tree, tree]
    body = json.dumps(tree, ensure_ascii=rng.random() < 0.5, indent=rng.choice((None, 1)),
                      separators=rng.choice((None, (',', ':')))).encode()
    kind = rng.choice((JSON, 'application/vnd.api+json', FORM, '', 'text/html'))
    document('json %d' % i, kind, body, 'json', list(walk(tree, '')))
lines = [{'n': i, 'card': word('0123456789', 16, 16)} for i in range(100)]
document('ndjson', 'application/x-ndjson',
         b'\n'.join(json.dumps(x).encode() for x in lines), 'json',
         [pair for line in lines for pair in walk(line, '')])


def near(edge):
    """Bytes that almost are a boundary."""
    return rng.choice((b'\r\n--', b'\r\n--' + edge[:-1], b'\r', b'\n', b'\r\r\n',
                       b'\n\r\n--' + edge[1:], b'--' + edge, b'\n-',
                       b'\r\n\r\n--' + edge[:3], b'\r\n-\r\n--'))


def content(edge):
    """(headers, bytes, views of layers inside)"""
    kind = rng.randint(0, 5)
    text = word(TEXT, 1, rng.choice((5, 60, 3000))).encode()
    if kind == 0:
        return b'', b'', []
    if kind == 1:
        made = b''.join(near(edge) + text[at:at + 9] for at in range(0, min(len(text), 200), 9))
        return b'', b'=' + made, []
    if kind == 2:
        return (b'Content-Type: application/octet-stream', gzip.compress(text),
                [('gzip', '', text)])
    if kind == 3:
        return (b'content-type:application/json; charset=utf-8', b'"' + b'x' * len(text) + b'"',
                [('json', '', b'x' * len(text))])
    return b'X-Folded: a;\r\n b', b'=' + text, []


def multipart(edge, parts, end=b'\r\n'):
    made = b''
    for name, headers, data in parts:
        made += b'--' + edge + end + b'Content-Disposition: form-data' + name + end
        made += (headers + end if headers else b'') + end + data + end
    return made + b'--' + edge + b'--' + end


for i in range(60):
    edge = word(NAMES + "'()+_,-./:=?", 8, 69).encode() + b'x'
    parts, views = [], []
    for _ in range(rng.randint(1, 6)):
        key = word(NAMES + '[] -', 1, 64)
        headers, data, inner = content(edge)
        quoted = b'; name="' + key.encode() + b'"'
        key = key if rng.random() < 0.8 else ''
        parts.append((quoted if key else b'; filename="x"', headers, data))
        if data:
            views.append(('multipart', key, data))
        views += [('multipart/' + layer, name, value) for layer, name, value in inner]
    kind = 'multipart/form-data; charset=utf-8; Boundary="%s"' % edge.decode()
    body = multipart(edge, parts)
    vector('multipart %d' % i, kind, '', body, [('', '', body)] + views)
    vector('multipart %d by look' % i, 'text/plain', '', body, [('', '', body)] + views)
    around = b'preamble\r\n--' + edge[:-1] + b'\r\n' + body + b'epilogue: "4"'
    vector('multipart %d with words around' % i, kind, '', around, [('', '', around)] + views)
    body = multipart(edge, parts, b'\n')
    if all(not data.endswith(b'\r') for _, _, data in parts):
        vector('multipart %d with LF' % i, kind, '', body, [('', '', body)] + views)
    body = multipart(edge, parts)[:-len(edge) - 8]
    if parts[-1][2] and not parts[-1][2].endswith(b'\r'):
        vector('multipart %d without its end' % i, kind, '', body, [('', '', body)] + views)
    inner = multipart(b'in' + edge[:60], [(b'; name="deep"', b'', b'some words')])
    body = multipart(edge, [(b'; name="outer"', b'Content-Type: multipart/mixed', inner)])
    vector('multipart %d nested' % i, kind, '', body, [
        ('', '', body), ('multipart', 'outer', inner),
        ('multipart/multipart', 'deep', b'some words')])
    coded = gzip.compress(body)
    vector('multipart %d coded' % i, kind, 'gzip', coded, [
        ('gzip', '', body), ('gzip/multipart', 'outer', inner),
        ('gzip/multipart/multipart', 'deep', b'some words')])
