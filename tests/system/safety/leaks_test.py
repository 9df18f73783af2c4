"""No card, code, holder or mail address of the planted ones stands in anything
that the three programs write, store, send or answer; and none of them leaves a
core.  Prints TAP.

usage: see lab.py"""
import base64
import contextlib
import glob
import gzip
import hashlib
import hmac
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import threading
import urllib.parse
import zlib

sys.dont_write_bytecode = True

import coded
import lab
import packets
from lab import check, equal, test
from planted import Search, planted

HERE = pathlib.Path(__file__).parent
STRESSES = ["segments 7 reversed", "one-byte", "overlap 5", "conflict", "conflict-first",
            "fragments-shuffled 64", "gap 150 20", "duplicate shuffle", "ipv6 decoy"]
NOBODY = 65534
KEY = hashlib.sha256(b"leaks").digest()
PIECE = 512 << 10
TARGETS = ["/status", "/incidents?state=all", "/incidents?state=all&run=live", "/merchants",
           "/events?limit=1000"]


def with_check_digit(digits):
    """Luhn, ISO/IEC 7812-1."""
    doubled = sum(sum(divmod(2 * int(d), 10)) for d in digits[-1::-2])
    return digits + str(-(doubled + sum(int(d) for d in digits[-2::-2])) % 10)


# Nobody's, and not planted: they say that what was looked through was looked through.
CONTROLS = [with_check_digit("45320" + str(number)) for number in (1947283615, 8302716495)]
CONTROL = "".join(f"\ncard={card}&exp=12/28&cvv=123&name=TARO TEST"
                  for card in CONTROLS).encode() + b"\n"


def escaped(text):
    return "".join(f"\\u{ord(c):04x}" for c in text)


def percent(data):
    return b"".join(b"%%%02X" % byte for byte in data)


def chunked(body):
    return b"".join(b"%x\r\n%s\r\n" % (len(body[at:at + 7]), body[at:at + 7])
                    for at in range(0, len(body), 7)) + b"0\r\n\r\n"


def encoded(path, person):
    """What one person's card looks like in every layer that is undone, and in two of them."""
    form = "card={card}&cvv={cvv}&exp=12%2F28&name={name}&mail={mail}".format(**person).encode()
    text = json.dumps({**person, "exp": "12/28"}).encode()
    raw = zlib.compressobj(wbits=-15)
    deflated = raw.compress(form) + raw.flush()
    hidden = "{%s}" % ",".join(f'"{key}":"{escaped(value)}"' for key, value in person.items())
    post, coding = packets.post, "Content-Encoding: "
    is_form, is_json = ("Content-Type: application/x-www-form-urlencoded",
                        "Content-Type: application/json")
    cookie = "; ".join(f"{k}={urllib.parse.quote(v)}" for k, v in person.items())
    body = chunked(gzip.compress(form))
    return packets.capture(path, [
        post(gzip.compress(form), is_form, coding + "gzip"),
        post(zlib.compress(form), is_form, coding + "deflate"),
        post(deflated, is_form, coding + "deflate"),
        post(gzip.compress(zlib.compress(text)), is_json, coding + "deflate, gzip"),
        post(hidden.encode(), is_json),
        post(gzip.compress(hidden.encode()), is_json, coding + "gzip"),
        post(b"&".join(k.encode() + b"=" + percent(v.encode()) for k, v in person.items()),
             is_form),
        post(b"data=" + percent(form), is_form),
        post(b"data=" + percent(text), is_form),
        post(b"x=1", is_form, "Cookie: " + cookie),
        post(b"x=1", is_form, target="/?" + percent(form).decode()),
        post(b"", "Transfer-Encoding: chunked", is_form, coding + "gzip").replace(
            b"Content-Length: 0\r\n", b"") + body])


