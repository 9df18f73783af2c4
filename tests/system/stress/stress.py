"""Forged transports and authorised-destination tricks: the same message gives
the same alert whatever carries it, or coverage says why not; and nobody speaks
to a provider's name at another's address unseen.  Prints TAP.

usage: stress.py FORGE STRESS_RUN SIGNATURES SCHEMA [WORD]   WORD: only those groups"""
import pathlib
import random
import shutil
import struct
import subprocess
import sys
import tempfile
import zlib

import check
import stage

HERE = pathlib.Path(__file__).resolve().parent
SCENARIOS = HERE.parent.parent / "scenarios"
POLICY = HERE / "policy.yaml"
WORKERS = (1, 2, 4)
MEMORY = 64  # MiB, the least that a run may have
SMALL_RING = 32768

TCP = ("plain", "gzip", "chunked", "gzip-chunked", "keep-alive", "pipelined", "raw")
DATAGRAM = ("udp", "icmp")
CLEAR = ("plain", "keep-alive", "pipelined", "raw")  # readable without their frame

BELOW = ["fragments 64", "fragments 8", "fragments-reversed 32", "fragments-shuffled 24",
         "ipv6", "ipv6 fragments 64", "ipv6 fragments-reversed 32", "ipv6 fragments-shuffled 24",
         "vlan 12", "qinq 12 34", "vxlan 77", "vxlan 77 fragments 32",
         "vxlan 77 ipv6 fragments-reversed 40", "vlan 5 vxlan 9 fragments-shuffled 40",
         "bad-checksum"]
# The same alert, field by field.
SAME = BELOW + [
    "segments 7", "mss 100", "one-byte", "reversed segments 50", "reversed one-byte",
    "shuffle segments 31", "shuffle one-byte duplicate", "duplicate", "duplicate segments 20",
    "overlap 9 segments 40", "conflict", "conflict segments 60", "duplicate conflict segments 30",
    "drop-server", "skip 1", "wrap", "wrap one-byte", "wrap reversed segments 9", "reuse",
    "reuse rst", "rst", "unclosed", "odd-rst", "odd-fin", "odd-rst odd-fin segments 40",
    "urgent", "urgent segments 50", "flood 100", "flood 50 one-byte shuffle",
    "segments 7 reversed wrap ipv6", "vxlan 77 ipv6 segments 9 reversed",
    "qinq 1 2 vxlan 3 fragments-shuffled 16 segments 90 shuffle duplicate wrap"]
# Who opened was not seen: at most medium, and a reason says so.
UNSEEN = ["skip 2", "skip 3", "midstream", "midstream drop-server", "midstream ipv6"]
UNSEEN_MAY = ("alert.severity", "sekisho.confidence", "sekisho.initiator", "sekisho.reasons")
LINKS = ("sll", "raw", "null")
# So many segments that where a byte came from is forgotten; or none before the card's.
FORGETFUL = ("one-byte", "segments 7", "skip 1")


class Suite:
    def __init__(self, forge, runner, tap, signatures):
        self.forge, self.runner, self.tap, self.signatures = forge, runner, tap, signatures

    def everywhere(self, captures, policy=POLICY, workers=WORKERS):
        """Runs each capture with each number of workers; the first run of each,
        and what is wrong with any."""
        jobs = [(policy, count, MEMORY, 0, [capture.path])
                for capture in captures for count in workers]
        runs = self.runner.run(jobs)
        firsts, problems = [], []
        for index, capture in enumerate(captures):
            mine = runs[index * len(workers):(index + 1) * len(workers)]
            problem = self.runner.problem(mine[0], capture.frames, capture.cards)
            for count, run in zip(workers[1:], mine[1:]):
                if problem is None and run.text != mine[0].text:
                    problem = f"other events with {count} workers"
                problem = problem or self.runner.problem(run, capture.frames, capture.cards)
            firsts.append(mine[0])
            problems.append(problem)
        return firsts, problems


def plain_proto(alert):
    return {**alert, "proto": alert["proto"].replace("IPv6-", "")}


def changed(reference, run, stress):
    """Where the one alert of a run differs from that of the reference."""
    if len(run.alerts) != 1:
        return [f"{len(run.alerts)} alerts"]
    six = "ipv6" in stress
    one, other = reference.alerts[0], run.alerts[0]
    return check.difference(plain_proto(check.bare(one, six)), plain_proto(check.bare(other, six)))


def reference_faults(run, capture):
    """The reference itself, against the truth."""
    if len(run.alerts) != 1:
        return [f"{len(run.alerts)} alerts"]
    ours, truth = run.alerts[0]["sekisho"], capture.cards[0]
    cards = ours["cards"]["list"]
    wanted = {"brand": truth["brand"], "bin": truth["bin"], "last4": truth["last4"],
              "digits": truth["digits"]}
    faults = []
    if len(cards) != 1 or {key: cards[0][key] for key in wanted} != wanted:
        faults.append(f"cards {cards}")
    if ours["category"] != "card-exfil":
        faults.append(f"category {ours['category']}")
    if run.alerts[0]["src_ip"] != truth["src"] or run.alerts[0]["dest_ip"] != truth["dst"]:
        faults.append("another flow")
    if run.alerts[0]["pcap_cnt"] not in truth["frames"]:
        faults.append(f"frame {run.alerts[0]['pcap_cnt']}, not {truth['frames']}")
    return faults


