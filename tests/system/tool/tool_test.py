"""sekisho against an aggregator made of hand-written answers: its pages letter
by letter, its questions, its errors.  Prints TAP.

usage: tool_test.py SEKISHO        SEKISHO_GOLDEN=write writes the pages anew"""
import contextlib
import json
import os
import pathlib
import pty
import signal
import socket
import subprocess
import sys
import threading
import unicodedata

sys.dont_write_bytecode = True

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from fake import Fake
from tap import NotRun, equal, main, test

SEKISHO = sys.argv[1]


def load(name):
    return json.loads((HERE / f"{name}.json").read_text(encoding="utf-8"))


def sekisho(*words, fake=None, **env):
    clean = {"PATH": "/usr/bin:/bin", "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "")}
    where = ["--socket", fake.path] if fake else []
    return subprocess.run([SEKISHO, *words, *where], env={**clean, **env}, encoding="utf-8",
                          capture_output=True, timeout=60, check=False)


def golden(name, text):
    path = HERE / f"{name}.txt"
    if os.environ.get("SEKISHO_GOLDEN") == "write":
        path.write_text(text, encoding="utf-8")
    equal(text, path.read_text(encoding="utf-8"))


def served(folder, answers):
    return Fake(folder, {question: (200, answer) for question, answer in answers.items()})


def page(folder, name):
    fake = served(folder, {"GET /incidents/1": load(name)})
    done = sekisho("incident", "1", fake=fake)
    fake.close()
    equal((done.returncode, done.stderr), (0, ""))
    return done.stdout


def columns(line):
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line)


@contextlib.contextmanager
def socket_of_nobody(path):
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    yield
    listener.close()


def on_terminal(*words, **env):
    try:
        ours, theirs = pty.openpty()
    except OSError as why:
        raise NotRun("no pseudo-terminal here") from why
    done = subprocess.run([SEKISHO, *words], env=env, stdout=theirs, check=False)
    os.close(theirs)
    equal(done.returncode, 0)
    text = b""
    while True:
        try:
            more = os.read(ours, 65536)
        except OSError:
            break
        text += more
    os.close(ours)
    return text.decode()


@test
def the_page_of_a_robbed_shop(folder):
    golden("robbed", page(folder, "robbed"))


@test
def over_tls_it_is_suspected_and_nobody_is_told(folder):
    text = page(folder, "twin")
    golden("twin", text)
    assert "CONFIRMED" not in text and "SUSPECTED" in text
    assert "PEOPLE" not in text, "no card was read"


@test
def without_a_merchant_nothing_is_invented(folder):
    text = page(folder, "bare")
    golden("bare", text)
    for heading in ("HOW", "TO WHOM", "TIMELINE", "DO NOW", "PEOPLE"):
        assert f"\n{heading}" not in text


@test
def hostile_names_stay_text(folder):
    text = page(folder, "hostile")
    golden("hostile", text)
    for mark in "\x1b\x07\x00\x7f\x9b\u202e\u2066\u200b\u2028\ufeff":
        assert mark not in text, repr(mark)
    assert "evil.example" not in text.lower().replace("shown as evil.example", "")
    assert "rm -rf" not in text.split("DO NOW")[1], "nothing hostile to paste into a shell"


@test
def no_page_is_wider_than_120_columns(folder):
    for name in ("robbed", "twin", "bare", "hostile"):
        widest = max(page(folder, name).splitlines(), key=columns)
        assert columns(widest) <= 120, widest


@test
def every_form_of_an_answer_gives_the_same_page(folder):
    fake = served(folder, {"GET /incidents/1": load("robbed")})
    pages = set()
    for fake.mode in ("length", "chunked", "close", "bytes"):
        pages.add(sekisho("incident", "1", fake=fake).stdout)
    equal(len(pages), 1)


@test
def answers_that_are_none_end_with_one_line(folder):
    fake = served(folder, {"GET /status": {}})
    head = b"HTTP/1.1 200 OK\r\n"
    broken = "the answer is broken off or no HTTP"
    for fake.mode, text in (
            ("cut", broken), (b"SSH-2.0-x\r\n\r\n", broken), (b"", "closed without an answer"),
            (head + b"Content-Length: 99999999999\r\n\r\n", broken),
            (head + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
             broken),
            (head + b"Transfer-Encoding: chunked\r\n\r\nFFFFFFFF\r\n{}", broken),
            (head + b"Transfer-Encoding: chunked\r\n\r\n3\r\n{}\r\n", broken),
            (head + b"X: " + b"y" * 70000, broken),
            (head + b"\r\n{", "the answer is no JSON (line 1: "),
            (head + b"\r\n[]", "the answer is JSON, but no object")):
        done = sekisho("status", fake=fake)
        equal((done.returncode, done.stdout), (3, ""))
        assert text in done.stderr and done.stderr.count("\n") == 1, done.stderr


