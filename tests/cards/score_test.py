"""Goal: the score neither flatters nor slanders.  Method: alerts made here, against rows of
truth made here."""
import argparse
import contextlib
import io
import types
import unittest

import events
import score

ROW = {"server": "10.0.1.0", "layers": [], "optional": [], "own": [], "inner": [], "keyed": False,
       "context": "x", "density": "dense", "decoys": 3, "carrier": "query", "kind": "visa",
       "style": "form", "position": "start", "form": "plain", "stress": "cut 3",
       "shape": "01", "what": "a shape", "silent": False,
       "card": "4539148803436467", "cards": ["4539148803436467"]}
OPTIONS = argparse.Namespace(at="medium", pairs=False, top=0)


def alert(cards=("4539148803436467",), finding=1, part=0, confidence="high", distinct=None,
          **more):
    listed = [{"bin": card[:6], "last4": card[-4:], "digits": len(card)} for card in cards]
    ours = {"category": "card-exfil", "confidence": confidence, "technique": "t", "score": 9.0,
            "reasons": [{"id": "card-format"}], "finding_id": finding, "part": part,
            "subject": {"server": "10.0.1.0"},
            "cards": {"list": listed, "distinct": distinct or len(listed)}, **more}
    return events.Alert({"sekisho": ours, "src_ip": "10.0.1.0", "dest_ip": "198.18.0.1"})


def run_of(*alerts):
    return types.SimpleNamespace(of=lambda row: list(alerts))


def quietly(function, *arguments):
    with contextlib.redirect_stdout(io.StringIO()):
        return function(*arguments)


class Score(unittest.TestCase):
    def test_the_chain_must_be_whole_and_in_order(self):
        row = {**ROW, "layers": ["base64", "gzip"]}
        for encoding, true in ((["base64", "gzip"], True), (["gzip", "base64"], False),
                               (["base64"], False), ([], False), (["base64url", "gzip"], True),
                               (["base64", "gzip", "gzip"], False)):
            self.assertEqual(score.is_true(encoding, row), true, encoding)

    def test_layers_of_the_carrier_may_stand_in_front_and_of_the_record_behind(self):
        row = {**ROW, "layers": ["base64"], "own": ["form"], "inner": ["json"]}
        for encoding, true in ((["query", "base64"], True), (["base64", "json"], True),
                               (["query", "base64", "json"], True), (["hex", "base64"], False),
                               (["query"], False)):
            self.assertEqual(score.is_true(encoding, row), true, encoding)

    def test_layers_that_change_nothing_need_no_name(self):
        row = {**ROW, "layers": ["base64", "tar"], "optional": ["tar"]}
        self.assertTrue(score.is_true(["base64"], row))
        self.assertTrue(score.is_true(["base64", "tar"], row))
        self.assertFalse(score.is_true(["tar"], row))

    def test_only_the_right_card_at_the_right_confidence_counts(self):
        for made, found in ((alert(), 1), (alert(confidence="low"), 0),
                            (alert(["4539148803436475"]), 0), (alert([]), 0)):
            tally = quietly(score.score_vectors, run_of(made), [ROW], OPTIONS)
            self.assertEqual(tally.rows["plain"][:2], [found, 1])

    def test_precision_counts_what_was_not_planted_listed_or_not(self):
        one = alert(["4539148803436467", "5105105105105100"])
        tally = quietly(score.score_mixed, run_of(one), [ROW], OPTIONS)
        self.assertEqual((tally.rows["recall"][:2], tally.rows["precision"][:2]), ([1, 1], [1, 2]))
        many = alert(["4539148803436467"], distinct=20)
        tally = quietly(score.score_mixed, run_of(many), [ROW], OPTIONS)
        self.assertEqual(tally.rows["precision"][:2], [1, 20])
        tally = quietly(score.score_mixed, run_of(), [ROW], OPTIONS)
        self.assertEqual(tally.rows["recall"][:2], [0, 1])

    def test_parts_of_a_finding_are_one(self):
        run = events.Run.__new__(events.Run)
        run.alerts, run.encodings = {}, {}
        for part, more in ((0, {"encoding": ["gzip"]}), (1, {})):
            run._take(alert(part=part, distinct=12, **more))
        self.assertEqual([one.encoding for one in run.of(ROW)], [["gzip"], ["gzip"]])
        self.assertEqual(score.cards_told(run.of(ROW))[1], 12)

    def test_decoys_that_alert_are_counted(self):
        tally = quietly(score.score_decoys, run_of(alert(), alert(confidence="low")), [ROW],
                        OPTIONS)
        self.assertEqual(tally.rows["decoys"][0], 1)
        self.assertEqual(len(score.judge(tally, ["decoys=0"], "decoys")), 1)
        self.assertEqual(score.judge(tally, ["decoys=1"], "decoys"), [])

    def test_shapes_must_be_found_or_silent(self):
        for silent, made, good in ((False, [alert()], 1), (False, [], 0), (True, [], 1),
                                   (True, [alert()], 0)):
            tally = quietly(score.score_shapes, run_of(*made), [{**ROW, "silent": silent}], OPTIONS)
            self.assertEqual(bool(score.judge(tally, [], "shapes")), not good)

    def test_thresholds_name_classes(self):
        tally = quietly(score.score_vectors, run_of(), [ROW], OPTIONS)
        self.assertEqual(len(score.judge(tally, ["plain=1"], "vectors")), 1)
        self.assertEqual(score.judge(tally, ["plain=0", "pairs=100"], "vectors"), [])


if __name__ == "__main__":
    unittest.main()