def same_card(reference, run):
    """True: some alert names exactly the reference's card."""
    wanted = reference.alerts[0]["sekisho"]["cards"]["list"]
    return any(alert["sekisho"]["cards"]["list"] == wanted for alert in run.alerts)


def transports(suite):
    """Every shape of the message under every stress."""
    for shape in TCP + DATAGRAM:
        stresses = [""] + (SAME if shape in TCP else BELOW)
        captures = suite.forge.thefts(shape, stresses)
        captures += [suite.forge.theft(shape, stress, link) for link in LINKS
                     for stress in ("", "ipv6 fragments-reversed 48", "vxlan 5")]
        stresses += [f"{link} {stress}" for link in LINKS
                     for stress in ("", "ipv6 fragments-reversed 48", "vxlan 5")]
        runs, problems = suite.everywhere(captures)
        suite.tap.point(f"{shape}: one alert, as the truth has it",
                        reference_faults(runs[0], captures[0]))
        faults = []
        for stress, run, problem, capture in zip(stresses, runs, problems, captures):
            found = [problem] if problem else changed(runs[0], run, stress)
            if shape == "raw" and run.alerts and not any(word in stress for word in FORGETFUL):
                frame = run.alerts[0]["pcap_cnt"]
                found += [] if frame in capture.cards[0]["frames"] else [f"frame {frame}"]
            faults += [f"{stress}: {'; '.join(found)}"] if found else []
        suite.tap.point(f"{shape}: the same under {len(stresses) - 1} stresses", faults)


def unseen(suite):
    """Beginnings and directions that the tap missed."""
    for shape in TCP:
        stresses = ["", *UNSEEN, "drop-client", "skip 4"]
        captures = suite.forge.thefts(shape, stresses)
        runs, problems = suite.everywhere(captures)
        faults = [f"{stress}: {problem}" for stress, problem in zip(stresses, problems) if problem]
        for stress, run in zip(stresses[1:], runs[1:]):
            if stress in UNSEEN or run.alerts:
                found = changed(runs[0], run, stress)
                reasons = [reason["id"] for alert in run.alerts
                           for reason in alert["sekisho"]["reasons"]]
                if found and "direction-unknown" in reasons:
                    found = [line for line in found if not line.startswith(UNSEEN_MAY)]
                faults += [f"{stress}: {'; '.join(found)}"] if found else []
            elif run.books["one_sided"] == 0:
                faults.append(f"{stress}: silent, and coverage does not say why")
        suite.tap.point(f"{shape}: what was not seen lowers the alert or stands in coverage",
                        faults)


def length_of(capture):
    """Bytes that the client says before it closes: to its last card, at least."""
    return max(row["offset"] + row["len"] for row in capture.cards) + 120


def cuts(suite):
    """Cut at every byte; the two halves also in the other order."""
    for shape in ("plain", "gzip", "chunked", "gzip-chunked", "raw"):
        reference = suite.forge.theft(shape)
        stresses = [f"cut {k}" for k in range(1, length_of(reference))]
        stresses += [f"cut {k} reversed" for k in range(1, length_of(reference), 4)]
        captures = [reference] + suite.forge.thefts(shape, stresses)
        runs, problems = suite.everywhere(captures, workers=(1,))
        faults = []
        for stress, run, problem in zip(stresses, runs[1:], problems[1:]):
            found = [problem] if problem else changed(runs[0], run, stress)
            faults += [f"{stress}: {'; '.join(found)}"] if found else []
        suite.tap.point(f"{shape}: the same wherever it is cut ({len(stresses)} cuts)", faults)


# A gap behind the card may take what stood beside it, never what and where it is.
GAP_MAY = ("alert.severity", "http.status", "sekisho.confidence", "sekisho.encoding",
           "sekisho.evidence", "sekisho.offset", "sekisho.reasons", "sekisho.score")
TOLD = ("plain", "chunked", "keep-alive")


def gaps(suite):
    """Three bytes missing at every place."""
    for shape in ("plain", "gzip", "chunked", "keep-alive", "raw"):
        reference = suite.forge.theft(shape)
        end = length_of(reference)
        behind = reference.cards[0]["offset"] + reference.cards[0]["len"]
        stresses = [f"gap {k} 3" for k in range(0, end, 1 if shape == "plain" else 3)]
        captures = [reference] + suite.forge.thefts(shape, stresses)
        runs, problems = suite.everywhere(captures, workers=(1,))
        faults = []
        for stress, run, problem in zip(stresses, runs[1:], problems[1:]):
            found = changed(runs[0], run, stress)
            if problem:
                faults.append(f"{stress}: {problem}")
            elif found and run.books["missing"] == 0:
                faults.append(f"{stress}: {'; '.join(found)}, and nothing is missing")
            elif run.alerts and not same_card(runs[0], run):
                faults.append(f"{stress}: another card")
            elif shape in TOLD and int(stress.split()[1]) >= behind:
                faults += [f"{stress}: {line}" for line in found if not line.startswith(GAP_MAY)]
        same = sum(not changed(runs[0], run, "") for run in runs[1:])
        suite.tap.point(f"{shape}: a gap anywhere is told in coverage ({same} of {len(stresses)}"
                        " leave the alert as it is)", faults)


