"""Every capture there is, with 1, 2 and 4 workers: the same events, balanced
books, no card alert (captures_run.c).  Prints TAP.

usage: captures.py CAPTURES_RUN SIGNATURES FOLDER-OF-CAPTURES"""
import os
import pathlib
import subprocess
import sys
import tarfile
import tempfile

SUFFIXES = (".pcap", ".pcapng", ".cap", ".pcap.gz")


def captures(folder, scratch):
    """Captures as files, and the members of the packs."""
    for pack in sorted(folder.rglob("*.tar.gz")):
        target = pathlib.Path(scratch, pack.name)
        with tarfile.open(pack) as archive:
            archive.extractall(target)
    for root in (folder, pathlib.Path(scratch)):
        for path in sorted(root.rglob("*")):
            if path.is_file() and path.name.endswith(SUFFIXES):
                yield path


def main():
    run, signatures, folder = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3])
    if not folder.is_dir():
        print("1..1")
        if os.environ.get("CI") == "true":
            print(f"not ok 1 - no captures at {folder}")
            sys.exit(1)
        print("ok 1 - captures # SKIP not run: data absent")
        return
    with tempfile.TemporaryDirectory() as scratch:
        paths = [str(path) for path in captures(folder, scratch)]
        done = subprocess.run([run, signatures], input="\n".join(paths) + "\n", text=True,
                              stdout=subprocess.PIPE, check=False)
        lines = [line.replace(scratch + "/", "") for line in done.stdout.splitlines()]
    print(f"1..{len(paths)}")
    for number, line in enumerate(lines, 1):
        verdict = "not ok" if line.startswith("not ok") else "ok"
        print(f"{verdict} {number} - {line.split(' ', 2 if verdict == 'not ok' else 1)[-1]}")
    for number in range(len(lines) + 1, len(paths) + 1):
        print(f"not ok {number} - not reached: the run ended with {done.returncode}")
    sys.exit(0 if done.returncode == 0 and len(lines) == len(paths) else 1)


main()
