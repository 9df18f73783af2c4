"""Scenarios for forge: one card message in every shape, under any stress."""
import concurrent.futures
import itertools
import pathlib
import subprocess

import check

CARD = "card={p.card} exp={p.exp} cvv={p.cvv} name={p.name} mail={p.mail}"
REQUEST = ["post /collect.jpg", "header User-Agent: Mozilla/5.0", f"form {CARD}"]
REPLY = ["reply 200 text/html", "page html 900"]
VIEW = ["get /a.js", "reply 200 text/plain", "body ok"]
RAW = ["send {p.card};exp={p.exp};cvv={p.cvv};name={p.name}", "recv ok"]

# The block of one exchange: its head word and port, and its lines.
SHAPES = {
    "plain": ("http shop drop", REQUEST + REPLY),
    "gzip": ("http shop drop", REQUEST + ["gzip"] + REPLY),
    "chunked": ("http shop drop", REQUEST + ["chunked 11"] + REPLY),
    "gzip-chunked": ("http shop drop", REQUEST + ["gzip", "chunked 40"] + REPLY),
    "keep-alive": ("http shop drop", VIEW + REQUEST + REPLY + VIEW),
    "pipelined": ("http shop drop", ["pipelined"] + VIEW + REQUEST + REPLY + VIEW),
    "raw": ("tcp shop drop:4444", RAW),
    "udp": ("udp shop drop:9999", RAW),
    "icmp": ("icmp shop drop", RAW),
}

HOSTS = """
host shop 203.0.113.10 2001:db8:113::10 name hanamizuki.example
host drop 198.51.100.77 2001:db8:100::77 name cdn-jquery-stat.example
person p visa
wait 1s
"""


class Capture:
    """What forge made of one scenario."""

    def __init__(self, path, cards):
        self.path = path
        self.frames = check.frames_of(path)
        self.cards = cards


class Forge:
    def __init__(self, program, folder):
        self.program, self.folder = str(program), pathlib.Path(folder)
        self.count = itertools.count(1)
        self.shapes = {}
        for shape, (head, lines) in SHAPES.items():
            block = "".join(f"\t{line}\n" for line in lines)
            self.shapes[shape] = self.folder / f"{shape}.forge"
            self.shapes[shape].write_text(
                f"set link ethernet\nstart 2026-11-20T10:00:00Z\nlink $link\n{HOSTS}"
                f"{head} as theft with $stress\n{block}end\n", encoding="utf-8")

    def make(self, scenario, seed=7, **settings):
        """A capture of a scenario (text, or a path)."""
        base = self.folder / f"{next(self.count)}"
        path = scenario
        if isinstance(scenario, str):
            path = base.with_suffix(".forge")
            path.write_text(scenario, encoding="utf-8")
        pcap, truth = base.with_suffix(".pcap"), base.with_suffix(".truth")
        words = [word for key, value in settings.items() for word in ("--set", f"{key}={value}")]
        subprocess.run([self.program, str(path), "-o", str(pcap), "--truth", str(truth),
                        "--clear-truth", "--seed", str(seed), *words], check=True)
        return Capture(pcap, check.truth_of(truth))

    def theft(self, shape, stress="", link="ethernet"):
        """The card message of that shape under a stress."""
        return self.make(self.shapes[shape], stress=stress or "none", link=link)

    def thefts(self, shape, stresses):
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            return list(pool.map(lambda stress: self.theft(shape, stress), stresses))