def conflicts(suite):
    """The first copy of each segment is a lie, or has a wrong checksum: the true
    one is read raw, and coverage counts it."""
    for shape in TCP:
        stresses = ["", "conflict-first", "conflict-first segments 60", "conflict-first segments 7",
                    "decoy", "decoy segments 60", "decoy segments 7"]
        captures = suite.forge.thefts(shape, stresses)
        runs, problems = suite.everywhere(captures)
        faults = [f"{stress}: {problem}" for stress, problem in zip(stresses, problems) if problem]
        for stress, run in zip(stresses[1:], runs[1:]):
            if run.books["conflict"] == 0:
                faults.append(f"{stress}: coverage does not say so")
            if shape in CLEAR and not same_card(runs[0], run):
                faults.append(f"{stress}: {len(run.alerts)} alerts, not of the card")
        suite.tap.point(f"{shape}: a lie before the truth hides neither from coverage"
                        f"{' nor the card' if shape in CLEAR else ''}", faults)


TRICKS_HEAD = """start 2026-11-20T08:00:00Z
host shop 203.0.113.10
host other 203.0.113.20
host resolver 203.0.113.53
host stranger 198.51.100.53
host psp 192.0.2.5
host moved 192.0.2.77
host evil 198.51.100.66
host v 198.51.100.130
person p visa
http v shop
	get /
end
"""


def pay(where, name):
    return (f"http shop {where} as call\n\tpost /payment\n\theader Host: {name}\n"
            f"\tform {stage.CARD}\nend\n")


def client_hello(name):
    """RFC 8446 4.1.2 with a server_name of RFC 6066, as text for forge."""
    name = name.encode()
    entry = struct.pack(">HBH", len(name) + 3, 0, len(name)) + name
    extension = struct.pack(">HH", 0, len(entry)) + entry
    body = (b"\x03\x03" + bytes(32) + b"\0" + b"\0\x02\x13\x01" + b"\x01\0" +
            struct.pack(">H", len(extension)) + extension)
    message = b"\x01" + struct.pack(">I", len(body))[1:] + body
    record = b"\x16\x03\x01" + struct.pack(">H", len(message)) + message
    return "".join(f"\\x{byte:02x}" for byte in record)


def clear_behind_hello(where, name):
    return (f"tcp shop {where}:443\n\tsend {client_hello(name)}\n\trecv ok\n"
            "\tsend card={p.card}&exp={p.exp}&cvv={p.cvv}\nend\n")


def ask(client, resolver, name, address, extra="ttl 60"):
    return f"dns {client} {resolver} A {name} {address} {extra}\n"


WARM = "at 10:00:00\n"
KNOWN = ask("shop", "resolver", "psp.example", "moved")
# name, scenario, confidence or None, reasons that must be there
TRICKS = [
    ("the provider by prefix", pay("psp", "psp.example"), None, ()),
    ("a name below the provider's", pay("psp", "pay.psp.example"), None, ()),
    ("other case and a port", pay("psp", "PSP.Example:80"), None, ()),
    ("an answer of a listed resolver", KNOWN + "wait 1s\n" + pay("moved", "psp.example"), None, ()),
    ("an answer with a CNAME", ask("shop", "resolver", "psp.example", "moved",
                                   "cname edge.cdn.example") + "wait 1s\n"
     + pay("moved", "psp.example"), None, ()),
    ("just before the end of grace", KNOWN + "at 11:04:30\n" + pay("moved", "psp.example"), None,
     ()),
    ("an old address behind TTL and grace", KNOWN + "at 11:05:30\n" + pay("moved", "psp.example"),
     "high", ("claims-psp",)),
    ("a long TTL holds", ask("shop", "resolver", "psp.example", "moved", "ttl 7200")
     + "at 12:59:00\n" + pay("moved", "psp.example"), None, ()),
    ("and ends", ask("shop", "resolver", "psp.example", "moved", "ttl 7200") + "at 13:01:00\n"
     + pay("moved", "psp.example"), "high", ("claims-psp",)),
    ("the provider's name at a stranger's", pay("evil", "psp.example"), "high", ("claims-psp",)),
    ("with a dot behind", pay("evil", "psp.example."), "high", ("claims-psp",)),
    ("a name that begins like it", pay("evil", "psp.example.evil.example"), "high", ()),
    ("a name that ends like it", pay("evil", "evil-psp.example"), "high", ()),
    ("asked of a listed resolver, begins like it",
     ask("shop", "resolver", "psp.example.evil.example", "evil") + "wait 1s\n"
     + pay("evil", "psp.example.evil.example"), "high", ()),
    ("asked of a listed resolver, ends like it",
     ask("shop", "resolver", "evil-psp.example", "evil") + "wait 1s\n"
     + pay("evil", "evil-psp.example"), "high", ()),
    ("an answer of a foreign resolver", ask("shop", "stranger", "psp.example", "evil") + "wait 1s\n"
     + pay("evil", "psp.example"), "high", ("claims-psp",)),
    ("an answer to somebody else", ask("other", "resolver", "psp.example", "moved") + "wait 1s\n"
     + pay("moved", "psp.example"), "high", ("claims-psp",)),
    ("an answer that comes after the call", pay("moved", "psp.example") + "wait 2s\n" + KNOWN,
     "high", ("claims-psp",)),
    ("an answer for another name", ask("shop", "resolver", "www.example", "evil") + "wait 1s\n"
     + pay("evil", "psp.example"), "high", ("claims-psp",)),
    ("the right address, a foreign name", pay("psp", "evil.example"), "high", ()),
    ("the right address, a name that begins like it", pay("psp", "psp.example.evil.example"),
     "high", ()),
    ("the provider's name in SNI to a stranger, then clear text",
     clear_behind_hello("evil", "psp.example"), "high", ("claims-psp",)),
    ("the provider's name in SNI to the provider, then clear text",
     clear_behind_hello("psp", "psp.example"), None, ()),
    ("a foreign name in SNI to the provider, then clear text",
     clear_behind_hello("psp", "evil.example"), "high", ()),
    ("a name in SNI that begins like the provider's, then clear text",
     clear_behind_hello("psp", "psp.example.evil.example"), "high", ()),
    ("an answer of a listed resolver for the name in SNI, then clear text",
     KNOWN + "wait 1s\n" + clear_behind_hello("moved", "psp.example"), None, ()),
    ("nobody's name at a stranger's", pay("evil", "evil.example"), "high", ()),
]


