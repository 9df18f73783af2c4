"""Goal: the decoys are as hard as they claim, natural, and the same for a seed.
Method: each is judged by the table of issuers; none of the contexts is missing; dense messages
hold nothing but decoys, natural ones mostly others."""
import collections
import unittest

import decoy_shapes
import decoys
from decoy_contexts import CONTEXTS

MADE = list(decoys.generate(3, 9000))


class Decoys(unittest.TestCase):
    def test_there_are_forty_contexts_and_each_is_made(self):
        self.assertGreaterEqual(len(CONTEXTS), 40)
        self.assertEqual(len({context.name for context in CONTEXTS}), len(CONTEXTS))
        self.assertEqual({truth["context"] for _, truth, _ in MADE},
                         {context.name for context in CONTEXTS})

    def test_every_decoy_has_a_brand_and_a_right_check_digit(self):
        for _, truth, _ in MADE:
            for value in truth["values"]:
                self.assertTrue(decoy_shapes.holds_branded(value), truth["context"])

    def test_many_are_whole_numbers_of_a_brand(self):
        whole = sum(decoy_shapes.is_branded(decoy_shapes.digits_in(value))
                    for _, truth, _ in MADE for value in truth["values"])
        self.assertGreater(whole, sum(truth["decoys"] for _, truth, _ in MADE) // 2)

    def test_the_count_is_met_over_both_directions(self):
        self.assertGreaterEqual(sum(truth["decoys"] for _, truth, _ in MADE), 9000)
        ways = collections.Counter(truth["direction"] for _, truth, _ in MADE)
        self.assertGreater(min(ways[way] for way in ("up", "down", "in", "pull")), 10)

    def test_densities_are_what_they_say(self):
        for _, truth, _ in MADE:
            if truth["density"] == "dense":
                self.assertEqual(truth["decoys"], truth["numbers"])
            elif truth["density"] == "natural" and truth["numbers"] > 60 \
                    and truth["context"] not in ("facebook-page",):
                self.assertLess(truth["decoys"], truth["numbers"] // 2)

    def test_the_values_stand_in_the_message(self):
        for exchanges, truth, _ in MADE:
            if truth["context"] in ("jwt", "base64-state"):
                continue
            said = b"".join(data for _, data in exchanges[0].turns)
            for value in truth["values"][:5] if len(said) > 3000 else truth["values"][:1]:
                self.assertIn(value.encode(), said, truth["context"])

    def test_a_seed_gives_the_same_bytes(self):
        self.assertEqual(MADE[:100], list(decoys.generate(3, 9000))[:100])

    def test_numbers_with_a_check_of_their_own_pass_it(self):
        """GS1's own example of a GTIN-13, and a pencil's."""
        self.assertEqual(decoy_shapes.ean_digit("629104150021"), "3")
        self.assertEqual(decoy_shapes.ean_digit("400638133393"), "1")
        for _, truth, _ in MADE:
            if truth["context"] == "jan":
                for value in truth["values"]:
                    self.assertEqual(decoy_shapes.ean_digit(value[:-1]), value[-1])


if __name__ == "__main__":
    unittest.main()
