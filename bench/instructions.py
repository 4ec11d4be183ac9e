#!/usr/bin/env python3
"""instructions.py [--corpus DIR] PROGRAM FUNCTION BENCHMARK...: instructions and misses of a step.

Runs each benchmark of the program once under callgrind, collects only inside FUNCTION (a demangled
name, such as 'vvm::bench::(anonymous namespace)::Loop::step()', which must not be inlined), and
divides by its calls. `{}` in FUNCTION stands for the second part of the benchmark's name: `lex` of
schema/lex/1000. A benchmark that counts `octets` gets a column with the instructions of one octet.
Instructions are the same on every machine that runs the same program; misses are those of a
simulated cache of 32 KiB and 2 MiB, which has no prefetcher.
"""

import argparse
import json
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


def octets_of(report, benchmark):
    """The counter of that name in the report, or None."""
    with open(report, encoding="utf-8") as file:
        rows = json.load(file)["rows"]
    found = [row for row in rows if (row["id"], row["unit"]) == (benchmark, "octets")]
    return found[0]["samples"][0] if found else None


def measure(program, function, benchmark, more):
    with tempfile.TemporaryDirectory() as folder:
        out, report = os.path.join(folder, "out"), os.path.join(folder, "report.json")
        command = [*CALLGRIND, f"--callgrind-out-file={out}", f"--toggle-collect={function}",
                   program, "bench", f"^{benchmark}$", "--samples", "1", "--round-ms", "300",
                   "--quiet", "--json", report, *more]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            sys.exit(f"{benchmark}: {done.stderr.strip()}")
        with open(out, encoding="utf-8") as file:
            text = file.read()
        octets = octets_of(report, benchmark)
    events = re.search(r"^events: (.+)$", text, re.M)[1].split()
    summary = re.search(r"^(?:summary|totals): (.+)$", text, re.M)[1].split()
    cost = dict.fromkeys(events, 0) | dict(zip(events, map(int, summary)))
    calls = calls_of(text, function)
    if calls == 0:
        sys.exit(f"{benchmark}: {function} was not called; is it inlined?")
    return calls, cost, octets


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--corpus")
    parser.add_argument("program")
    parser.add_argument("function")
    parser.add_argument("benchmarks", nargs="+")
    told = parser.parse_args()
    more = ["--corpus", told.corpus] if told.corpus else []
    print("| Benchmark | Instructions | an octet | Misses of 32 KiB | of 2 MiB |")
    print("|---|---|---|---|---|")
    for benchmark in told.benchmarks:
        function = told.function.replace("{}", benchmark.split("/")[1])
        calls, cost, octets = measure(told.program, function, benchmark, more)
        first = (cost["D1mr"] + cost["D1mw"]) / calls
        last = (cost["DLmr"] + cost["DLmw"]) / calls
        instructions = cost["Ir"] / calls
        each = f"{instructions / octets:.1f}" if octets else ""
        print(f"| `{benchmark}` | {instructions:,.0f} | {each} | {first:,.1f} | {last:,.1f} |",
              flush=True)


if __name__ == "__main__":
    main()
