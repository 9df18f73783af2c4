"""An aggregator that knows a few answers: HTTP/1.1 over a Unix socket.

The tests give it a table {"GET /status": (status, object)}; what it was asked
stands in asked, bodies included."""
import json
import os
import socket
import threading


class Fake:
    def __init__(self, folder, answers):
        self.path = os.path.join(folder, "api.sock")
        self.answers, self.asked = answers, []  # questions and bodies
        self.mode = "length"  # or "chunked", "close", "bytes", "cut", or raw bytes
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path)
        self.listener.listen(8)
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            with connection:
                try:
                    self.answer(connection)
                except OSError:
                    pass  # the client went away: its own affair

    def answer(self, connection):
        head, body = self.read(connection)
        method, target, _ = head.split("\r\n")[0].split(" ")
        question = f"{method} {target}"
        self.asked.append((question, body))
        found = self.answers.get(question)
        if callable(found):
            found = found()
        status, obj = found or (404, {"error": f"there is no {target}"})
        text = obj if isinstance(obj, bytes) else json.dumps(obj, ensure_ascii=False).encode()
        connection.sendall(self.encode(status, text))

    @staticmethod
    def read(connection):
        data = b""
        while b"\r\n\r\n" not in data:
            more = connection.recv(65536)
            if not more:
                break
            data += more
        head, _, body = data.partition(b"\r\n\r\n")
        head = head.decode()
        length = [l.split(":")[1] for l in head.split("\r\n") if l.startswith("Content-Length:")]
        while length and len(body) < int(length[0]):
            body += connection.recv(65536)
        return head, body.decode()

    def encode(self, status, text):
        if isinstance(self.mode, bytes):
            return self.mode
        line = f"HTTP/1.1 {status} Text\r\nContent-Type: application/json\r\n".encode()
        if self.mode == "length":
            return line + f"Content-Length: {len(text)}\r\n\r\n".encode() + text
        if self.mode == "cut":
            return line + f"Content-Length: {len(text)}\r\n\r\n".encode() + text[:-1]
        if self.mode == "close":
            return line + b"\r\n" + text
        size = 1 if self.mode == "bytes" else 1000
        chunks = [text[i:i + size] for i in range(0, len(text), size)]
        joined = b"".join(f"{len(c):X};note=1\r\n".encode() + c + b"\r\n" for c in chunks)
        return (b"HTTP/1.1 100 Continue\r\n\r\n" + line + b"Transfer-Encoding: chunked\r\n\r\n" +
                joined + b"0\r\nTrailer: x\r\n\r\n")

    def close(self):
        self.listener.close()
        os.unlink(self.path)
