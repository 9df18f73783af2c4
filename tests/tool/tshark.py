"""The values of a capture as tshark 4.0 reads them."""

import concurrent.futures
import hashlib
import json
import os
import subprocess
import tempfile
import threading

from facts import Facts, is_compared

# wiretap: Ethernet, raw IP, NULL, SLL, LOOP, raw IPv4, raw IPv6, SLL2
LINKS = {"1", "7", "15", "25", "31", "129", "130", "210"}
PASSED = {"sll", "eth", "ethertype", "vlan", "ieee8021ad", "null", "raw", "loop", "ah",
          "ip", "ipv6", "ipv6.hopopts", "ipv6.routing", "ipv6.dstopts", "ipv6.fraghdr", "frame",
          "vxlan"}
LATER_CODINGS = (b"br", b"zstd")  # not undone yet: left out
KNOWN_CODINGS = (b"gzip", b"deflate", b"compress") + LATER_CODINGS
ICMP = ("icmp", "icmpv6")
BASE = ["tshark", "-n", "--enable-protocol", "communityid", "-d", "udp.port==8472,vxlan",
        "-o", "ipv6.tso_support:TRUE"]
COMMAND = BASE + ["-T", "json", "-x", "-J", "frame tcp udp http data dns tls communityid"]
IDS = ["-T", "fields", "-e", "frame.interface_id", "-e", "frame.encap_type",
       "-e", "frame.protocols", "-e", "communityid",
       "-e", "udp.srcport", "-e", "udp.dstport", "-e", "ip.frag_offset", "-e", "ip.flags.mf"]
NO_FRAGMENTS = ["-o", "ip.defragment:FALSE", "-o", "ipv6.defragment:FALSE"]
# Waits for bytes that are missing or late, reads in order, a message when it is whole.
IN_ORDER = ["-o", "tcp.reassemble_out_of_order:TRUE",
            "-Y", "http or dns or tls.handshake.type == 1"]
# Goes on behind what is missing: whole messages there.
BEHIND_GAPS = ["-o", "tcp.reassemble_out_of_order:FALSE", "-Y", "http"]
# Heads of messages that never become whole, as far as their first segment goes.
HEADS = ["-o", "tcp.reassemble_out_of_order:FALSE", "-o", "http.desegment_body:FALSE",
         "-o", "http.desegment_headers:FALSE", "-Y", "http"]


class Tree(list):
    """A JSON object as (name, value) pairs: tshark repeats names."""

    def walk(self):
        for name, value in self:
            yield name, value
            if isinstance(value, Tree):
                yield from value.walk()
            elif isinstance(value, list):
                for item in value:
                    if isinstance(item, Tree):
                        yield from item.walk()

    def last(self, name):
        """The value of the last, innermost one."""
        found = [value for key, value in self if key == name]
        return found[-1] if found else None

    def interface(self):
        return next(value for name, value in self.walk() if name == "frame.interface_id")

    def raw(self, name):
        """The bytes of every field of that name."""
        for key, value in self.walk():
            if key == name + "_raw":
                rows = value if isinstance(value[0], list) else [value]
                for row in rows:
                    yield bytes.fromhex(row[0])


def unread_layer(encap, protocols):
    """The first layer that we do not decode or that ends all; None where that is TCP or UDP."""
    if encap not in LINKS:
        return "link type " + encap
    protocols = protocols.split(":")
    network = None
    for i, name in enumerate(protocols):
        if name == "vxlan":
            network = None
        elif name in ("ip", "ipv6"):
            if network:
                return f"{name} in {network}"
            network = name
        elif name in ICMP:
            return name
        elif name in ("tcp", "udp"):
            rest = protocols[i + 1:]
            if rest[:1] == ["vxlan"]:
                continue
            inner = [other for other in rest if other in ("ip", "ipv6", "tcp", "udp", "eth")]
            return rest[0] if inner else None
        elif name not in PASSED:
            return name
    return "no TCP or UDP"


