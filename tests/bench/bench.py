#!/usr/bin/env python3
"""Tables of speed and memory, on captures that forge makes.

usage: bench.py [--mb N] [--full] [--rounds N] [--peers] [--flows N]
                [--run BENCH_RUN] [--forge FORGE] [--only http,tls,small,flows,flood]

Every figure is the median of the rounds, with (least-most) behind it.  CPU
seconds are those of the thread that captures and inspects; a rival's are all
of its process.  Ratios are taken within one run.  Only counts can fail it."""
import argparse
import base64
import json
import os
import pathlib
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
SIGNATURES = str(ROOT / "signatures")
CORPORA = ("http", "tls", "small")
RIVAL_ROUNDS = 5
RULES = 5000
LISTED_IPS, LISTED_NAMES = 26_000, 10_000
FLOOD = 1_000_000
LATE_MS = 1000
EXTRA_ROWS = 16  # contact rows that a flood may add

POLICY = """merchants:
  - id: 1
    addresses: [203.0.113.0/25]
    level: content
    basis: forged traffic
  - id: 2
    addresses: [203.0.113.128/25]
    level: content
    basis: forged traffic
"""

RIVAL = """%YAML 1.1
---
vars:
  address-groups: {HOME_NET: "any", EXTERNAL_NET: "any"}
default-log-dir: .
outputs:
  - fast: {enabled: no}
  - eve-log: {enabled: no}
  - stats: {enabled: no}
logging:
  default-log-level: info
  outputs:
    - console: {enabled: no}
    - file: {enabled: yes, level: info, filename: rival.log}
app-layer:
  protocols:
    http: {enabled: yes}
    tls: {enabled: yes, detection-ports: {dp: 443}}
    dns: {udp: {enabled: yes}, tcp: {enabled: yes}}
mpm-algo: hs
spm-algo: hs
max-pending-packets: 1024
stream: {memcap: 1gb, checksum-validation: no, reassembly: {memcap: 1gb, depth: 1mb}}
flow: {memcap: 1gb, hash-size: 1048576, prealloc: 100000}
"""

# What comes nearest to our lists and to the search for cards.
RIVAL_EXTRA = "".join(
    f'alert {proto} any any -> any any (msg:"listed {buffer}"; {buffer}; dataset:isset,{name},'
    f'type {kind},load {{folder}}/{name}.lst,memcap 64mb,hashsize 65536; sid:{sid}; rev:1;)\n'
    for sid, (proto, buffer, name, kind) in enumerate((
        ("ip", "ip.src", "ips", "ipv4"), ("ip", "ip.dst", "ips", "ipv4"),
        ("dns", "dns.query", "names", "string"), ("tls", "tls.sni", "names", "string"),
        ("http", "http.host", "names", "string")), 9_000_000)
) + 'alert tcp any any -> any any (msg:"digits"; flow:established; ' \
    'pcre:"/(?:\\d[ -]?){{13,19}}/"; sid:9000009; rev:1;)\n'

failures = []


def must(holds, text):
    if not holds:
        failures.append(text)
        print(f"FAILED: {text}")


def pairs(line):
    return {key: float(value) for key, value in (word.split("=") for word in line.split())}


def call(*words):
    done = subprocess.run([str(word) for word in words], stdout=subprocess.PIPE, text=True,
                          check=False)
    if done.returncode != 0:
        sys.exit(f"{words[1]}: status {done.returncode}")
    return done.stdout


def spread(values, form="{:.2f}"):
    low, high = form.format(min(values)), form.format(max(values))
    return f"{form.format(statistics.median(values))} ({low}-{high})"


def table(title, head, rows):
    widths = [max(len(str(row[i])) for row in [head, *rows]) for i in range(len(head))]
    print(f"\n{title}")
    for row in [head, ["-" * width for width in widths], *rows]:
        print("  ".join(str(cell).ljust(width) for cell, width in zip(row, widths)).rstrip())
    sys.stdout.flush()


