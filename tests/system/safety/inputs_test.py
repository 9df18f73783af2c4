"""What is wrong is refused with one line that says what, where and what now, with
the right exit status, and leaves nothing behind but what is stated: the lock
beside a database.  Prints TAP.

usage: see lab.py"""
import contextlib
import ctypes
import json
import os
import pathlib
import re
import shutil
import socket
import sqlite3
import subprocess
import sys

sys.dont_write_bytecode = True

import lab
from lab import NotRun, check, equal, test

DONE, DAMAGE, USAGE, CANNOT = 0, 1, 2, 3
NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
SANITIZED = "BUILT WITH A SANITIZER"  # said at every start of such a build
SEEN = re.compile(r"^\d{4}-\d\d-\d\dT\S+Z (info|warn|error) ")


def listing(folder):
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


def lines(errors):
    """What a person must act on: what is said for information aside."""
    return [line for line in errors.decode().splitlines()
            if (not (match := SEEN.match(line)) or match[1] != "info") and SANITIZED not in line]


def refused(folder, words, status, *parts, left=(), of_others="/"):
    before = listing(folder)
    ran = lab.run(words, timeout=60, cwd=folder)
    said = lines(ran.stderr)
    what = f"{' '.join(map(str, words[1:]))}: {ran.stderr.decode()!r}"
    equal(ran.returncode, status, f"status of {what}")
    equal(len(said), 1, f"lines of {what}")
    equal(ran.stdout, b"", f"standard output of {what}")
    for part in parts:
        check(part in said[0], f"{part!r} is not said by {what}")
    made = {name for name in listing(folder) - before if not name.startswith(of_others)}
    equal(made, set(left), f"files left by {what}")


def write(folder, name, text, mode=0o644):
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    path.chmod(mode)
    return path


def capture(folder):
    return lab.forge(folder / "robbery.pcap", lab.SCENARIOS / "robbery.forge")


def sensor(*words):
    return [lab.SENSOR, *words]


def replay(folder, *words):
    path = folder / "robbery.pcap"
    if not path.exists():
        capture(folder)
    policy = [] if "--policy" in words else ["--policy", lab.DEMO / "policy.yaml"]
    return [lab.SENSOR, "-r", path, "--signatures", lab.SIGNATURES, *policy, *words]


def store(folder, *words, **other):
    given = {"listen": f"ipc://{folder}/events", "db": folder / "db", "socket": folder / "api"}
    given.update(other)
    return [lab.AGGREGATOR, *(word for key, value in given.items()
                              for word in (f"--{key}", value)), *words]


def as_root():
    if os.geteuid() != 0:
        raise NotRun("needs root")


@test
def options_that_are_wrong(folder):
    for words, parts in (
            (["--polcy", "x"], ["--polcy", "nearest is --policy"]), (["-q"], ["-q", "--help"]),
            (["--policy"], ["--policy needs a value"]), (["-r"], ["-r needs a value"]),
            (["stray.pcap"], ["stray.pcap", "follow -r"]), ([], ["nothing to read", "-r"]),
            (["-r", "x"], ["nowhere to send", "--events -"]),
            (["-r", "x", "--events", "y"], ["--events", '"y"']),
            (["-r", "x", "--events", "-", "--workers", "0"], ["--workers", '"0"', "1 to 64"]),
            (["-r", "x", "--events", "-", "--memory", "5X"], ["--memory", '"5X"']),
            (["-r", "x", "--publish", "ipc:///x"], ["--publish needs --spool"]),
            (["-r", "x", "--publish", "ipc:///x", "--events", "-"], ["exclude each other"])):
        refused(folder, sensor(*words), USAGE, *parts)
    for words, parts in (
            (["--lissten", "x"], ["--lissten", "nearest is --listen"]),
            (["-q"], ["-q", "--help"]), (["--listen"], ["--listen needs a value"]),
            (["--socket"], ["--socket needs a value"]), (["-c"], ["-c needs a value"]),
            ([], ["--listen is missing"]), (["--listen", "ipc:///x"], ["--db is missing"]),
            (["--listen", "ipc:///x", "--db", "d"], ["--socket is missing"]),
            (["more"], ['"more"', "--help"])):
        refused(folder, [lab.AGGREGATOR, *words], USAGE, *parts)
    refused(folder, store(folder, "--db-max", "5x"), USAGE, "--db-max", '"5x"', "512M")
    for words, status, parts in (
            ([], USAGE, ["--help"]), (["stauts"], USAGE, ['"stauts"', '"status"']),
            (["status", "--jsn"], USAGE, ["--jsn", "--json"]),
            (["status", "--socket"], USAGE, ["--socket needs a value"]),
            (["incident", "x"], USAGE, ['"x"', "sekisho incidents"]),
            (["incidents", "--limit", "x"], USAGE, ["--limit", '"x"']),
            (["status", "--socket", "none"], CANNOT, ["none", "start the aggregator"]),
            (["merchants", "import", "none.csv"], USAGE, ["none.csv", "No such file"])):
        refused(folder, [lab.SEKISHO, *words], status, *parts)