@test
def an_answer_has_an_end(folder):
    fake = served(folder, {"GET /status": b'{"a": "' + b"x" * (17 << 20) + b'"}'})
    fake.mode = "close"
    done = sekisho("status", fake=fake)
    equal(done.returncode, 3)
    assert "the answer has more than 16 MiB; ask for less with --limit N" in done.stderr


@test
def json_is_the_answer_in_harmless_ascii(folder):
    fake = served(folder, {"GET /incidents/1": load("hostile")})
    done = sekisho("incident", "1", "--json", fake=fake)
    assert done.stdout.isascii() and done.stdout.count("\n") == 1
    assert all(c >= " " and c != "\x7f" for c in done.stdout[:-1])
    equal(json.loads(done.stdout), load("hostile"))


@test
def errors_say_what_to_do(folder):
    fake = Fake(folder, {"GET /incidents/7": (404, {"error": "there is no incident 7\x1b[31m"}),
                         "POST /incidents/1/close": (409, {"error": "it is closed already"}),
                         "GET /status": (503, {"error": "the store is full"})})
    gone, nobody = f"{folder}/none.sock", f"{folder}/dead.sock"
    with socket_of_nobody(nobody):
        pass
    for words, status, text in (
            (["incident", "7"], 2, "there is no incident 7\\x1b[31m"),
            (["incident", "1", "close", "--why", "x"], 2, "it is closed already"),
            (["status"], 3, "the store is full"),
            (["statsu"], 2, 'unknown command "statsu"; nearest is "status"'),
            (["xyzzy"], 2, 'unknown command "xyzzy"; there are: status, incidents, incident, tail, '
             "merchants, explain"),
            (["status", "--jsn"], 2, 'unknown option --jsn; nearest is --json'),
            (["status", "--why", "x"], 2,
             '--why does not belong to "status"; usage: sekisho status'),
            (["status", "now"], 2, '"now" is one word too many; usage: sekisho status'),
            (["incident", "one"], 2, 'incident: "one" is no number of an incident; sekisho '
             "incidents lists them"),
            (["incident", "1", "cloes"], 2, 'unknown decision "cloes"; nearest is "close"'),
            (["incident", "1", "false"], 2, "incident 1 false: say why with --why TEXT; it stays "
             "in the incident's history"),
            (["incidents", "--state", "opne"], 2, 'unknown --state "opne"; nearest is "open"'),
            (["incidents", "--limit", "-1"], 2, '--limit: "-1" is not a number'),
            (["incidents", "--run", "a&b"], 2, '--run: "a&b" is neither "live" nor the 16 hex '
             "digits of a replay"),
            (["merchants", "imprt", "x"], 2, 'unknown action "imprt"; nearest is "import"'),
            (["merchants", "import", f"{folder}/x.csv"], 2,
             f"{folder}/x.csv: No such file or directory"),
            ([], 2, "say what to do: see sekisho --help")):
        done = sekisho(*words, fake=fake)
        equal((done.returncode, done.stdout, done.stderr), (status, "", f"sekisho: {text}\n"))
    how = "(sekisho-aggregator -c /etc/sekisho/aggregator.yaml)"
    equal(sekisho("status", "--socket", gone).stderr, f"sekisho: {gone}: there is no such socket; "
          f"start the aggregator {how}, or name its socket with --socket PATH\n")
    done = sekisho("status", SEKISHO_SOCKET=nobody)
    equal((done.returncode, done.stderr), (3, f"sekisho: {nobody}: nobody listens there any more; "
          f"start the aggregator again {how}\n"))


@test
def a_socket_of_others_says_whom_to_ask(folder):
    if os.getuid() != 0:
        print("# not run as root: only root can become somebody who may not ask")
        return
    fake = served(folder, {})
    os.chmod(fake.path, 0o660)
    os.chmod(folder, 0o755)
    done = subprocess.run([SEKISHO, "status", "--socket", fake.path], user=65534, group=65534,
                          extra_groups=[], encoding="utf-8", capture_output=True, check=False)
    equal((done.returncode, done.stderr), (3, f"sekisho: {fake.path}: permission denied; only its "
          "owner and group may ask: join that group (ls -l shows it), or ask as root\n"))


