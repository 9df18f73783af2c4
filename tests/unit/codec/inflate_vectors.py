"""Vectors for inflate_test, by Python's zlib: argument = file to write.

Each: name, coded bytes, what zlib makes of them, expected end (enum inflate_rc),
bytes that follow the coding, and whether the output must be complete (1) or may
lack the last symbols (0: the stream is cut or broken)."""
import random
import struct
import sys
import zlib

rng = random.Random(47)
out = open(sys.argv[1], 'wb')


def field(value):
    value = value if isinstance(value, bytes) else str(value).encode()
    out.write(struct.pack('<I', len(value)) + value)


def vector(name, coded, plain, end=1, rest=0, whole=1):
    for value in (name, coded, plain, end, rest, whole):
        field(value)


def text(n):
    words = [bytes(rng.choices(b'abcdefghijklmnop', k=rng.randint(2, 9))) for _ in range(200)]
    made = b''
    while len(made) < n:
        made += rng.choice(words) + rng.choice([b' ', b', ', b'\n'])
    return made[:n]


def deflate(plain, level=6, wbits=-15, strategy=zlib.Z_DEFAULT_STRATEGY, flush_each=0):
    coder = zlib.compressobj(level, zlib.DEFLATED, wbits, 8, strategy)
    if not flush_each:
        return coder.compress(plain) + coder.flush()
    made = b''
    for i in range(0, len(plain), flush_each):
        made += coder.compress(plain[i:i + flush_each])
        made += coder.flush(rng.choice([zlib.Z_SYNC_FLUSH, zlib.Z_FULL_FLUSH]))
    return made + coder.flush()


def gzip(plain, flags=0, extra=b'', name=b'', comment=b'', body=None, crc=None):
    head = b'\x1f\x8b\x08' + bytes([flags]) + b'\x01\x02\x03\x04\x00\x03'
    if flags & 4:
        head += struct.pack('<H', len(extra)) + extra
    if flags & 8:
        head += name + b'\0'
    if flags & 16:
        head += comment + b'\0'
    if flags & 2:
        head += struct.pack('<H', zlib.crc32(head) & 0xffff)
    body = deflate(plain) if body is None else body
    crc = zlib.crc32(plain) if crc is None else crc
    return head + body + struct.pack('<II', crc, len(plain) & 0xffffffff)


def as_far_as_it_goes(coded, wbits):
    coder, made = zlib.decompressobj(wbits), b''
    try:
        for byte in coded:
            made += coder.decompress(bytes([byte]))
    except zlib.error:
        return made, 1
    return made, 0


for n in (0, 1, 2, 3, 100, 4095, 20000, 300000):
    plain = text(n)
    for level in (0, 1, 6, 9):
        vector('gzip %d level %d' % (n, level), gzip(plain, body=deflate(plain, level)), plain)
    vector('zlib %d' % n, deflate(plain, wbits=15), plain)
    vector('raw %d' % n, deflate(plain), plain)
    for strategy in (zlib.Z_FIXED, zlib.Z_HUFFMAN_ONLY, zlib.Z_RLE, zlib.Z_FILTERED):
        vector('raw %d strategy %d' % (n, strategy), deflate(plain, strategy=strategy), plain)
noise = rng.randbytes(50000)
vector('noise', gzip(noise), noise)
plain = text(30000)
vector('many flushes', gzip(plain, body=deflate(plain, flush_each=37)), plain)
vector('far back', gzip(noise[:32768] * 3), noise[:32768] * 3)
small = text(700)
for flags in range(0, 32, 2):
    coded = gzip(small, flags, b'ab\x02\x00xy', b'card.sql', b'a comment')
    vector('flags %d' % flags, coded, small)
vector('long extra', gzip(small, 4 | 2, extra=rng.randbytes(65535)), small)
vector('long name', gzip(small, 8, name=b'n' * 65536), small)
vector('no extra at all', gzip(small, 4), small)
vector('two members', gzip(small) + gzip(plain), small + plain)
vector('three members, one empty', gzip(small) + gzip(b'') + gzip(small, 8), small + small)
for rest in (b'\0' * 20, b'garbage', b'\x1f', b'\x1f\x8b', b'\x1f\x8b\x07', b'4111' * 2000):
    vector('behind it %r' % rest[:4], gzip(small) + rest, small, 1, len(rest))
vector('behind zlib', deflate(small, wbits=15) + b'tail', small, 1, 4)
vector('behind raw', deflate(small) + b'tail', small, 1, 4)
vector('bad checksum', gzip(small, crc=1), small)
vector('bad checksum, then a member', gzip(small, crc=1) + gzip(small), small + small)
vector('zlib bad checksum', deflate(small, wbits=15)[:-4] + b'abcd', small)
vector('method 7', b'\x1f\x8b\x07' + gzip(small)[3:], b'', 2, len(gzip(small)))
vector('dictionary asked for', b'\x78\xbb' + b'\0' * 30, b'', 2, 32)
vector('block type 3', b'\x07' + b'\xff' * 20, b'', 2, 21)
text_as_coded = b'card=4111&cvc=' + b'\xff' * 20
made, broken = as_far_as_it_goes(text_as_coded, -15)
vector('plain text', text_as_coded, made, 1 + broken, -1, 0)
for wbits in (31, 15, -15):
    coder = zlib.compressobj(9, zlib.DEFLATED, wbits)
    coded = coder.compress(bytes(8 << 20)) + coder.flush()
    vector('bomb %d' % wbits, coded, bytes(2 << 20), 3, -1, 0)
vector('nothing', b'', b'')
coded = gzip(plain)
for cut in sorted(rng.sample(range(10, len(coded)), 40)):
    made, _ = as_far_as_it_goes(coded[:cut], 31)
    vector('cut at %d' % cut, coded[:cut], made, 1, 0, 0)
for i in range(60):
    n = rng.choice((300, 3000, 20000))
    body = bytearray(deflate(text(n), rng.choice((1, 6, 9))))
    at = rng.randrange(len(body))
    body[at] ^= 1 << rng.randrange(8)
    made, broken = as_far_as_it_goes(bytes(body), -15)
    if broken and made:
        vector('broken at %d' % at, gzip(b'', body=bytes(body)), made, 2, -1, 0)
