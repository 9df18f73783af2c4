"""Vectors for packed_test, by Python's libraries: argument = file to write.

Each: name, word of the coding, buffer, number of stretches that hold something, and for each
what it holds."""
import gzip
import io
import random
import struct
import sys
import tarfile
import zipfile
import zlib

import brotli
import zstandard

rng = random.Random(12)
out = open(sys.argv[1], 'wb')
JPEG = bytes.fromhex('ffd8ffe000104a46494600010100000100010000ffd9')
SCAN = bytes.fromhex('ffd8ffe000104a46494600010100000100010000ffda0008010100003f00'
                     '1122ff0033ffd044ff0055ffd9')
PNG = bytes.fromhex('89504e470d0a1a0a0000000d4948445200000001000000010806000000'
                    '1f15c4890000000d4944415478da63fccff0bf1e0006830281d63aa4d50000000049454e44ae'
                    '426082')
GIF = bytes.fromhex('47494638396101000100800000ffffff00000021f90401000000002c0000000001000100'
                    '0002024401003b')
WEBP = b'RIFF' + struct.pack('<I', 12 + 8) + b'WEBPVP8L' + struct.pack('<I', 8) + bytes(8)
BMP = b'BM' + struct.pack('<IHHI', 58, 0, 0, 54) + bytes(44)


def field(value):
    value = value if isinstance(value, bytes) else str(value).encode()
    out.write(struct.pack('<I', len(value)) + value)


def packed_gzip(plain, level=9):
    """The same at any time of day."""
    return gzip.compress(plain, level, mtime=0)


def vector(name, word, buf, *plain):
    for value in (name, word, buf, len(plain), *plain):
        field(value)


def deflate(plain, level=6):
    coder = zlib.compressobj(level, zlib.DEFLATED, -15)
    return coder.compress(plain) + coder.flush()


def zipped(rows, stream=False, method=zipfile.ZIP_DEFLATED):
    class Pipe(io.RawIOBase):
        """What cannot be sought: sizes stand behind the data."""
        def __init__(self):
            self.made = b''

        def writable(self):
            return True

        def write(self, data):
            self.made += bytes(data)
            return len(data)

    to = Pipe() if stream else io.BytesIO()
    with zipfile.ZipFile(to, 'w', method) as archive:
        for name, data in rows:
            archive.writestr(name, data)
    return to.made if stream else to.getvalue()


def zip64(rows):
    to = io.BytesIO()
    with zipfile.ZipFile(to, 'w', zipfile.ZIP_DEFLATED) as archive:
        for name, data in rows:
            with archive.open(name, 'w', force_zip64=True) as member:
                member.write(data)
    return to.getvalue()


def tarred(rows, kind):
    to = io.BytesIO()
    with tarfile.open(fileobj=to, mode='w', format=kind) as archive:
        for name, data in rows:
            row = tarfile.TarInfo(name)
            row.size = len(data)
            archive.addfile(row, io.BytesIO(data))
    return to.getvalue()


def old_tar(data):
    """As before POSIX: no magic, the checksum over 512 bytes."""
    head = bytearray(512)
    head[:7] = b'old.txt'
    head[100:108], head[108:116], head[116:124] = (b'0000644\0',) * 3
    head[124:136] = b'%011o\0' % len(data)
    head[136:148] = b'00000000000\0'
    head[148:156] = b' ' * 8
    head[148:156] = b'%06o\0 ' % sum(head)
    return bytes(head) + data + bytes(-len(data) % 512)


