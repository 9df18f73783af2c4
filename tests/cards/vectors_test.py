"""Goal: the generated set is what it says: whole, repeatable, and true.
Method: made twice and compared; each payload is searched by the naive finder after the
chain was undone by the tools of codings_test; each axis is looked for."""
import base64
import collections
import json
import os
import random
import stat
import tempfile
import unittest
import urllib.parse

import carriers
import codings
import codings_test
import finder
import forms
import issuers
import vectors
import wire

COUNT = 3000
MADE = list(vectors.generate(5, COUNT))


def undone(row, data):
    for name, variant in zip(row["layers"], row["variants"]):
        data = codings_test.UNDO[name](data, variant)
    return data


def body_of(exchanges):
    """What the protected server said."""
    return b"".join(data for one in exchanges for opener, data in one.turns
                    if opener == one.outbound)


def carried(row, message):
    """The payload of a message, by Python's own readers; None for carriers not read here."""
    head, _, body = message.partition(b"\r\n\r\n")
    if row["carrier"].startswith(("raw", "icmp", "dns")):
        return None
    lines = head.decode("latin-1").split("\r\n")
    pairs = {"query": lines[0].split(" ")[1].partition("?")[2], "form-field": body.decode(
        "latin-1")}.get(row["carrier"])
    if pairs is not None:
        return dict(urllib.parse.parse_qsl(pairs, encoding="latin-1"))["d"].encode("latin-1")
    if row["carrier"] == "cookie":
        return urllib.parse.unquote_to_bytes(next(
            line for line in lines if line.startswith("Cookie")).partition("t=")[2].split(";")[0])
    if row["carrier"] == "json-value":
        data = json.loads(body)
        return data.get("event", data)["data"].encode()
    if row["carrier"].startswith("multipart"):
        edge = b"\r\n--" + head.partition(b"boundary=")[2].split(b"\r\n")[0]
        part = next(part for part in (b"\r\n" + body).split(edge) if b'name="d"' in part)
        part = part.partition(b"\r\n\r\n")[2]
        return part[len(codings.JPEG):] if row["carrier"] == "multipart-file" else part
    return body if row["carrier"] in ("octet-body", "coded-body") else None


class Vectors(unittest.TestCase):
    def test_a_seed_gives_the_same_bytes_and_another_seed_others(self):
        self.assertEqual(MADE[:300], list(vectors.generate(5, COUNT))[:300])
        self.assertNotEqual(MADE[0], next(vectors.generate(6, COUNT)))

    def test_the_count_is_met_and_every_block_is_there(self):
        blocks = collections.Counter(truth["block"] for _, truth, _ in MADE)
        self.assertEqual(sum(blocks.values()), COUNT)
        self.assertEqual(set(blocks), {name for name, _ in vectors.BLOCKS})

    def test_every_coding_pair_carrier_form_and_kind_is_there(self):
        rows = [truth for _, truth, _ in MADE]
        self.assertEqual({row["carrier"] for row in rows}, set(carriers.CARRIERS))
        self.assertEqual({row["form"] for row in rows}, set(forms.FORMS))
        self.assertEqual({row["kind"] for row in rows}, set(issuers.KINDS))
        self.assertEqual({row["layers"][0] for row in rows if len(row["layers"]) == 1},
                         set(codings.CODINGS))
        pairs = {tuple(row["layers"]) for row in rows if len(row["layers"]) == 2}
        good = {(outer, inner) for outer, inner, reason in vectors.pairs() if not reason}
        self.assertEqual(good - pairs, set())
        self.assertFalse(pairs - good)

    def test_the_truth_names_the_card(self):
        for _, row, _ in MADE:
            card = row["card"]
            self.assertTrue(issuers.is_luhn(card))
            self.assertEqual((row["bin"], row["last4"], row["digits"]),
                             (card[:6], card[-4:], len(card)))
            self.assertEqual(issuers.brand_of(card)[0], row["brand"])
            self.assertIn(card, row["cards"])

    def test_an_uncoded_number_stands_in_its_message(self):
        looked = 0
        for exchanges, row, _ in MADE:
            if row["layers"] or row["form"].startswith(("emv", "split")) \
                    or row["carrier"] == "chunked-body":
                continue
            said = body_of(exchanges)
            if row["form"].startswith("full-width"):
                said = urllib.parse.unquote_to_bytes(urllib.parse.unquote_to_bytes(said))
                charset = forms.CHARSETS[row["form"][len("full-width-"):]]
                if row["carrier"] == "json-value":
                    continue
                self.assertIn(forms.wide(row["card"], charset), said)
            elif row["form"] == "plain":
                self.assertIn(row["card"].encode(), said)
            looked += 1
        self.assertGreater(looked, 300)

    def test_a_chain_undone_by_other_tools_gives_back_the_card(self):
        rng, maker = random.Random(9), vectors.Maker(9)
        for wish in range(60):
            pair = rng.choice([(o, i) for o, i, reason in vectors.pairs() if not reason])
            card = maker.card("visa")
            data, _ = forms.record(rng, card, "plain", "pipe")
            coded, variants, _ = codings.encode(rng, pair, data, b"-")
            back = undone({"layers": pair, "variants": variants}, coded)
            self.assertEqual([row[2] for row in finder.find(back)], [card.digits], pair)

    def test_every_plain_number_comes_back_through_carrier_and_chain(self):
        """Read by Python's parsers, undone by other tools: every other one, for time."""
        done = collections.Counter()
        for number, (exchanges, row, _) in enumerate(MADE):
            if number % 2 or row["form"] != "plain" or row["style"] == "list":
                continue
            payload = carried(row, exchanges[0].turns[0][1])
            if payload is None:
                continue
            self.assertIn(row["card"].encode(), undone(row, payload),
                          (row["layers"], row["carrier"]))
            done[row["carrier"]] += 1
        self.assertGreater(min(done[name] for name in ("query", "form-field", "cookie",
                                                       "octet-body", "json-value",
                                                       "multipart-field", "multipart-file")), 4)

    def test_packs_and_truth_are_for_their_owner_and_agree(self):
        with tempfile.TemporaryDirectory() as folder:
            writer = wire.Writer(os.path.join(folder, "vectors"))
            for made in MADE[:50]:
                writer.add(*made)
            writer.close(None, 1)
            for suffix in (".packs", ".truth", ".forge"):
                mode = os.stat(os.path.join(folder, "vectors" + suffix)).st_mode
                self.assertEqual(stat.S_IMODE(mode), 0o600)
            packs = collections.defaultdict(list)
            for number, *_, turns in wire.read_packs(os.path.join(folder, "vectors.packs")):
                packs[number].append(turns)
            rows = wire.truth_of(os.path.join(folder, "vectors"))
            self.assertEqual([row["id"] for row in rows], list(range(50)))
            self.assertEqual(len({row["server"] for row in rows}), 50)
            for row, (exchanges, _, _) in zip(rows, MADE):
                self.assertEqual(packs[row["id"]], [one.turns for one in exchanges])

    def test_the_pairs_of_the_smallest_case_are_what_anybody_writes(self):
        exchanges, _ = carriers.place(random.Random(1), "query", ("base64",), "pipe",
                                      base64.b64encode(b"x>y"), "start", "a.example")
        self.assertTrue(exchanges[0].turns[0][1].startswith(b"GET /c.gif?d=eD55 HTTP/1.1\r\n"))


if __name__ == "__main__":
    unittest.main()
