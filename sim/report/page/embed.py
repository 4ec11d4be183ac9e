#!/usr/bin/env python3
"""embed.py: text files into one C++ file of string constants; part of the build of sim/report.

usage: embed.py OUT.cpp NAME=FILE...    each becomes `std::string_view NAME()` in vvm::report::page
"""

import sys

DELIMITER = "vvm_page"
# Compilers must take literals of 64 KiB; pieces of half of that are joined by the compiler.
PIECE = 32_000


def literal(text):
    assert f"){DELIMITER}\"" not in text
    pieces = [text[i : i + PIECE] for i in range(0, len(text), PIECE)] or [""]
    return "\n".join(f'R"{DELIMITER}({piece}){DELIMITER}"' for piece in pieces)


def main():
    out, *parts = sys.argv[1:]
    lines = [
        "// The files of sim/report/page as text; written by embed.py.",
        '#include "sim/report/page/parts.hpp"',
        "",
        "namespace vvm::report::page {",
    ]
    for part in parts:
        name, _, path = part.partition("=")
        with open(path, encoding="utf-8") as f:
            lines += ["", f"std::string_view {name}() {{", f"  return {literal(f.read())};", "}"]
    lines += ["", "}  // namespace vvm::report::page", ""]
    with open(out, "w", encoding="utf-8") as f:
        f.write("\n".join(lines))
    return 0


if __name__ == "__main__":
    sys.exit(main())