def dotted(wire):
    """A name of labels as we print it, or None if it has a pointer."""
    labels = []
    while wire and wire[0]:
        if wire[0] > 63 or len(wire) < 1 + wire[0]:
            return None
        labels.append(wire[1:1 + wire[0]])
        wire = wire[1 + wire[0]:]
    return b".".join(labels).lower() or b"."


class Reader:
    def __init__(self, heads_only=False):
        self.facts = Facts()
        self.skipped = {}
        self.heads_only = heads_only

    def add(self, field, value):
        if is_compared(field, self.ports):
            self.facts.add(field, self.community_id, value)

    def take(self, layers):
        frame = layers.last("frame")
        reason = unread_layer(str(frame.last("frame.encap_type")), frame.last("frame.protocols"))
        if reason:
            self.skipped[reason] = self.skipped.get(reason, 0) + 1
            return
        proto = "tcp" if layers.last("tcp") else "udp"
        self.community_id = str(layers.last("communityid"))
        ends = layers.last(proto)
        self.ports = f"{proto}/{ends.last(proto + '.srcport')}-{ends.last(proto + '.dstport')}"
        direct = proto + ":tls" in frame.last("frame.protocols")
        readers = {"http": self.http, "dns": self.dns}
        if direct:
            readers["tls"] = self.tls
        for name, layer in layers:
            if name in readers:
                several = isinstance(layer, list) and not isinstance(layer, Tree)
                for item in layer if several else [layer]:
                    if isinstance(item, Tree):
                        readers[name](item, layers)

    def http(self, layer, layers):
        told = {name for name, _ in layer.walk()}
        if "http.response.code" not in told and not any(layer.raw("http.request.version")):
            return  # HTTP/0.9, which is left out, half a line, or bytes that it could not place
        for name, field in (("http.request.method", "http.method"),
                            ("http.request.uri", "http.uri"),
                            ("http.response.code", "http.stat_code")):
            for value in layer.raw(name):
                self.add(field, value)
        for line in layer.raw("http.host"):
            value = line.partition(b":")[2].strip(b" \t\r\n")
            if value:
                self.add("http.host", value)
        bodies = list(layer.raw("http.file_data"))
        codings = b" ".join(layer.raw("http.content_encoding")).lower()
        if codings and not bodies and not any(word in codings for word in KNOWN_CODINGS):
            bodies = list(layers.raw("data.data"))  # a coding that it does not know
        if any(word in codings for word in LATER_CODINGS):
            bodies = []
        for body in bodies:
            if body and not self.heads_only:
                self.add("http.body", hashlib.sha256(body).hexdigest().encode())

    def tls(self, layer, _layers):
        for name in layer.raw("tls.handshake.extensions_server_name"):
            self.add("tls.sni", name)
        for name, value in layer.walk():
            if name == "tls.handshake.ja3":
                for one in value if isinstance(value, list) else [value]:
                    self.add("ja3.hash", one.encode())

    def dns(self, layer, _layers):
        if not any(name == "dns.flags.response" and value == "0" for name, value in layer.walk()):
            return
        names = list(layer.raw("dns.qry.name"))
        texts = [value for name, value in layer.walk() if name == "dns.qry.name"]
        types = [value for name, value in layer.walk() if name == "dns.qry.type"]
        for wire, text, number in zip(names, texts, types):
            name = dotted(wire) or text.lower().encode()
            self.add("dns.query", name + b" " + str(int(number, 0)).encode())


def output(command):
    env = dict(os.environ, HOME="/nonexistent", XDG_CONFIG_HOME="/nonexistent")
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env,
                          check=False)


def merge(paths, scratch):
    """One capture whose interface n is paths[n]: tshark takes long to start."""
    if len(paths) == 1:
        return paths[0]
    merged = os.path.join(scratch, f"merged-{threading.get_ident()}.pcapng")
    done = output(["mergecap", "-a", "-I", "none", "-w", merged] + paths)
    if done.returncode:
        raise SystemExit(done.stderr.decode(errors="replace"))
    return merged


