#!/usr/bin/env python3
"""Goal: what a scenario says is what lies in the capture, through every stress.
Method: a plain reader (reader.py) puts each capture together again and compares
it with the truth file.

usage: forge_test.py FORGE SCENARIOS [unittest options]
"""

import gzip
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True

import reader  # noqa: E402

FORGE, SCENARIOS = sys.argv[1:3]

# Words of the stress, and where they leave the client's bytes whole.
KEEPS_ALL = """|mss 100|segments 7|one-byte|cut 230|segments 40 reversed|segments 40 shuffle
|segments 40 duplicate|segments 40 conflict|segments 40 overlap 20|drop-server|skip 3|wrap|midstream
|reuse|rst|unclosed|urgent|fragments 64|fragments-reversed 64|fragments-shuffled 64|vlan 100
|qinq 100 200|vxlan 77|ipv6|ipv6 fragments-shuffled 64|vxlan 9 fragments 64|flood 50
|segments 9 shuffle wrap""".replace("\n", "").split("|")


class Case(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.pcap = os.path.join(folder.name, "out.pcap")
        self.truth_path = os.path.join(folder.name, "out.truth")
        self.script = os.path.join(folder.name, "in.forge")

    def run_forge(self, *args):
        return subprocess.run([FORGE, *args], capture_output=True, text=True)

    def make(self, scenario, *args, seed=5):
        done = self.run_forge(os.path.join(SCENARIOS, scenario + ".forge"), "-o", self.pcap,
                              "--truth", self.truth_path, "--clear-truth", "--seed", str(seed),
                              *args)
        self.assertEqual(done.stderr, "")
        self.assertEqual(done.returncode, 0)
        return [r for r in self.rows() if r["kind"] == "card"]

    def rows(self):
        with open(self.truth_path, encoding="ascii") as file:
            return [json.loads(line) for line in file]

    def raw(self):
        with open(self.pcap, "rb") as file:
            return file.read()

    def stress(self, words, *args):
        return self.make("stress", "--set", "stress=" + words, *args)

    def said(self, row, **options):
        return reader.stream(self.pcap, row["src"], row["sport"], **options)

    def script_says(self, text, *args):
        with open(self.script, "w") as file:
            file.write(text)
        done = self.run_forge(self.script, "-o", self.pcap, "--truth", self.truth_path,
                              "--clear-truth", *args)
        return done.stderr.replace(self.script, "in.forge").strip()


class Stress(Case):
    def test_every_stress_keeps_what_was_said(self):
        plain = self.said(self.stress("")[0])
        self.assertRegex(plain, rb"^POST /collect.jpg HTTP/1.1\r\n")
        self.assertRegex(plain, rb"\r\n\r\ninfo=card&card=\d{16}&exp=.*&host=hanamizuki.example$")
        for words in KEEPS_ALL:
            with self.subTest(words=words):
                card = self.stress(words)[0]
                text = self.said(card)
                self.assertEqual(text[card["offset"] :][: card["len"]].decode(), card["card"])
                self.assertEqual(text, plain)

    def test_frames_of_the_truth_hold_the_digits_and_no_others_do(self):
        for words in KEEPS_ALL:
            with self.subTest(words=words):
                card = self.stress(words)[0]
                whole = self.said(card)
                begin = whole.index(card["card"].encode())
                held = set()
                for s in reader.segments(self.pcap):
                    if (s.src, s.sport) == (card["src"], card["sport"]) and s.data:
                        at = [i for i in range(len(whole)) if whole.startswith(s.data, i)]
                        if any(i < begin + 16 and i + len(s.data) > begin for i in at):
                            held |= set(s.numbers)
                self.assertTrue(card["frames"])
                self.assertLessEqual(set(card["frames"]), held)
                if words in ("", "mss 100", "segments 40 reversed", "fragments 64"):
                    self.assertEqual(set(card["frames"]), held)

    def test_every_link_keeps_what_was_said(self):
        for link in ("ethernet", "sll", "raw", "null"):
            for words in ("", "ipv6", "segments 7 reversed"):
                with self.subTest(link=link, words=words):
                    card = self.stress(words, "--set", "link=" + link)[0]
                    self.assertIn(card["card"].encode(), self.said(card))

    def test_all_sums_are_right_unless_asked(self):
        for words in KEEPS_ALL:
            self.stress(words)
            self.assertTrue(all(s.good for s in reader.segments(self.pcap)), words)
        self.stress("bad-checksum")
        self.assertFalse(any(s.good for s in reader.segments(self.pcap)))

    def test_a_decoy_under_a_bad_sum_hides_the_card_from_careless_readers(self):
        card = self.stress("segments 40 decoy")[0]
        self.assertNotIn(card["card"].encode(), self.said(card))
        self.assertIn(card["card"].encode(), self.said(card, good_only=True))

    def test_a_conflict_that_comes_first_wins(self):
        card = self.stress("segments 40 conflict-first")[0]
        moved = "".join(str((int(d) + 1) % 10) for d in card["card"])
        self.assertIn(moved.encode(), self.said(card))

    def test_a_gap_is_missing_and_acked(self):
        card = self.stress("segments 50 gap 20 30")[0]
        text = self.said(card)
        self.assertEqual(text[20:50], b"\0" * 30)
        self.assertIn(card["card"].encode(), text)

    def test_a_dropped_side_says_nothing(self):
        card = self.stress("drop-client")[0]
        self.assertEqual(self.said(card), b"")
        self.assertEqual(card["frames"], [])

    def test_odd_resets_and_ends_lie_outside_of_the_window(self):
        for words, flag in (("segments 40 odd-rst", 4), ("segments 40 odd-fin", 1)):
            card = self.stress(words)[0]
            mine = [s for s in reader.segments(self.pcap) if s.sport == card["sport"]]
            far = [s for s in mine if s.flags & flag and (s.seq - mine[0].seq) % 2**32 > 2**29]
            self.assertEqual(len(far), 1)

    def test_a_flood_has_as_many_sources_as_asked(self):
        self.stress("flood 50")
        syns = [s for s in reader.segments(self.pcap) if s.flags == 2]
        self.assertEqual(len(syns), 51)
        self.assertGreaterEqual(len({s.src for s in syns}), 50)

    def test_datagrams_and_echoes_carry_the_card(self):
        for proto, number in (("udp", 17), ("icmp", 1)):
            for words in ("", "fragments 16", "vxlan 5", "ipv6"):
                with self.subTest(proto=proto, words=words):
                    card = self.stress(words, "--set", "proto=" + proto)[0]
                    first = next(reader.segments(self.pcap))
                    self.assertIn(card["card"].encode(), first.data)
                    self.assertTrue(first.good)
                    self.assertEqual(first.proto, 58 if words == "ipv6" and number == 1 else number)
                    self.assertLessEqual(set(card["frames"]), set(first.numbers))


class Scenario(Case):
    def test_same_seed_same_bytes_and_another_seed_others(self):
        def digest(seed):
            self.make("robbery", seed=seed)
            return hashlib.sha256(self.raw()).hexdigest()

        self.assertEqual(digest(3), digest(3))
        self.assertNotEqual(digest(3), digest(4))

    def test_the_robbery_is_the_story(self):
        cards = self.make("robbery")
        theft = [c for c in cards if c["label"] == "theft"]
        self.assertEqual(len(theft), 13)
        brands = {c["card"]: c["brand"] for c in theft}
        self.assertEqual(sorted(brands.values()), ["jcb"] * 3 + ["mastercard"] * 3 + ["visa"] * 6)
        self.assertEqual({(c["src"], c["dst"], c["dport"]) for c in theft},
                         {("203.0.113.10", "198.51.100.77", 80)})
        self.assertEqual(theft[0]["time"][:19], "2026-11-20T10:03:12")
        self.assertEqual(theft[-1]["time"][:19], "2026-11-20T10:41:55")
        self.assertEqual(len([c for c in theft if "mail" not in c["with"]]), 1)
        paid = {c["card"] for c in cards if c["label"] == "payment"}
        self.assertEqual(paid, set(brands))

    def test_the_twin_shows_no_digits(self):
        cards = self.make("twin")
        raw = self.raw()
        self.assertEqual(len([c for c in cards if c["label"] == "theft"]), 13)
        for card in cards:
            self.assertEqual(card["form"], "tls")
            self.assertNotIn(card["card"].encode(), raw)

    def test_the_innocent_shop_sends_cards_to_its_provider_only(self):
        cards = self.make("innocent")
        self.assertEqual({c["label"] for c in cards}, {"checkout", "payment"})
        self.assertEqual({c["dst"] for c in cards if c["src"] == "203.0.113.20"}, {"192.0.2.5"})

    def test_the_truth_hides_digits_unless_asked(self):
        card = self.make("stress")[0]
        self.run_forge(os.path.join(SCENARIOS, "stress.forge"), "-o", self.pcap, "--truth",
                       self.truth_path, "--seed", "5")
        with open(self.truth_path, encoding="ascii") as file:
            text = file.read()
        self.assertNotIn(card["card"], text)
        self.assertIn(hashlib.sha256(card["card"].encode()).hexdigest(), text)
        self.assertEqual((card["bin"], card["last4"]), (card["card"][:6], card["card"][-4:]))


HTTP = """start 2026-11-20T10:00:00Z
host a 203.0.113.10
host b 198.51.100.77
http a b
	post /x
	body {card} and {card}
%s
	reply 200 text/plain
	body {"n":"{testcard}"}
end
"""


class Http(Case):
    def bodies(self, extra):
        self.assertEqual(self.script_says(HTTP % extra), "")
        self.cards = self.rows()
        return self.said(self.cards[0])

    def test_gzip_bodies_are_gzip(self):
        head, body = self.bodies("\tgzip").split(b"\r\n\r\n", 1)
        self.assertIn(b"Content-Length: %d\r\n" % len(body), head + b"\r\n")
        card = self.cards[0]["card"]
        self.assertEqual(gzip.decompress(body).decode(), f"{card} and {card}")
        self.assertEqual(self.cards[0]["form"], "gzip")

    def test_chunks_are_chunks_and_the_truth_knows_where(self):
        text = self.bodies("\tchunked 7")
        head, rest = text.split(b"\r\n\r\n", 1)
        body = b""
        while True:
            size, rest = rest.split(b"\r\n", 1)
            if int(size, 16) == 0:
                break
            body, rest = body + rest[: int(size, 16)], rest[int(size, 16) + 2 :]
        card = self.cards[0]["card"]
        self.assertEqual(body.decode(), f"{card} and {card}")
        self.assertEqual(rest, b"\r\n")
        for row in self.cards[:2]:
            span = text[row["offset"] : row["offset"] + row["len"]]
            self.assertEqual(re.sub(rb"\r\n\w+\r\n", b"", span).decode(), card)

    def test_test_cards_are_marked(self):
        self.bodies("")
        self.assertEqual([c.get("test", False) for c in self.cards], [False, False, True])


class Messages(Case):
    def test_every_mistake_is_named_with_its_line(self):
        start = "start 2026-11-20T10:00:00Z\nhost a 192.0.2.1\n"
        for text, message in (
            ("frob", 'unknown word "frob"'),
            ("start", '"start" wants 1 words behind it'),
            ("start today", '"today" is no time; write 2026-11-20T10:00:00Z'),
            ("at noon", '"noon" is no time of day; write 10:03:12.5 or +30s'),
            ("wait 5", '"5" is no duration; write 1.5s, 20ms, 3m or 1h'),
            ("link token-ring", 'unknown link "token-ring"; known are ethernet, sll, raw, null'),
            ("host b nowhere", '"nowhere" is no address'),
            ("host b 192.0.2.0/31", "a pool of hosts is an IPv4 prefix of /8 to /30"),
            ("tls a b", 'there is no host "b"; write: host b ADDRESS'),
            ("stress pressed", 'unknown stress "pressed"'),
            ("stress gap 3", '"gap" wants 2 numbers behind it'),
            ("stress mss x", '"x" is no number'),
            ("call nobody", 'nothing is defined as "nobody"'),
            ("person p nobody", "no such brand: nobody"),
            ("if a", '"if" wants 3 words behind it'),
            ("wait $long", "$long is not set; write: set long VALUE"),
            ("dns a a MX x.example", 'unknown DNS type "MX"; known are A, AAAA and TXT'),
            ("include /nowhere.forge", "cannot read /nowhere.forge"),
        ):
            with self.subTest(text=text):
                block = text + "\nend\n" if text.startswith("if") else text + "\n"
                self.assertEqual(self.script_says(start + block), f"forge: in.forge:3: {message}")

    def test_blocks_must_end(self):
        self.assertEqual(self.script_says("repeat 2\n"),
                         'forge: in.forge:1: this block has no "end"')
        self.assertEqual(self.script_says("end\n"), 'forge: in.forge:1: "end" without a block')

    def test_words_inside_of_http_are_checked(self):
        head = "start 2026-11-20T10:00:00Z\nhost a 192.0.2.1\nhttp a a\n\t"
        self.assertEqual(self.script_says(head + "gte /\nend\n"),
                         'forge: in.forge:4: unknown word "gte" in an http block')
        self.assertEqual(self.script_says(head + "body x\nend\n"),
                         "forge: in.forge:4: a request comes first: get TARGET or post TARGET")


class Mmdb(Case):
    def lookup(self, address, *path):
        done = subprocess.run(["mmdblookup", "-f", self.pcap, "-i", address, *path],
                              capture_output=True, text=True)
        return done.stdout.split("<")[0].strip().strip('"') or done.stderr.strip()

    def test_the_library_of_the_format_reads_it(self):
        self.assertEqual(self.run_forge("mmdb", "-o", self.pcap).returncode, 0)
        for address, country, number in (
            ("198.51.100.77", "ZZ", "64511"),
            ("198.51.100.200", "JP", "64499"),
            ("203.0.113.10", "JP", "64500"),
            ("192.0.2.5", "JP", "64496"),
            ("192.0.2.66", "ZZ", "64497"),
            ("2001:db8::1", "JP", "64500"),
        ):
            self.assertEqual(self.lookup(address, "country", "iso_code"), country)
            self.assertEqual(self.lookup(address, "autonomous_system_number"), number)
        name = self.lookup("198.51.100.77", "autonomous_system_organization")
        self.assertEqual(name, "Demo Elsewhere")
        for nobody in ("192.0.2.32", "9.9.9.9", "2001:db9::1"):
            self.assertIn("Could not find an entry", self.lookup(nobody))


class Corpus(Case):
    def test_every_corpus_has_its_size_right_sums_and_its_seed(self):
        for kind, mean in (("http", (450, 750)), ("tls", (420, 700)), ("small", (60, 110))):
            with self.subTest(kind=kind):
                digests = set()
                for _ in range(2):
                    self.run_forge("corpus", kind, "-o", self.pcap, "--megabytes", "12")
                    digests.add(hashlib.sha256(self.raw()).hexdigest())
                self.assertEqual(len(digests), 1)
                self.assertTrue(12_000_000 <= os.path.getsize(self.pcap) < 12_010_000)
                sizes = [len(f) for _, _, f in reader.frames(self.pcap)]
                self.assertGreater(sum(sizes) / len(sizes), mean[0])
                self.assertLess(sum(sizes) / len(sizes), mean[1])
                self.assertTrue(all(s.good for s in reader.segments(self.pcap)))

    def test_an_unknown_corpus_is_named(self):
        self.assertEqual(self.run_forge("corpus", "ftp", "-o", self.pcap).stderr,
                         'forge: unknown corpus "ftp"; known are http, tls, small\n')


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]], verbosity=0)
