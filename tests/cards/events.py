"""Runs the sensor over a capture and gives what it alerted, by protected server."""
import json
import subprocess
import tempfile
import time

RANKS = {"low": 0, "medium": 1, "high": 2}


class Alert:
    def __init__(self, event):
        ours = event["sekisho"]
        self.category, self.confidence = ours["category"], ours["confidence"]
        self.technique, self.score = ours["technique"], ours["score"]
        self.encoding = ours.get("encoding") or []
        self.reasons = [row["id"] for row in ours["reasons"]]
        cards = ours.get("cards") or {}
        self.cards = cards.get("list", [])
        self.distinct = cards.get("distinct", 0)
        self.finding, self.part = ours["finding_id"], ours["part"]
        self.server = ours["subject"].get("server")
        self.ends = (self.server, event.get("src_ip"), event.get("dest_ip"))

    def holds(self, digits):
        return any(card["bin"] == digits[:6] and card["last4"] == digits[-4:]
                   and card["digits"] == len(digits) for card in self.cards)

    def is_of_cards(self, least="medium"):
        return self.category.startswith("card-") and RANKS[self.confidence] >= RANKS[least]


class Run:
    """Alerts by server of one reading, and how long it took."""

    def __init__(self, sensor, signatures, paths, workers=1, more=()):
        command = [sensor, "-r", *paths, "--events", "-", "--signatures", signatures,
                   "--workers", str(workers), *more]
        self.alerts, self.encodings, self.counters = {}, {}, {}
        began = time.monotonic()
        with tempfile.TemporaryFile() as errors:
            with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors) as process:
                for line in process.stdout:
                    if b'"event_type":"alert"' in line:
                        self._take(Alert(json.loads(line)))
                    elif b'"event_type":"stats"' in line:
                        self.counters.update(json.loads(line)["sekisho"]["counters"])
            errors.seek(0)
            self.errors = errors.read().decode(errors="replace")
        self.seconds = time.monotonic() - began
        if process.returncode != 0:
            raise SystemExit(f"{command[0]} ended with {process.returncode}\n{self.errors}")

    def _take(self, alert):
        """Further parts of a finding list more cards and do not repeat how they were coded."""
        if alert.part > 0:
            alert.encoding = self.encodings.get(alert.finding, alert.encoding)
        self.encodings.setdefault(alert.finding, alert.encoding)
        for end in set(alert.ends):
            self.alerts.setdefault(end, []).append(alert)

    def of(self, row):
        """What was alerted about a row of the truth."""
        return self.alerts.get(row["server"], [])
