"""Vectors for unpack_test, by zlib, brotli and zstandard: argument = file to write.

Each: name, kind (enum packed), coded bytes, what they hold, bytes that follow the piece."""
import gzip
import random
import struct
import sys
import zlib

import brotli
import zstandard

GZIP, ZLIB, DEFLATE, BROTLI, ZSTD = range(5)
rng = random.Random(11)
out = open(sys.argv[1], 'wb')


def field(value):
    value = value if isinstance(value, bytes) else str(value).encode()
    out.write(struct.pack('<I', len(value)) + value)


def packed_gzip(plain, level=9):
    """The same at any time of day."""
    return gzip.compress(plain, level, mtime=0)


def vector(name, kind, coded, plain, rest=0):
    for value in (name, kind, coded, plain, rest):
        field(value)


def text(n):
    words = [bytes(rng.choices(b'abcdefghijklmnop', k=rng.randint(2, 9))) for _ in range(200)]
    made = b''
    while len(made) < n:
        made += rng.choice(words) + rng.choice([b' ', b', ', b'\n'])
    return made[:n]


def deflate(plain, level=6, wbits=-15):
    coder = zlib.compressobj(level, zlib.DEFLATED, wbits)
    return coder.compress(plain) + coder.flush()


def pieces_of_brotli(plain, **how):
    """Many meta-blocks, each flushed."""
    coder, made = brotli.Compressor(**how), b''
    for at in range(0, len(plain), 700):
        made += coder.process(plain[at:at + 700]) + coder.flush()
    return made + coder.finish()


def pieces_of_zstd(plain, **how):
    coder, made = zstandard.ZstdCompressor(**how).compressobj(), b''
    for at in range(0, len(plain), 700):
        made += coder.compress(plain[at:at + 700])
        made += coder.flush(zstandard.COMPRESSOBJ_FLUSH_BLOCK)
    return made + coder.flush()


for n in (1, 13, 100, 700, 5000, 70000):
    plain = text(n)
    for level in (0, 1, 6, 9):
        vector('gzip %d level %d' % (n, level), GZIP, packed_gzip(plain, level), plain)
        vector('zlib %d level %d' % (n, level), ZLIB, zlib.compress(plain, level), plain)
        vector('deflate %d level %d' % (n, level), DEFLATE, deflate(plain, level), plain)
    for quality in (0, 2, 5, 11):
        for window in (10, 18, 22, 24):
            vector('brotli %d %d %d' % (n, quality, window), BROTLI,
                   brotli.compress(plain, quality=quality, lgwin=window), plain)
    for level in (-3, 1, 3, 19, 22):
        vector('zstd %d level %d' % (n, level), ZSTD,
               zstandard.ZstdCompressor(level=level).compress(plain), plain)
    vector('brotli %d in pieces' % n, BROTLI, pieces_of_brotli(plain, lgwin=16), plain)
    vector('brotli %d in pieces, wide' % n, BROTLI, pieces_of_brotli(plain, lgwin=24), plain)
    vector('zstd %d in pieces' % n, ZSTD, pieces_of_zstd(plain, level=3), plain)
    vector('zstd %d, checksum' % n, ZSTD,
           zstandard.ZstdCompressor(level=3, write_checksum=True, write_content_size=False)
           .compress(plain), plain)
plain = text(3000)
for wbits in (9, 10, 12):
    vector('zlib window %d' % wbits, ZLIB, deflate(plain, 6, wbits), plain)
noise = rng.randbytes(9000)
for name, kind, coder in (
        ('gzip', GZIP, lambda d: packed_gzip(d)), ('zlib', ZLIB, zlib.compress),
        ('deflate', DEFLATE, deflate), ('brotli', BROTLI, brotli.compress),
        ('zstd', ZSTD, zstandard.ZstdCompressor().compress)):
    vector(name + ' of noise', kind, coder(noise), noise)
    small = text(300)
    vector(name + ', then more', kind, coder(small) + b'behind', small, 6)
    vector(name + ' of itself', kind, coder(coder(small)), coder(small))
    vector(name + ' of nothing', kind, coder(b''), b'')
one, two = text(400), text(900)
vector('two members', GZIP, packed_gzip(one) + packed_gzip(two), one + two)
vector('two members, then more', GZIP, packed_gzip(one) + packed_gzip(two) + b'\x1f\x8b', one +
       two, 2)
vector('gzip with a name', GZIP, b'\x1f\x8b\x08\x1e\0\0\0\0\0\x03\x02\0xyname\0a word\0\0\0' +
       deflate(one) + struct.pack('<II', zlib.crc32(one), len(one)), one)
frame = zstandard.ZstdCompressor().compress
vector('two frames, one skipped', ZSTD, frame(one) + b'\x5a\x2a\x4d\x18\3\0\0\0abc' + frame(two),
       one + two)
vector('bad checksum', GZIP, packed_gzip(one)[:-8] + b'12345678', one)