def captures(folder):
    """robbery, innocent, our own with cards in every place, and stresses."""
    made = [lab.forge(folder / f"{name}.pcap", lab.SCENARIOS / f"{name}.forge", "--seed", "11")
            for name in ("robbery", "innocent")]
    made.append(lab.forge(folder / "planted.pcap", HERE / "planted.forge", "--seed", "12"))
    for number, stress in enumerate(STRESSES):
        for proto in ("tcp", "raw"):
            made.append(lab.forge(folder / f"stress{number}-{proto}.pcap",
                                  lab.SCENARIOS / "stress.forge", "--seed", str(20 + number),
                                  "--set", f"stress={stress}", "--set", f"proto={proto}"))
    secrets = planted(path + ".truth" for path in made)
    with open(made[2] + ".truth", encoding="utf-8") as lines:
        person = next(row for row in map(json.loads, lines) if "name" in row and "mail" in row)
    person = {key: person[key] for key in ("card", "cvv", "name", "mail")}
    made.append(coded.capture(folder / "coded.pcap", person))
    made.append(encoded(folder / "encoded.pcap", person))
    return made, Search(secrets), secrets["card"]


def token(card):
    return hmac.new(KEY, b"sekisho-pan-v1" + card.encode(), hashlib.sha256).hexdigest()[:32]


def pieces(outputs):
    """Each output in bodies of at most PIECE bytes that overlap, without long runs of zeros."""
    for where, data in outputs.items():
        data = re.sub(rb"\0{64,}", bytes(64), data)
        for at in range(0, max(len(data), 1), PIECE - 256):
            yield where, data[at:at + PIECE] + CONTROL


def read_by_the_sensor(folder, outputs, cards):
    """Our own decoders over all outputs: as what they are, as forms, as JSON, compressed; the
    sensor's tokens tell which cards it saw in them."""
    bodies = list(pieces(outputs))
    key = folder / "own.key"
    key.write_bytes(KEY)
    key.chmod(0o600)
    for name, wrap in {
            "as they are": lambda body: packets.post(body, "Content-Type: text/plain"),
            "forms": lambda body: packets.post(
                body, "Content-Type: application/x-www-form-urlencoded"),
            "JSON": lambda body: packets.post(body, "Content-Type: application/json"),
            "gzip": lambda body: packets.post(gzip.compress(body, 1), "Content-Encoding: gzip"),
    }.items():
        path = packets.capture(folder / "outputs.pcap", [wrap(body) for _, body in bodies])
        ran = lab.run([lab.SENSOR, "-r", path, "--events", "-", "--card-key", key, *lab.POLICY])
        equal(ran.returncode, 0, f"status for outputs: {ran.stderr}")
        told = ran.stdout.decode()
        for card in CONTROLS:
            check(told.count(token(card)) >= len(bodies),
                  f"{name}: {told.count(token(card))} of {len(bodies)} were looked through")
        found = [card for card in cards if token(card) in told]
        check(not found, f"{name}: the sensor finds {found} in what was written")


@contextlib.contextmanager
def relay(folder, target):
    """Between a sensor's DEALER and the aggregator's ROUTER: (endpoint, all that passed)."""
    path, passed, server = folder / "relay", bytearray(), socket.socket(socket.AF_UNIX)
    server.bind(str(path))
    server.listen()

    def pump(source, sink):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                passed.extend(data)
                sink.sendall(data)
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def serve():
        with contextlib.suppress(OSError):
            while True:
                here, there = server.accept()[0], socket.socket(socket.AF_UNIX)
                there.connect(target.removeprefix("ipc://"))
                for ends in ((here, there), (there, here)):
                    threading.Thread(target=pump, args=ends, daemon=True).start()
    threading.Thread(target=serve, daemon=True).start()
    try:
        yield f"ipc://{path}", passed
    finally:
        server.close()


def none(search, outputs):
    for where, data in outputs.items():
        found = search.find(data)
        check(not found, f"{where} holds {sorted(found)}")


