"""What captures say, as multisets of values: by our messages tool, and as kept
in TSV files.  Shared by tshark_facts.py and the test that compares."""

import collections
import hashlib
import os
import pathlib
import re
import subprocess
import tarfile

FIELDS = ["http.method", "http.host", "http.uri", "http.stat_code", "http.body", "tls.sni",
          "ja3.hash", "dns.query", "community_id"]
# Counted apart, every difference explained all the same: bytes broken on purpose,
# whose meaning depends on who reads, and a capture that lacks most of what the server
# sent, where tshark takes each segment for the beginning of a message.
RESPONSES = ("http.stat_code", "http.body")
BROKEN = {"evasion/http-evader-all.tar.gz/": RESPONSES, "bruteshark-HTTP---NTLM.pcap": RESPONSES,
          "fuzz": FIELDS}
GROUPS = FIELDS + [f"{field} (broken)" for field in FIELDS]
# Of these it counts that a flow has the value, not how often.
ONCE = ("community_id", "tls.sni", "ja3.hash")
HASH_DIGITS = 8  # of a value: short, so that no value can be read back from it
SUFFIXES = (".pcap", ".pcapng", ".cap")

# Ports on which tshark's own table names the protocol: elsewhere it guesses or is silent.
HTTP_PORTS = {80, 3128, 3132, 5985, 8080, 8088, 11371}
DNS_PORT = 53
# Tunnels that tshark looks into and we do not yet: GTP, Teredo, GRE in UDP, VXLAN-GPE,
# AYIYA, CAPWAP, GENEVE, MPLS in UDP.
TUNNEL_PORTS = {2152, 3544, 4754, 4790, 5072, 5247, 6081, 6635}
# TLS begins behind a few words of these: not read yet.
STARTTLS_PORTS = {21, 25, 110, 143, 587, 3306, 5222, 5269, 5432, 15432}


def captures(folder, scratch):
    """(name, path) of every capture: files below folder, and members of its archives."""
    folder = pathlib.Path(folder)
    found = [(str(path.relative_to(folder)), str(path)) for path in folder.rglob("*")
             if path.is_file() and path.name.endswith(SUFFIXES)]
    for pack in folder.rglob("*.tar.gz"):
        target = pathlib.Path(scratch, pack.relative_to(folder))
        with tarfile.open(pack) as archive:
            archive.extractall(target)
        found += [(f"{pack.relative_to(folder)}/{path.relative_to(target)}", str(path))
                  for path in target.rglob("*") if path.is_file() and path.name.endswith(SUFFIXES)]
    return sorted(found)


class Facts:
    """The values of one capture by field, each as a hash of it and the Community ID of its flow."""

    def __init__(self):
        self.values = {field: collections.Counter() for field in FIELDS}

    def add(self, field, community_id, value=b""):
        told = hashlib.sha256(community_id.encode() + b" " + value).hexdigest()[:HASH_DIGITS]
        if field in ONCE:
            self.values[field][told] = 1
        else:
            self.values[field][told] += 1

    def unite(self, other):
        """Adds what the other reading has beyond this one."""
        for field in FIELDS:
            self.values[field] |= other.values[field]


def packed(values):
    """A multiset of hashes as one word."""
    return ",".join(told + (f"*{count}" if count > 1 else "")
                    for told, count in sorted(values.items()))


def unpacked(word):
    values = collections.Counter()
    for told in filter(None, word.split(",")):
        told, _, count = told.partition("*")
        values[told] = int(count or 1)
    return values


def difference(here, there):
    """None, or what differs: values only here, values only there, hash over both."""
    if here == there:
        return None
    ours, theirs = here - there, there - here
    told = hashlib.sha256(f"{packed(ours)} {packed(theirs)}".encode()).hexdigest()[:HASH_DIGITS]
    return [str(sum(ours.values())), str(sum(theirs.values())), told]


def unescape(text):
    """safe_text, reversed."""
    return re.sub(rb"\\x([0-9a-fA-F]{2})", lambda m: bytes([int(m.group(1), 16)]), text)


def is_compared(field, ports):
    """By protocol and ports alone: both sides are cut down in the same way."""
    proto, _, numbers = ports.partition("/")
    numbers = {int(n) for n in numbers.split("-")}
    if field == "community_id":
        return proto != "udp" or not numbers & TUNNEL_PORTS
    if field.startswith("http."):
        return proto == "tcp" and bool(numbers & HTTP_PORTS)
    if field == "dns.query":
        return DNS_PORT in numbers
    return proto == "tcp" and not numbers & (HTTP_PORTS | STARTTLS_PORTS)


def take_line(facts, line):
    """One line of the messages tool (tell.h) without its file."""
    field, community_id, ports, _fate = (column.decode() for column in line[:4])
    values = [unescape(value) for value in line[4:]]
    if not is_compared("community_id" if field == "flow" else field, ports):
        return
    if field == "http.request":
        if not values.pop():  # HTTP/0.9: tshark tells nothing of it
            return
        for name, value in zip(("http.method", "http.host", "http.uri"), values):
            if name != "http.host" or value:
                facts.add(name, community_id, value)
    elif field == "http.response":
        facts.add("http.stat_code", community_id, values[0])
    elif field == "flow":
        facts.add("community_id", community_id)
    elif field == "dns.query":
        facts.add(field, community_id, values[0] + b" " + values[1])
    else:
        facts.add(field, community_id, values[0])


def ours(messages, paths):
    """path -> Facts, by the messages tool."""
    found = {path: Facts() for path in paths}
    for start in range(0, len(paths), 200):
        part = paths[start:start + 200]
        done = subprocess.run([messages] + part, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              check=False)
        if done.returncode not in (0, 1):
            why = done.stderr.decode(errors="replace")
            raise SystemExit(f"messages ended with {done.returncode}\n{why}")
        for line in done.stdout.splitlines():
            path, *line = line.split(b"\t")
            take_line(found[path.decode()], line)
    return found


def group_of(name, field):
    """The row of the table of agreement that a capture's field belongs to."""
    broken = any(part in name and field in fields for part, fields in BROKEN.items())
    return f"{field} (broken)" if broken else field


def read_tsv(path, key_columns):
    """Rows below the first, by their first columns."""
    if not os.path.exists(path):
        return {}
    with open(path, encoding="utf-8") as f:
        rows = [line.split("\t") for line in f.read().splitlines()[1:]]
    return {tuple(row[:key_columns]): row[key_columns:] for row in rows}


def tsv(columns, rows):
    return "".join("\t".join(str(column) for column in row) + "\n" for row in [columns] + rows)
