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
