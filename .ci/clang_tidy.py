#!/usr/bin/env python3
"""clang_tidy.py: clang-tidy-19 over the sources of a build directory, remembering what was clean.

Run by `./dev lint` on what changed (--changed), by `./dev lint --all` on everything, and by the
tests on everything within a time limit, what changed first. A file is known clean while its text,
the text of every header of this tree that it reaches, its flags and the configuration are those of
a clean run; that is kept in the user's cache directory, so that a second clone profits too. What
the limit left out is counted in the output, never passed over in silence.
"""

import argparse
import concurrent.futures
import hashlib
import json
import os
import re
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TOOL = "clang-tidy-19"
INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+)"', re.M)
OURS = re.compile(r"^(src|sim|properties|bench)/.*\.cpp$")
# How clang-tidy, run from a build directory, begins the name of a file of ours.
PATH_TO_US = re.compile(rf"(?:(?:\.\./)*\.\.)?{re.escape(ROOT)}/|(?:\.\./)+(?=\w+/)")
# A test reads its data from files, which the rest of calm code may not; its name, which a macro
# makes into a type, is a sentence; and it prefers to be short.
TEST = re.compile(r"_test\.cpp$|/test_\w+\.cpp$|/testing/|/contract/|^properties/")
TEST_CHECKS = (
    "-portability-restrict-system-includes,-readability-identifier-naming"
    ",-performance-unnecessary-value-param,-performance-inefficient-vector-operation"
)


def git(*args):
    done = subprocess.run(["git", *args], cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.split("\n") if done.returncode == 0 else []


def changed_files():
    """What differs from the last commit that the main line also has, with what is not committed."""
    head = git("rev-parse", "HEAD")[:1]
    for line in ("origin/main", "main", "HEAD~1"):
        base = git("merge-base", "HEAD", line)[:1]
        if base and base != head:
            break
    else:
        base = head
    names = git("diff", "--name-only", *base, "--") if base else git("ls-files")
    return {n for n in names + git("ls-files", "--others", "--exclude-standard") if n}


class Tree:
    """The files of this tree and what they reach by #include."""

    def __init__(self):
        self.texts, self.reached = {}, {}

    def text(self, path):
        if path not in self.texts:
            try:
                with open(os.path.join(ROOT, path), encoding="utf-8", errors="replace") as f:
                    self.texts[path] = f.read()
            except OSError:
                self.texts[path] = None
        return self.texts[path]

    def includes(self, path):
        for target in INCLUDE.findall(self.text(path)):
            here = os.path.normpath(os.path.join(os.path.dirname(path), target))
            for candidate in (here, f"src/{target}", target):
                if self.text(candidate) is not None:
                    yield candidate
                    break

    def closure(self, path):
        """`path` and every file of this tree that it reaches, sorted."""
        seen, todo = {path}, [path]
        while todo:
            for target in self.includes(todo.pop()):
                if target not in seen:
                    seen.add(target)
                    todo.append(target)
        return sorted(seen)


def configuration(tree, path):
    """The text of every .clang-tidy that counts for `path`."""
    folder, texts = os.path.dirname(path), []
    while True:
        texts.append(tree.text(os.path.join(folder, ".clang-tidy")) or "")
        if not folder:
            return texts
        folder = os.path.dirname(folder)


def extra_arguments(path):
    return [f"--checks={TEST_CHECKS}"] if TEST.search(path) else []


def fingerprint(tree, path, command, version):
    parts = [version, command, *extra_arguments(path), *configuration(tree, path)]
    for name in tree.closure(path):
        parts += [name, tree.text(name)]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def sources(build):
    """path -> compile command, for the C++ of this tree."""
    with open(os.path.join(build, "compile_commands.json"), encoding="utf-8") as f:
        entries = json.load(f)
    found = {}
    for entry in entries:
        path = os.path.realpath(os.path.join(entry["directory"], entry["file"]))
        path = os.path.relpath(path, os.path.realpath(ROOT))
        if OURS.match(path) and os.path.exists(os.path.join(ROOT, path)):
            command = entry["command"].replace(ROOT, ".")
            found[path] = re.sub(r" -(?:o|MF|MQ) \S+", "", command)
    return found


def check(build, path):
    """(path, clean, what clang-tidy said)"""
    command = [TOOL, "-p", build, "--quiet", *extra_arguments(path), os.path.join(ROOT, path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    said = PATH_TO_US.sub("", done.stdout)
    return path, done.returncode == 0, said if said.strip() else done.stderr


def run(build, paths, jobs, seconds, known):
    """Checks `paths` in order until the time is over: (checked, with findings, not reached)."""
    deadline = time.monotonic() + seconds
    checked, bad, left = 0, 0, 0
    shown = set()  # many sources reach the same header

    def one(path):
        return None if time.monotonic() > deadline else check(build, path)

    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        for result in pool.map(one, paths):
            if result is None:
                left += 1
                continue
            path, clean, said = result
            checked += 1
            if clean:
                with open(known[path], "w", encoding="utf-8"):
                    pass
            else:
                bad += 1
                print(f"{path}:" if said in shown else f"{path}:\n{said}", flush=True)
                shown.add(said)
    return checked, bad, left


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("build", help="a configured build directory")
    parser.add_argument("--all", action="store_true", help="every file, what changed first")
    parser.add_argument("--changed", action="store_true", help="what changed (the default)")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="begin no file after")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    return parser.parse_args()


def main():
    args = arguments()
    version = subprocess.run([TOOL, "--version"], capture_output=True, text=True, check=True).stdout
    home = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    cache = os.path.join(home, "vvm-clang-tidy")
    os.makedirs(cache, exist_ok=True)

    tree, changed = Tree(), changed_files()
    commands = sources(args.build)
    if not commands:
        print(f"clang-tidy: no source of this tree in {args.build}: nothing was checked")
        return 1
    touched = {p for p in commands if changed.intersection(tree.closure(p))}
    wanted = sorted(commands if args.all else touched, key=lambda p: (p not in touched, p))
    known = {
        p: os.path.join(cache, fingerprint(tree, p, commands[p], version)) for p in wanted
    }
    todo = [p for p in wanted if not os.path.exists(known[p])]
    checked, bad, left = run(args.build, todo, args.jobs, args.seconds, known)
    print(
        f"clang-tidy: {checked} checked, {len(wanted) - len(todo)} known to be clean,"
        f" {bad} with findings, {left} not reached in time"
    )
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
