"""Goal: the naive finder finds what cards look like and nothing that is part of something
longer.  Method: numbers drawn from the ranges, written out here by hand."""
import random
import unittest

import finder
import forms
import issuers

VISA = issuers.draw_card(random.Random(1), "visa")
AMEX = issuers.draw_card(random.Random(2), "amex")
UNION = issuers.draw_card(random.Random(3), "unionpay19")


def digits(data, tier=2):
    return [row[2] for row in finder.find(data, tier)]


class Finder(unittest.TestCase):
    def test_a_run_of_every_kind_is_found_with_its_brand(self):
        rng = random.Random(4)
        for kind, (brand, _, length) in issuers.KINDS.items():
            for _ in range(50):
                card = issuers.draw_card(rng, kind)
                found = finder.find(b'{"n":"' + card.encode() + b'"}')
                self.assertEqual(found, [(6, length, card, brand, 1 if kind in issuers.TIER1 else 2,
                                          "run")])

    def test_neighbours_that_make_it_part_of_something_longer_hide_it(self):
        card = VISA.encode()
        for text in (b"0.%s", b"a%s", b"%sZ", b"7%s", b"%s7", b"-%s", b"%s.5", b"_%s", b"+%s"):
            self.assertEqual(digits(text % card), [], text)
        for text in (b"%s", b"=%s&", b" %s.", b"%s. ", b"%s-", b'"%s"', b"\n%s\n", b"\xff%s\xff"):
            self.assertEqual(digits(text % card), [VISA], text)

    def test_groups_as_on_the_card_with_every_separator(self):
        for card in (VISA, AMEX, UNION, issuers.draw_card(random.Random(7), "diners")):
            for separator in finder.SEPARATORS:
                text = separator.join(group.encode() for group in issuers.groups_of(card))
                self.assertEqual(digits(b"no=" + text + b";"), [card], separator)

    def test_other_groups_mixed_separators_and_longer_chains_are_none(self):
        a, b, c, d = (VISA[at:at + 4] for at in (0, 4, 8, 12))
        for text in (f"{a}-{b} {c}-{d}", f"{VISA[:3]}-{VISA[3:10]}-{VISA[10:]}",
                     f"{a}--{b}-{c}-{d}", f"af31-{a}-{b}-{c}-{d}", f"{a}-{b}-{c}-{d}-9f02",
                     f"1{a} {b} {c} {d}", f"{a} {b} {c} {d}1"):
            self.assertEqual(digits(text.encode()), [], text)

    def test_full_width_in_every_charset(self):
        for charset in forms.CHARSETS.values():
            self.assertEqual(digits("カード番号 ".encode(charset) + forms.wide(VISA, charset)), [VISA])

    def test_full_width_groups_inside_longer_ones_are_none(self):
        text = "\u3000".join(issuers.groups_of(VISA))
        wide = "".join(chr(ord(char) + 0xfee0) if char.isdigit() else char for char in text)
        self.assertEqual(digits(wide.encode()), [VISA])
        for longer in ("\uff17" + wide, wide + "\uff17"):
            self.assertEqual(digits(longer.encode()), [])

    def test_tiers(self):
        maestro = issuers.draw_card(random.Random(6), "maestro").encode()
        self.assertEqual(digits(maestro, 1), [])
        self.assertEqual(digits(VISA.encode(), 1), [VISA])

    def test_a_wrong_check_digit_and_placeholders_are_none(self):
        for last in "0123456789":
            self.assertEqual(digits((VISA[:-1] + last).encode()),
                             [VISA] if last == VISA[-1] else [])
        self.assertEqual(digits(b"8888888888888888 0000000000000000 4444444444444444"), [])

    def test_random_digits_pass_as_often_as_the_table_says(self):
        """Sixteen random digits: 2.4 in a hundred are of a brand that may stand alone."""
        rng, hits, count = random.Random(8), 0, 40000
        for _ in range(count):
            number = issuers.draw_digits(rng, 16)
            brand = issuers.brand_of(number, 1)
            hits += bool(brand and issuers.is_luhn(number))
        self.assertAlmostEqual(hits / count, 0.0242, delta=0.0025)


if __name__ == "__main__":
    unittest.main()
