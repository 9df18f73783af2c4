"""sekisho-aggregator as a program: delivery through kills, hostile batches, the
page of an incident, merchants, bad settings.  TAP on standard output.
usage: aggregator.py PROGRAM SCHEMA [--full]"""
import contextlib
import json
import os
import random
import signal
import socket
import sqlite3
import struct
import subprocess
import sys
import tempfile

sys.path[:0] = [os.path.dirname(os.path.abspath(__file__)) + up for up in ("", "/..")]
from events import RUN, Events  # noqa: E402
from tap import equal, main, test  # noqa: E402
from unix_http import Connection  # noqa: E402
from wire import (ACK, BATCH, Sensor, Subscriber, batch, hello, message,  # noqa: E402
                  record)

PROGRAM, SCHEMA = sys.argv[1], sys.argv[2]
FULL = "--full" in sys.argv
make = Events(SCHEMA)


class Aggregator:
    """The program in a folder of its own; start() returns when it is ready."""

    def __init__(self, folder, *more):
        self.dir = tempfile.mkdtemp(dir=folder)
        self.more = more
        self.process = None

    def path(self, name):
        return os.path.join(self.dir, name)

    def start(self):
        self.process = subprocess.Popen(
            [PROGRAM, "--listen", "ipc://" + self.path("in"), "--db", self.path("db"),
             "--socket", self.path("api"), *self.more], stderr=subprocess.PIPE, text=True)
        for line in self.process.stderr:
            if " ready: " in line:
                return self
        raise AssertionError("it ended with %d" % self.process.wait())

    def end(self, how=signal.SIGTERM):
        self.process.send_signal(how)
        self.process.stderr.close()
        return self.process.wait()

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.end()

    def sensor(self):
        return Sensor(self.path("in"))

    def ask(self, path, body=None):
        with contextlib.closing(Connection(self.path("api"))) as api:
            status, answer = api.ask(path, "GET" if body is None else "POST", body)
            return status, json.loads(answer)


def send_all(aggregator, events, epoch=9):
    sensor = aggregator.sensor()
    sensor.send(hello(7, epoch, 1, len(events) + 1))
    equal(sensor.ack(), (0, 64, 0))
    for i in range(0, len(events), 100):
        piece = [record(e, i) for e in events[i:i + 100]]
        sensor.send(batch(7, epoch, i + 1, piece))
        equal(sensor.ack(), (i + len(piece), 64, 0))
    sensor.close()


@test
def nothing_is_lost_or_doubled_when_it_is_killed(folder):
    kills, size = (200 if FULL else 10), 20
    chance = random.Random(1)
    total = kills * 60
    events = [record(make.alert(i % 3000, 1000 + i, (i % 50,))) for i in range(total)]
    aggregator = Aggregator(folder)
    done = killed = 0
    while done < total:
        aggregator.start()
        sensor = aggregator.sensor()
        sensor.send(hello(7, 9, 1, total + 1))
        mark = sensor.ack()[0]
        assert mark >= done, "an acknowledged event is gone: %d of %d" % (mark, done)
        done = mark
        for _ in range(chance.randrange(1, 6) if killed < kills else total):
            if done == total:
                break
            # From before the mark on: what is repeated must not count twice.
            first = max(1, done + 1 - chance.randrange(0, 10))
            sensor.send(batch(7, 9, first, events[first - 1:first - 1 + size]))
            if killed < kills and chance.random() < 0.3:
                break
            done, _, reason = sensor.ack()
            equal(reason, 0)
        if done < total or killed < kills:
            killed += 1
            aggregator.end(signal.SIGKILL)
        sensor.close()
    if aggregator.process.poll() is None:
        aggregator.end()
    db = sqlite3.connect(aggregator.path("db"))
    equal(db.execute("SELECT count(*), count(DISTINCT seq), min(seq), max(seq) FROM event"
                     ).fetchone(), (total, total, 1, total))
    equal(db.execute("SELECT sum(n), count(*) FROM thread").fetchone(), (total, 1))
    equal(db.execute("SELECT count(*), count(DISTINCT token) FROM card").fetchone(), (total, 50))
    equal(db.execute("SELECT count(*) FROM incident").fetchone(), (1,))
    db.close()
    print("# %d events, %d kills, 0 lost, 0 doubled" % (total, killed))