@test
def decisions_carry_who_and_why(folder):
    fake = Fake(folder, {"POST /incidents/1/close": (200, {**load("robbed"), "state": "closed",
                                                           "revision": 8})})
    done = sekisho("incident", "1", "close", "--why", 'it "was" 花', fake=fake)
    equal((done.returncode, done.stdout), (0, "Incident 1: closed (rev 8)\n"))
    body = json.loads(fake.asked[0][1])
    equal((body["why"], sorted(body)), ('it "was" 花', ["who", "why"]))


@test
def incidents_and_merchants_are_tables(folder):
    incidents = [load("robbed"), load("twin"), load("bare"), load("hostile")]
    shops = [{"id": 1, "name": "Hanamizuki Tea", "owner": "Hanamizuki KK", "agency": None,
              "platform": "ec-cube", "addresses": ["203.0.113.10", "2001:db8::10"],
              "hostnames": ["hanamizuki.example"], "level": "content", "basis": "contract",
              "non_retention": True, "authorised": ["demo-psp"]}]
    fake = served(folder, {"GET /incidents?state=all&limit=9": {"incidents": incidents},
                           "GET /merchants": {"merchants": shops},
                           "GET /incidents?state=open": {"incidents": []}})
    golden("incidents", sekisho("incidents", "--state", "all", "--limit", "9", fake=fake).stdout)
    golden("merchants", sekisho("merchants", fake=fake).stdout)
    equal(sekisho("incidents", fake=fake).stdout,
          "No incidents (open).  What silence is worth: sekisho status\n")


@test
def status_shows_what_it_is_given(folder):
    fake = served(folder, {"GET /status": {
        "sensors": [{"name": "tap-1\x1b[31m", "state": "running", "events": 1234567,
                     "last_seen": "2026-11-20T10:43:31.000000+0000", "gaps": None,
                     "counters": {"cards_refused": 2, "depth_over": 1024, "floods_refused": 5,
                                  "folded": 1290, "new\x1b[1m": 1}},
                    {"name": "tap-2", "state": "ended", "counters": {"opens_over": 1}}],
        "interfaces": [{"source": "eth0\u202e", "sensor": "tap-1", "run": "live", "frames": 41233,
                        "bytes": 18233112, "drops": 0, "payload": 17000000, "missing": 310,
                        "share_inspected": 0.71, "share_tls": 0.2999, "share_one_sided": 0.00001,
                        "unseen": ["203.0.113.20/32", "2001:db8::/48"], "prefixes": 30,
                        "prefixes_seen": 20}],
        "merchants": [{"subject": "m0/1", "merchant": {"id": 1, "name": "花水木ティー"},
                       "run": "live", "payload": 120, "share_inspected": 0.71, "drops": 0,
                       "share_tls": 0.2999, "share_one_sided": 0, "missing": 0, "unseen": [],
                       "prefixes": 2, "prefixes_seen": 2},
                      {"subject": "s0/203.0.113.7", "merchant": None, "run": "live",
                       "payload": 5000, "share_inspected": 0.99999, "share_tls": 0.00001,
                       "share_one_sided": 1, "missing": 12, "drops": 3, "prefixes": None},
                      {"subject": "s0/::", "merchant": None, "payload": 0,
                       "share_inspected": None}],
        "store": {"events": 1234567, "size": 52428800}, "version": "0.1.0"}})
    golden("status", sekisho("status", fake=fake).stdout)


@test
def an_import_says_what_it_did(folder):
    counts = {"added": 3, "changed": 1, "gone": 0, "unchanged": 12, "policy": None}
    fake = served(folder, {"POST /merchants?dry_run=1": counts,
                           "POST /merchants?dry_run=0": {**counts, "policy": "/etc/p.yaml"}})
    csv = pathlib.Path(folder, "shops.csv")
    csv.write_text("id,name\n1,花\n", encoding="utf-8")
    equal(sekisho("merchants", "import", str(csv), "--dry-run", fake=fake).stdout,
          "Would be (nothing was changed): 3 new, 1 changed, 0 gone, 12 as before\n")
    equal(sekisho("merchants", "import", str(csv), fake=fake).stdout,
          "Merchants: 3 new, 1 changed, 0 gone, 12 as before\n"
          "Policy for the sensors: /etc/p.yaml\n")
    equal(fake.asked[1][1], "id,name\n1,花\n")
    csv.write_text("", encoding="utf-8")
    equal(sekisho("merchants", "import", str(csv), fake=fake).stderr, f"sekisho: {csv}: the file "
          "is empty; an empty import would take every merchant out\n")


