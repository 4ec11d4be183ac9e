#!/usr/bin/env python3
"""instructions.py PROGRAM FUNCTION BENCHMARK...: instructions and cache misses of one step.

Runs each benchmark of the program once under callgrind, collects only inside FUNCTION (a demangled
name, such as 'vvm::bench::(anonymous namespace)::Loop::step()', which must not be inlined), and
divides by its calls. Instructions are the same on every machine that runs the same program; misses
are those of a simulated cache of 32 KiB and 2 MiB, which has no prefetcher.
"""

import os
import re
import subprocess
import sys
import tempfile

CALLGRIND = (
    "valgrind", "--tool=callgrind", "--collect-atstart=no", "--cache-sim=yes",
    "--D1=32768,8,64", "--LL=2097152,16,64",
)


def calls_of(text, function):
    """How often `function` was called; callgrind names it once and then by its number."""
    number = re.search(rf"^c?fn=\((\d+)\) {re.escape(function)}$", text, re.M)
    if number is None:
        return 0
    call = rf"^cfn=\({number[1]}\)[^\n]*\n(?:c\w+=[^\n]*\n)*?calls=(\d+)"
    return sum(int(count) for count in re.findall(call, text, re.M))


def measure(program, function, benchmark):
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "out")
        command = [*CALLGRIND, f"--callgrind-out-file={out}", f"--toggle-collect={function}",
                   program, "bench", f"^{benchmark}$", "--samples", "1", "--round-ms", "300",
                   "--quiet"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            sys.exit(f"{benchmark}: {done.stderr.strip()}")
        with open(out, encoding="utf-8") as file:
            text = file.read()
    events = re.search(r"^events: (.+)$", text, re.M)[1].split()
    summary = re.search(r"^(?:summary|totals): (.+)$", text, re.M)[1].split()
    cost = dict.fromkeys(events, 0) | dict(zip(events, map(int, summary)))
    calls = calls_of(text, function)
    if calls == 0:
        sys.exit(f"{benchmark}: {function} was not called; is it inlined?")
    return calls, cost


def main():
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    program, function, *benchmarks = sys.argv[1:]
    print("| Benchmark | Instructions | Misses of 32 KiB | of 2 MiB |\n|---|---|---|---|")
    for benchmark in benchmarks:
        calls, cost = measure(program, function, benchmark)
        first = (cost["D1mr"] + cost["D1mw"]) / calls
        last = (cost["DLmr"] + cost["DLmw"]) / calls
        print(f"| `{benchmark}` | {cost['Ir'] / calls:,.0f} | {first:.1f} | {last:.1f} |")


if __name__ == "__main__":
    main()