def is_pcapng(path):
    with open(path, "rb") as f:
        return f.read(4) == b"\x0a\x0d\x0d\x0a"


def mergeable(paths):
    """Those with one interface each and without damage."""
    done = output(["capinfos", "-Tmr", "-c", "-Q"] + paths)
    fine = {row[1:].split(b'","')[0].decode() for row in done.stdout.splitlines()}
    return [path for path in paths
            if path in fine and path.encode() not in done.stderr and not is_pcapng(path)]


def take_ids(paths, options, scratch):
    """path -> [Community IDs of packets that we decode, those of all, is any a fragment]."""
    found = {path: [set(), set(), False] for path in paths}
    done = output(BASE + IDS + options + ["-r", merge(paths, scratch)])
    for row in done.stdout.decode().splitlines():
        interface, encap, protocols, community_id, sport, dport, offset, more = row.split("\t")
        ids = found[paths[int(interface)] if len(paths) > 1 else paths[0]]
        ids[1].add(community_id)
        ids[2] |= offset.strip("0,") != "" or "1" in more or "ipv6.fraghdr" in protocols
        ports = f"udp/{sport.split(',')[-1]}-{dport.split(',')[-1]}"
        compared = not sport or is_compared("community_id", ports)
        if community_id and compared and unread_layer(encap, protocols) in (None, *ICMP):
            ids[0].add(community_id)
    return found


def grouped(paths, ends):
    """Groups in which no two captures have a flow in common: what is put together from
    packets is then never put together across captures."""
    groups = []
    for path in paths:
        for members, taken in groups:
            if not taken & ends[path]:
                break
        else:
            members, taken = [], set()
            groups.append((members, taken))
        members.append(path)
        taken |= ends[path]
    return [members for members, _ in groups]


def run(paths, options, scratch):
    """path -> Reader, by one reading of tshark."""
    readers = {path: Reader(options is HEADS) for path in paths}
    done = output(COMMAND + options + ["-r", merge(paths, scratch)])
    text = done.stdout.decode("utf-8", "replace")
    if text.strip():
        for packet in json.loads(text, object_pairs_hook=Tree, strict=False):
            layers = packet.last("_source").last("layers")
            path = paths[0]
            if len(paths) > 1:
                path = paths[int(layers.last("frame").interface())]
            readers[path].take(layers)
    return readers


def has_http(path):
    with open(path, "rb") as f:
        return b"HTTP/1" in f.read()


def read_group(paths, scratch, found):
    for path, reader in run(paths, IN_ORDER, scratch).items():
        found[path].facts.unite(reader.facts)
        found[path].skipped = reader.skipped
    paths = [path for path in paths if has_http(path)]
    for options in (BEHIND_GAPS, HEADS) if paths else ():
        for path, reader in run(paths, options, scratch).items():
            found[path].facts.unite(reader.facts)


def read(paths):
    """path -> Reader with the facts and what was skipped, for all captures."""
    found = {path: Reader() for path in paths}
    with tempfile.TemporaryDirectory() as scratch, \
            concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        fine = mergeable(paths)
        ids = {}
        for part in pool.map(lambda part: take_ids(part, NO_FRAGMENTS, scratch),
                             [fine[i:i + 200] for i in range(0, len(fine), 200)]):
            ids.update(part)
        fine = [path for path in fine if not ids[path][2]]
        alone = [[path] for path in paths if path not in set(fine)]
        for part in pool.map(lambda part: take_ids(part, [], scratch), alone):
            ids.update(part)
        for path in paths:
            for community_id in ids[path][0]:
                found[path].facts.add("community_id", community_id)
        groups = grouped(fine, {path: ids[path][1] for path in fine})
        list(pool.map(lambda members: read_group(members, scratch, found), groups + alone))
    return found