@test
def tail_leaves_out_none_and_says_where_it_was(folder):
    alert = {"timestamp": "2026-11-20T10:03:12.000000+0000", "event_type": "alert", "src_ip":
             "203.0.113.10", "src_port": 40000, "dest_ip": "198.51.100.77", "dest_port": 80,
             "alert": {"signature": "Sekisho card-exfil http-body", "severity": 1},
             "http": {"hostname": "evil.example\x1b"}, "sekisho": {"confidence": "high"}}
    health = {"timestamp": "2026-11-20T10:03:13.000000+0000", "event_type": "health",
              "sekisho": {"state": "end", "detail": "\u202e"}}
    stored = [{"id": i, "sensor": "tap", "seq": i, "event": alert if i % 2 else health}
              for i in range(1, 24)]

    class Cursor(dict):
        def get(self, question, default=None):
            words = dict(w.split("=") for w in question.split("?")[1].split("&"))
            if words["after"] == "last":
                return 200, {"events": [], "next": stored[-1]["id"]}
            after = int(words["after"])
            events = [e for e in stored if e["id"] > after][:int(words["limit"])]
            if not events and words["wait"] != "0":
                return 503, {"error": "the store is closing"}
            return 200, {"events": events, "next": events[-1]["id"] if events else after}

    fake = Fake(folder, Cursor())
    done = sekisho("tail", fake=fake)
    golden("tail", done.stdout)
    equal((done.returncode, done.stdout.count("\n")), (3, 10))
    equal(done.stderr, "sekisho: the store is closing; go on later with: sekisho tail --after 23\n")
    done = sekisho("tail", "--after", "0", "--json", fake=fake)
    equal([json.loads(line) for line in done.stdout.splitlines()], stored)


@test
def an_end_that_is_not_told_is_no_beginning(folder):
    fake = served(folder, {"GET /events?after=last&limit=1&wait=0": {"events": []}})
    done = sekisho("tail", fake=fake)
    equal((done.returncode, done.stdout, done.stderr),
          (3, "", f'sekisho: {fake.path}: the answer has no "next"\n'))


@test
def every_answer_comes_as_json_too(folder):
    page, rows = load("hostile"), {"merchants": [{"id": 1, "name": "\u202e花"}]}
    counts = {"added": 1, "changed": 0, "gone": 0, "unchanged": 0, "policy": None}
    csv = pathlib.Path(folder, "shops.csv")
    csv.write_text("id,name\n1,x\n", encoding="utf-8")
    answers = {"GET /status": {"sensors": [], "version": "\x1b"}, "GET /merchants": rows,
               "GET /incidents?state=open": {"incidents": [page]}, "GET /incidents/1": page,
               "POST /merchants?dry_run=0": counts, "POST /merchants?dry_run=1": counts}
    answers.update({f"POST /incidents/1/{word}": page for word in ("ack", "close", "false")})
    fake = served(folder, answers)
    for words, question in (
            (["status"], "GET /status"), (["incidents"], "GET /incidents?state=open"),
            (["incident", "1"], "GET /incidents/1"), (["merchants"], "GET /merchants"),
            (["incident", "1", "ack"], "POST /incidents/1/ack"),
            (["incident", "1", "close", "--why", "x"], "POST /incidents/1/close"),
            (["incident", "1", "false", "--why", "x"], "POST /incidents/1/false"),
            (["merchants", "import", str(csv)], "POST /merchants?dry_run=0"),
            (["merchants", "import", str(csv), "--dry-run"], "POST /merchants?dry_run=1")):
        done = sekisho(*words, "--json", fake=fake)
        equal((done.returncode, done.stderr, done.stdout.count("\n")), (0, "", 1))
        equal((json.loads(done.stdout), done.stdout.isascii()), (answers[question], True))
        equal(fake.asked[-1][0], question)


@test
def ctrl_c_ends_tail_with_0(folder):
    asked = threading.Event()

    def hang():
        asked.set()
        threading.Event().wait()

    fake = Fake(folder, {"GET /events?after=5&limit=100&wait=25": hang})
    with subprocess.Popen([SEKISHO, "tail", "--after", "5", "--socket", fake.path]) as process:
        asked.wait(30)
        process.send_signal(signal.SIGINT)
        equal(process.wait(30), 0)


@test
def colour_is_for_terminals(folder):
    fake = served(folder, {"GET /incidents/1": load("hostile")})
    coloured = on_terminal("incident", "1", "--socket", fake.path, TERM="xterm")
    assert "\x1b[1;31mCONFIRMED, STILL GOING ON\x1b[0m" in coloured
    for env in ({"TERM": "xterm", "NO_COLOR": "1"}, {"TERM": "dumb"}):
        assert "\x1b" not in on_terminal("incident", "1", "--socket", fake.path, **env)


main()
