#!/usr/bin/env python3
"""fuzz_schema.py: builds the fuzz target over the compiler and runs it for a time.

Called by ./dev, which says which compiler to use. Everything lies below build/fuzz: the seeds, made
anew each time, the corpus, which grows from run to run, and the findings. Exit codes: 0 nothing was
found; 1 a finding, or a replayed input that still fails; 3 bad usage; 4 the target does not build.
"""

import argparse
import collections
import glob
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time

sys.dont_write_bytecode = True
import minimise  # noqa: E402

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = "build/fuzz"
TARGET = "properties/fuzz/schema_fuzz"
# Counters for every edge of the libraries, but no tracing of comparisons: the dictionary and the
# mutator know the words, and tracing takes a quarter of the time.
CONFIGURE = [
    "-Db_sanitize=address,undefined",
    "-Db_lundef=false",
    "-Doptimization=2",
    "-Dcpp_args=-gline-tables-only -fno-sanitize-recover=all -D_GLIBCXX_ASSERTIONS=1"
    " -fsanitize=fuzzer-no-link -fno-sanitize-coverage=trace-cmp",
]
SIZE_MAX = 16 << 10  # as input_bytes_max of schema_judge.hpp
INPUT_SECONDS_MAX = 10
MINIMISE_SECONDS_MAX = 90
# Short stacks of allocations and a small quarantine: three times as fast, and the stack of the
# error itself is whole. A replay runs with what ./dev sanitize uses.
FAST = "malloc_context_size=3:quarantine_size_mb=16:detect_stack_use_after_return=0"
UNITS = {"s": 1, "m": 60, "min": 60, "h": 3600}
STATUS = re.compile(r"^#(\d+)\s+(\S+)\s+cov: (\d+) ft: \d+ corp: (\d+)/(\S+)")
EXECUTED = re.compile(r"^stat::number_of_executed_units:\s+(\d+)")
WRITTEN = re.compile(r"Test unit written to (\S+)")


def duration(text):
    found = re.fullmatch(r"(\d+)(s|m|min|h)", text)
    if not found or int(found.group(1)) == 0:
        raise argparse.ArgumentTypeError(f"`{text}` is no time such as 30s, 10min or 2h")
    return int(found.group(1)) * UNITS[found.group(2)]


def positive(text):
    if not re.fullmatch(r"[1-9]\d{0,8}", text):
        raise argparse.ArgumentTypeError(f"`{text}` is no number from 1 on")
    return int(text)


class Parser(argparse.ArgumentParser):
    def error(self, message):
        self.print_usage(sys.stderr)
        self.exit(3, f"fuzz-schema: {message}\n")


def arguments():
    parser = Parser(prog="./dev fuzz-schema", description="Fuzzes the VSQL compiler.")
    parser.add_argument("--for", dest="seconds", type=duration, default=60, metavar="TIME",
                        help="how long, such as 30s, 10min, 2h (default: 1min)")
    parser.add_argument("--jobs", type=positive, default=1, metavar="N",
                        help="processes that share a corpus (default: 1)")
    parser.add_argument("--seed", type=positive, metavar="N",
                        help="of chance (default: another one each time)")
    parser.add_argument("files", nargs="*", metavar="FILE", help="replay these inputs instead")
    args = parser.parse_args()
    for path in args.files:
        if not os.path.isfile(path):
            parser.error(f"no file {path}")
    return args


def clock(seconds):
    minutes, seconds = divmod(int(seconds + 0.5), 60)
    return f"{minutes}m {seconds:02d}s"


def say(text):
    print(f"fuzz-schema: {text}", flush=True)


def build():
    """Configures once, and builds the target and its seeds; false where that fails."""
    commands = [["ninja", "-C", BUILD, "--quiet", TARGET, "fuzz-seeds"]]
    if not os.path.exists(os.path.join(BUILD, "build.ninja")):
        say("configuring build/fuzz; the first build takes minutes")
        commands.insert(0, ["meson", "setup", BUILD, *CONFIGURE])
    for command in commands:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, check=False)
        if done.returncode != 0:
            print(done.stdout)
            say(f"`{' '.join(command[:3])}` failed")
            return False
    return True