def destinations(suite):
    """Who may be given cards, an hour and more after the start."""
    captures = [suite.forge.make(TRICKS_HEAD + WARM + text) for _, text, _, _ in TRICKS]
    runs, problems = suite.everywhere(captures)
    for (name, _, confidence, wanted), run, problem in zip(TRICKS, runs, problems):
        faults = [problem] if problem else []
        faults += verdict_faults(run, confidence, wanted)
        if any("cold-start" in reasons_of(alert) for alert in run.alerts):
            faults.append("cold-start, two hours after the start")
        suite.tap.point(f"{name}: {confidence or 'no'} alert", faults)


def sealed(suite):
    """TLS to a stranger under the provider's name: nothing is readable, and coverage says so."""
    capture = suite.forge.make(TRICKS_HEAD + WARM
                               + "tls shop evil sni psp.example send 900 recv 90\n")
    runs, problems = suite.everywhere([capture])
    faults = [problems[0]] if problems[0] else []
    if runs[0].alerts or runs[0].books["skipped"].get("encrypted", 0) < 990:
        faults.append(f"{len(runs[0].alerts)} alerts, skipped {runs[0].books['skipped']}")
    suite.tap.point("the provider's name in SNI to a stranger: encrypted, in coverage", faults)


def rows_of(run):
    """The contact rows of a run, summed over its events: remote, port to name and protocol."""
    return {(row[1], row[2]): (row[15], row[16]) for event in run.events
            if event["event_type"] == "contact" for row in event["sekisho"]["rows"]}


def contacts(suite):
    """A contact goes by the name said first, whichever worker saw it."""
    hello = "tls shop evil sni {name} send 900 recv 90\n"
    page = "http shop v\n\tget /\n\theader Host: {name}\nend\nwait 10ms\n"
    names = ["Zz.example", "aa.example", "mm.example", "bb.example"]
    text = TRICKS_HEAD + "host drop 198.51.100.77\n" + WARM
    text += "".join(hello.format(name=name) + "wait 1ms\n" for name in names)
    text += "".join(page.format(name=name + ":80") for name in names)
    text += "wait 90s\n" + hello.format(name="0.example") + "http v shop\n\tget /\nend\n"
    text += "tcp shop psp:9\n\tsend hello\nend\n"
    # without a name of its own: what a listed resolver answered it, the first of two names
    text += ask("shop", "resolver", "Called.example", "moved") + "wait 1s\n"
    text += 2 * ask("shop", "resolver", "later.example", "moved")
    text += ask("shop", "stranger", "lie.example", "drop")
    text += ask("other", "resolver", "others.example", "drop") + "wait 70s\n"
    text += "".join(f"tcp shop {host}:9\n\tsend hello\nend\n" for host in ("moved", "drop"))
    capture = suite.forge.make(text)
    runs, problems = suite.everywhere([capture])
    rows = rows_of(runs[0])
    wanted = {("198.51.100.66", 443): ("zz.example", "tls"),
              ("198.51.100.130", 80): ("zz.example", "http1"), ("192.0.2.5", 9): ("", ""),
              ("192.0.2.77", 9): ("called.example", ""), ("198.51.100.77", 9): ("", ""),
              ("203.0.113.53", 53): ("", "dns"), ("198.51.100.53", 53): ("", "dns")}
    faults = [problems[0]] if problems[0] else []
    if rows != wanted:
        faults.append(f"rows {rows}")
    suite.tap.point("contacts: the name said first, or asked for; the protocol", faults)


SLOW = """tcp shop drop:4444
	send {p.card};exp={p.exp};cvv={p.cvv};{alnum:400}
	wait 4s
	send ;{q.card};exp={q.exp};{alnum:1200}
	wait 12s
	send {alnum:90}
	wait 1s
	send ;{r.card};exp={r.exp};{alnum:1200}
	wait WAIT
	send {alnum:100}
end
"""