@contextlib.contextmanager
def subscriber(endpoint):
    """A ZMTP 3.0 SUB peer that reads all there is: a function that returns it."""
    peer = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    peer.settimeout(20)
    peer.connect(endpoint.removeprefix("ipc://"))
    peer.sendall(b"\xff" + bytes(8) + b"\x7f\x03\x00NULL" + bytes(16) + bytes(32))
    peer.recv(64, socket.MSG_WAITALL)
    ready = b"\x05READY\x0bSocket-Type\x00\x00\x00\x03SUB"
    peer.sendall(bytes([4, len(ready)]) + ready)
    head = peer.recv(2, socket.MSG_WAITALL)
    peer.recv(head[1], socket.MSG_WAITALL)
    peer.sendall(b"\x00\x01\x01")  # subscribe to all

    def read(seconds=2.0):
        got = bytearray()
        peer.settimeout(seconds)
        with contextlib.suppress(TimeoutError):
            while piece := peer.recv(65536):
                got += piece
        return bytes(got)
    try:
        yield read
    finally:
        peer.close()


def subscribed(aggregator, read, made):
    """A subscription is not acknowledged: alerts are sent until one comes."""
    for number, path in enumerate(made):
        ran = lab.run([lab.SENSOR, "-r", path, "--publish", aggregator.endpoint, "--spool",
                       f"{aggregator.db}.spool{number}", *lab.POLICY])
        equal(ran.returncode, 0, f"status for {path}: {ran.stderr}")
        if b'"event_type":"alert"' in read(0.5):
            return
    check(False, "nothing came on the XPUB socket")


def database(folder, aggregator):
    """Every value of every table, and the files as they lie there."""
    outputs = {path: pathlib.Path(path).read_bytes()
               for path in glob.glob(glob.escape(str(folder)) + "/sekisho.db*")
               if os.path.isfile(path)}
    for (table,) in aggregator.rows("SELECT name FROM sqlite_master WHERE type = 'table'"):
        rows = aggregator.rows(f"SELECT * FROM {table}")
        outputs[f"table {table}"] = "\n".join(
            " ".join(map(str, row)) for row in rows).encode("utf-8", "replace")
    return outputs


def questions(aggregator):
    """Every path of the API, the decisions too; every page of the hand tool."""
    outputs = {target: aggregator.ask(target)[1] for target in TARGETS}
    numbers = [row["id"] for row in json.loads(outputs[TARGETS[1]])["incidents"]]
    check(numbers, "there are no incidents to ask for")
    for number in numbers:
        outputs[f"/incidents/{number}"] = aggregator.ask(f"/incidents/{number}")[1]
        for word in ("incident", "incident --json"):
            outputs[f"{word} {number}"] = tool(aggregator, *word.split(), number)
    for verb in ("ack", "close", "false"):
        status, outputs[verb] = lab.ask(aggregator.socket, f"/incidents/{numbers[0]}/{verb}",
                                        "POST", b'{"why": "test", "who": "test"}')
        check(status in (200, 409), f"{verb}: {status}")
    outputs["import"] = lab.ask(aggregator.socket, "/merchants?dry_run=1", "POST",
                                (lab.DEMO / "merchants.csv").read_bytes())[1]
    outputs["/nothing"] = aggregator.ask("/nothing")[1]
    for words in (["status"], ["incidents"], ["incidents", "--state", "all", "--json"],
                  ["merchants"]):
        outputs[" ".join(words)] = tool(aggregator, *words)
    return outputs


def tool(aggregator, *words):
    ran = lab.run([lab.SEKISHO, *words, "--socket", aggregator.socket])
    equal(ran.returncode, 0, f"sekisho {words}: {ran.stderr}")
    return ran.stdout + ran.stderr


