#!/usr/bin/env python3
"""count.py: the closing line of a test run, `N passed, N failed`, from meson's testlog.json.

Called by ./dev after `meson test`. Fails when a test failed, and also when none ran: a run that
tested nothing is not green. A skipped test is one that asks for what a clone need not have.
"""

import json
import os
import sys

PASSED = {"OK", "EXPECTEDFAIL"}
SKIPPED = {"SKIP", "IGNORED"}


def tally(lines):
    """(passed, names that failed, skipped) of the lines of a testlog.json."""
    passed, failed, skipped = 0, [], 0
    for line in lines:
        test = json.loads(line)
        if test["result"] in PASSED:
            passed += 1
        elif test["result"] in SKIPPED:
            skipped += 1
        else:
            failed.append(f'{test["name"]} ({test["result"].lower()})')
    return passed, failed, skipped


def main():
    path = sys.argv[1]
    lines = []
    if os.path.exists(path):
        with open(path, encoding="utf-8") as f:
            lines = [line for line in f if line.strip()]
    passed, failed, skipped = tally(lines)
    for name in failed:
        print(f"failed: {name}")
    if not passed and not failed:
        print("no test ran")
    print(f"{passed} passed, {len(failed)} failed" + (f", {skipped} skipped" if skipped else ""))
    return 0 if passed and not failed else 1


if __name__ == "__main__":
    sys.exit(main())