def waits(suite):
    """A finding is told 10 s after its first hit, in the order of due times; what follows
    in the same message under the same number."""
    head = TRICKS_HEAD + WARM + "host drop 198.51.100.77\nperson q jcb\nperson r amex\n"
    other = f"http shop evil\n\tpost /x\n\tform {stage.CARD}\nend\n"
    text = (head + "meanwhile\n" + SLOW.replace("WAIT", "40s") + "end\n"
            + "meanwhile\n" + SLOW.replace("WAIT", "3s") + "end\n"
            + f"wait 9s\n{other}wait 2s\n{other}wait 20s\n{other}")
    capture = suite.forge.make(text)
    runs, problems = suite.everywhere([capture])
    faults = [problems[0]] if problems[0] else []
    order = []
    numbers = {}
    for alert in runs[0].alerts:
        ours = alert["sekisho"]
        who = numbers.setdefault(ours["finding_id"], len(numbers))
        order.append((who, ours["part"], len(ours["cards"]["list"]), alert["timestamp"][17:19]))
    # the first other one at 9 s; both slow ones at 10 s with two cards each; the others at
    # 11 and 31 s, beside the slow one that closes at 20 s and the one that was due at 27 s
    if order != [(0, 0, 1, "09"), (1, 0, 2, "00"), (2, 0, 2, "00"), (3, 0, 1, "11"),
                 (2, 1, 1, "17"), (1, 1, 1, "17"), (4, 0, 1, "31")]:
        faults.append(f"told {order}")
    suite.tap.point("a finding waits 10 s for its message's end, and no longer", faults)
    drips(suite)
    silences(suite)


SILENT = """tcp shop drop:4444
	send {alnum:AROUND};card={p.card};exp={p.exp};cvv={p.cvv}
	wait 11s
	send ;
	wait 40s
	send {alnum:1200};{q.card};
	wait 11s
	send exp={q.exp};cvv={q.cvv}
	wait 20s
	send ;card={r.card:.6}
	wait 15s
	send {r.card:6.};exp={r.exp}
	wait 15s
end
"""


def silences(suite):
    """What stands in the last bytes of an open text is told 10 s after its first bytes,
    once; again, if what comes later makes it surer; and a pause hides no number."""
    head = TRICKS_HEAD + WARM + "host drop 198.51.100.77\nperson q jcb\nperson r amex\n"
    other = f"http shop evil\n\tpost /x\n\tform {stage.CARD}\nend\n"
    card = "".join(random.Random(5).choice("0123456789") for _ in range(9))
    card = "372449" + card[:8]
    card += check_digit(card)
    for around in (0, 40, 700, 3000):
        silent = (SILENT.replace("{alnum:AROUND}", f"{{alnum:{around}}}" if around else "")
                  .replace("{r.card:.6}", card[:6]).replace("{r.card:6.}", card[6:]))
        text = (head + "meanwhile\n" + silent + "end\n" + f"wait 9s\n{other}wait 2s\n{other}")
        runs, problems = suite.everywhere([suite.forge.make(text)])
        faults = [problems[0]] if problems[0] else []
        told = [(alert["dest_ip"][-2:], alert["sekisho"]["part"],
                 [row["brand"] for row in alert["sekisho"]["cards"]["list"]],
                 alert["sekisho"]["confidence"]) for alert in runs[0].alerts]
        other_, slow = ("66", 0, ["visa"], "high"), "77"
        if told != [other_, (slow, 0, ["visa"], "high"), other_, (slow, 1, ["jcb"], "high"),
                    (slow, 2, ["jcb"], "high"), (slow, 3, ["amex"], "high")]:
            faults.append(f"told {told}")
        suite.tap.point(f"a silence behind {around} bytes and a card", faults)


def drips(suite):
    """A dump fetched one card at a time, each a wait after the other, is a dump all the same."""
    cards = numbers(12)
    lines = "".join(f"\trecv card={card};{{alnum:1300}};\n\twait 15s\n" for card in cards)
    capture = suite.forge.make(TRICKS_HEAD + WARM
                               + f"tcp evil shop:9000\n\tsend give\n{lines}end\n")
    runs, problems = suite.everywhere([capture])
    faults = [problems[0]] if problems[0] else []
    told = [(ours["cards"]["distinct"], ours["technique"])
            for ours in (alert["sekisho"] for alert in runs[0].alerts)]
    if told != [(count, "shown" if count < 10 else "dump-fetch") for count in range(2, 13)]:
        faults.append(f"told {told}")
    suite.tap.point("a dump that drips is a dump", faults)


def check_digit(digits):
    """ISO/IEC 7812-1 annex B."""
    total = sum(int(d) if i % 2 else sum(divmod(2 * int(d), 10))
                for i, d in enumerate(reversed(digits)))
    return str(-total % 10)


def numbers(count):
    """So many distinct numbers that could be cards, the same ones each time."""
    draw = random.Random(count)
    found = set()
    while len(found) < count:
        found.add("4929" + "".join(draw.choice("0123456789") for _ in range(11)))
    return [digits + check_digit(digits) for digits in sorted(found)]