@test
def the_search_finds_what_stands_there_in_any_writing(folder):
    secrets = {"card": {"4518530070426955"}, "cvv": {"264"}, "name": {"HINA INOUE"},
               "mail": {"hina.inoue743@mail.example"}}
    search = Search(secrets)
    card = b"4518530070426955"
    for text in (card, b"4518 5300 7042 6955", b"4518-5300%2D7042-6955", b"%34518530070426955",
                 b"\\u0034518530070426955", base64.b64encode(b"x=" + card + b"&y"),
                 b"ab" + base64.b64encode(b"abc" + card), card.hex().encode(),
                 b"\0".join(card[i:i + 1] for i in range(16)), b"name=hina+inoue&", b"Hina%20Inoue",
                 b"x hina.inoue743@mail.example y", b"hina.inoue743%40mail.example",
                 b"cvv=264&", b"\"cvv\":\"264\"", b"SecurityCode%3D264",
                 urllib.parse.quote(base64.b64encode(b"cvv=264&card=" + card)).encode()):
        check(search.find(text), f"not found in {text}")
    for text in (b"451853******6955", b"cvv=###", b"cvv=2641", b"264", b"name=**** *****"):
        check(not search.find(text), f"found in {text}")


@test
def nothing_planted_comes_out_of_the_sensor(folder):
    made, search, cards = captures(folder)
    for policy in (lab.POLICY, ["--signatures", lab.SIGNATURES]):
        ran = lab.run([lab.SENSOR, "-r", *made, "--events", "-", *policy])
        check(ran.returncode in (0, 1), f"status {ran.returncode}: {ran.stderr}")
        check(ran.stdout.count(b'"event_type":"alert"') >= 25, "too few alerts to be a test")
        check(b"the second scrubber" not in ran.stderr, "the first masker let something through")
        outputs = {"stdout": ran.stdout, "stderr": ran.stderr}
        none(search, outputs)
        read_by_the_sensor(folder, outputs, cards)


@test
def the_sensor_finds_what_stands_in_an_output(folder):
    card = with_check_digit("453201928374655")
    read_by_the_sensor(folder, {"log": b"nothing"}, [card])
    for text in (card.encode(), percent(card.encode()), b'{"pan":"%s"}' % escaped(card).encode()):
        try:
            read_by_the_sensor(folder, {"log": b"card=" + text + b"&cvv=123\n"}, [card])
        except AssertionError as why:
            check("the sensor finds" in str(why), str(why))
        else:
            check(False, f"not found in {text}")


@test
def what_is_undone_is_told_and_masked(folder):
    made, search, cards = captures(folder)
    key = folder / "own.key"
    key.write_bytes(KEY)
    key.chmod(0o600)
    ran = lab.run([lab.SENSOR, "-r", made[-1], "--events", "-", "--card-key", key, *lab.POLICY])
    alerts = [event for event in map(json.loads, ran.stdout.splitlines())
              if event["event_type"] == "alert"]
    told = sum(any(token(card) in json.dumps(event) for card in cards) for event in alerts)
    check(told >= 12, f"the card was seen in {told} of 12 writings")
    none(search, {"stdout": ran.stdout, "stderr": ran.stderr})


@test
def every_coding_is_told_and_masked(folder):
    made, search, cards = captures(folder)
    key = folder / "own.key"
    key.write_bytes(KEY)
    key.chmod(0o600)
    ran = lab.run([lab.SENSOR, "-r", made[-2], "--events", "-", "--card-key", key, *lab.POLICY])
    ports = {event["src_port"] for event in map(json.loads, ran.stdout.splitlines())
             if event["event_type"] == "alert"
             and any(token(card) in json.dumps(event) for card in cards)}
    untold = {name for number, name in enumerate(coded.rows()) if 20000 + number not in ports}
    equal(untold, set(), "codings in which the card is not seen")
    none(search, {"stdout": ran.stdout, "stderr": ran.stderr})


def spooled(folder):
    """All files of the spool but the key; read again if one gets another name meanwhile."""
    while (folder / "spool").is_dir():
        try:
            return {str(path): path.read_bytes() for path in (folder / "spool").iterdir()
                    if path.name != "card.key"}
        except FileNotFoundError:
            pass
    return {}