@test
def a_gap_is_not_stored_and_is_told(folder):
    with Aggregator(folder) as a:
        sensor = a.sensor()
        sensor.send(batch(7, 9, 5, [record(make.health(0))]))
        equal(sensor.ack(), (0, 64, 1))
        sensor.send(batch(7, 9, 1, [record(make.health(0))] * 6))
        equal(sensor.ack(), (6, 64, 0))
        sensor.send(batch(7, 9, 1, [record(make.health(0))] * 6))
        equal(sensor.ack(), (6, 64, 0))
        status, answer = a.ask("/status")
        equal((status, answer["store"]["events"], answer["store"]["repeated"],
              answer["store"]["gaps"]), (200, 6, 6, 1))


@test
def what_a_sensor_no_longer_keeps_is_counted_as_lost(folder):
    with Aggregator(folder) as a:
        sensor = a.sensor()
        sensor.send(hello(7, 9, 11, 20, "edge"))
        equal(sensor.ack(), (10, 64, 0))
        sensor.send(batch(7, 9, 11, [record(make.health(0))]))
        equal(sensor.ack(), (11, 64, 0))
        sensors = a.ask("/status")[1]["sensors"]
        equal([(s["name"], s["stored"], s["lost"]) for s in sensors], [("edge", 11, 10)])


@test
def a_copy_of_a_spool_is_told(folder):
    with Aggregator(folder) as a:
        sensor = a.sensor()
        sensor.send(batch(7, 9, 1, [record(make.health(i)) for i in range(9)]))
        equal(sensor.ack(), (9, 64, 0))
        for following, older in ((10, 0), (9, 1), (1, 2)):
            sensor.send(hello(7, 9, 1, following, "edge"))
            equal(sensor.ack(), (9, 64, 0))
            equal(a.ask("/status")[1]["store"]["older"], older)


@test
def hostile_batches_are_refused_and_counted(folder):
    good = record(make.health(0))
    bodies = [struct.pack("<QII", 1, 1, 0) + good]
    messages = [b"", b"x", message(BATCH, 7, 9, bodies[0], crc=1), message(ACK, 7, 9, b"\0" * 16),
                message(BATCH, 7, 9, struct.pack("<QII", 1, 2, 0) + good),
                message(BATCH, 7, 9, struct.pack("<QII", 1, 0, 0)),
                message(BATCH, 7, 9, struct.pack("<QII", 0, 1, 0) + good),
                message(BATCH, 7, 9, struct.pack("<QII", 1, 0xffffffff, 0) + good),
                message(BATCH, 7, 9, struct.pack("<QII", 1 << 63, 1, 0) + good),
                hello(7, 9, 0, 1), hello(7, 9, 5, 1), hello(7, 9, 1, 1, "a\x1b[2J"),
                message(1, 7, 9, struct.pack("<QQ64s", 1, 1, b"a" * 64))]
    whole = batch(7, 9, 1, [good])
    messages += [whole[:n] for n in range(len(whole))]
    with Aggregator(folder) as a:
        sensor = a.sensor()
        for m in messages:
            sensor.send(m)
        sensor.send(hello(7, 9, 1, 1))
        equal(sensor.ack(), (0, 64, 0))
        store = a.ask("/status")[1]["store"]
        equal((store["refused"], store["events"]), (len(messages), 0))