def target(*args, fast=True):
    """The target's command and environment."""
    environment = dict(os.environ)
    if fast:
        environment["ASAN_OPTIONS"] = FAST
    return [os.path.join(BUILD, TARGET), *args], environment


class Job:
    """One libFuzzer process, whose output a thread reads."""

    def __init__(self, number, seed, seconds):
        command, environment = target(
            f"-seed={seed}", f"-max_total_time={seconds}", f"-max_len={SIZE_MAX}",
            f"-timeout={INPUT_SECONDS_MAX}", "-rss_limit_mb=2048", "-print_final_stats=1",
            "-entropic_scale_per_exec_time=1", "-dict=properties/fuzz/vsql.dict",
            f"-artifact_prefix={BUILD}/artifacts/", f"{BUILD}/corpus", f"{BUILD}/seeds")
        self.inputs, self.edges, self.corpus, self.size = 0, 0, 0, "0b"
        self.loaded = self.reported = None  # all of seeds and corpus: (inputs, when)
        self.artifact, self.tail = None, collections.deque(maxlen=60)
        self.process = subprocess.Popen(
            command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, errors="replace",
            start_new_session=True)  # Ctrl-C reaches this script, which ends the jobs in order
        self.thread = threading.Thread(target=self.read, name=f"job {number}")
        self.thread.start()

    def read(self):
        for line in self.process.stdout:
            self.tail.append(line)
            if found := STATUS.match(line):
                self.inputs, self.edges, self.corpus = map(int, found.group(1, 3, 4))
                self.size = found.group(5)
                self.reported = time.monotonic()
                if found.group(2) == "INITED":
                    self.loaded = self.inputs, self.reported
            elif found := EXECUTED.match(line):
                self.inputs, self.reported = int(found.group(1)), None
            elif found := WRITTEN.search(line):
                self.artifact = found.group(1)

    def inputs_now(self):
        """libFuzzer counts aloud only at powers of two and when it learns something."""
        if not self.loaded or not self.reported or self.reported <= self.loaded[1]:
            return self.inputs
        rate = (self.inputs - self.loaded[0]) / (self.reported - self.loaded[1])
        return int(self.inputs + rate * (time.monotonic() - self.reported))

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)

    def wait(self):
        code = self.process.wait()
        self.thread.join()
        return code


def progress(jobs, elapsed, seconds):
    if not all(job.loaded for job in jobs):
        inputs = sum(job.inputs for job in jobs)
        say(f"{clock(elapsed)}: running seeds and corpus, {inputs:,} so far")
        return
    inputs = sum(job.inputs_now() for job in jobs)
    best = max(jobs, key=lambda job: job.edges)
    say(f"{clock(elapsed)}: about {inputs:,} inputs ({inputs / max(elapsed, 1):,.0f}/s),"
        f" {best.edges:,} edges, corpus {best.corpus:,} ({best.size}),"
        f" {clock(max(0, seconds - elapsed))} left")


