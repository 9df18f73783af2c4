"""No card, code, holder or mail address of the planted ones stands in anything
that the three programs write, store, send or answer; and none of them leaves a
core.  Prints TAP.

usage: see lab.py"""
import base64
import contextlib
import glob
import json
import os
import pathlib
import re
import shutil
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.parse

sys.dont_write_bytecode = True

import lab
from lab import check, equal, test
from planted import Search, planted

HERE = pathlib.Path(__file__).parent
STRESSES = ["segments 7 reversed", "one-byte", "overlap 5", "conflict", "conflict-first",
            "fragments-shuffled 64", "gap 150 20", "duplicate shuffle", "ipv6 decoy"]
NOBODY = 65534
TARGETS = ["/status", "/incidents?state=all", "/incidents?state=all&run=live", "/merchants",
           "/events?limit=1000"]


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
    return made, Search(planted(path + ".truth" for path in made))


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
    made, search = captures(folder)
    for policy in (lab.POLICY, ["--signatures", lab.SIGNATURES]):
        ran = lab.run([lab.SENSOR, "-r", *made, "--events", "-", *policy])
        check(ran.returncode in (0, 1), f"status {ran.returncode}: {ran.stderr}")
        check(ran.stdout.count(b'"event_type":"alert"') >= 25, "too few alerts to be a test")
        check(b"the second scrubber" not in ran.stderr, "the first masker let something through")
        none(search, {"stdout": ran.stdout, "stderr": ran.stderr})


@test
def nothing_planted_is_spooled_sent_stored_or_answered(folder):
    made, search = captures(folder)
    published = f"ipc://{folder}/alerts"
    with lab.aggregator(folder, "--publish", published) as aggregator, \
            subscriber(published) as read:
        subscribed(aggregator, read, made[3:])
        # Those that wait for an aggregator that does not answer stay in spool and ring.
        aggregator.process.send_signal(lab.signal.SIGSTOP)
        sensor = subprocess.Popen(
            [lab.SENSOR, "-r", *made, "--publish", aggregator.endpoint, "--spool",
             str(folder / "spool"), *lab.POLICY], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        lab.wait_for("last event in a segment of the spool", lambda: any(
            b'"state":"ended"' in path.read_bytes() for path in folder.glob("spool/*.seg")))
        spool = {str(path): path.read_bytes() for path in (folder / "spool").iterdir()
                 if path.name != "card.key"}
        check(sum(b'"event_type":"alert"' in data for data in spool.values()) >= 2,
              "no alert in spool and ring")
        aggregator.process.send_signal(lab.signal.SIGCONT)
        out, errors = sensor.communicate(timeout=100)
        check(sensor.returncode in (0, 1), f"status {sensor.returncode}: {errors}")
        none(search, {"stdout": out, "stderr": errors, **spool})
        told = read()
        check(told.count(b'"event_type":"alert"') >= 25, "too few alerts on the XPUB socket")
        none(search, {"XPUB": told, "its stderr": aggregator.errors.read_bytes(),
                      **questions(aggregator), **database(folder, aggregator)})


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
    capture = lab.forge(folder / "robbery.pcap", lab.SCENARIOS / "robbery.forge")
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
