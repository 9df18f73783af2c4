"""What must hold for the events of any run: the schema, no clear card, balanced
books; what of an alert must not depend on its transport; and runs in batches.
Only the standard library and jsonschema."""
import concurrent.futures
import json
import pathlib
import struct
import subprocess
import sys

import jsonschema

# What may differ where only the transport does.
TRANSPORT = ("timestamp", "in_iface", "pcap_cnt", "flow_id", "community_id")
TRANSPORT_OURS = ("finding_id", "first", "source", "run", "dns_at", "tenant")
# Where the 5-tuple differs too.
TUPLE = ("src_ip", "src_port", "dest_ip", "dest_port")
BOOKS = ("inspected", "duplicate", "pending")


class Schema:
    """One validator per branch of the schema's oneOf: the branch is found by
    event_type, and exactly one of those must take the event."""

    def __init__(self, path):
        schema = json.loads(pathlib.Path(path).read_text(encoding="utf-8"))
        self.branches = {}
        for branch in schema["oneOf"]:
            kind = branch["properties"]["event_type"]["const"]
            whole = {"$schema": schema["$schema"], "$defs": schema["$defs"], **branch}
            self.branches.setdefault(kind, []).append(jsonschema.Draft202012Validator(whole))

    def problem(self, event):
        """None, or what is wrong with the event."""
        found = [next(branch.iter_errors(event), None)
                 for branch in self.branches.get(event.get("event_type"), [])]
        if found.count(None) == 1:
            return None
        if not found or found.count(None) > 1:
            return f"{found.count(None)} branches of the schema take {event.get('event_type')}"
        deepest = max(found, key=lambda error: len(error.path))
        return f"{event['event_type']}: {deepest.message[:200]}"


def frames_of(path):
    """How many records a classic pcap of our own making holds."""
    data = pathlib.Path(path).read_bytes()
    at, count = 24, 0
    while at < len(data):
        at += 16 + struct.unpack_from("<I", data, at + 8)[0]
        count += 1
    return count


def truth_of(path):
    """The rows of a truth file that are cards."""
    rows = [json.loads(line) for line in pathlib.Path(path).read_text("utf-8").splitlines()]
    return [row for row in rows if row["kind"] == "card"]


def leaks(text, cards):
    """What of the people in the truth stands in clear in an output."""
    lines = text.splitlines()
    bare = ["".join(filter(str.isdigit, line)) for line in lines]
    found = []
    for digits in {row["card"] for row in cards}:
        if any(digits in line for line in lines) or any(digits in line for line in bare):
            found.append("a card number")
    folded = text.lower().replace("+", " ").replace("%20", " ").replace("%40", "@")
    for row in cards:
        if row["name"].lower() in folded or row["mail"].lower() in folded:
            found.append("a holder")
        if any(f"{key}={row['cvv']}" in folded for key in ("cvv", "securitycode")):
            found.append("a security code")
    return sorted(set(found))


def books(events):
    """Sums over a run of what its coverage says, and the first identity broken."""
    total = {"skipped": {}, "refused": {}}
    problem = None
    for event in events:
        if event["event_type"] != "coverage":
            continue
        for row in event["sekisho"]["rows"]:
            skipped = row.pop("skipped")
            for key in ("packets", "payload", "missing", "conflict", "one_sided", *BOOKS):
                total[key] = total.get(key, 0) + row[key]
            for key, value in skipped.items():
                total["skipped"][key] = total["skipped"].get(key, 0) + value
            if row["payload"] != sum(row[key] for key in BOOKS) + sum(skipped.values()):
                problem = problem or f"payload of {event['sekisho']['minute']} is not balanced"
            row["skipped"] = skipped
        for row in event["sekisho"]["frames"]:
            for key in ("frames", "decoded"):
                total[key] = total.get(key, 0) + row[key]
            for key, value in row["refused"].items():
                total["refused"][key] = total["refused"].get(key, 0) + value
            if row["frames"] != row["decoded"] + sum(row["refused"].values()):
                problem = problem or f"frames of {event['sekisho']['minute']} are not balanced"
    if total.get("pending", 0) != 0:
        problem = problem or f"pending is {total['pending']} at the end"
    return total, problem


def alerts(events):
    return [event for event in events if event["event_type"] == "alert"]