@test
def a_record_that_is_no_event_takes_its_number_and_stops_nothing(folder):
    twice = b'{"event_type":"health","event_type":"health","sekisho":{}}'
    records = [b"{", b"[]", twice, b'{"event_type":"alert"}' + b" " * 10,
               b'{"event_type":"alert","sekisho":{"run":"../../etc/passwd","replay":true}}',
               b'{"event_type":"health","sekisho":{"replay":false}}', b"\xff\xfe"]
    with Aggregator(folder) as a:
        sensor = a.sensor()
        sensor.send(batch(7, 9, 1, [record(r) for r in records] + [record(make.health(1))]))
        equal(sensor.ack(), (8, 64, 0))
        store = a.ask("/status")[1]["store"]
        # The fourth reads as an alert without a subject: kept in the journal, no thread.
        equal((store["unreadable"], store["events"]), (6, 2))
        equal(a.ask("/incidents?state=all")[1], {"incidents": []})


def robbery():
    events = [make.health(0), make.contact(180, name="edge.example"), make.coverage(3),
              make.coverage(30)]
    for i in range(12):
        events.append(make.alert(192 + 200 * i, 100 + i, (i,)))
    events.append(make.alert(2515, 112, (0,)))
    events.append(make.alert(2515, 112, (12, 13), part=1, reasons=("card-second",)))
    events.append(make.alert(
        460, 200, host="", url="", ip="192.0.2.66", port=443, category="takedown-contact",
        technique="taken-down", reasons=("list", "server-opened"),
        listed={"list": "L-0001", "line": 3, "state": "taken-down", "by": "address",
                "bytes_out": 4100, "bytes_in": 900}))
    events.append(make.health(2611, "ended"))
    return events


@test
def a_robbery_reads_as_one_confirmed_incident(folder):
    csv = "id,name,addresses,authorised\n1,Hanamizuki Tea,203.0.113.10,demo-psp\n"
    with Aggregator(folder) as a:
        equal(a.ask("/merchants", csv)[1],
              {"added": 1, "changed": 0, "gone": 0, "unchanged": 0, "policy": None})
        send_all(a, robbery())
        equal(len(a.ask("/incidents")[1]["incidents"]), 1)
        status, page = a.ask("/incidents/1")
        equal(status, 200)
        equal(page["title"], 'Shop "Hanamizuki Tea" (merchant 1) sends its customers\' cards to a '
                             'stranger.')
        equal((page["certainty"], page["severity"], page["state"], page["run"], page["going_on"]),
              ("confirmed", 1, "open", RUN, True))
        equal((page["cards"], page["messages"], page["families"]), (14, 14, ["foothold", "theft"]))
        equal(page["sinks"], ["192.0.2.66:443", "cdn-jquery-stat.example"])
        equal(page["what"], {"cards_distinct": 14, "at_least": True, "repeats": 1, "messages": 13,
                             "brands": [{"brand": "visa", "n": 14}],
                             "with": {"expiry": 0, "code": 14, "holder": 0}})
        equal(page["when"], {"records_begin": make.time(0), "first_proven": make.time(192),
                             "last_proven": make.time(2515), "records_end": make.time(2611),
                             "earliest_possible": None})
        equal([(h["url"], h["encoding"], h["n"]) for h in page["how"]][0],
              ("/collect.jpg", ["base64"], 13))
        equal([(w["sink"], w["ip"], w["authorised"]) for w in page["to_whom"]],
              [("cdn-jquery-stat.example", "198.51.100.77", ["demo-psp"])])
        equal(page["to_whom"][0]["names"], ["cdn-jquery-stat.example", "edge.example"])
        equal(page["to_whom"][0]["protocols"], ["http1"])
        equal([(t["category"], t["lists"], t["bytes_out"]) for t in page["also"]],
              [("takedown-contact", [{"list": "L-0001", "state": "taken-down"}], 4100)])
        equal((len(page["evidence"]), page["evidence"][0]["offset"]), (8, 5))
        equal({w["id"]: w["n"] for w in page["why"]},
              {"card-format": 13, "card-key": 13, "card-code": 13, "card-second": 1, "list": 1,
              "server-opened": 1})
        equal((page["saw"]["share_inspected"], page["saw"]["share_tls"]), (0.71, 0.29))
        equal(page["did_not_see"], [{"reason": "encrypted", "bytes": 580,
                                     "sentence": "TLS records after the handshake"}])


def all_read(coverage, **changed):
    coverage["sekisho"]["rows"][0].update({"inspected": 1000, "tls": 0, "skipped": {}, **changed})
    return coverage


