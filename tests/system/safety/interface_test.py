"""An interface that goes away while the sensor listens: it is told, looked for
each second, listened to when it is there again; and what an interface does to
packets before they are seen is said at the start.  Prints TAP.

usage: see lab.py; needs root"""
import ctypes
import fcntl
import socket
import struct
import sys

sys.dont_write_bytecode = True

import cable
import lab
from lab import check, equal, test
from live import alerts, captures, main, sensor

SIOCETHTOOL, STSO, SGSO = 0x8946, 0x1f, 0x24


def switch_off(interface):
    """What a cable does by itself: segmentation offloads."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        for command in (STSO, SGSO):
            value = (ctypes.c_uint32 * 2)(command, 0)
            request = struct.pack("16sQ16x", interface.encode(), ctypes.addressof(value))
            fcntl.ioctl(any_socket, SIOCETHTOOL, request)


def thefts(live, frames):
    since = len(live.seen())
    sender = cable.Sender()
    sender.send(frames, 0.3)
    sender.close()
    lab.wait_for("three thefts", lambda: alerts(live.seen(since))["card-exfil"] == 3)


@test
def an_interface_that_comes_back_is_listened_to_again(folder):
    parts = captures(folder)
    with sensor(folder) as live:
        thefts(live, parts[0])
        for number, part in enumerate(parts[1:3], 1):
            cable.unplug()
            lab.wait_for("interface-down in events",
                         lambda: len(live.states("interface-down")) == number)
            equal(live.states("interface-down")[-1]["detail"], cable.LISTENING, "which")
            cable.plug()
            lab.wait_for("interface-up in events",
                         lambda: len(live.states("interface-up")) == number)
            thefts(live, part)
        live.stop()
        for words in ("cap0: the interface is gone", "cap0: the interface is up again"):
            equal(live.said().count(words), 2, "lines: " + live.said())


@test
def an_interface_that_changes_packets_is_named(folder):
    with sensor(folder) as live:
        live.stop()
        check("ethtool -K cap0 tso off gso off" in live.said(), live.said())
        (folder / "sensor.err").unlink()
    switch_off(cable.LISTENING)
    with sensor(folder) as live:
        live.stop()
        check("ethtool" not in live.said(), live.said())


main()