def bulk(suite):
    """All distinct cards of a message leave as tokens, up to 4,096 of a flow; beyond that an
    estimate says so.  Neither cuts nor order of segments nor workers change a byte of it."""
    for count in (1, 8, 9, 64, 65, 500, 4096, 4097, 9000):
        cards = numbers(count)
        body = "\\n".join(f"card={card}" for card in cards)
        text = (f"start 2026-11-20T10:00:00Z\nlink ethernet\n{stage.HOSTS}"
                f"http shop drop with $stress\n\tpost /up\n\tbody {body}\nend\n")
        captures = [suite.forge.make("set stress none\n" + text, stress=stress)
                    for stress in ("none", "segments 700 shuffle", "mss 300 duplicate")]
        runs, problems = suite.everywhere(captures)
        faults = [problem for problem in problems if problem]
        alerts = runs[0].alerts
        tokens = [card["token"] for alert in alerts for card in alert["sekisho"]["cards"]["list"]]
        said = {(alert["sekisho"]["cards"]["distinct"], alert["sekisho"]["cards"]["estimated"])
                for alert in alerts}
        if len(tokens) != min(count, 4096) or len(set(tokens)) != len(tokens):
            faults.append(f"{len(tokens)} tokens, {len(set(tokens))} distinct")
        if len(said) != 1 or any(estimated != (count > 4096) or abs(distinct - count) > (
                count / 20 if estimated else 0) for distinct, estimated in said):
            faults.append(f"said {said}")
        if [alert["sekisho"]["part"] for alert in alerts] != list(range(len(alerts))):
            faults.append("parts are not counted on")
        if any(len(alert["sekisho"]["cards"]["list"]) > 64 for alert in alerts):
            faults.append("more than 64 in one event")
        if any(card in runs[0].text for card in cards):
            faults.append("a card in clear")
        bare = [[check.bare(alert) for alert in run.alerts] for run in runs]
        faults += [f"other alerts with {stress}"
                   for stress, one in zip(("", "shuffle", "mss"), bare) if one != bare[0]]
        suite.tap.point(f"{count} cards in one message: {min(count, 4096)} tokens", faults)


def budget(suite):
    """What a flow may tell is not more for many messages."""
    cards = numbers(6000)
    blocks = "".join("\tpost /up\n\tbody " + "\\n".join(f"card={card}" for card in part) + "\n"
                     for part in (cards[:2500], cards[2500:5000], cards[5000:]))
    capture = suite.forge.make(f"start 2026-11-20T10:00:00Z\nlink ethernet\n{stage.HOSTS}"
                               f"http shop drop\n{blocks}end\n")
    runs, problems = suite.everywhere([capture])
    faults = [problems[0]] if problems[0] else []
    told = {}
    for alert in runs[0].alerts:
        ours = alert["sekisho"]
        count, _ = told.get(ours["finding_id"], (0, False))
        told[ours["finding_id"]] = (count + len(ours["cards"]["list"]), ours["cards"]["estimated"])
    said = list(told.values())
    if said != [(2500, False), (1596, True), (8, True)]:
        faults.append(f"told {said}")
    suite.tap.point("a flow tells 4,096 cards, whatever its messages", faults)


def floods(suite):
    """More than ten alerts a second to one destination are one event for ten seconds; all
    its cards leave as tokens.  A second destination is not folded with it."""
    cards = numbers(460)
    one = ("http shop drop\n\tpost /c?{i}\n\tform card=NUMBER exp={p.exp}\nend\nwait 20ms\n")
    text = (f"start 2026-11-20T10:00:00Z\nlink ethernet\nhost evil 198.51.100.66\n{stage.HOSTS}"
            + "".join(one.replace("NUMBER", card) for card in cards[:300]) + "meanwhile\n"
            + "".join(one.replace("NUMBER", card).replace("drop", "evil").replace("20ms", "200ms")
                      for card in cards[300:320]) + "end\n"
            + "wait 20s\n" + one.replace("NUMBER", cards[0]) + "wait 60s\n"
            + "".join(one.replace("NUMBER", card).replace("20ms", "1ms") for card in cards[320:]))
    capture = suite.forge.make(text)
    runs, problems = suite.everywhere([capture])
    faults = [problems[0]] if problems[0] else []
    tokens, told = {}, {}
    for alert in runs[0].alerts:
        ours = alert["sekisho"]
        tokens.setdefault(alert["dest_ip"], set()).update(
            card["token"] for card in ours["cards"]["list"])
        if ours["part"] == 0:
            told.setdefault(alert["dest_ip"], []).append(1 + ours.get("folded", 0))
    # 300 in 6 s: ten by themselves, 290 folded; one alone; 140 in 0.2 s or a little more
    drop, evil = told["198.51.100.77"], told["198.51.100.66"]
    if drop[:12] != [1] * 10 + [290, 1] or sum(drop) != 441 or len(drop) > 34 or max(
            drop[12:]) < 100:
        faults.append(f"told {drop}")
    if evil != [1] * 20:
        faults.append(f"told {evil}")
    if [len(tokens[ip]) for ip in ("198.51.100.77", "198.51.100.66")] != [440, 20]:
        faults.append(f"{[len(found) for found in tokens.values()]} distinct cards")
    flood = [alert["sekisho"]["flood"] for alert in runs[0].alerts if "flood" in alert["sekisho"]]
    if [(one["alerts"], len(one["samples"])) for one in flood][0] != (290, 8):
        faults.append(f"floods {flood}")
    suite.tap.point("floods: one event for ten seconds, every card in it, with 1, 2 and 4 workers",
                    faults)