@test
def settings_that_are_wrong(folder):
    capture(folder)
    bad = write(folder, "s.yaml", "name: a\nworkerz: 2\n")
    torn = write(folder, "torn.yaml", "name: [a\nworkers: 2\n")
    for path, parts in ((bad, ["s.yaml:2:1", '"workerz"', '"workers"']), (torn, ["torn.yaml:2:"]),
                        (folder / "none.yaml", ["none.yaml", "No such file"])):
        refused(folder, replay(folder, "-c", path, "--events", "-"), USAGE, *parts)
    bad = write(folder, "a.yaml", "db: x\nlissten: 2\n")
    for path, parts in ((bad, ["a.yaml:2:1", '"lissten"', '"listen"']), (torn, ["torn.yaml:2:"]),
                        (folder / "none.yaml", ["none.yaml", "No such file"])):
        refused(folder, [lab.AGGREGATOR, "-c", path], USAGE, *parts)
    for text, parts in (("merchants:\n  - id: 1\n    addreses: [1.2.3.4]\n",
                         ["p.yaml:3:5", '"addreses"', '"addresses"']),
                        ("merchants:\n  - id: 1\n    addresses: [1.2.3.400]\n",
                         ["p.yaml:3:17", '"1.2.3.400"', "192.0.2.1"])):
        refused(folder, replay(folder, "--policy", write(folder, "p.yaml", text), "--publish",
                               f"ipc://{folder}/e", "--spool", folder / "spool"), USAGE, *parts)
    refused(folder, replay(folder, "--policy", folder / "none.yaml", "--events", "-"), USAGE,
            "none.yaml", "No such file")


@test
def rules_lists_and_signatures_that_are_wrong(folder):
    capture(folder)
    rule = 'alert tcp any any -> any any (msg:"x"; contant:"abc"; sid:1;)\n'
    for option, text, parts in (
            ("--rules", "", ["f: no signature", "leave the file out"]),
            ("--rules", "# none yet\n\n", ["f: no signature"]),
            ("--rules", rule.replace("contant", "a\x1b[2J\\b"),
             ["f:1:", '"a\\x1b[2J\\x5cb"']),  # escaped once, for the terminal
            ("--list", "", ["f: no indicator", "leave it out"]),
            ("--list", "indicator,state\n", ["f: no indicator"]),
            ("--rules", rule, ["f:1:", '"contant"', '"content"']),
            ("--rules", None, ["No such file"]), ("--list", None, ["No such file"]),
            ("--list", "!!! no indicator\n", ["f:1:", "neither an address"]),
            ("--list", "indicator,state\n192.0.2.1,nonsense\n", ["f:2", "one of current"])):
        path = folder / "f"
        path.unlink(missing_ok=True)
        if text is not None:
            write(folder, "f", text)
        refused(folder, replay(folder, option, path, "--events", "-"), USAGE, "f", *parts)
    refused(folder, [lab.SENSOR, "-r", folder / "robbery.pcap", "--signatures", folder / "none",
                     "--events", "-"], USAGE, "none/psp", "No such file")
    bare = folder / "bare"
    shutil.copytree(lab.SIGNATURES, bare)
    (bare / "rules" / "sekisho.rules").write_text("")
    refused(folder, [lab.SENSOR, "-r", folder / "robbery.pcap", "--signatures", bare, "--events",
                     "-"], USAGE, "bare/rules/sekisho.rules: no signature")
    merchants = write(folder, "m.csv", "id,nane\n1,x\n")
    refused(folder, store(folder, merchants=merchants), USAGE, "m.csv", "line 1", '"nane"',
            left=["db.lock"])
    refused(folder, store(folder, merchants=folder / "none.csv"), USAGE, "none.csv",
            "No such file")