@test
def a_folded_flood_counts_its_messages_and_all_its_cards(folder):
    """290 messages in one event and its further cards: as if each had come by itself."""
    flood = {"alerts": 290, "last": make.time(209), "samples": [
        {"timestamp": make.time(200), "flow_id": 1, "pcap_cnt": 1, "finding_id": 110}]}
    events = [make.alert(200, 100 + i, (i,)) for i in range(10)]
    events.append(make.alert(200, 110, range(10, 18), folded=289, flood=flood))
    events += [make.alert(200, 110, range(start, min(start + 64, 300)), part=1 + i)
               for i, start in enumerate(range(18, 300, 64))] + [all_read(make.coverage(3))]
    with Aggregator(folder) as a:
        send_all(a, events)
        page = a.ask("/incidents/1")[1]
        equal((page["cards"], page["messages"]), (300, 300))
        equal((page["what"]["cards_distinct"], page["what"]["at_least"]), (300, False))


@test
def what_a_sensor_only_counts_is_summed_over_two_days(folder):
    day = 86400
    with Aggregator(folder) as a:
        send_all(a, [make.stats(0, low=1000), make.stats(day, low=1, folded=290),
                     make.stats(day + 60, low=2), make.stats(2 * day, floods_refused=5)])
        sensor, = a.ask("/status")[1]["sensors"]
        equal(sensor["counters"], {"floods_refused": 5, "folded": 290, "low": 3})
        send_all(a, [make.stats(2 * day + 60, low=4)], epoch=10)
        newest, other = a.ask("/status")[1]["sensors"]
        equal((newest.get("counters"), "counters" in other),
              ({"floods_refused": 5, "folded": 290, "low": 7}, False))


@test
def what_is_counted_is_all_only_if_all_was_read(folder):
    for changed, least in (({}, False), ({"inspected": 999}, True), ({"missing": 1}, True),
                           ({"inspected": 990, "duplicate": 10}, False), (None, True)):
        with Aggregator(folder) as a:
            events = [make.alert(200, 1, (1,))]
            if changed is not None:
                events.append(all_read(make.coverage(3), **changed))
            send_all(a, events)
            equal(a.ask("/incidents/1")[1]["what"]["at_least"], least)


@test
def the_order_of_arrival_does_not_show(folder):
    events = [make.alert(i * 1000, 500 + i, (i % 7,), server="203.0.113.%d" % (1 + i % 3),
                         merchant=i % 2, host="drop%d.example" % (i % 4),
                         category=("card-exfil", "listed-contact", "bulk-exfil")[i % 3],
                         confidence=("high", "medium", "low")[i % 3]) for i in range(60)]
    seen = set()
    for seed in range(5):
        order = events[:]
        random.Random(seed).shuffle(order)
        with Aggregator(folder) as a:
            for i in range(0, 60, 6 if seed % 2 else 1):
                step = 6 if seed % 2 else 1
                sensor = a.sensor()
                sensor.send(batch(7, 9, i + 1, [record(e) for e in order[i:i + step]]))
                equal(sensor.ack(), (i + step, 64, 0))
                sensor.close()
            pages = []
            for summary in a.ask("/incidents?state=all")[1]["incidents"]:
                page = a.ask("/incidents/%d" % summary["id"])[1]
                for key in ("id", "revision", "updated", "history"):
                    del page[key]
                for thread in page["threads"]:
                    del thread["id"]
                page["threads"].sort(key=lambda t: json.dumps(t, sort_keys=True))
                pages.append(json.dumps(page, sort_keys=True))
            assert len(pages) > 1
            seen.add("\n".join(sorted(pages)))
    equal(len(seen), 1)