def rules_text():
    """Half host names, a quarter targets, the rest bytes of bodies and of raw streams."""
    lines = []
    for i in range(RULES):
        word = f"{i * 2654435761 % 2**32:08x}"
        kind = i % 20
        if kind < 10:
            rule = f'http any any -> any any (msg:"h{i}"; flow:to_server,established; ' \
                   f'http.host; content:"x{word}.example"'
        elif kind < 15:
            rule = f'http any any -> any any (msg:"u{i}"; flow:to_server,established; ' \
                   f'http.uri; content:"/x{word}/gate"'
        elif kind < 18:
            rule = f'http any any -> any any (msg:"b{i}"; flow:to_client,established; ' \
                   f'http.response_body; content:"var x{word}=atob"'
        else:
            raw = " ".join(word[j:j + 2] for j in range(0, 8, 2))
            rule = f'tcp any any -> any any (msg:"r{i}"; flow:established; ' \
                   f'content:"|fe {raw} 01 9d|"'
        lines.append(f"alert {rule}; fast_pattern; sid:{1000000 + i}; rev:1;)")
    return "\n".join(lines) + "\n"


def listed():
    """None of them occurs: 198.18.0.0/15 (RFC 2544), names below .example."""
    ips = sorted({i * 2654435761 % 2**17 for i in range(LISTED_IPS)})
    return ([f"198.{18 + (ip >> 16)}.{ip >> 8 & 255}.{ip & 255}" for ip in ips],
            [f"l{i * 2654435761 % 2**32:08x}.example" for i in range(LISTED_NAMES)])