@test
def a_country_database_that_is_absent_or_broken(folder):
    whole = folder / "whole.mmdb"
    subprocess.run([lab.FORGE, "mmdb", "-o", str(whole)], check=True)
    data = whole.read_bytes()
    (folder / "folder.mmdb").mkdir()
    for name, text, parts in (
            ("none.mmdb", None, ["No such file"]), ("folder.mmdb", None, ["Is a directory"]),
            ("empty.mmdb", b"", ["empty, so no MaxMind DB"]),
            ("text.mmdb", b"192.0.2.0/24,JP\n" * 99, ["no MaxMind DB that can be read"]),
            ("cut.mmdb", data[:len(data) // 2], ["no MaxMind DB that can be read"]),
            ("torn.mmdb", data[:40] + b"\xff" * 200 + data[240:], ["a broken MaxMind DB"])):
        if text is not None:
            write(folder, name, text)
        refused(folder, replay(folder, "--geoip", folder / name, "--events", "-"), USAGE, name,
                "leave --geoip out", *parts)
        refused(folder, replay(folder, "--geoip", folder / name, "--publish", f"ipc://{folder}/e",
                               "--spool", folder / "spool"), USAGE, name)
    refused(folder, replay(folder, *["--geoip", whole] * 3, "--events", "-"), USAGE, "--geoip",
            "at most 2")
    ran = lab.run(replay(folder, "--geoip", whole, "--events", "-"))
    equal(ran.returncode, DONE, f"status with a whole one: {ran.stderr}")
    check(b'"asn":64511' in ran.stdout, "a whole one tells nothing")


@test
def captures_that_are_none(folder):
    for name, text, parts in (("t.pcap", "this is text and no capture at all", ["not a capture"]),
                              ("e.pcap", "", ["is empty"]), ("none.pcap", None, ["No such file"])):
        if text is not None:
            write(folder, name, text)
        refused(folder, sensor("-r", folder / name, "--signatures", lab.SIGNATURES, "--events",
                               "-"), USAGE, name, *parts)
    refused(folder, sensor("-r", folder, "--signatures", lab.SIGNATURES, "--events", "-"), USAGE,
            str(folder), "is a directory")


@test
def a_torn_capture_counts_up_to_the_damage(folder):
    whole = pathlib.Path(capture(folder)).read_bytes()
    torn = write(folder, "torn.pcap", whole[:len(whole) // 2])
    ran = lab.run(sensor("-r", torn, "--events", "-", *lab.POLICY))
    equal(ran.returncode, DAMAGE, f"status: {ran.stderr}")
    alerts = ran.stdout.count(b'"event_type":"alert"')
    check(4 <= alerts < 13, f"{alerts} alerts stand before the damage")
    said = lines(ran.stderr)
    check(len(said) == 1 and "torn.pcap" in said[0] and "offset" in said[0], said)
    check(b'"state":"damaged"' in ran.stdout and b'"state":"ended"' in ran.stdout, "no health")


@test
def keys_spools_and_endpoints_that_are_wrong(folder):
    capture(folder)
    short = write(folder, "short.key", bytes(31), 0o600)
    wide = write(folder, "open.key", bytes(32), 0o644)
    write(folder, "file", "x")
    for key, status, parts in ((short, USAGE, ["short.key", "32 bytes"]),
                               (wide, USAGE, ["open.key", "chmod 600"]),
                               (folder / "none/k", CANNOT, ["none/k", "No such file"])):
        refused(folder, replay(folder, "--events", "-", "--card-key", key), status, *parts)
    for endpoint in ("tcp://192.0.2.1:5", "tcp://127.evil.example:5", "tcp://127.0.0.1:99999",
                     "tcp://localhost:5", "nonsense", "ipc://here"):
        refused(folder, replay(folder, "--publish", endpoint, "--spool", folder / "spool"), USAGE,
                "--publish", endpoint)
        for option in ("listen", "publish"):
            refused(folder, store(folder, **{option: endpoint}), USAGE, f"--{option}", endpoint)
    for spool, parts in ((folder / "none/spool", ["No such file"]),
                         (folder / "file", ["no folder"])):
        refused(folder, replay(folder, "--publish", f"ipc://{folder}/e", "--spool", spool), CANNOT,
                "--spool", str(spool), *parts)


@test
def what_the_user_may_not_do(folder):
    as_root()
    programs = folder / "bin"
    programs.mkdir()
    sensor_, aggregator = (shutil.copy(path, programs) for path in (lab.SENSOR, lab.AGGREGATOR))
    shutil.copytree(lab.SIGNATURES, folder / "signatures")
    (folder / "spool").mkdir(mode=0o755)
    path = write(folder, "secret.pcap", pathlib.Path(capture(folder)).read_bytes(), 0o600)
    words = [*NOBODY, sensor_, "--signatures", folder / "signatures"]
    refused(folder, [*words, "-i", "lo", "--events", "-"], CANNOT, "lo", "CAP_NET_RAW")
    refused(folder, [*words, "-r", path, "--events", "-"], CANNOT, "secret.pcap",
            "Permission denied")
    write(folder, "policy.yaml", (lab.DEMO / "policy.yaml").read_bytes())
    words += ["-r", folder / "robbery.pcap", "--policy", folder / "policy.yaml"]
    refused(folder, [*words, "--events", "-", "--list", path], USAGE, "secret.pcap",
            "Permission denied")
    refused(folder, [*words, "--publish", f"ipc://{folder}/e", "--spool", folder / "spool"],
            CANNOT, "--spool", "Permission denied")
    refused(folder, [*NOBODY, aggregator, *store(folder)[1:]], CANNOT, "--db", "Permission denied")
    settings = write(folder, "secret.yaml", "db: x\n", 0o600)
    for program in (aggregator, sensor_):
        refused(folder, [*NOBODY, program, "-c", settings], USAGE, "secret.yaml",
                "Permission denied")
    own = folder / "own"
    own.mkdir()
    os.chown(own, 65534, 65534)
    words = [*NOBODY, aggregator, "--db", own / "db", "--listen"]
    for socket_, endpoint, parts in ((own / "api", f"ipc://{folder}/e", ["--listen", "/e"]),
                                     (folder / "api", f"ipc://{own}/e", ["--socket", "/api"])):
        refused(folder, [*words, endpoint, "--socket", socket_], CANNOT, "Permission denied",
                *parts, of_others="own/")
    refused(folder, [*words, f"ipc://{own}/e", "--socket", own / "api", "--merchants", path],
            USAGE, "secret.pcap", "Permission denied", of_others="own/")
    tool = shutil.copy(lab.SEKISHO, programs)
    refused(folder, [*NOBODY, tool, "merchants", "import", path], USAGE, "secret.pcap",
            "Permission denied")
    with lab.aggregator(folder) as theirs:
        refused(folder, [*NOBODY, tool, "status", "--socket", theirs.socket], CANNOT,
                "permission denied", "as root")


@test
def what_is_missing_or_in_use(folder):
    capture(folder)
    refused(folder, sensor("-i", "nosuch0", "--signatures", lab.SIGNATURES, "--events", "-"),
            USAGE, "nosuch0", "there are: ")
    for given, parts in (({"listen": f"ipc://{folder}/none/e"}, ["--listen", "none/e"]),
                         ({"socket": f"{folder}/none/api"}, ["--socket", "none/api"]),
                         ({"db": f"{folder}/none/db"}, ["--db", "none/db"])):
        refused(folder, store(folder, **given), CANNOT, "No such file", *parts,
                left=[] if "db" in given else ["db.lock"])
        (folder / "db.lock").unlink(missing_ok=True)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = f"tcp://127.0.0.1:{taken.getsockname()[1]}"
        for option in ("listen", "publish"):
            refused(folder, store(folder, **{option: port}), CANNOT, f"--{option}", port,
                    "in use", left=[] if (folder / "db.lock").exists() else ["db.lock"])
    with lab.aggregator(folder) as first:
        refused(folder, store(folder, db=first.db), CANNOT, "--db", "another sekisho-aggregator")
        free = {"listen": f"ipc://{folder}/events2", "socket": folder / "api2"}
        for option, value in (("listen", first.endpoint), ("socket", first.socket),
                              ("publish", first.endpoint)):
            refused(folder, store(folder, **{**free, option: value}), CANNOT, f"--{option}",
                    str(value), "somebody listens")
    spool = folder / "spool"
    with lab.aggregator(folder) as first:
        first.process.send_signal(lab.signal.SIGSTOP)
        words = replay(folder, "--publish", first.endpoint, "--spool", spool)
        owner = subprocess.Popen([str(word) for word in words], stderr=subprocess.DEVNULL)
        lab.wait_for("last event in a segment of the spool", lambda: any(
            b'"state":"ended"' in path.read_bytes() for path in spool.glob("*.seg")))
        refused(folder, words, CANNOT, str(spool), "another", of_others="spool/")
        first.process.send_signal(lab.signal.SIGCONT)
        equal(owner.wait(timeout=60), DONE, "status of the owner")


@test
def a_damaged_database_is_left_alone(folder):
    for text in (b"this is no database " * 500, b"SQLite format 3\0" + bytes(9000)):
        path = write(folder, "db", text)
        refused(folder, store(folder), CANNOT, str(path), "damaged", "move it away",
                left=() if (folder / "db.lock").exists() else ["db.lock"])
        equal(path.read_bytes(), text, "the file itself")


@test
def a_database_of_another_program_or_with_a_hole(folder):
    with lab.aggregator(folder) as aggregator:
        ran = lab.run(replay(folder, "--publish", aggregator.endpoint, "--spool", folder / "s"))
        equal(ran.returncode, DONE, f"status of the sensor: {ran.stderr}")
    whole = aggregator.db.read_bytes()
    aggregator.db.unlink()
    holed = bytearray(whole)
    holed[len(whole) // 2:len(whole) // 2 + 8192] = b"U" * 8192
    path = write(folder, "db", bytes(holed))
    refused(folder, store(folder), CANNOT, str(path), "damaged", "Page", "move it away",
            left=["db.lock"])
    equal(path.read_bytes(), bytes(holed), "the file itself")
    write(folder, "db", whole)
    base = sqlite3.connect(path)
    base.execute("UPDATE meta SET value = 99 WHERE key = 'version'")
    base.commit()
    base.close()
    newer = path.read_bytes()
    refused(folder, store(folder), USAGE, str(path), "version 99", "use the program that wrote it")
    equal(path.read_bytes(), newer, "the file itself")
    path.unlink()
    path.mkdir()
    refused(folder, store(folder), CANNOT, str(path), "cannot be used as database",
            "ours to write")


def segments(spool):
    return sorted(spool.glob("e*.seg"))


@test
def a_spool_that_is_damaged_or_of_another_program(folder):
    spool = folder / "spool"
    words = ["--spool", spool, "--publish"]
    with lab.aggregator(folder) as aggregator:
        aggregator.process.send_signal(lab.signal.SIGSTOP)
        sender = subprocess.Popen([str(word) for word in replay(folder, *words,
                                                                aggregator.endpoint)],
                                  stderr=subprocess.DEVNULL)
        lab.wait_for("last event in a segment of the spool", lambda: any(
            b'"state":"ended"' in path.read_bytes() for path in segments(spool)))
        sender.kill()
        sender.wait()
        lab.wait_for("end of its children", lambda: not lab.users_of(spool))
    shutil.rmtree(folder / "kept", ignore_errors=True)
    shutil.copytree(spool, folder / "kept")
    super_ = bytearray((spool / "superblock").read_bytes())
    for at in (8, 4096 + 8):
        super_[at:at + 4] = (99).to_bytes(4, "little")
        super_[at + 100] ^= 1
    (spool / "superblock").write_bytes(super_)
    refused(folder, replay(folder, *words, f"ipc://{folder}/e"), CANNOT, str(spool), "version 99",
            "--spool another folder", of_others="spool/")
    equal((spool / "superblock").read_bytes(), bytes(super_), "the superblock")
    # Damage costs what it hits, and that is told by number.
    for name, at, told in (("superblock", 16, "made anew"), (None, 4096 + 600, "cannot be read")):
        shutil.rmtree(spool)
        shutil.copytree(folder / "kept", spool)
        path = spool / name if name else segments(spool)[0]
        data = bytearray(path.read_bytes())
        for place in (at, at + 4096) if name else (at,):
            data[place] ^= 0xff
        path.write_bytes(data)
        with lab.aggregator(folder) as aggregator:
            ran = lab.run(replay(folder, *words, aggregator.endpoint))
            said = lines(ran.stderr)
            equal(ran.returncode, DONE, f"status: {ran.stderr}")
            check(len(said) == 1 and told in said[0] and str(spool) in said[0], said)
            status = json.loads(aggregator.ask("/status")[1])
            equal(sum(row["shed"].get("spool_corrupt", 0) for row in status["sensors"]),
                  0 if name else 1, "events told as unreadable")
            check(len(json.loads(aggregator.ask("/incidents")[1])["incidents"]) == 1, "incidents")
        for path in folder.glob("sekisho.db*"):
            path.unlink()


def on_a_small_disk(folder, size, words):
    """In a mount namespace of its own: (status, stderr, names left on the disk)."""
    as_root()
    script = (f"mount -t tmpfs -o size={size} none {folder}/disk && "
              f'"$@" 2>{folder}/errors; echo $? >{folder}/status; '
              f"find {folder}/disk -mindepth 1 >{folder}/left")
    (folder / "disk").mkdir(exist_ok=True)
    ran = lab.run(["unshare", "-m", "sh", "-c", script, "sh", *words], timeout=100)
    if not (folder / "status").exists():
        raise NotRun(f"no mount namespace: {ran.stderr.decode().strip()}")
    return (int((folder / "status").read_text()), (folder / "errors").read_bytes(),
            (folder / "left").read_text().split())


@test
def a_full_disk(folder):
    capture(folder)
    status, errors, left = on_a_small_disk(
        folder, "4m", replay(folder, "--publish", f"ipc://{folder}/e", "--spool",
                             folder / "disk/spool"))
    equal((status, len(lines(errors))), (CANNOT, 1), f"status and lines: {errors}")
    check("No space left" in lines(errors)[0] and "disk/spool" in lines(errors)[0], errors)
    equal(sorted(pathlib.Path(path).name for path in left), ["card.key", "spool"], "left")
    # Room for the ring, none for a segment of the spool.
    status, errors, left = on_a_small_disk(
        folder, "20m", replay(folder, "--publish", f"ipc://{folder}/e", "--spool",
                              folder / "disk/spool"))
    equal((status, len(lines(errors))), (CANNOT, 1), f"status and lines: {errors}")
    check("No space left" in lines(errors)[0] and "disk/spool" in lines(errors)[0], errors)
    status, errors, left = on_a_small_disk(folder, "64k", store(folder, db=folder / "disk/db"))
    equal((status, len(lines(errors))), (CANNOT, 1), f"status and lines: {errors}")
    check("disk/db" in lines(errors)[0] and "full" in lines(errors)[0], errors)
    equal([pathlib.Path(path).name for path in left], ["db.lock"], "left")
    status, errors, left = on_a_small_disk(
        folder, "16k", ["sh", "-c", f'exec "$@" >{folder}/disk/out', "sh",
                        *replay(folder, "--events", "-")])
    equal((status, len(lines(errors))), (CANNOT, 1), f"status and lines: {errors}")
    check("standard output" in lines(errors)[0] and "No space left" in lines(errors)[0], errors)



@contextlib.contextmanager
def small_disk(folder, size):
    """A disk of that size, in a mount namespace of this process from here on."""
    as_root()
    libc = ctypes.CDLL(None, use_errno=True)
    private, namespace = 0x44000, 0x20000
    place = folder / "disk"
    place.mkdir()
    if (libc.unshare(namespace) != 0 or libc.mount(b"none", b"/", None, private, None) != 0 or
            libc.mount(b"none", str(place).encode(), b"tmpfs", 0, f"size={size}".encode()) != 0):
        raise NotRun("no mount namespace: " + os.strerror(ctypes.get_errno()))
    try:
        yield place
    finally:
        libc.umount2(str(place).encode(), 2)


def fill_up(path):
    with open(path, "wb", buffering=0) as file:
        for size in (1 << 16, 1 << 12):
            try:
                while file.write(bytes(size)):
                    pass
            except OSError:
                pass


@test
def a_database_whose_disk_is_full_while_it_runs(folder):
    """Sensors wait, nothing is lost, and when there is room it goes on by itself."""
    capture(folder)
    with small_disk(folder, "3m") as disk, lab.aggregator(folder) as aggregator:
        aggregator.stop()
        aggregator.db = disk / "db"
        aggregator.start()
        fill_up(disk / "full")
        sender = subprocess.Popen([str(word) for word in replay(
            folder, "--publish", aggregator.endpoint, "--spool", folder / "spool")],
            stderr=subprocess.PIPE)
        lab.wait_for("line about the disk", lambda: "takes nothing" in
                     aggregator.errors.read_text())
        status = json.loads(aggregator.ask("/status")[1])
        equal((status["store"]["taking"], status["store"]["events"]), (False, 0), "the store")
        ran = lab.run([lab.SEKISHO, "merchants", "import", lab.DEMO / "merchants.csv", "--socket",
                       aggregator.socket])
        (disk / "full").unlink()
        equal(sender.wait(timeout=60), DONE, f"status of the sensor: {sender.stderr.read()}")
        said = [line for line in lines(aggregator.errors.read_bytes())]
        equal(len(said), 1, f"lines of the aggregator: {said}")
        for part in ("database or disk is full", "sensors wait", "free space"):
            check(part in said[0], f"{part!r} is not in {said[0]!r}")
        incident = json.loads(aggregator.ask("/incidents/1")[1])
        equal((incident["certainty"], incident["messages"]), ("confirmed", 13), "the incident")
        check(ran.returncode in (DONE, CANNOT) and len(lines(ran.stderr)) <= 1, ran.stderr)


@test
def a_spool_whose_disk_is_full(folder):
    """Room for the ring and one segment, none for the next: it says so and delivers all."""
    capture(folder)
    with small_disk(folder, "38m") as disk, lab.aggregator(folder) as aggregator:
        ran = lab.run(replay(folder, "--publish", aggregator.endpoint, "--spool", disk / "spool"))
        said = lines(ran.stderr)
        equal((ran.returncode, len(said)), (DONE, 1), f"status and lines: {ran.stderr}")
        for part in ("spare.seg", "No space left", "counted and told"):
            check(part in said[0], f"{part!r} is not in {said[0]!r}")
        incident = json.loads(aggregator.ask("/incidents/1")[1])
        equal((incident["certainty"], incident["messages"]), ("confirmed", 13), "the incident")


@test
def standard_output_that_is_full(folder):
    with lab.aggregator(folder) as aggregator, open("/dev/full", "wb") as full:
        for words, part in (([lab.SEKISHO, "status", "--socket", aggregator.socket], "sekisho: "),
                            ([lab.SEKISHO, "status", "--json", "--socket", aggregator.socket],
                             "sekisho: "), (replay(folder, "--events", "-"), "shipper: ")):
            ran = subprocess.run([str(word) for word in words], stdout=full, check=False,
                                 stderr=subprocess.PIPE, timeout=60)
            said = lines(ran.stderr)
            equal((ran.returncode, len(said)), (CANNOT, 1), f"status and lines: {ran.stderr}")
            check(part + "standard output: No space left" in said[0], said)


lab.main()
