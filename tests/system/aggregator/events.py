"""Events made by hand, each checked against the schema of sensor/event."""
import datetime
import json

import jsonschema

EPOCH = datetime.datetime(2026, 11, 20, 10, 0, tzinfo=datetime.timezone.utc)
RUN = "00000000000000aa"


class Events:
    def __init__(self, schema):
        self.validator = jsonschema.Draft202012Validator(json.load(open(schema)))

    def checked(self, event):
        self.validator.validate(event)
        return event

    @staticmethod
    def time(seconds):
        at = EPOCH + datetime.timedelta(seconds=seconds)
        return at.strftime("%Y-%m-%dT%H:%M:%S.%f+0000")

    def alert(self, at, finding, tokens=(), merchant=1, server="203.0.113.10",
              host="cdn-jquery-stat.example", ip="198.51.100.77", port=80, category="card-exfil",
              technique="http-body", confidence="high", part=0, replay=True, url="/collect.jpg?x=1",
              reasons=("card-format", "card-key", "card-code"), initiator="server", **more):
        said = {"category": category, "technique": technique, "confidence": confidence,
                "score": 17.2, "reasons": [{"id": r, "weight": 1.0} for r in reasons],
                "subject": {"merchant": merchant, "server": server},
                "remote": {"ip": ip, "port": port}, "tenant": 0, "initiator": initiator,
                "direction": "outbound", "message": "http-request", "encoding": ["base64"],
                "field": "http.body", "key": "info", "offset": 5, "evidence": "card=3540********13",
                "count": 1, "finding_id": finding, "part": part, "source": "a.pcap",
                "first": self.time(at), "coverage_level": "content", "run": RUN,
                "replay": replay, **more}
        if tokens:
            said["cards"] = {"distinct": len(tokens), "test": False, "estimated": False, "list": [
                {"brand": "visa", "bin": "411111", "last4": "1111", "digits": 16,
                 "token": "%032x" % t} for t in tokens]}
        return self.checked({
            "timestamp": self.time(at), "event_type": "alert", "sensor": "test",
            "flow_id": finding, "pcap_cnt": 1, "src_ip": server, "src_port": 40000,
            "dest_ip": ip, "dest_port": port, "proto": "TCP", "community_id": "1:AAAA",
            "app_proto": "http1",
            "alert": {"action": "allowed", "gid": 1, "signature_id": 1, "rev": 1,
                      "signature": "test", "category": "test", "severity": 1},
            "http": {"hostname": host, "url": url, "http_method": "POST"}, "sekisho": said})

    def contact(self, at, remote="198.51.100.77", name=""):
        row = ["203.0.113.10", remote, 80, "tcp", 1, 1, self.time(at), self.time(at + 1), 3, 2,
               300, 200, 1, 1, "0000000000000001", name, "http1"]
        return self.checked({"timestamp": self.time(at), "event_type": "contact", "sensor": "test",
                             "sekisho": {"tenant": 0, "rows": [row], "run": RUN, "replay": True}})

    def coverage(self, minute):
        row = {"subject": {"merchant": 1, "server": "203.0.113.10"}, "tenant": 0,
               "source": "a.pcap", "packets": 10, "payload": 1000, "inspected": 710,
               "duplicate": 0, "pending": 0, "missing": 0, "tls": 290, "one_sided": 0,
               "skipped": {"encrypted": 290}}
        frames = {"source": "a.pcap", "frames": 10, "bytes": 2000, "decoded": 10, "drops": 0,
                  "refused": {}}
        return self.checked({
            "timestamp": self.time(minute * 60 + 60), "event_type": "coverage", "sensor": "test",
            "sekisho": {"minute": self.time(minute * 60), "rows": [row], "frames": [frames],
                        "run": RUN, "replay": True}})

    def stats(self, at, **counters):
        return self.checked({
            "timestamp": self.time(at), "event_type": "stats", "sensor": "test",
            "sekisho": {"counters": counters, "run": RUN, "replay": True}})

    def health(self, at, state="started"):
        return self.checked({
            "timestamp": self.time(at), "event_type": "health", "sensor": "test",
            "sekisho": {"state": state, "run": RUN, "replay": True}})
