"""A cable of our own: a network namespace of this process with a pair of
interfaces, and frames of a capture sent over it.

    we send on  peer0 ======== cap0  the sensor listens
"""
import ctypes
import os
import pathlib
import socket
import struct
import subprocess
import time

import lab

CLONE_NEWNET = 0x40000000
SOL_PACKET, PACKET_QDISC_BYPASS = 263, 20
LISTENING, SENDING = "cap0", "peer0"


def enter_namespace():
    """Nothing of the machine's network is seen or changed.  Where tests run by rule as root
    (CI=true) it is no excuse that this cannot be."""
    if os.geteuid() != 0:
        raise lab.NotRun("needs root")
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNET) == -1:
        why = "no network namespace: " + os.strerror(ctypes.get_errno())
        lab.check(os.environ.get("CI") != "true", why)
        raise lab.NotRun(why)
    with open("/proc/sys/net/ipv6/conf/default/disable_ipv6", "w", encoding="ascii") as file:
        file.write("1")


def ip(*words):
    subprocess.run(["ip", *words], check=True, capture_output=True)


def plug(listening=LISTENING, sending=SENDING):
    """One queue each: with more, frames overtake each other."""
    ip("link", "add", listening, "numrxqueues", "1", "numtxqueues", "1", "type", "veth",
       "peer", "name", sending, "numrxqueues", "1", "numtxqueues", "1")
    for name in (listening, sending):
        ip("link", "set", name, "up")


def unplug(listening=LISTENING):
    ip("link", "del", listening)


def frames_of(path):
    """The frames of a capture that forge wrote: a classic pcap of this machine's order."""
    data = pathlib.Path(path).read_bytes()
    magic = struct.unpack_from("<I", data)[0]
    assert magic in (0xa1b2c3d4, 0xa1b23c4d), hex(magic)
    at, frames = 24, []
    while at < len(data):
        length = struct.unpack_from("<I", data, at + 8)[0]
        frames.append(data[at + 16:at + 16 + length])
        at += 16 + length
    return frames


class Sender:
    def __init__(self, name=SENDING):
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
        self.socket.setsockopt(SOL_PACKET, PACKET_QDISC_BYPASS, 1)
        self.socket.bind((name, 0))
        self.sent = 0

    def send(self, frames, seconds=0.0):
        """All of them, evenly over that time."""
        start = time.monotonic()
        for number, frame in enumerate(frames):
            ahead = start + seconds * number / len(frames) - time.monotonic()
            if ahead > 0.0005:
                time.sleep(ahead)
            self.socket.send(frame)
            self.sent += 1

    def close(self):
        self.socket.close()