@test
def people_decide_and_a_new_reason_reopens(folder):
    with Aggregator(folder) as a:
        sensor = a.sensor()
        sensor.send(batch(7, 9, 1, [record(make.alert(10, 1, (1,)))]))
        equal(sensor.ack(), (1, 64, 0))
        equal(a.ask("/incidents/1/false", "{}")[0], 400)
        equal(a.ask("/incidents/1/ack", '{"who":"ann"}')[1]["state"], "acknowledged")
        equal(a.ask("/incidents/1/false", '{"why":"a test","who":"ann"}')[1]["state"], "false")
        equal(a.ask("/incidents/1/false", '{"why":"a test"}')[0], 409)
        equal(a.ask("/incidents/2/close", '{"why":"x"}')[0], 404)
        equal(a.ask("/incidents/1/forget", '{"why":"x"}')[0], 404)
        sensor.send(batch(7, 9, 2, [record(make.alert(20, 2, (2,)))]))
        equal(sensor.ack(), (2, 64, 0))
        equal(a.ask("/incidents/1")[1]["state"], "false")
        sensor.send(batch(7, 9, 3, [record(make.alert(30, 3, (3,), reasons=("card-second",)))]))
        equal(sensor.ack(), (3, 64, 0))
        page = a.ask("/incidents/1")[1]
        equal((page["state"], page["history"][0]["what"], page["history"][0]["why"]),
              ("open", "reopened", "a new kind of reason"))
        equal(a.ask("/incidents/1/close", '{"why":"cleaned"}')[1]["state"], "closed")
        equal(a.ask("/incidents")[1], {"incidents": []})
        sensor.send(batch(7, 9, 4, [record(make.alert(40, 4, (4,)))]))
        equal(sensor.ack(), (4, 64, 0))
        equal(a.ask("/incidents/1")[1]["state"], "open")


@test
def it_is_suspected_until_a_card_says_more(folder):
    with Aggregator(folder) as a:
        sensor = a.sensor()
        steps = (make.alert(10, 1, category="listed-contact", technique="address",
                            reasons=("list", "server-opened")),
                 make.alert(20, 2, (1,), confidence="medium"),
                 make.alert(30, 3, reasons=("server-opened",)),  # high, but no card in it
                 make.alert(40, 4, (2,)))
        for n, (event, certainty) in enumerate(zip(steps, ["suspected"] * 3 + ["confirmed"]), 1):
            sensor.send(batch(7, 9, n, [record(event)]))
            equal(sensor.ack(), (n, 64, 0))
            page = a.ask("/incidents/1")[1]
            equal((page["certainty"], page["revision"]), (certainty, n))
            said = [row["what"] for row in page["history"]]
            equal(said, (["confirmed"] if certainty == "confirmed" else []) + ["opened"])
        equal("may be" in page["title"], False)


@test
def the_cursor_gives_every_event_once_and_waits(folder):
    with Aggregator(folder) as a:
        send_all(a, [make.health(i) for i in range(250)])
        after, seqs = 0, []
        while True:
            answer = a.ask("/events?after=%d&limit=60" % after)[1]
            if not answer["events"]:
                break
            after = answer["next"]
            seqs += [e["seq"] for e in answer["events"]]
        equal(seqs, list(range(1, 251)))
        waiting = Connection(a.path("api"))
        waiting.request("GET", "/events?after=%d&wait=30" % after)
        a.ask("/status")  # the loop goes on meanwhile
        sensor = a.sensor()
        sensor.send(batch(7, 9, 251, [record(make.health(300))]))
        equal(sensor.ack(), (251, 64, 0))
        equal([e["seq"] for e in json.loads(waiting.getresponse().read())["events"]], [251])
        waiting.close()
        for bad in ("after=-1", "limit=0", "limit=1001", "wait=31", "after=x"):
            equal(a.ask("/events?" + bad)[0], 400)
        waiting = Connection(a.path("api"))
        waiting.request("GET", "/events?after=251&wait=30")
        a.ask("/status")
        equal(a.end(), 0)  # and nobody who waits holds up its end
        waiting.close()


@test
def the_cursor_begins_at_the_end(folder):
    with Aggregator(folder) as a:
        equal(a.ask("/events?after=last")[1], {"events": [], "next": 0})
        send_all(a, [make.health(i) for i in range(20)])
        equal(a.ask("/events?after=last&wait=30")[1], {"events": [], "next": 20})
        equal(a.ask("/events?after=lost")[0], 400)


