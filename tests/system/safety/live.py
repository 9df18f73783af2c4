"""A live sensor over a cable (cable.py) whose events are read from its standard
output, and what to send to it."""
import collections
import contextlib
import json
import pathlib
import signal
import struct
import subprocess
import threading

import cable
import lab
from lab import check, equal

SID = 990001
RULE = 'alert http any any -> any any (msg:"reloaded"; http.uri; content:"{}"; sid:{};)\n'
NO_RULE, ONE_RULE = RULE.format("/no/such", SID + 1), RULE.format("/collect.jpg", SID)


def payload_of(frame):
    """Bytes behind TCP or UDP in an IPv4 frame of forge."""
    total, protocol = struct.unpack_from(">H", frame, 16)[0], frame[23]
    head = (frame[14] & 15) * 4
    return total - head - (8 if protocol == 17 else (frame[14 + head + 12] >> 4) * 4)


class Sensor:
    def __init__(self, folder):
        self.list, self.rules = folder / "list.csv", folder / "more.rules"
        self.list.write_text("192.0.2.99\n")
        self.rules.write_text(NO_RULE)
        self.error_path = folder / "sensor.err"
        self.events, self.lock = [], threading.Lock()
        with open(self.error_path, "ab") as errors:
            self.keeper = subprocess.Popen(
                [lab.SENSOR, "-i", cable.LISTENING, "--workers", "2", "--memory", "512M",
                 "--events", "-", "--signatures", lab.SIGNATURES, "--policy",
                 str(lab.DEMO / "policy.yaml"), "--list", str(self.list), "--rules",
                 str(self.rules)],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors)
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()
        lab.wait_for("live sensor: " + self.said(), self.is_up)

    def read(self):
        for line in self.keeper.stdout:
            with self.lock:
                self.events.append(json.loads(line))

    def said(self):
        return self.error_path.read_text()

    def engine(self):
        return lab.children(self.keeper.pid).get("sekisho-engine")

    def is_up(self):
        check(self.keeper.poll() is None, self.said())
        return lab.is_confined(self.engine())

    def seen(self, since=0):
        with self.lock:
            return self.events[since:]

    def states(self, word):
        return [event["sekisho"] for event in self.seen()
                if event["event_type"] == "health" and event["sekisho"]["state"] == word]

    def reload(self, word):
        """The next event of that state."""
        before = len(self.states(word))
        self.keeper.send_signal(signal.SIGHUP)
        lab.wait_for(f"{word} in events, see {self.error_path}",
                     lambda: len(self.states(word)) > before)
        return self.states(word)[-1]

    def mapped(self):
        """Sections that the engine has in memory, and open."""
        maps = pathlib.Path(f"/proc/{self.engine()}/maps").read_text()
        fds = [link for link in pathlib.Path(f"/proc/{self.engine()}/fd").iterdir()]
        words = ("policy", "lists", "cards", "rules", "geo")
        opened = 0
        for link in fds:
            with contextlib.suppress(OSError):
                opened += any(f"memfd:{word} " in str(link.readlink()) for word in words)
        return sum(maps.count(f"memfd:{word} ") for word in words), opened

    def stop(self):
        self.keeper.send_signal(signal.SIGTERM)
        equal(self.keeper.wait(timeout=30), 0, "exit status: " + self.said())
        self.reader.join()

    def close(self):
        if self.keeper.poll() is None:
            self.keeper.kill()
        self.keeper.wait()
        self.reader.join()
        self.keeper.stdout.close()


@contextlib.contextmanager
def sensor(folder):
    made = Sensor(folder)
    try:
        yield made
    finally:
        made.close()


def alerts(events):
    """How many of each: card-exfil by finding, listed contacts, our rule."""
    found = collections.Counter()
    for event in events:
        if event["event_type"] == "alert":
            ours = event["alert"]["signature_id"] == SID
            found["rule" if ours else event["sekisho"]["category"]] += 1
    return found


def captures(folder):
    scenario = pathlib.Path(__file__).parent / "live.forge"
    return [cable.frames_of(lab.forge(folder / f"part{n}.pcap", scenario, "--seed", str(n)))
            for n in range(1, 6)]


def main():
    """Runs the tests in a namespace with a cable."""
    try:
        cable.enter_namespace()
    except lab.NotRun as why:
        lab.skip_all(why)
        return
    cable.plug()
    lab.main()
