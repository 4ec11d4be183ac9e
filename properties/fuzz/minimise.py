#!/usr/bin/env python3
"""minimise.py: a small input that fails as a large one does, part by part.

Used by fuzz_schema.py. Takes away files, then lines, then tokens, ever fewer at a time, while the
same thing is said of what is left; libFuzzer's own minimiser cuts octets, and takes any failure for
the one that was found.
"""

import hashlib
import re
import time

CHECK = re.compile(r"^(\S*?:\d+): CHECK failed: (.*)$", re.M)
SUMMARY = re.compile(r"^SUMMARY: (\w+: .*)$", re.M)
LIBFUZZER = re.compile(r"ERROR: libFuzzer: ([\w -]+)")
# What comes after the message of a CHECK, or in front of what a sanitizer says.
STACK = re.compile(r"^(?:==\d+== ?ERROR|=+$|MS: \d)", re.M)
JUDGE = "found.empty() "  # the condition of the target's own CHECK, in front of its message

FILES = re.compile(rb"(?:\A|\n)(?=### )")
TOKENS = re.compile(
    rb"\n### [^\n]*\n?|\s+|\w+|'(?:\\.|[^'\\])*'|\"\w*\"|--[^\n]*|/\*.*?\*/|.", re.S
)


def summary(said):
    """What failed, in a line; two inputs that fail alike have the same up to its first colon."""
    if found := CHECK.search(said):
        place, what = found.groups()
        return what[len(JUDGE):] if what.startswith(JUDGE) else f"CHECK at {place}: {what}"
    for pattern in (SUMMARY, LIBFUZZER):
        if found := pattern.search(said):
            return found.group(1)
    return "the target failed"


def kind(said):
    """What two failures of one cause share."""
    text = summary(said)
    if text.startswith("CHECK at ") or not CHECK.search(said):
        return text.split(": ")[0] if text.startswith("CHECK at ") else text
    return text.split(":")[0]  # behind it: names and texts of the input


def message(said):
    """The message with its further lines, without the stack."""
    found = CHECK.search(said)
    if not found:
        begin = SUMMARY.search(said) or LIBFUZZER.search(said)
        return said[: 4000] if begin is None else said[max(0, begin.start() - 3000): begin.end()]
    end = STACK.search(said, found.end())
    return said[found.start(2): end.start() if end else found.end()].removeprefix(JUDGE).strip()


def name_of(text):
    return hashlib.sha256(text).hexdigest()[:10]


def parts_by_file(text):
    cuts = [m.start() for m in FILES.finditer(text)] + [len(text)]
    return [text[: cuts[0]], *(text[a:b] for a, b in zip(cuts, cuts[1:]))]


def parts_by_line(text):
    return text.splitlines(keepends=True)


def parts_by_token(text):
    return TOKENS.findall(text)


def reduced(parts, fails):
    """Without the runs of parts that can be left out: half of all at first, one in the end."""
    size = max(1, len(parts) // 2)
    while True:
        at, before = 0, len(parts)
        while at < len(parts):
            without = parts[:at] + parts[at + size:]
            if len(without) < len(parts) and fails(b"".join(without)):
                parts = without
            else:
                at += size
        if size == 1 and len(parts) == before:
            return parts
        size = max(1, size // 2)


def smallest(text, verdict, path, seconds):
    """(text, what is said of it); what is said is None if the given text does not fail at all."""
    deadline = time.monotonic() + seconds

    def said_of(candidate):
        with open(path, "wb") as file:
            file.write(candidate)
        return verdict(path)

    said = said_of(text)
    if said is None:
        return text, None
    wanted = kind(said)

    def fails(candidate):
        nonlocal said
        if time.monotonic() > deadline:
            return False
        now = said_of(candidate)
        if now is None or kind(now) != wanted:
            return False
        said = now
        return True

    for parts_of in (parts_by_file, parts_by_line, parts_by_token):
        text = b"".join(reduced(parts_of(text), fails))
    return text, said