def bare(alert, tuple_too=False):
    """An alert without what its transport may change."""
    ours = {key: value for key, value in alert["sekisho"].items() if key not in TRANSPORT_OURS}
    drop = TRANSPORT
    if tuple_too:
        drop += TUPLE
        ours.pop("remote", None)
        ours["subject"] = {"merchant": ours["subject"]["merchant"]}
    rest = {key: value for key, value in alert.items() if key not in drop and key != "sekisho"}
    return {**rest, "sekisho": ours}


def difference(one, other, path=""):
    """Where two bare alerts differ: field names with both values."""
    if isinstance(one, dict) and isinstance(other, dict):
        found = []
        for key in sorted({*one, *other}):
            found += difference(one.get(key), other.get(key), f"{path}.{key}" if path else key)
        return found
    return [] if one == other else [f"{path}: {one!r} -> {other!r}"]


class Run:
    """The answer of stress_run for one line."""

    def __init__(self, header, text):
        words = header.split()
        self.refused = header if words[1] == "refused" else None
        self.text = text
        if self.refused is None:
            self.status, self.quotas, self.imbalance, self.too_long = map(int, words[1:5])
        self.events = [json.loads(line) for line in text.splitlines()]
        self.alerts = alerts(self.events)
        self.books, self.books_problem = books(self.events)


class Runner:
    """Runs lines of (policy, workers, megabytes, ring, paths) in two processes."""

    def __init__(self, program, signatures, schema):
        self.command = [str(program), str(signatures)]
        self.schema = Schema(schema)
        self.judged = {}

    def _batch(self, lines):
        done = subprocess.run(self.command, input="".join(lines).encode(),
                              stdout=subprocess.PIPE, check=False)
        if done.returncode != 0:
            sys.exit(f"Bail out! stress_run ended with {done.returncode}")
        runs, at = [], 0
        while at < len(done.stdout):
            end = done.stdout.index(b"\n", at)
            header = done.stdout[at:end].decode()
            size = 0 if header.startswith("# refused") else int(header.split()[5])
            runs.append(Run(header, done.stdout[end + 1:end + 1 + size].decode()))
            at = end + 1 + size
        return runs

    def run(self, jobs):
        lines = ["\t".join([str(policy), str(workers), str(megabytes), str(ring), *map(str, paths)])
                 + "\n" for policy, workers, megabytes, ring, paths in jobs]
        half = (len(lines) + 1) // 2
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            parts = list(pool.map(self._batch, [part for part in (lines[:half], lines[half:])
                                                if part]))
        runs = [run for part in parts for run in part]
        if len(runs) != len(lines):
            sys.exit("Bail out! stress_run gave fewer answers than runs")
        return runs

    def problem(self, run, frames, cards):
        """What is wrong with a run whatever it read; None: nothing."""
        if run.refused:
            return run.refused
        key = (run.text, run.quotas, run.imbalance, run.too_long)
        if key not in self.judged:
            self.judged[key] = self._judge(run, frames, cards)
        return self.judged[key]

    def _judge(self, run, frames, cards):
        if run.status != 0:
            return f"status {run.status}"
        if run.quotas != 0 or run.too_long != 0:
            return f"quotas {run.quotas}, too long {run.too_long}"
        if run.imbalance != 0 or run.books_problem:
            return f"books: imbalance {run.imbalance}, {run.books_problem}"
        if run.books.get("frames", 0) != frames:
            return f"{run.books.get('frames', 0)} frames are booked of {frames}"
        found = leaks(run.text, cards)
        if found:
            return f"in clear: {', '.join(found)}"
        for event in run.events:
            problem = self.schema.problem(event)
            if problem:
                return problem
        return None


class Tap:
    """TAP lines; a point with several faults shows the first of them."""

    def __init__(self):
        self.count = self.failed = 0

    def point(self, name, faults):
        self.count += 1
        self.failed += bool(faults)
        print(f"{'not ok' if faults else 'ok'} {self.count} - {name}")
        for fault in faults[:4]:
            print(f"#   {fault}")
        if len(faults) > 4:
            print(f"#   and {len(faults) - 4} more")
        sys.stdout.flush()

    def end(self):
        print(f"1..{self.count}")
        return 1 if self.failed else 0
