"""Prints "PASSED FAILED" of a JUnit file that meson wrote; each sub-test counts.

What was not run is named, and is neither passed nor failed."""
import sys
import xml.etree.ElementTree as tree

passed = failed = 0
for suite in tree.parse(sys.argv[1]).getroot().iter("testsuite"):
    for case in suite.iter("testcase"):
        if case.find("failure") is not None or case.find("error") is not None:
            failed += 1
            print(f"failed: {suite.get('name')}: {case.get('name')}", file=sys.stderr)
        elif case.find("skipped") is not None:
            print(f"not run: {suite.get('name')}: {case.get('name')}", file=sys.stderr)
        else:
            passed += 1
print(passed, failed)
