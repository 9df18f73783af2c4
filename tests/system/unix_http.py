"""HTTP over a Unix socket: how the aggregator is asked."""
import http.client
import socket


class Connection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=40)
        self.path = str(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)

    def ask(self, target, method="GET", body=None):
        """(status, body)"""
        self.request(method, target, body=body)
        answer = self.getresponse()
        return answer.status, answer.read()