record = b'{"card":"4000123412341234","exp":"12/31","name":"TARO YAMADA","cvv":"123"}'
small = b'd=4000123412341234'
page = b'\n'.join(record.replace(b'TARO', b'T%04d' % rng.randint(0, 9999)) for _ in range(40))
wide = record.decode().encode('utf-16-le')
before = 'order \u6ce8\u6587 42 '.encode()
frame = zstandard.ZstdCompressor().compress
for plain in (record, small, page, wide):
    n = len(plain)
    vector('gzip %d' % n, 'gzip', packed_gzip(plain), plain)
    vector('gzip %d inside' % n, 'gzip', before + packed_gzip(plain) + b' more', plain)
    vector('gzip %d behind half a magic' % n, 'gzip', b'\x1f\x1f\x8b\x1f\x8b\x09' +
           packed_gzip(plain), plain)
    vector('zstd %d' % n, 'zstd', frame(plain), plain)
    vector('zstd %d inside' % n, 'zstd', before + b'((\xb5' + frame(plain) + b' more', plain)
    vector('zlib %d' % n, 'zlib', zlib.compress(plain), plain)
    vector('zlib %d level 1' % n, 'zlib', zlib.compress(plain, 1), plain)
    vector('zlib %d, then more' % n, 'zlib', zlib.compress(plain) + b'more', plain)
    vector('brotli %d' % n, 'brotli', brotli.compress(plain, quality=5), plain)
    vector('deflate %d' % n, 'deflate', deflate(plain), plain)
    vector('deflate %d level 1' % n, 'deflate', deflate(plain, 1), plain)
    if n > 30:
        vector('deflate %d, then more' % n, 'deflate', deflate(plain) + b'\xff' * 9, plain)
for inner in (packed_gzip, frame, zlib.compress, deflate, brotli.compress):
    vector('brotli of packed', 'brotli', brotli.compress(inner(page)), inner(page))
    vector('deflate of packed', 'deflate', deflate(inner(page)), inner(page))
for word in ('gzip', 'zlib', 'zstd', 'brotli', 'deflate', 'zip', 'tar', 'image'):
    for text in (b'', b'x', record, page, before * 30, b'x\x9c is no zlib', b'x^ nor is this text',
                 b'hC', b'PK\x03\x04', b'\xff\xd8\xff', b'(' * 600, b'PKPKPK', b'\x1f\x8b' * 99):
        vector('%s in %r' % (word, text[:8]), word, text)
rows = [('a.txt', record), ('b/', b''), ('b/c.bin', page), ('d.txt', small)]
held = [data for _, data in rows if data]
for method in (zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED):
    name = 'stored' if method == zipfile.ZIP_STORED else 'deflated'
    vector('zip ' + name, 'zip', zipped(rows, False, method), *held)
    vector('zip inside ' + name, 'zip', before + zipped(rows, False, method) + b'PK', *held)
vector('zip stream', 'zip', zipped(rows, True), *held)
vector('zip64', 'zip', zip64(rows), *held)
secret = bytearray(zipped(rows[:1]))
secret[6] |= 1
vector('zip encrypted', 'zip', bytes(secret))
packed = frame(record)
vector('zip of zstd', 'zip', b'PK\3\4' + struct.pack('<HHHIIIIHH', 63, 0, 93, 0, 0, len(packed),
                                                     len(record), 1, 0) + b'z' + packed, record)
for kind in (tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT):
    vector('tar %d' % kind, 'tar', tarred(rows, kind), *held)
    vector('tar %d inside' % kind, 'tar', before + tarred(rows, kind), *held)
vector('tar before POSIX', 'tar', old_tar(record) + old_tar(page), record, page)
vector('tar of high bytes', 'tar',
       tarred([('\u30ab\u30fc.txt', record)], tarfile.GNU_FORMAT), record)
bad = bytearray(tarred(rows[:1], tarfile.USTAR_FORMAT))
bad[5] ^= 1
vector('tar with a bad checksum', 'tar', bytes(bad))
for name, picture in (('jpeg', JPEG), ('jpeg with a scan', SCAN), ('png', PNG), ('gif', GIF),
                      ('webp', WEBP), ('bmp', BMP), ('gif magic', b'GIF89a'),
                      ('jpeg beginning', JPEG[:-2])):
    vector('image %s' % name, 'image', picture + record, record)
    vector('image %s and gzip' % name, 'image', picture + packed_gzip(page), packed_gzip(page))
    if 'magic' not in name and 'beginning' not in name:
        vector('image %s alone' % name, 'image', picture)
        for cut in range(len(picture)):
            if picture[:cut] not in (b'BM',):
                shown = [picture[6:cut]] if name == 'gif' and 13 <= cut <= 19 else []
                vector('image %s cut %d' % (name, cut), 'image', picture[:cut], *shown)
vector('image gif magic with colours', 'image', b'GIF89a\1\2\3\4\x87' + record,
       b'\1\2\3\4\x87' + record)
