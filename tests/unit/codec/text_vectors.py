"""Vectors for text_test, by Python's json and urllib: argument = file to write.

Each: kind (percent, form or json), coded text, what it means, whether that differs."""
import json
import random
import struct
import sys
import urllib.parse

rng = random.Random(5)
out = open(sys.argv[1], 'wb')


def vector(kind, coded, plain):
    for value in (kind.encode(), coded, plain, b'1' if coded != plain else b'0'):
        out.write(struct.pack('<I', len(value)) + value)


for i in range(300):
    coded = bytes(rng.choices(b'%%%%0123456789abcdefABCDEFgG+&=\xff', k=rng.randint(0, 40)))
    vector('percent', coded, urllib.parse.unquote_to_bytes(coded))
    vector('form', coded, urllib.parse.unquote_to_bytes(coded.replace(b'+', b' ')))
for i in range(300):
    text = ''.join(rng.choices('ab"\\/\b\f\n\r\t\0\x1f\u00e9\u0416\u30ab\uffff\U0001f4b3\U0010ffff',
                               k=rng.randint(0, 20)))
    coded = json.dumps(text, ensure_ascii=rng.random() < 0.7)[1:-1]
    if rng.random() < 0.3:
        coded = coded.replace('/', '\\/')
    vector('json', coded.encode(), json.loads('"' + coded + '"', strict=False).encode())
