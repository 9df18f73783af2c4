"""sekisho against an aggregator made of hand-written answers: its pages letter
by letter, its questions, its errors.  Prints TAP.

usage: tool_test.py SEKISHO        SEKISHO_GOLDEN=write writes the pages anew"""
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True

from fake import Fake

HERE = pathlib.Path(__file__).parent
SEKISHO = sys.argv[1]
TESTS = []


def test(function):
    TESTS.append(function)
    return function


def load(name):
    return json.loads((HERE / f"{name}.json").read_text(encoding="utf-8"))


def sekisho(*words, fake=None, **env):
    clean = {"PATH": "/usr/bin:/bin", "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "")}
    socket = ["--socket", fake.path] if fake else []
    return subprocess.run([SEKISHO, *words, *socket], env={**clean, **env}, encoding="utf-8",
                          capture_output=True, timeout=60, check=False)


def equal(got, expected):
    if got != expected:
        raise AssertionError(f"got      {got!r}\nexpected {expected!r}")


def golden(name, text):
    path = HERE / f"{name}.txt"
    if os.environ.get("SEKISHO_GOLDEN") == "write":
        path.write_text(text, encoding="utf-8")
    equal(text, path.read_text(encoding="utf-8"))


def served(folder, answers):
    return Fake(folder, {question: (200, answer) for question, answer in answers.items()})


def page(folder, name):
    fake = served(folder, {"GET /incidents/1": load(name)})
    done = sekisho("incident", "1", fake=fake)
    fake.close()
    equal((done.returncode, done.stderr), (0, ""))
    return done.stdout


@test
def the_page_of_a_robbed_shop(folder):
    golden("robbed", page(folder, "robbed"))


def main():
    failed = 0
    print(f"1..{len(TESTS)}")
    for number, function in enumerate(TESTS, 1):
        with tempfile.TemporaryDirectory() as folder:
            try:
                function(folder)
                print(f"ok {number} - {function.__name__}")
            except (AssertionError, OSError, KeyError, subprocess.TimeoutExpired) as why:
                failed += 1
                print(f"not ok {number} - {function.__name__}")
                print("\n".join(f"# {line}" for line in str(why).splitlines()))
    sys.exit(failed > 0)


main()
