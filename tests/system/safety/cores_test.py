"""No card, code, holder or mail address stands in anything that a core dump of
the sensor's three processes would contain: idle after reading all, in the
middle of a body whose first card was seen, and after its finding was told.

The sensor of this test is built without the lines that switch cores off
(sensor_cores, never installed).  What the kernel would dump is found twice: from
smaps, for any coredump_filter; and, where core_pattern names a plain file, in the
cores that SIGABRT makes.  Beyond that: what is not dumped either holds nothing once
a message is closed, but for the ring that the kernel writes frames to.

    we send on  peer0 ======== cap0  the sensor listens    (a namespace of our own)

Prints TAP.  usage: see lab.py, and the sensor that leaves cores"""
import contextlib
import os
import pathlib
import resource
import signal
import socket
import struct
import subprocess
import sys
import time

sys.dont_write_bytecode = True

if os.geteuid() != 0:
    print("1..0 # SKIP not run: needs root")
    sys.exit(0)
if "SEKISHO_LAB" not in os.environ:
    os.environ["SEKISHO_LAB"] = "1"
    os.execvp("unshare", ["unshare", "--net", sys.executable, *sys.argv])

import lab
import memory
from lab import check, equal, test
from planted import Search, planted

HERE = pathlib.Path(__file__).parent
CORES = os.path.abspath(sys.argv[6])
STRESSES = ["fragments-shuffled 64", "segments 7 reversed", "overlap 5"]
NAMES = ["keeper", "sekisho-engine", "sekisho-shipper"]
QUIET_SECONDS = 1.5


def frames(path):
    """Of a capture as forge writes it: little endian, microseconds."""
    data, at, out = pathlib.Path(path).read_bytes(), 24, []
    while at < len(data):
        length, = struct.unpack_from("<8xI", data, at)
        out.append(data[at + 16:at + 16 + length])
        at += 16 + length
    return out


class Traffic:
    def __init__(self, folder):
        paths = [lab.forge(folder / "robbery.pcap", lab.SCENARIOS / "robbery.forge"),
                 lab.forge(folder / "planted.pcap", HERE / "planted.forge", "--seed", "12")]
        for number, stress in enumerate(STRESSES):
            for proto in ("tcp", "raw"):
                paths.append(lab.forge(
                    folder / f"stress{number}{proto}.pcap", lab.SCENARIOS / "stress.forge",
                    "--set", f"stress={stress}", "--set", f"proto={proto}"))
        self.all = [frame for path in paths for frame in frames(path)]
        body = lab.forge(folder / "body.pcap", HERE / "cores.forge", "--seed", "5")
        self.body = frames(body)
        self.half = len(self.body) // 2
        self.search = Search(planted(path + ".truth" for path in [*paths, body]))
        self.seen = Search(planted([body + ".truth"]))


class Sensor:
    """Live on cap0, with nobody to send its events to.  Freed memory stays as it is:
    MALLOC_PERTURB_, which meson sets, would wipe it."""

    def __init__(self, folder, program, workers):
        self.folder = folder
        self.wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
        self.wire.bind(("peer0", 0))
        self.errors = folder / "sensor.err"
        with open(self.errors, "wb") as errors:
            self.process = subprocess.Popen(
                [program, "-i", "cap0", "--publish", f"ipc://{folder}/nobody", "--spool",
                 folder / "spool", "--workers", workers, "--memory", "256M", *lab.POLICY],
                cwd=folder, env={**os.environ, "MALLOC_PERTURB_": "0"},
                stdin=subprocess.DEVNULL, stdout=errors, stderr=errors,
                preexec_fn=lambda: resource.setrlimit(
                    resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY)))
        lab.wait_for("children", lambda: len(self.processes()) == len(NAMES))
        lab.wait_for("start of the engine", lambda: self.told("started"))

    def processes(self):
        check(self.process.poll() is None, self.errors.read_text())
        return {"keeper": self.process.pid, **lab.children(self.process.pid)}

    def told(self, word='event_type":"alert'):
        count = 0
        for path in self.folder.glob("spool/*.seg"):
            with contextlib.suppress(FileNotFoundError):  # a spare one gets its name
                count += path.read_bytes().count(f'"{word}"'.encode())
        return count

    def send(self, some):
        for frame in some:
            self.wire.send(frame)

    def settle(self):
        """Until no alert came for a while."""
        before, since = self.told(), time.monotonic()
        while time.monotonic() < since + QUIET_SECONDS:
            time.sleep(0.05)
            if self.told() != before:
                before, since = self.told(), time.monotonic()
        return before

    def close(self):
        self.process.kill()
        self.process.wait()
        self.wire.close()


