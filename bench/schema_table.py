#!/usr/bin/env python3
"""schema_table.py REPORT [--median]: the compiler's tables of bench/README.md from a report.

REPORT is what `./dev bench schema --json REPORT` wrote. Prints Markdown: speed of each stage and
size in MB/s by the best round of each row (--median: by the median one), then the real schemas,
then the goals. Reads the file and nothing else.
"""

import argparse
import json
import statistics

STAGES = {
    "lex": "lexing",
    "parse": "parsing to the tree, lexing included",
    "bind": "binding (S2 to S4)",
    "analyse": "analysis (S5)",
    "build": "build (S6)",
    "validate": "validation (S7)",
    "compile": "text to AppDef",
}
SIZES = {20_000: "20 KB", 100_000: "100 KB", 1_000_000: "1 MB", 10_000_000: "10 MB"}


class Rows:
    def __init__(self, rows, middle):
        self.middle = middle
        self.by_name = {(row["id"], row["unit"]): row["samples"] for row in rows}

    def ns(self, name):
        samples = self.by_name.get((name, "ns"))
        return None if samples is None else self.middle(samples)

    def counter(self, name, unit):
        samples = self.by_name.get((name, unit))
        return None if samples is None else samples[0]

    def speed(self, name):
        """MB/s, as text; empty where the row did not run."""
        ns, octets = self.ns(name), self.counter(name, "octets")
        return "" if ns is None or octets is None else f"{octets / ns * 1e3:,.0f}"


def print_stages(rows):
    print("| Stage, MB/s |", " | ".join(SIZES.values()), "|")
    print("|---" * (len(SIZES) + 1) + "|")
    for stage, title in STAGES.items():
        speeds = [rows.speed(f"schema/{stage}/{size}") for size in SIZES]
        print(f"| {title} |", " | ".join(speeds), "|")
    for unit, title in (("types", "types"), ("allocs", "allocations")):
        counts = [rows.counter(f"schema/compile/{size}", unit) for size in SIZES]
        print(f"| {title} |", " | ".join("" if n is None else f"{n:,.0f}" for n in counts), "|")
    times = [rows.ns(f"schema/compile/{size}") for size in SIZES]
    types = [rows.counter(f"schema/compile/{size}", "types") for size in SIZES]
    each = ["" if t is None or not n else f"{t / n:,.0f} ns" for t, n in zip(times, types)]
    print("| a type, text to AppDef |", " | ".join(each), "|\n")


def print_real(rows):
    names = sorted(name for name, unit in rows.by_name if "/real/" in name and unit == "ns")
    if not names:
        return
    print("| Schema | Octets | Types | Time | MB/s |\n|---|---|---|---|---|")
    for name in names:
        types = rows.counter(name, "types")
        title = name.split("/")[-1] + ("" if types else " (parsing alone)")
        octets = rows.counter(name, "octets")
        shown = f"{types:,.0f}" if types else ""
        time = f"{rows.ns(name) / 1e3:,.1f} µs"
        print(f"| {title} | {octets:,.0f} | {shown} | {time} | {rows.speed(name)} |")
    print()


def figure(value, unit):
    return f"{value / 1e6:.3g} ms" if unit == "ns" else f"{value:.4g} {unit}"


def print_goals(goals, which):
    if not goals:
        return
    print("| Goal | Asked | Measured | |\n|---|---|---|---|")
    for goal in goals:
        value, asked, more = goal[which], goal["goal"], goal["better"] == "more"
        met = value >= asked if more else value <= asked
        unit, sign = goal["unit"], "≥" if more else "≤"
        print(f"| {goal['id']} | {sign} {figure(asked, unit)} | {figure(value, unit)} |"
              f" {'met' if met else 'missed'} |")


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("report")
    parser.add_argument("--median", action="store_true")
    told = parser.parse_args()
    with open(told.report, encoding="utf-8") as file:
        report = json.load(file)
    rows = Rows(report["rows"], statistics.median if told.median else min)
    print_stages(rows)
    print_real(rows)
    print_goals(report.get("goals", []), "median" if told.median else "best")


if __name__ == "__main__":
    main()