SAID = "\tsend card={p.card};exp={p.exp};cvv={p.cvv}\nend\n"
# name, scenario, what is told: confidence, initiator, category; None: no alert
DATAGRAMS = [
    ("a shop that speaks first", "udp shop evil:9999\n" + SAID, ("high", "server", "card-exfil")),
    ("a shop that asks a well-known port", "udp shop evil:53\n" + SAID,
     ("high", "server", "card-exfil")),
    ("a shop that pings", "icmp shop evil\n" + SAID, ("high", "server", "card-exfil")),
    ("a stranger that speaks first", "udp evil shop:9999\n\tsend hello\n"
     + SAID.replace("send", "recv"), ("medium", "unknown", "card-exfil")),
    ("an answer from a well-known port without its question",
     "udp evil shop:53 with drop-client\n\tsend hello\n" + SAID.replace("send", "recv"),
     ("medium", "unknown", "card-exfil")),
    ("a stranger asks a well-known port", "udp evil shop:514\n" + SAID, None),
]


def datagrams(suite):
    """Who opened a flow that has no handshake."""
    captures = [suite.forge.make(TRICKS_HEAD + WARM + text) for _, text, _ in DATAGRAMS]
    runs, problems = suite.everywhere(captures)
    for (name, _, wanted), run, problem in zip(DATAGRAMS, runs, problems):
        faults = [problem] if problem else []
        told = [(ours["confidence"], ours["initiator"], ours["category"])
                for ours in (alert["sekisho"] for alert in run.alerts)]
        if told != ([wanted] if wanted else []):
            faults.append(f"told {told}")
        suite.tap.point(f"{name}: {' '.join(wanted) if wanted else 'no alert'}", faults)


def reasons_of(alert):
    return [reason["id"] for reason in alert["sekisho"]["reasons"]]


def verdict_faults(run, confidence, wanted):
    if confidence is None:
        return [f"{alert['sekisho']['category']} {alert['sekisho']['confidence']}"
                f" {reasons_of(alert)}" for alert in run.alerts]
    if len(run.alerts) != 1:
        return [f"{len(run.alerts)} alerts"]
    alert = run.alerts[0]
    faults = [f"without {word}: {reasons_of(alert)}" for word in wanted
              if word not in reasons_of(alert)]
    if alert["sekisho"]["category"] != "card-exfil" or alert["sekisho"]["confidence"] != confidence:
        faults.append(f"{alert['sekisho']['category']} {alert['sekisho']['confidence']}")
    return faults


def cold(suite):
    """In the first hour an answer may have been missed: a claim is medium, with the reason."""
    cases = [("at once", "wait 1s\n", "medium", ("claims-psp", "cold-start")),
             ("in minute 59", "at 08:59:00\n", "medium", ("claims-psp", "cold-start")),
             ("in minute 61", "at 09:01:00\n", "high", ("claims-psp",))]
    captures = [suite.forge.make(TRICKS_HEAD + when + pay("evil", "psp.example"))
                for _, when, _, _ in cases]
    captures.append(suite.forge.make(TRICKS_HEAD + "wait 1s\n" + pay("evil", "evil.example")))
    cases.append(("no claim, at once", "", "high", ()))
    runs, problems = suite.everywhere(captures)
    for (name, _, confidence, wanted), run, problem in zip(cases, runs, problems):
        faults = [problem] if problem else []
        faults += verdict_faults(run, confidence, wanted)
        for alert in run.alerts:
            if ("cold-start" in reasons_of(alert)) != ("cold-start" in wanted):
                faults.append(f"{reasons_of(alert)}")
        suite.tap.point(f"cold start, {name}: {confidence}", faults)


def scenes(suite):
    """The innocent shop gives no alert, the robbed one those of its truth."""
    innocent = suite.forge.make(SCENARIOS / "innocent.forge")
    robbed = suite.forge.make(SCENARIOS / "robbery.forge")
    runs, problems = suite.everywhere([innocent, robbed])
    loud = [f"{alert['sekisho']['category']} {alert['sekisho']['evidence']}"
            for alert in runs[0].alerts if alert["sekisho"]["confidence"] != "low"]
    suite.tap.point("the innocent shop: no alert", ([problems[0]] if problems[0] else []) + loud)
    stolen = sorted((row["dst"], row["bin"], row["last4"]) for row in robbed.cards
                    if row["label"] == "theft")
    told = sorted((alert["dest_ip"], card["bin"], card["last4"]) for alert in runs[1].alerts
                  if alert["sekisho"]["category"] == "card-exfil"
                  for card in alert["sekisho"]["cards"]["list"])
    faults = [problems[1]] if problems[1] else []
    if told != stolen:
        faults.append(f"told {told}, stolen {stolen}")
    suite.tap.point(f"the robbed shop: its {len(stolen)} thefts", faults)


def set_back(source, target, every, seconds):
    """The same frames in the same order; the clock of each Nth was behind."""
    data = bytearray(pathlib.Path(source).read_bytes())
    at, number = 24, 0
    while at < len(data):
        when, _, length = struct.unpack_from("<III", data, at)
        number += 1
        if number % every == 0:
            struct.pack_into("<I", data, at, when - seconds)
        at += 16 + length
    pathlib.Path(target).write_bytes(data)