@contextlib.contextmanager
def sensor(*words):
    made = Sensor(*words)
    try:
        yield made
    finally:
        made.close()


@contextlib.contextmanager
def cable():
    for words in ("link add cap0 type veth peer name peer0", "link set lo up",
                  "link set cap0 up", "link set peer0 up"):
        subprocess.run(["ip", *words.split()], check=True)
    try:
        yield
    finally:
        subprocess.run(["ip", "link", "del", "cap0"], check=True)


def is_frames(mapping):
    return mapping.name.startswith("socket:")


def look(at, point, search, whole):
    """No dumped mapping of any process holds anything; whole: nor any other, but the frames'."""
    for name, pid in at.processes().items():
        for mapping in memory.mappings(pid):
            check(not is_frames(mapping) or name != "sekisho-shipper", "the shipper maps frames")
            if not mapping.dumped and (is_frames(mapping) or not whole):
                continue
            found = memory.planted_in(memory.contents(pid, mapping), search)
            check(not found, f"{point}: {name}: {mapping} holds {sorted(found)}")


def engine_has(at, search):
    """What of it stands anywhere, frames apart: the engine has seen it."""
    pid = at.processes()["sekisho-engine"]
    return set().union(*(memory.planted_in(memory.contents(pid, mapping), search)
                         for mapping in memory.mappings(pid)
                         if not is_frames(mapping)))


def real_cores(at, point, search):
    """The kernel's own, one after the other; the keeper last."""
    pattern = pathlib.Path("/proc/sys/kernel/core_pattern").read_text().strip()
    if pattern.startswith("|") or "/" in pattern:
        print(f"# {point}: no cores of the kernel: core_pattern is {pattern}")
        return
    for name in reversed(NAMES):
        for old in at.folder.glob("core*"):
            old.unlink()
        pid = at.processes()[name]
        os.kill(pid, signal.SIGABRT)
        lab.wait_for(f"end of {name}", lambda pid=pid: at.process.poll() is not None
                     if pid == at.process.pid else pid not in at.processes().values())
        lab.wait_for(f"core of {name}", lambda: any(at.folder.glob("core*")))
        core, = at.folder.glob("core*")
        size = 0
        for segment in memory.segments(core):
            size += len(segment)
            found = memory.planted_in(segment, search)
            check(not found, f"{point}: the core of {name} holds {sorted(found)}")
        check(size > 10000, f"{point}: the core of {name} holds nothing at all: no test")


def three_points(folder, workers):
    traffic = Traffic(folder)
    with cable(), sensor(folder, CORES, workers) as at:
        check("LEAVES CORE DUMPS" in at.errors.read_text(), "it does not say what it is")
        at.send(traffic.all)
        alerts = at.settle()
        check(alerts >= 10, f"only {alerts} alerts")  # beyond ten a second they are told as one
        look(at, "idle", traffic.search, True)
        at.send(traffic.body[:traffic.half])
        lab.wait_for("a card that was seen", lambda: engine_has(at, traffic.seen))
        look(at, "inside a body", traffic.search, False)
        at.send(traffic.body[traffic.half:])
        lab.wait_for("finding", lambda: at.told() > alerts)
        at.settle()
        look(at, "after a finding", traffic.search, True)
        real_cores(at, "after a finding", traffic.search)


@test
def three_points_one_worker(folder):
    three_points(folder, "1")


@test
def three_points_two_workers(folder):
    three_points(folder, "2")


@test
def a_core_made_inside_a_body_holds_no_card(folder):
    traffic = Traffic(folder)
    with cable(), sensor(folder, CORES, "2") as at:
        at.send(traffic.body[:traffic.half])
        lab.wait_for("a card that was seen", lambda: engine_has(at, traffic.seen))
        real_cores(at, "inside a body", traffic.search)


@test
def the_real_one_leaves_none(folder):
    with cable(), sensor(folder, lab.SENSOR, "1") as at:
        check("CORE" not in at.errors.read_text(), "it says that it leaves cores")
        for name in reversed(NAMES):
            pid = at.processes()[name]
            os.kill(pid, signal.SIGABRT)
            lab.wait_for(f"end of {name}", lambda pid=pid: at.process.poll() is not None
                         if pid == at.process.pid else pid not in at.processes().values())
        equal(list(folder.glob("core*")), [], "cores")


lab.main()
