#!/usr/bin/env python3
"""Goal: the section of countries and systems says what the MaxMind DB files say,
and a file that is damaged is refused with a reason.
Method: a writer of the format (mmdb_writer.py) makes files of random networks;
answers are compared with a naive search here and with mmdblookup.

usage: geo_test.py GEO_ASK FORGE [unittest options]
"""

import ipaddress
import os
import random
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True

import mmdb_writer  # noqa: E402

ASK, FORGE = sys.argv[1:3]
ADDRESSES, LOOKUPS, NETWORKS = 10000, 150, 1500
COUNTRIES = ["JP", "US", "DE", "FR", "BR", "ZZ"]


def value_of(country, asn, org):
    value = {}
    if country:
        value["country"] = {"geoname_id": (6, 1861060), "iso_code": country,
                            "names": {"en": mmdb_writer.Pointer(0), "de": "x" * 300}}
    if asn:
        value["autonomous_system_number"] = (6, asn)
        value["autonomous_system_organization"] = org
    return value


def random_networks(rng, versions, make):
    found = {}
    while len(found) < NETWORKS:
        version = rng.choice(versions)
        if version == 4:
            bits = rng.choice([8, 12, 16, 20, 22, 24, 24, 24, 28, 31, 32])
            base = rng.getrandbits(32)
        else:
            bits = rng.choice([16, 28, 32, 32, 40, 48, 64, 127, 128])
            base = rng.choice([0x2400, 0x2600, 0x2A02, 0xFD00]) << 112 | rng.getrandbits(112)
        kind = ipaddress.IPv4Network if version == 4 else ipaddress.IPv6Network
        found[kind((base, bits), strict=False)] = make()
    return list(found.items())


def covered(address, network):
    return address.version == network.version and address in network


class Naive:
    """The longest network that holds the address."""

    def __init__(self, networks):
        self.by = {}
        for network, value in networks:
            self.by[network.version, network.prefixlen, int(network.network_address)] = value
        self.lengths = sorted({key[:2] for key in self.by}, reverse=True)

    def find(self, address):
        whole = address.max_prefixlen
        for version, bits in self.lengths:
            if version == address.version:
                start = int(address) >> (whole - bits) << (whole - bits)
                if (version, bits, start) in self.by:
                    return self.by[version, bits, start]
        return (None, 0, None)


def random_addresses(rng, networks, count):
    """Half anywhere, half at the edges of networks and inside them."""
    out = []
    while len(out) < count:
        if rng.random() < 0.3:
            out.append(ipaddress.IPv4Address(rng.getrandbits(32)))
        elif rng.random() < 0.3:
            out.append(ipaddress.IPv6Address(0x2A02 << 112 | rng.getrandbits(112)))
        else:
            network = rng.choice(networks)[0]
            first, last = int(network.network_address), int(network.broadcast_address)
            place = rng.choice([first - 1, first, rng.randint(first, last), last, last + 1])
            kind = ipaddress.IPv4Address if network.version == 4 else ipaddress.IPv6Address
            if 0 <= place < 1 << network.max_prefixlen:
                out.append(kind(place))
    return out


def line_of(row):
    return "%s %d %s" % (row[0] or "-", row[1], row[2] or "-")


class Case(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.rng = random.Random(20261121)

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, rows, **how):
        mmdb_writer.write(self.path(name), [(n, value_of(*v)) for n, v in rows], **how)
        return self.path(name)

    def ask(self, paths, addresses):
        done = subprocess.run([ASK, "ask", *paths], text=True, capture_output=True,
                              input="".join("%s\n" % a for a in addresses))
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout.splitlines()

    def refusal(self, mode, *paths):
        done = subprocess.run([ASK, mode, *paths], text=True, capture_output=True, input="")
        self.assertEqual(done.returncode, 1, done.stderr)
        status, text = done.stdout.strip().split(" ", 1)
        self.assertEqual(status, "2")
        return text.replace(self.folder + "/", "")

    def assert_same(self, path_or_paths, naive, rows):
        paths = path_or_paths if isinstance(path_or_paths, list) else [path_or_paths]
        addresses = random_addresses(self.rng, rows, ADDRESSES)
        answers = self.ask(paths, addresses)
        self.assertEqual(len(answers), ADDRESSES)
        for address, answer in zip(addresses, answers):
            self.assertEqual(answer, line_of(naive(address)), str(address))

    def random_value(self):
        country = self.rng.choice(COUNTRIES + [None])
        asn = self.rng.choice([0, 64496, 64500, 4200000000, self.rng.randint(1, 60000)])
        return (country, asn, "Netz %d" % (asn % 7) if asn else None)


