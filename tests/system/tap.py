"""What system tests in Python share: a list of functions that each get a folder of
their own, and TAP on standard output."""
import os
import pathlib
import sys
import tempfile
import traceback

TESTS = []


class NotRun(Exception):
    """What is missing here, and why that is no failure."""


def test(function):
    TESTS.append(function)
    return function


def check(truth, why):
    if not truth:
        raise AssertionError(why)


def equal(got, expected, what=""):
    if got != expected:
        raise AssertionError(f"{what}\n     got {got!r}\nexpected {expected!r}")


def main():
    print(f"1..{len(TESTS)}", flush=True)
    failed = 0
    for number, function in enumerate(TESTS, 1):
        name = function.__name__.replace("_", " ")
        try:
            with tempfile.TemporaryDirectory(prefix="sekisho-") as folder:
                os.chmod(folder, 0o755)
                function(pathlib.Path(folder))
            print(f"ok {number} - {name}", flush=True)
        except NotRun as why:
            print(f"ok {number} - {name} # SKIP not run: {why}", flush=True)
        except Exception:
            failed += 1
            print(f"not ok {number} - {name}")
            for line in traceback.format_exc().splitlines():
                print("#", line, flush=True)
    sys.exit(1 if failed else 0)


def skip_all(why):
    print(f"1..{len(TESTS)}")
    for number in range(1, len(TESTS) + 1):
        print(f"ok {number} # SKIP not run: {why}")