def subscriber(aggregator, *topics):
    """It is subscribed: its first event has come."""
    feed = Subscriber(aggregator.path("out"))
    for topic in topics:
        feed.subscribe(topic)
    return feed


def published(aggregator):
    aggregator.more = ("--publish", "ipc://" + aggregator.path("out"))
    return aggregator


@test
def alerts_and_health_are_published_by_topic(folder):
    with published(Aggregator(folder)) as a:
        every, alerts = subscriber(a, b""), subscriber(a, b"alert")
        sensor, sent = a.sensor(), [make.health(i) for i in range(200)]
        for n, event in enumerate(sent, 1):  # until the subscriptions have arrived
            sensor.send(batch(7, 9, n, [record(event)]))
            equal(sensor.ack(), (n, 64, 0))
            first = every.take_one(0.05)
            if first is not None:
                break
        equal((first[0], first[1]), ("health", sent[first[2] - 1]))
        more = [make.alert(1000 + i, 1 + i, (i,)) for i in range(3)]
        more[1:1] = [make.contact(5), make.coverage(7)]
        sensor.send(batch(7, 9, n + 1, [record(e) for e in more]))
        equal(sensor.ack(), (n + 5, 64, 0))
        want = [("alert", more[i], n + 1 + i) for i in (0, 3, 4)]
        while first[2] < n:  # what came in between of health
            first = every.take_one(20)
        equal([every.take_one(20) for _ in want], want)
        equal([alerts.take_one(20) for _ in want], want)


@test
def who_reads_slowly_misses_events_and_stops_nobody(folder):
    with published(Aggregator(folder)) as a:
        slow = subscriber(a, b"alert")
        sensor, total, size = a.sensor(), 10000, 100
        events = [record(make.alert(i, 1, (1,))) for i in range(size)]
        for first in range(1, total, size):
            sensor.send(batch(7, 9, first, events))
            equal(sensor.ack(), (first + size - 1, 64, 0))
        equal(a.ask("/status")[1]["store"]["events"], total)
        ids = []
        try:
            while (taken := slow.take_one(1)) is not None:
                ids.append(taken[2])
        except ConnectionError:
            print("# it was cut off: it answered no heartbeat meanwhile")
        equal(ids, sorted(set(ids)))
        assert 0 < len(ids) < total, "%d of %d" % (len(ids), total)
        missed = next((a + 1 for a, b in zip(ids, ids[1:]) if b > a + 1), ids[-1] + 1)
        equal(a.ask("/events?after=%d&limit=1" % (missed - 1))[1]["events"][0]["id"], missed)
        print("# %d of %d events reached who did not read" % (len(ids), total))


@test
def a_full_store_makes_sensors_wait_and_loses_nothing(folder):
    with Aggregator(folder, "--db-max", "1M") as a:
        sensor = a.sensor()
        mark, first = 0, 1
        for _ in range(60):
            pieces = [record(make.alert(i, 9000 + first + i, (i,))) for i in range(50)]
            sensor.send(batch(7, 9, first, pieces))
            mark, credit, reason = sensor.ack()
            if reason != 0:
                break
            first = mark + 1
        equal((mark, credit, reason), (first - 1, 0, 2))
        store = a.ask("/status")[1]["store"]
        equal((store["events"], store["taking"]), (mark, False))
        equal(a.ask("/incidents/1/ack", '{"who":"x"}')[0] in (200, 503), True)