class Agrees(Case):
    def test_with_a_naive_search_for_every_form_of_file(self):
        for version, bits in ((6, 24), (6, 28), (6, 32), (4, 24), (4, 28), (4, 32)):
            versions = [4, 6] if version == 6 else [4]
            rows = random_networks(self.rng, versions, self.random_value)
            path = self.write("one.mmdb", rows, version=version, record_bits=bits)
            naive = Naive(rows)
            self.assert_same(path, naive.find, rows)

    def test_with_the_tool_of_the_format(self):
        rows = random_networks(self.rng, [4, 6], self.random_value)
        path = self.write("one.mmdb", rows)
        addresses = random_addresses(self.rng, rows, LOOKUPS)
        for address, answer in zip(addresses, self.ask([path], addresses)):
            told = []
            for field in (["country", "iso_code"], ["autonomous_system_number"],
                          ["autonomous_system_organization"]):
                done = subprocess.run(["mmdblookup", "-f", path, "-i", str(address), *field],
                                      capture_output=True, text=True)
                text = done.stdout.strip().rsplit(" <", 1)[0].strip().strip('"')
                told.append(text if done.returncode == 0 else None)
            expected = line_of((told[0], int(told[1] or 0), told[2]))
            self.assertEqual(answer, expected, str(address))

    def test_when_two_files_share_the_work(self):
        """The first that knows a country, the first that knows a system."""
        one = random_networks(self.rng, [4, 6], lambda: (self.rng.choice(COUNTRIES), 0, None))
        two = random_networks(self.rng, [4], self.random_value)
        paths = [self.write("country.mmdb", one), self.write("asn.mmdb", two, version=4)]
        first, second = Naive(one), Naive(two)

        def both(address):
            a, b = first.find(address), second.find(address)
            return (a[0] or b[0], a[1] or b[1], a[2] if a[1] else b[2])

        self.assert_same(paths, both, one + two)

    def test_aliases_of_ipv4_are_unknown_in_ipv6(self):
        rows = [(ipaddress.ip_network("192.0.2.0/24"), ("JP", 64496, "Demo"))]
        path = self.write("one.mmdb", rows)
        addresses = ["192.0.2.1", "::ffff:192.0.2.1", "2002:c000:201::1", "::192.0.2.1"]
        self.assertEqual(self.ask([path], addresses),
                         ["JP 64496 Demo", "JP 64496 Demo", "- 0 -", "- 0 -"])


class Names(Case):
    def org(self, name):
        rows = [(ipaddress.ip_network("192.0.2.0/24"), ("JP", 64496, name))]
        path = self.path("one.mmdb")
        mmdb_writer.write(path, [(n, value_of(*v)) for n, v in rows])
        return self.ask([path], ["192.0.2.1"])[0].removeprefix("JP 64496 ")

    def test_what_cannot_be_shown_is_a_question_mark(self):
        self.assertEqual(self.org("Caf\u00e9 \u6771\u4eac"), "Caf\u00e9 \u6771\u4eac")
        self.assertEqual(self.org("a\x1b[31m\nb\u202ec"), "a?[31m?b???c")
        self.assertEqual(self.org(b"x\xff\xc3y"), "x??y")
        self.assertEqual(self.org(""), "-")

    def test_no_name_holds_the_digits_of_a_card(self):
        self.assertEqual(self.org("tel 12345678901"), "tel 12345678901")
        self.assertEqual(self.org("4111 1111-1111.1111 x"), "4111 1111-111*.**** x")

    def test_a_long_name_is_cut_between_characters(self):
        self.assertEqual(self.org("x" * 128), "x" * 128)
        self.assertEqual(self.org("x" * 129), "x" * 128)
        self.assertEqual(self.org("x" * 127 + "\u00e9"), "x" * 127)

    def test_a_country_is_two_capitals(self):
        for country in ("jp", "J", "JPN", "J\n", "", "\u00e9"):
            rows = [(ipaddress.ip_network("192.0.2.0/24"), (country, 1, "x"))]
            self.assertEqual(self.ask([self.write("one.mmdb", rows)], ["192.0.2.1"]), ["- 1 x"])