def watch(jobs, seconds):
    """Until the first job ends, on its own, by a finding or by Ctrl-C: the seconds it took."""
    began, step = time.monotonic(), max(2, min(15, seconds // 8))
    shown = began
    try:
        while all(job.process.poll() is None for job in jobs):
            time.sleep(0.2)
            if time.monotonic() - shown >= step:
                shown = time.monotonic()
                progress(jobs, shown - began, seconds)
    except KeyboardInterrupt:
        say("interrupted")
        for job in jobs:
            job.stop()
    if any(job.process.poll() for job in jobs):
        for job in jobs:
            job.stop()
    for job in jobs:
        job.wait()
    return time.monotonic() - began


def verdict(path, fast=True):
    """None where the input holds, else what is said of it."""
    command, environment = target(f"-timeout={INPUT_SECONDS_MAX}", path, fast=fast)
    if fast:
        environment["ASAN_OPTIONS"] += ":symbolize=0"
    done = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return None if done.returncode == 0 else done.stdout.decode("utf-8", "replace")


def indented(text):
    return "".join(f"    {line}\n" for line in text.rstrip("\n").split("\n"))


def replay(paths):
    failed = 0
    for path in paths:
        said = verdict(path, fast=False)
        failed += said is not None
        if said is None:
            say(f"{path}: all holds")
        else:
            print(said)
            say(f"{path}: {minimise.summary(said)}")
    return 1 if failed else 0


def report(job):
    """Makes a finding of what ended the job: a small input, its message, how to replay it."""
    if job.artifact is None:
        print(indented("".join(job.tail)))
        say("the target ended without an input; the lines above are its last")
        return
    with open(job.artifact, "rb") as file:
        found = file.read()
    say(f"a finding; making it small ({MINIMISE_SECONDS_MAX} s at most)")
    small, said = minimise.smallest(found, verdict, f"{BUILD}/artifacts/candidate",
                                    MINIMISE_SECONDS_MAX)
    if said is None:
        small = found
        said = "".join(job.tail) + "(it does not fail when it is replayed alone)\n"
    path = f"{BUILD}/findings/{minimise.name_of(small)}.vsql"
    with open(path, "wb") as file:
        file.write(small)
    print(f"\n{indented(minimise.message(said))}\n"
          f"  the input ({len(small):,} of {len(found):,} octets):\n"
          f"{indented(small.decode('utf-8', 'backslashreplace'))}\n"
          f"  replay it: ./dev fuzz-schema {path}\n"
          f"  once it is fixed, it belongs into properties/fuzz/regress/\n", flush=True)


def prune(kept):
    """Leaves of the corpus on disk what adds coverage, once it is twice what libFuzzer keeps."""
    old, new = f"{BUILD}/corpus", f"{BUILD}/corpus.new"
    before = len(os.listdir(old))
    if before < 2 * kept:
        return
    shutil.rmtree(new, ignore_errors=True)
    os.makedirs(new)
    command, environment = target("-merge=1", f"-max_len={SIZE_MAX}", new, old)
    done = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, check=False,
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    if done.returncode == 0 and os.listdir(new):
        shutil.rmtree(old)
        os.rename(new, old)
        say(f"the corpus had {before:,} inputs, {len(os.listdir(old)):,} of them add coverage")


def main():
    args = arguments()
    files = [os.path.abspath(path) for path in args.files]
    os.chdir(ROOT)
    if not build():
        return 4
    if files:
        return replay([os.path.relpath(path) for path in files])
    for folder in ("corpus", "findings", "artifacts"):
        os.makedirs(os.path.join(BUILD, folder), exist_ok=True)
    for path in glob.glob(f"{BUILD}/artifacts/*"):
        os.remove(path)
    seed = args.seed or int(time.time()) % 1_000_000_000
    say(f"{len(os.listdir(f'{BUILD}/seeds')):,} seeds,"
        f" {len(os.listdir(f'{BUILD}/corpus')):,} inputs from earlier runs, seed {seed},"
        f" {args.jobs} {'job' if args.jobs == 1 else 'jobs'}, {clock(args.seconds)}")
    jobs = [Job(i, seed + i, args.seconds) for i in range(args.jobs)]
    elapsed = watch(jobs, args.seconds)
    # 72: libFuzzer was told to stop.
    bad = [job for job in jobs if job.process.returncode not in (0, 72)]
    for job in bad[:1]:
        report(job)
    if edges := max(job.edges for job in jobs):
        say(f"{edges:,} edges covered, corpus {len(os.listdir(f'{BUILD}/corpus')):,} inputs")
    if all(job.process.returncode == 0 for job in jobs):
        prune(max(job.corpus for job in jobs) or sys.maxsize)
    inputs = sum(job.inputs for job in jobs)
    say(f"{inputs:,} inputs in {clock(elapsed)},"
        f" {len(bad[:1])} {'finding' if bad else 'findings'}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