@test
def merchants_come_whole_or_not_at_all(folder):
    a = Aggregator(folder, "--policy-out", "PLACE")
    a.more = ("--policy-out", a.path("policy.yaml"))
    good = ("id,name,addresses,hostnames,level,basis,non_retention,authorised\n"
            '1,"Tea, ""green""",203.0.113.10;203.0.113.11,tea.example,content,contract 1,true,\n'
            "2,Ink,198.51.100.0/28,,,,,\n")
    bad = {"name\nx\n": "needed", "id,name,colour\n": "colour", "id,name\n0,x\n": "line 2: id",
           "id,name\n1,x\n1,y\n": "line 3: the id stands there twice",
           "id,name,addresses\n1,x,300.1.1.1\n": "300.1.1.1", "": "nothing is there",
           "id,name,level\n1,x,all\n": "level", "id,name\n1,\n": "the name is empty"}
    with a:
        equal(a.ask("/merchants?dry_run=1", good)[1]["added"], 2)
        equal(a.ask("/merchants")[1], {"merchants": []})
        equal(a.ask("/merchants", good)[1]["policy"], a.path("policy.yaml"))
        for text, part in bad.items():
            status, answer = a.ask("/merchants", text)
            equal((status, part in answer["error"]), (400, True))
        equal(a.ask("/merchants", good.replace("Ink", "Inks") + "3,New,,,,,,\n")[1],
              {"added": 1, "changed": 1, "gone": 0, "unchanged": 1,
              "policy": a.path("policy.yaml")})
        equal(a.ask("/merchants", "id,name\n3,New\n")[1]["gone"], 2)
        equal(a.ask("/merchants", good)[0], 200)
        known = a.ask("/merchants")[1]["merchants"]
        equal((known[0]["name"], known[0]["addresses"]),
              ('Tea, "green"', ["203.0.113.10", "203.0.113.11"]))
    text = open(a.path("policy.yaml")).read()
    equal("green" in text, False)
    equal('basis: "contract 1"' in text and '"198.51.100.0/28"' in text, True)


def fails(arguments, status, part):
    done = subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, timeout=20)
    lines = [x for x in done.stderr.splitlines() if x.startswith("sekisho-aggregator: ")]
    equal((done.returncode, len(lines), done.stdout), (status, 1, ""))
    if part not in lines[0]:
        raise AssertionError("%r is not in %r" % (part, lines[0]))


@test
def bad_settings_are_one_clear_line(folder):
    a = Aggregator(folder)
    base = ["--listen", "ipc://" + a.path("in2"), "--socket", a.path("api2")]
    damaged = a.path("damaged")
    open(damaged, "wb").write(b"no database at all\n" * 100)
    settings = a.path("a.yaml")
    open(settings, "w").write("listn: ipc:///x\n")
    fails(["--listen", "ipc:///x", "--db", "x"], 2, "--socket is missing")
    fails(["--listen", "tcp://0.0.0.0:5000", "--db", "x", "--socket", "x"], 2, "no loopback")
    fails(["--listen", "tcp://127.0.0.1", "--db", "x", "--socket", "x"], 2, "no loopback")
    fails(["--listen", "udp://x", "--db", "x", "--socket", "x"], 2, "neither ipc://PATH")
    fails(["--frob"], 2, "--frob")
    fails(["-c", settings], 2, "a.yaml:1:1")
    fails(["-c", settings], 2, '"listen"')
    fails(base + ["--db", damaged], 3, "is damaged")
    fails(base + ["--db", "/nowhere/db"], 3, "/nowhere/db.lock: cannot be made")
    fails(base + ["--db", a.path("d"), "--db-max", "lots"], 2, "--db-max")
    fails(base + ["--db", a.path("d"), "--merchants", "/nowhere/m"], 2, "/nowhere/m")
    with a:
        fails(base + ["--db", a.path("db")], 3, "another sekisho-aggregator")
        fails(["--listen", "ipc://" + a.path("in"), "--db", a.path("d"), "--socket",
               a.path("api2")], 3, "somebody listens there already")
        fails(base[:2] + ["--db", a.path("d"), "--socket", a.path("api")], 3,
              "somebody listens there already")
        taken = socket.socket()
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        fails(["--listen", "tcp://127.0.0.1:%d" % taken.getsockname()[1], "--db", a.path("d"),
               "--socket", a.path("api2")], 3, "Address already in use")
        equal(oct(os.stat(a.path("api")).st_mode & 0o777), "0o660")
        equal(oct(os.stat(a.path("in")).st_mode & 0o777), "0o660")



main()