class Refuses(Case):
    AGAIN = "; fetch it again or leave --geoip out"

    def good(self, **how):
        rows = [(ipaddress.ip_network("192.0.2.0/24"), ("JP", 64496, "Demo"))]
        return self.write("one.mmdb", rows, **how)

    def test_what_is_no_file_of_the_format(self):
        with open(self.path("empty"), "wb"):
            pass
        with open(self.path("text"), "w", encoding="ascii") as file:
            file.write("network,country\n192.0.2.0/24,JP\n" * 100)
        unreadable = " no MaxMind DB that can be read (%s)" + self.AGAIN
        for mode in ("ask", "child"):
            self.assertEqual(self.refusal(mode, self.path("none")),
                             "none: cannot read the MaxMind DB: No such file or directory; "
                             "fetch it or leave --geoip out")
            self.assertEqual(self.refusal(mode, "/"), "/: cannot read the MaxMind DB: Is a "
                             "directory; fetch it or leave --geoip out")
            self.assertEqual(self.refusal(mode, self.path("empty")),
                             "empty: empty, so no MaxMind DB; fetch it again or leave --geoip out")
            self.assertEqual(self.refusal(mode, self.path("text")), "text:" + unreadable % (
                "The MaxMind DB file contains invalid metadata"))

    def test_a_future_format(self):
        path = self.good()
        with open(path, "rb") as file:
            data = file.read()
        key = b"binary_format_major_version\xa1\x02"
        self.assertIn(key, data)
        with open(path, "wb") as file:
            file.write(data.replace(key, key[:-1] + b"\x03"))
        self.assertEqual(self.refusal("child", path), "one.mmdb: no MaxMind DB that can be read ("
                         "The MaxMind DB file is in a format this library can't handle (unknown "
                         "record size or binary format version))" + self.AGAIN)

    def test_another_kind_of_database(self):
        path = self.path("one.mmdb")
        mmdb_writer.write(path, [(ipaddress.ip_network("192.0.2.0/24"), {"domain": "x.example"})],
                          kind="Test-Domain\x1b[31m")
        self.assertEqual(self.refusal("ask", path), (
            'one.mmdb: a MaxMind DB of type "Test-Domain\\x1b[31m" that names no country.iso_code '
            "and no autonomous_system_number; take a Country, City or ASN database"))

    def test_a_tree_that_does_not_end(self):
        """A node that is below itself; a ladder whose sixty steps are 2^60 ways."""
        for version, nodes in ((4, [[1, 1], [1, 1]]),
                               (6, [[i + 1, i + 1] for i in range(60)] + [[61, 61]])):
            path = self.good(version=version, record_bits=24, alias=False)
            with open(path, "rb") as file:
                data = file.read()
            count = data.index(b"node_count\xc1")
            tail = data[data.index(bytes(16)):]
            tree = b"".join(mmdb_writer.record(24, a, b) for a, b in nodes)
            tail = tail.replace(b"node_count\xc1" + data[count + 11:count + 12],
                                b"node_count\xc1" + bytes([len(nodes)]))
            with open(path, "wb") as file:
                file.write(tree + tail)
            self.assertEqual(self.refusal("child", path), (
                "one.mmdb: a broken MaxMind DB (its search tree does not end)" + self.AGAIN))

    def test_every_changed_byte_and_every_cut(self):
        path = self.path("one.mmdb")
        subprocess.run([FORGE, "mmdb", "-o", path], check=True)
        done = subprocess.run([ASK, "flip", path], text=True, capture_output=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        print(done.stdout.strip())


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0]] + sys.argv[3:])