def sources(suite):
    """Several files whose clocks go backwards, read together."""
    folder = suite.forge.folder
    made = [suite.forge.make(SCENARIOS / "innocent.forge"),
            suite.forge.make(SCENARIOS / "robbery.forge", seed=3),
            suite.forge.theft("pipelined", "segments 9 shuffle")]
    paths = []
    for index, (every, seconds) in enumerate(((3, 2), (5, 61), (4, 1))):
        paths.append(folder / f"back{index}.pcap")
        set_back(made[index].path, paths[-1], every, seconds)
    frames = sum(capture.frames for capture in made)
    cards = [row for capture in made for row in capture.cards]
    for count in (2, 3):
        frames = sum(capture.frames for capture in made[-count:])
        runs = suite.runner.run([(POLICY, workers, memory, ring, paths[-count:])
                                 for workers, memory, ring in
                                 ((1, 256, 0), (2, 256, 0), (4, 256, 0), (2, 256, SMALL_RING))])
        faults = [problem for run in runs
                  for problem in [suite.runner.problem(run, frames, cards)] if problem]
        if any(run.text != runs[0].text for run in runs):
            faults.append("other events with another number of workers")
        if not runs[0].alerts:
            faults.append("no alert")
        suite.tap.point(f"{count} files with clocks that go backwards, 1, 2 and 4 workers", faults)


def limits(suite):
    """Limits of bytes bite at the same place with any workers and memory; quotas do not."""
    bomb = zlib.compress(b"A" * 1_300_000 + b"card=", 9)
    escaped = "".join(f"\\x{byte:02x}" for byte in bomb)
    text = ("start 2026-11-20T10:00:00Z\nlink ethernet\n" + stage.HOSTS +
            "http shop drop\n\tpost /up\n\theader Content-Encoding: deflate\n"
            f"\tbody {escaped}\nend\n"
            "wait 1s\nhttp shop drop with conflict-first\n\tpost /b\n\tpage random 200000\nend\n"
            "wait 1s\nhttp shop drop as theft with segments 20 shuffle\n\tpost /c\n"
            f"\tform {stage.CARD}\nend\n")
    capture = suite.forge.make(text)
    runs = suite.runner.run([(POLICY, workers, memory, ring, [capture.path])
                             for workers, memory, ring in
                             ((1, 64, 0), (2, 64, 0), (4, 64, 0), (2, 64, SMALL_RING),
                              (1, 256, 0), (4, 256, 0))])
    faults = [problem for run in runs
              for problem in [suite.runner.problem(run, capture.frames, capture.cards)] if problem]
    for limit in ("bomb", "conflict"):
        if runs[0].books["skipped"].get(limit, 0) == 0:
            faults.append(f"{limit} did not bite: {runs[0].books['skipped']}")
    if any(run.text != runs[0].text for run in runs):
        faults.append("other events with other workers or memory")
    if len(runs[0].alerts) != 1:
        faults.append(f"{len(runs[0].alerts)} alerts")
    suite.tap.point("limits bite, quotas do not, with 1, 2 and 4 workers", faults)


def instructions(suite, path, out):
    """What one run costs, counted by callgrind."""
    line = f"{POLICY}\t1\t{MEMORY}\t0\t{path}\n"
    done = subprocess.run(["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}",
                           *suite.runner.command, "no-rules"], input=line.encode(),
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    for row in done.stderr.decode(errors="replace").splitlines():
        if "Collected :" in row:
            return int(row.split(":")[1].split()[0])
    return None


def linear(suite):
    """One-byte segments: four times the bytes, at most six times the work."""
    sizes = (0, 3000, 12000)
    captures = [suite.forge.make(
        f"start 2026-11-20T10:00:00Z\nlink ethernet\n{stage.HOSTS}http shop drop with one-byte\n"
        f"\tpost /up\n\tbody a={{digits:{size + 1}}}&card={{p.card}}\nend\n") for size in sizes]
    if shutil.which("valgrind") is None:
        suite.tap.point("one-byte segments cost linear work", ["valgrind is not installed"])
        return
    work = [instructions(suite, capture.path, suite.forge.folder / "callgrind.out")
            for capture in captures]
    if None in work or work[1] <= work[0]:
        suite.tap.point("one-byte segments cost linear work", [f"counted {work}"])
        return
    ratio = (work[2] - work[0]) / (work[1] - work[0])
    suite.tap.point(f"one-byte segments: four times the bytes cost {ratio:.2f} times the work",
                    [] if ratio <= 6 else [f"counted {work}"])


GROUPS = (transports, unseen, cuts, gaps, conflicts, destinations, sealed, datagrams,
          contacts, waits, bulk, budget, floods, cold, scenes, sources, limits, linear)


def main():
    forge, program, signatures, schema = sys.argv[1:5]
    memory = pathlib.Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        suite = Suite(stage.Forge(forge, folder), check.Runner(program, signatures, schema),
                      check.Tap(), signatures)
        for group in GROUPS:
            if not sys.argv[5:] or group.__name__ in sys.argv[5:]:
                group(suite)
    sys.exit(suite.tap.end())


main()