class Bench:
    def __init__(self, options, folder):
        self.options, self.folder = options, folder
        self.policy, self.rules = folder / "policy.yaml", folder / "5000.rules"
        self.listed, self.rival_rules = folder / "listed.txt", folder / "rival.rules"
        self.policy.write_text(POLICY)
        self.rules.write_text(rules_text())
        ips, names = listed()
        self.listed.write_text("\n".join(ips + names) + "\n")
        (folder / "ips.lst").write_text("\n".join(ips) + "\n")
        (folder / "names.lst").write_text(
            "".join(base64.b64encode(name.encode()).decode() + "\n" for name in names))
        self.rival_rules.write_text(rules_text() + RIVAL_EXTRA.format(folder=folder))
        self.rival_yaml = folder / "rival.yaml"
        self.rival_yaml.write_text(RIVAL)
        self.join_rows = []

    def run(self, *words):
        return call(self.options.run, *words)

    def engine(self, workers, file, mode="engine"):
        result = pairs(self.run(mode, workers, file, SIGNATURES, self.policy, self.rules,
                                self.listed))
        must(result["imbalance"] == 0, f"{file.name}, {workers} workers: the books balance")
        return result

    def corpus(self, name):
        file = self.folder / f"{name}.pcap"
        call(self.options.forge, "corpus", name, "-o", file, "--megabytes", self.options.mb,
             "--seed", 1)
        reads, limits, plain, runs = [], [], [], {1: [], 2: []}
        for _ in range(self.options.rounds):
            reads.append(pairs(self.run("read", file)))
            limits.append(pairs(self.run("limit", file, SIGNATURES, self.policy, self.rules)))
            plain.append(self.engine(1, file, "plain"))
            for workers, results in runs.items():
                results.append(self.engine(workers, file))
        same = {result[key] for results in runs.values() for result in results
                for key in ("inspected",)}
        must(len(same) == 1, f"{name}: the same bytes inspected in every run")
        rows = []
        for workers, results in runs.items():
            one = workers == 1
            rows.append([
                name, workers,
                spread([r["wire"] * 8e-9 / r["wall"] / workers for r in results]),
                spread([r["wire"] * 8e-9 / r["cpu"] for r in results]) if one else "",
                spread([r["packets"] * 1e-6 / r["wall"] / workers for r in results]),
                spread([r["packets"] * 1e-6 / r["cpu"] for r in results]) if one else "",
                f"{results[0]['inspected'] * 1e-6:.0f}",
                self.share(reads, "cpu", results) if one else "",
                self.share(limits, "hand_cpu", results) if one else "",
                self.share(limits, "scan_cpu", results) if one else "",
                self.share(plain, "cpu", results) if one else "",
                spread([r["rss_kib"] / 1024 for r in results], "{:.0f}"),
                f"{results[0]['quotas']:.0f}"])
            self.join_rows.append([
                name, workers, f"{results[0]['facts']:.0f}", f"{results[0]['events']:.0f}",
                spread([r["facts"] * 1e-6 / r["join_cpu"] for r in results]),
                spread([r["join_cpu"] * 100 / r["wall"] for r in results], "{:.1f}")])
        return rows, file

    @staticmethod
    def share(limits, key, results):
        """Our time in the limit's, as percent of the limit's speed; of the medians."""
        limit = statistics.median(entry[key] for entry in limits)
        ours = statistics.median(entry["cpu"] for entry in results)
        return f"{100 * limit / ours:.1f}"

    def corpora(self):
        names = [name for name in CORPORA if name in self.options.only]
        rows = []
        for name in names:
            more, file = self.corpus(name)
            rows += more
            if self.options.peers:
                self.rival(name, file)
            file.unlink()
        table(f"Corpora of {self.options.mb} MB, {RULES} rules beside our own, {LISTED_IPS} "
              f"addresses, {LISTED_NAMES} names, per worker",
              ["corpus", "workers", "Gbit/s wall", "Gbit/s CPU", "Mpps wall", "Mpps CPU",
               "MB inspected", "% of read", "% of hand-off", "% of hand-off + a pass a scan",
               "% of itself without codings and unwrap",
               "RSS MiB", "quotas"], rows)
        table("Join", ["corpus", "workers", "facts", "events", "M facts/s of its CPU",
                       "% of a core"], self.join_rows)
        if self.options.peers and names:
            table(f"Beside Suricata ({self.version()}; same rules, {LISTED_IPS} addresses and "
                  f"{LISTED_NAMES} names, digits by pcre; single, eve and fast off), "
                  f"A-B x {RIVAL_ROUNDS}",
                  ["corpus", "ours s wall", "Suricata s wall", "ratio", "ours s CPU",
                   "Suricata s CPU", "ratio", "Suricata MiB"], self.rivals)

    rivals = []

    @staticmethod
    def version():
        text = call("suricata", "-V")
        return text.split()[-2] if "RELEASE" in text else text.strip()

    def suricata(self, file):
        log = self.folder / "rival.log"
        log.unlink(missing_ok=True)
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        call("suricata", "-c", self.rival_yaml, "-S", self.rival_rules, "-r", file, "--runmode",
             "single", "-k", "none", "-l", self.folder)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        wall = None
        for line in log.read_text().splitlines():
            if "time elapsed" in line:
                wall = float(line.split("time elapsed")[1].split()[0].rstrip("s"))
        cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        return {"wall": wall, "cpu": cpu, "rss": after.ru_maxrss / 1024}

    def rival(self, name, file):
        single = self.folder / "single.pcap"  # what starting costs: it refuses an empty file
        with file.open("rb") as whole:
            head = whole.read(40)
            single.write_bytes(head + whole.read(int.from_bytes(head[32:36], "little")))
        start = statistics.median(self.suricata(single)["cpu"] for _ in range(3))
        ours, theirs = [], []
        for _ in range(RIVAL_ROUNDS):
            ours.append(self.engine(1, file))
            theirs.append(self.suricata(file))
        wall = [entry["wall"] for entry in theirs]
        cpu = [entry["cpu"] - start for entry in theirs]
        ours_cpu = [entry["all_cpu"] for entry in ours]
        ours_wall = [entry["wall"] for entry in ours]
        median = statistics.median
        self.rivals.append([
            name, spread(ours_wall), spread(wall), f"{median(wall) / median(ours_wall):.1f}",
            spread(ours_cpu), spread(cpu), f"{median(cpu) / median(ours_cpu):.1f}",
            f"{theirs[-1]['rss']:.0f}"])

    def flows(self):
        count, packets = self.options.flows, self.options.flows
        sizes = (1000, 10_000, count)
        results = {size: [] for size in sizes}
        for _ in range(self.options.rounds):
            for size in sizes:
                results[size].append(pairs(self.run("flows", size, packets, SIGNATURES,
                                                    self.policy, self.rules)))
        base = statistics.median(r["rss_kib"] for r in results[1000])
        rows = []
        for size in sizes:
            must(all(r["flows"] == size for r in results[size]), f"{size} flows were made")
            grown = [(r["rss_kib"] - base) * 1024 / (size - 1000) for r in results[size]] \
                if size > 10_000 else []
            rows.append([
                size, spread([r["rss_kib"] / 1024 for r in results[size]], "{:.0f}"),
                spread(grown, "{:.0f}") if grown else "",
                spread([r["steady_packets"] * 1e-6 / r["steady_cpu"] for r in results[size]]),
                f"{results[size][0]['quotas']:.0f}"])
        table("Flows with a request in flight", ["flows", "RSS MiB", "bytes a flow",
              "then Mpps CPU, in turn over all", "quotas"], rows)

    def findings(self, count, since, file):
        text = self.run("flood", count, since, file, SIGNATURES,
                        ROOT / "tools/demo/policy.yaml")
        *lines, report = text.splitlines()
        alerts, contact_rows = {}, 0
        for line in lines:
            late_ms, event = line.split("\t", 1)
            event = json.loads(event)
            if event["event_type"] == "alert":
                alerts[event["sekisho"].get("finding_id", len(alerts))] = (
                    event["timestamp"], int(late_ms))
            elif event["event_type"] == "contact":
                contact_rows += len(event["sekisho"]["rows"])
        return alerts, contact_rows, pairs(report)

    def flood(self):
        file = self.folder / "robbery.pcap"
        call(self.options.forge, ROOT / "tests/scenarios/robbery.forge", "-o", file)
        alerts, _, _ = self.findings(0, 0, file)
        first = min(stamp for stamp, _ in alerts.values())
        since = int(subprocess.check_output(["date", "-u", "-d", first, "+%s"])) - 5
        quiet, quiet_rows, _ = self.findings(0, since, file)
        loud, loud_rows, report = self.findings(FLOOD, since, file)
        window = {key for key, (stamp, _) in quiet.items()
                  if int(subprocess.check_output(["date", "-u", "-d", stamp, "+%s"])) < since + 11}
        late = [loud[key][1] - quiet[key][1] for key in window if key in loud]
        behind = max((loud[key][1] for key in window if key in loud), default=-1)
        must(set(quiet) == set(loud), "the flood changes no finding")
        must(bool(late) and max(late) <= LATE_MS, f"no finding more than {LATE_MS} ms later")
        must(loud_rows <= quiet_rows + EXTRA_ROWS, "contact rows are bounded under the flood")
        table(f"{FLOOD} SYNs from as many sources in 10 s, beside the robbery",
              ["findings", "in the window", "ms later, most", "ms behind",
               "contact rows without", "with", "facts", "join % of a core"],
              [[len(loud), len(late), max(late, default=-1), behind, quiet_rows, loud_rows,
                f"{report['facts']:.0f}", f"{100 * report['join_cpu'] / report['wall']:.2f}"]])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--mb", type=int, default=128)
    parser.add_argument("--full", action="store_true", help="1000 MB")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--flows", type=int, default=1_000_000)
    parser.add_argument("--peers", action="store_true",
                        default=os.environ.get("SEKISHO_PEERS", "") != "")
    parser.add_argument("--run", default=ROOT / "build/tests/bench/bench_run")
    parser.add_argument("--forge", default=ROOT / "build/tools/forge/forge")
    parser.add_argument("--only", default="http,tls,small,flows,flood")
    options = parser.parse_args()
    options.only = options.only.split(",")
    if options.full:
        options.mb = 1000
    if options.peers and shutil.which("suricata") is None:
        sys.exit("suricata is not installed: tools/peers.sh")
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(options, pathlib.Path(folder))
        if set(CORPORA) & set(options.only):
            bench.corpora()
        if "flows" in options.only:
            bench.flows()
        if "flood" in options.only:
            bench.flood()
    sys.exit(1 if failures else 0)


main()
