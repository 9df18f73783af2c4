"""sekisho explain: bytes as a file, from standard input and as hex digits, and stored events;
its pages letter by letter, its JSON, its errors.  Prints TAP.

usage: explain_test.py SEKISHO SIGNATURES    SEKISHO_GOLDEN=write writes the pages anew"""
import base64
import gzip
import json
import os
import pathlib
import subprocess
import sys

sys.dont_write_bytecode = True

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from fake import Fake
from tap import equal, main, test

SEKISHO, SIGNATURES = sys.argv[1:3]
TEST_CARD = "4012888888881881"  # published for tests


def luhn(head):
    """head with its check digit."""
    digits = [int(c) for c in reversed(head)]
    total = sum(sum(divmod(2 * d, 10)) for d in digits[::2]) + sum(digits[1::2])
    return head + str(-total % 10)


CARD = luhn("455673" + "120947385")  # of an issuer's range, and of nobody
WRONG = CARD[:15] + str((int(CARD[15]) + 1) % 10)
RECORD = json.dumps({"card_number": CARD, "exp": "12/28", "cvv": "123"}).encode()


def run(*words, given=b"", fake=None):
    env = {"PATH": "/usr/bin:/bin", "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "")}
    where = ["--socket", fake.path] if fake else []
    done = subprocess.run([SEKISHO, "explain", *words, *where], env=env, input=given,
                          capture_output=True, timeout=60, check=False)
    out, err = done.stdout.decode(), done.stderr.decode()
    for number in (CARD, WRONG, TEST_CARD):
        assert number not in out + err, "a number in clear"
    return done.returncode, out, err


def explain(*words, given=b"", fake=None):
    signatures = ["--signatures", SIGNATURES] if not fake else []
    status, out, err = run(*words, *signatures, given=given, fake=fake)
    equal((status, err), (0, ""))
    return out


def said(*words, given=b""):
    return json.loads(explain(*words, "--json", given=given))


def golden(name, text):
    path = HERE / f"{name}.txt"
    if os.environ.get("SEKISHO_GOLDEN") == "write":
        path.write_text(text, encoding="utf-8")
    equal(text, path.read_text(encoding="utf-8"))


@test
def a_page_shows_chain_score_reasons_and_what_is_unknown(folder):
    golden("explain_card", explain("-", given=base64.b64encode(gzip.compress(RECORD, mtime=0))))


@test
def a_page_shows_the_nearest_miss(folder):
    golden("explain_miss", explain("-", given=RECORD.replace(CARD.encode(), WRONG.encode())))


@test
def a_page_says_that_nothing_stands_there(folder):
    golden("explain_none", explain("-", given=b"hello"))


@test
def file_standard_input_and_hex_say_the_same(folder):
    path = folder / "record.json"
    path.write_bytes(RECORD)
    page = explain("-", given=RECORD)
    equal(explain(str(path)), page)
    equal(explain(RECORD.hex()), page)
    equal(explain("0x" + RECORD.hex().upper()), page)
    equal(explain(RECORD.hex(" ")), page)
    equal(explain(RECORD.hex(":")), page)


@test
def json_has_the_same_in_numbers(folder):
    answer = said("-", given=b"x=" + base64.b64encode(RECORD))
    found = answer["found"]
    equal((answer["explains"], found["confidence"], found["score"]), ("bytes", "high", 13.7))
    equal(found["encoding"], ["base64"])
    equal({row["id"]: row["weight"] for row in found["reasons"]},
          {"card-key": 4.0, "card-format": 3.7, "card-expiry": 3.0, "card-code": 3.0})
    equal(found["against"], [])
    equal(found["cards"]["list"], [{"brand": "visa", "bin": CARD[:6], "last4": CARD[12:],
                                    "digits": 16}])
    assert "nearest_miss" not in answer
    equal({row["id"] for row in answer["unknown_for"] + answer["unknown_against"]},
          {"destination-new", "destination-listed", "destination-authorised", "repeated",
           "type-lies"})


@test
def every_kind_of_miss_is_named(folder):
    for text, lacks in ((f"order {CARD} shipped", ["score"]), (f"pan={WRONG}", ["check-digit"]),
                        (f"id AB{CARD}", ["edge"]), (f"{CARD[:4]}-{CARD[4:12]}-{CARD[12:]}",
                                                     ["groups"]),
                        (f"n {CARD[:14]} n", ["length"]), ("n 7112345678901234", ["issuer"])):
        answer = said("-", given=text.encode())
        assert "found" not in answer, text
        equal([row["id"] for row in answer["nearest_miss"]["lacks"]], lacks, text)


@test
def published_test_numbers_are_called_so(folder):
    answer = said("-", given=f"card_number={TEST_CARD}".encode())
    assert answer["found"]["cards"]["test"]
    page = explain("-", given=f"card_number={TEST_CARD}".encode())
    assert "published test numbers alone: counted, never an alert" in page


@test
def limits_that_bit_are_told(folder):
    head = b"POST / HTTP/1.1\r\nContent-Encoding: gzip\r\nContent-Length: 40\r\n\r\n"
    answer = said("-", given=head + gzip.compress(b"x" * 4000)[:20] + b"\xff" * 20)
    equal([row["what"] for row in answer["limits"]],
          ["bytes of a body in a coding that is unknown or broken"])


@test
def the_type_is_heard(folder):
    given = f"x y z={CARD}".encode()
    equal(said("-", given=given)["undone"], [])
    answer = said("-", "--type", "application/x-www-form-urlencoded", given=given)
    equal([row["encoding"] for row in answer["undone"]], [["form"]])


@test
def what_cannot_be_read_says_what_to_do(folder):
    # Letters in front: the masker sees a number through what parts its digits.
    plain, empty = folder / "shop" / f"{CARD}.txt", folder / "empty"
    empty.write_bytes(b"")
    big = folder / "big"
    with open(big, "wb") as file:
        file.truncate((64 << 20) + 1)
    kinds = 'explain takes a file, "-", hex digits or the number of an event'
    masked = f"{folder}/shop/{CARD[:6]}******{CARD[12:]}.txt"
    usage = "usage: sekisho explain FILE|-|HEX|EVENT [--type TYPE] [--signatures DIR]"
    for words, status, text in (
            ([], 2, usage),
            (["a", "b"], 2, f'"b" is one word too many; {usage}'),
            ([str(plain)], 2, f"{masked}: No such file or directory; {kinds}"),
            ([str(folder)], 2, f"{folder}: it is a folder; name a file in it"),
            ([str(empty)], 2, f"{empty}: it is empty; there is nothing to explain"),
            (["-"], 2, "standard input: it is empty; there is nothing to explain"),
            ([str(big)], 2, f"{big}: more than 64 MiB; cut out a part: head -c 64M FILE | sekisho "
             "explain -"),
            (["0xabc"], 2, '"abc": 3 hex digits are no whole bytes; a file of that name is ./NAME'),
            (["0xag"], 2, '"ag": 1 hex digits are no whole bytes; a file of that name is ./NAME'),
            ([CARD], 2, "a number of a card's length is no event, and bytes in hex begin with 0x; "
             "as a text it goes through standard input, which no history keeps: sekisho explain -"),
            (["12", "--type", "x/y"], 2, "--type belongs to bytes: the sensor decided about an "
             "event when it saw it"),
            (["12", "--signatures", "x"], 2, "--signatures belongs to bytes: the sensor decided "
             "about an event when it saw it"),
            (["-", "--limit", "1"], 2, f'--limit does not belong to "explain"; {usage}'),
            (["48656c6c6f", "--signatures", "/nonexistent"], 2, "/nonexistent/cards/issuers.csv: "
             "No such file or directory; it holds what a card looks like")):
        equal(run(*words), (status, "", f"sekisho: {text}\n"), words)


ALERT = {"timestamp": "2026-11-20T10:03:12.000000+0000", "event_type": "alert",
         "alert": {"signature": "Sekisho card-exfil http-body", "severity": 1},
         "sekisho": {"category": "card-exfil", "technique": "http-body", "confidence": "high",
                     "score": 11.7,
                     "reasons": [{"id": "card-format", "weight": 3.7},
                                 {"id": "card-key", "weight": 4.0},
                                 {"id": "repeated", "weight": -4.0},
                                 {"id": "of-tomorrow", "weight": 8.0}],
                     "encoding": ["form", "base64"], "field": "http.body", "key": "info",
                     "offset": 5, "evidence": '{"card":"455673******' + CARD[12:] + '"}\x1b[31m',
                     "cards": {"distinct": 1, "test": False, "estimated": False, "list": [
                         {"brand": "visa", "bin": "455673", "last4": CARD[12:], "digits": 16}]}}}


def stored(folder, *events):
    return Fake(folder, {f"GET /events?after={number - 1}&limit=1&wait=0": (200, {
        "events": [{"id": number, "sensor": "tap", "seq": number, "event": event}],
        "next": number}) for number, event in enumerate(events, 7)})


@test
def an_event_is_explained_from_what_it_says(folder):
    fake = stored(folder, ALERT)
    golden("explain_event", explain("7", fake=fake))
    answer = json.loads(explain("7", "--json", fake=fake))
    equal((answer["explains"], answer["event"], answer["found"]["score"]), ("event", 7, 11.7))
    equal([row["id"] for row in answer["found"]["against"]], ["repeated"])
    equal(len(answer["not_kept"]), 3)
    assert "nearest_miss" not in answer and "bytes" not in answer


@test
def what_was_lowered_and_what_is_no_card_say_so(folder):
    lowered = {**ALERT["sekisho"], "confidence": "medium"}
    listed = {"category": "listed-contact", "technique": "server-opened", "confidence": "high",
              "score": 12.0, "reasons": [{"id": "list", "weight": 6.0},
                                         {"id": "server-opened", "weight": 3.0},
                                         {"id": "data-both-ways", "weight": 3.0}]}
    fake = stored(folder, {**ALERT, "sekisho": lowered}, {**ALERT, "sekisho": listed})
    uncertain = "lowered: direction, order, records or whose server it is were uncertain"
    page = explain("7", fake=fake)
    assert "medium, score 11.7" in page and uncertain in page, page
    assert json.loads(explain("7", "--json", fake=fake))["found"]["lowered"]
    golden("explain_listed", explain("8", fake=fake))


@test
def an_event_of_a_hostile_store_stays_text_without_cards(folder):
    ours = {**ALERT["sekisho"], "evidence": f"pan={CARD}\u202e", "key": CARD, "confidence": CARD,
            "encoding": [CARD] * 40, "field": "\x1b" * 90, "score": 1e300,
            "reasons": [{"id": CARD, "weight": -1e300}] * 90,
            "cards": {"distinct": 1 << 60, "list": [
                {"brand": CARD, "bin": CARD, "last4": CARD, "digits": 999}] * 90}}
    fake = stored(folder, {**ALERT, "sekisho": ours})
    for words in ([], ["--json"]):
        out = explain("7", *words, fake=fake)
        assert "\x1b" not in out and "\u202e" not in out


@test
def events_that_have_no_score_are_refused(folder):
    fake = stored(folder, {"event_type": "coverage", "sekisho": {}},
                  {"event_type": "alert"}, {"event_type": CARD})
    show = "alerts alone have a score to explain; sekisho tail --after"
    for number, kind in ((7, "coverage"), (8, "alert"), (9, f"{CARD[:6]}******{CARD[12:]}")):
        equal(run(str(number), fake=fake), (2, "", f'sekisho: event {number} is of type "{kind}": '
              f"{show} {number - 1} --json shows it\n"))


@test
def an_event_that_is_not_there_is_said_so(folder):
    fake = Fake(folder, {f"GET /events?after={after}&limit=1&wait=0": (200, answer)
                         for after, answer in ((4, {"events": [], "next": 4}),
                                               (5, {"events": [{"id": 9, "event": ALERT}]}),
                                               (0, {"events": [{"id": 1, "event": ALERT}]}))})
    for number in (5, 6, 0):
        equal(run(str(number), fake=fake), (2, "", f"sekisho: there is no event {number}; sekisho "
              "tail --after 0 --json lists them with their numbers (a file of that name is "
              f"./{number})\n"))
    status, out, err = run("7", "--socket", f"{folder}/none")
    equal((status, out), (3, ""))
    assert "there is no such socket; start the aggregator" in err, err


main()