@test
def nothing_planted_is_spooled_sent_stored_or_answered(folder):
    made, search, cards = captures(folder)
    published = f"ipc://{folder}/alerts"
    with lab.aggregator(folder, "--publish", published) as aggregator, \
            subscriber(published) as read, relay(folder, aggregator.endpoint) as (relayed, wire):
        subscribed(aggregator, read, made[3:])
        # Those that wait for an aggregator that does not answer stay in spool and ring.
        aggregator.process.send_signal(lab.signal.SIGSTOP)
        sensor = subprocess.Popen(
            [lab.SENSOR, "-r", *made, "--publish", relayed, "--spool", str(folder / "spool"),
             *lab.POLICY], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        lab.wait_for("last event in a segment of the spool", lambda: any(
            b'"state":"ended"' in data for path, data in spooled(folder).items()
            if path.endswith(".seg")))
        spool = spooled(folder)
        check(sum(b'"event_type":"alert"' in data for data in spool.values()) >= 2,
              "no alert in spool and ring")
        aggregator.process.send_signal(lab.signal.SIGCONT)
        out, errors = sensor.communicate(timeout=100)
        check(sensor.returncode in (0, 1), f"status {sensor.returncode}: {errors}")
        told = read()
        for where, data in (("on the XPUB socket", told), ("between DEALER and ROUTER", wire)):
            check(data.count(b'"event_type":"alert"') >= 25, f"too few alerts {where}")
        outputs = {"stdout": out, "stderr": errors, **spool, "XPUB": told, "wire": bytes(wire),
                   "its stderr": aggregator.errors.read_bytes(), **questions(aggregator),
                   **database(folder, aggregator)}
        none(search, outputs)
        read_by_the_sensor(folder, outputs, cards)


def core_limits(pid):
    """(soft, hard) of cores, and who owns its /proc: not its user where it is not dumpable."""
    proc = pathlib.Path(f"/proc/{pid}")
    limit = re.search(r"Max core file size +(\S+) +(\S+)", (proc / "limits").read_text())
    return limit.groups(), (proc / "environ").stat().st_uid


def as_nobody(words):
    """As another user than root, so that the owner of its /proc says something."""
    if os.geteuid() == 0:
        words = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", *words]
    return subprocess.Popen(["prlimit", "--core=unlimited:unlimited", *map(str, words)]
                            if os.geteuid() == 0 else [str(word) for word in words],
                            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                            stderr=subprocess.DEVNULL)


def coreless(name, pid):
    limits, owner = core_limits(pid)
    equal(limits, ("0", "0"), f"core limits of {name}")
    equal(owner, 0, f"{name} is dumpable: owner of its /proc")


@test
def no_process_leaves_a_core(folder):
    if os.geteuid() == 0:
        os.chmod(folder, 0o777)
    capture = folder / "small.pcap"  # long enough for an engine to be looked at
    made = lab.run([lab.FORGE, "corpus", "small", "-o", capture, "--megabytes", 200])
    equal(made.returncode, 0, "forge")
    programs = folder / "bin"  # where nobody may reach them
    programs.mkdir()
    for path in (lab.SENSOR, lab.AGGREGATOR):
        shutil.copy(path, programs)
    shutil.copytree(lab.SIGNATURES, folder / "signatures")
    started = [as_nobody([programs / "sekisho-aggregator", "--listen", f"ipc://{folder}/events",
                          "--db", folder / "db", "--socket", folder / "api"])]
    try:
        lab.wait_for("aggregator", (folder / "api").exists)
        coreless("aggregator", started[0].pid)
        for words in (["--events", "-"],
                      ["--publish", f"ipc://{folder}/nobody", "--spool", folder / "spool"]):
            keeper = as_nobody([programs / "sekisho-sensor", "-r", capture, "--signatures",
                                folder / "signatures", *words])
            started.append(keeper)
            seen = set()
            while keeper.poll() is None and seen != {"sekisho-engine", "sekisho-shipper"}:
                found = lab.children(keeper.pid)
                for name in found.keys() & {"sekisho-engine", "sekisho-shipper"} - seen:
                    with contextlib.suppress(OSError):
                        coreless(name, found[name])
                        coreless("keeper", keeper.pid)
                        seen.add(name)
            equal(seen, {"sekisho-engine", "sekisho-shipper"}, "children that were looked at")
    finally:
        for process in started:
            process.terminate()
            process.wait()


lab.main()
