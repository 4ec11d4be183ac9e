#!/usr/bin/env python3
"""tidy.py: the source rules of STYLE.md that a compiler does not know; one pass, no build.

Run by ./dev lint, ./dev test and .ci/run; needs nothing but Python's standard library. It checks
who includes whom (src/layers.txt), the comment that opens every file, the bans of calm code (the
modules on the line `calm:` of the table) and the shapes of coroutines. It reads text, not types: a
rule is here only if text decides it; the symbol gate and clang-tidy see the rest. A line that has a
reason to break a ban gives it in a comment on it, or in one directly above: `tidy-ok: reason`.

usage: tidy.py [--root DIR]        prints `file:line: rule: message`, exits 1 if there was any
"""

import argparse
import bisect
import os
import re
import sys

LINE_MAX = 100
FILE_LINES_MAX = 700
CPP = (".cpp", ".hpp")
SCRIPTS = (".py", ".sh")
TEXT = (".md", ".toml", ".build", ".txt", ".def", ".yml", ".json", ".js", ".html")
SKIPPED_DIRS = {".git", "out", "__pycache__", ".cache", "node_modules"}
# These two name what they look for.
ABOUT_THE_RULES = (".ci/tidy.py", ".ci/tests/")

# Comments, literals and numbers of C++; a number is matched so that 1'000 opens no character.
LEXEMES = re.compile(
    r"""(?P<comment>//[^\n]*|/\*.*?\*/)"""
    r"""|(?P<raw>\b(?:u8|u|U|L)?R"(?P<delim>[^()\\\s]{0,16})\(.*?\)(?P=delim)")"""
    r"""|(?P<string>"(?:\\.|[^"\\\n])*")"""
    r"""|(?P<number>\b\d(?:[\w.]|'(?=\w))*)"""
    r"""|(?P<char>'(?:\\.|[^'\\\n])+')""",
    re.S,
)
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^">]+)[">]', re.M)
TIDY_OK = re.compile(r"(?://|#|/\*)[^\n]*\btidy-ok:\s*\S")
# A test, or what only tests use.
TEST = re.compile(r"_test\.[ch]pp$|/test_\w+\.[ch]pp$|/testing/")
CLOSING = {"(": ")", "[": "]", "{": "}", "<": ">"}


def blank(match):
    """Keeps the quotes and the line structure of a lexeme, and nothing else."""
    text = match.group(0)
    if match.lastgroup == "number":
        return text
    inside = re.sub(r"[^\n]", " ", text[1:-1])
    if match.lastgroup == "comment" or len(text) < 2:
        return " " + inside + " "
    return '"' + inside + '"'


def blank_target(match):
    """An include without the name of what it includes."""
    directive = match.group(0)[: match.start(1) - match.start()]
    return directive.ljust(len(match.group(0)))


class Source:
    """One file: its text, the same text without comments and literals, and where lines begin."""

    def __init__(self, root, path):
        self.path = path
        self.name = os.path.basename(path)
        self.ext = os.path.splitext(path)[1]
        with open(os.path.join(root, path), encoding="utf-8", errors="replace") as f:
            self.text = f.read()
        self.lines = self.text.split("\n")
        self.starts = [0]
        for line in self.lines:
            self.starts.append(self.starts[-1] + len(line) + 1)
        self.code = self.text
        if self.ext in CPP:
            self.code = INCLUDE.sub(blank_target, LEXEMES.sub(blank, self.text))
        self.is_test = bool(TEST.search(path))

    def includes(self):
        """(offset, `<` or `"`, what is named) of each include that is not commented out."""
        for match in INCLUDE.finditer(self.text):
            if self.code[match.start() : match.start(1)].strip():
                yield match.start(1), match.group(1), match.group(2)

    def line_at(self, offset):
        return bisect.bisect_right(self.starts, offset)

    def excused(self, line):
        if TIDY_OK.search(self.lines[line - 1]):
            return True
        above = self.lines[line - 2].strip() if line >= 2 else ""
        return above.startswith(("//", "#")) and bool(TIDY_OK.search(above))


class Findings:
    def __init__(self):
        self.rows = set()

    def add(self, source, line, rule, message):
        self.rows.add((source.path, line, rule, message))

    def ban(self, source, offset, rule, message):
        """A ban, which a reason on the line lifts."""
        line = source.line_at(offset)
        if not source.excused(line):
            self.add(source, line, rule, message)


# ---------------------------------------------------------------------------------------- layers


class Layers:
    """The table of src/layers.txt."""

    def __init__(self, root, findings):
        self.allowed, self.lines = {}, {}
        self.test, self.calm = set(), set()
        self.findings = findings
        self.table = Source(root, "src/layers.txt")
        for number, line in enumerate(self.table.lines, 1):
            line = line.split("#")[0].strip()
            if not line:
                continue
            name, colon, rest = line.partition(":")
            if not colon:
                findings.add(self.table, number, "layers", f"not `module: modules`: {line}")
                continue
            self.read_row(name.strip(), rest.split(), number)
        self.check_order()

    def read_row(self, name, words, number):
        if name in ("test", "calm"):
            setattr(self, name, set(words))
            return
        if name in self.allowed:
            self.findings.add(self.table, number, "layers", f"`{name}` stands twice")
        self.allowed[name] = None if words[:1] == ["everything"] else words
        self.lines[name] = number

    def check_order(self):
        """A module may name only modules above it: that is what makes a cycle impossible."""
        for name, number in self.lines.items():
            for below in self.allowed[name] or []:
                if below not in self.lines:
                    self.findings.add(
                        self.table, number, "layers", f"`{name}` names `{below}`, which has no line"
                    )
                elif self.lines[below] >= number:
                    self.findings.add(
                        self.table,
                        number,
                        "layers",
                        f"`{name}` names `{below}`, which does not stand above it: a cycle",
                    )

    def module_of(self, path):
        """The module of a file by its longest listed prefix; None if it is in none."""
        inner = path[4:] if path.startswith("src/") else path
        parts = inner.split("/")[:-1]
        for n in range(len(parts), 0, -1):
            name = "/".join(parts[:n])
            if name in self.allowed:
                listed_under_src = not name.startswith(("sim/", "properties", "bench"))
                if listed_under_src == path.startswith("src/"):
                    return name
        return None

    def may_include(self, source, module, target):
        allowed = self.allowed[module]
        if allowed is None or target == module or target in allowed:
            return True
        return source.is_test and target in self.test


TOP = re.compile(r"^(?:src|sim|properties|bench)/")


def check_includes(source, root, layers, findings):
    module = layers.module_of(source.path)
    if module is None:
        findings.add(source, 1, "layers", "this folder has no line in src/layers.txt")
        return
    for offset, quote, target in source.includes():
        line = source.line_at(offset)
        if ".." in target.split("/") or target.startswith("src/"):
            findings.add(source, line, "layers", f'"{target}": name it from src/ or the root')
            continue
        path = include_path(root, target)
        if path is None:
            if quote == '"' and "/" in target:
                folder = target.rpartition("/")[0]
                if layers.module_of(f"src/{target}") is None and layers.module_of(target) is None:
                    findings.add(
                        source, line, "layers", f"`{folder}` has no line in src/layers.txt"
                    )
            continue
        check_edge(source, line, module, path, layers, findings)


def check_edge(source, line, module, path, layers, findings):
    """`module` includes `path`, a file of this tree."""
    target = layers.module_of(path)
    if target is None:
        folder = path.rpartition("/")[0]
        findings.add(source, line, "layers", f"`{folder}` has no line in src/layers.txt")
    elif not layers.may_include(source, module, target):
        what = "a test of " if source.is_test else ""
        findings.add(
            source, line, "layers", f"{what}`{module}` may not include `{target}` (src/layers.txt)"
        )


def include_path(root, target, _known={}):
    """Where in the tree an include leads, or None for a foreign header."""
    key = (root, target)
    if key not in _known:
        _known[key] = None
        for path in (f"src/{target}", target):
            if TOP.match(path) and os.path.isfile(os.path.join(root, path)):
                _known[key] = path
                break
    return _known[key]


# ------------------------------------------------------------------------------------------ bans

SYNC = (
    "thread|jthread|async|mutex|shared_mutex|recursive_mutex|timed_mutex|shared_timed_mutex"
    "|recursive_timed_mutex|condition_variable|condition_variable_any|lock_guard|unique_lock"
    "|shared_lock|scoped_lock|future|shared_future|promise|packaged_task|call_once|once_flag"
    "|counting_semaphore|binary_semaphore|latch|barrier|this_thread"
)
ENGINES = "mt19937|mt19937_64|minstd_rand0?|default_random_engine|ranlux\\w+|knuth_b"
# In front of a call of a C function: the beginning of an expression, not the type of a declaration.
CALLS = r"(?:^|[=(,;{}+\-/%?<!|\[]|&&|(?<!:):|\breturn|\bco_return|\bco_yield)\s*"

# rule, pattern over code without comments and literals, message. For calm modules.
CALM_BANS = [
    ("clock", r"\b\w*_clock\s*::\s*now\b", "time comes from rt.clock()"),
    ("clock", r"\b(?:clock_gettime|gettimeofday|timespec_get)\s*\(", "time comes from rt.clock()"),
    ("clock", r"\bstd\s*::\s*time\s*\(", "time comes from rt.clock()"),
    (
        "clock",
        r"(?<![\w.>:])(?:::\s*)?time\s*\(\s*(?:nullptr|NULL|0\s*\)|&)",
        "time comes from rt.clock()",
    ),
    ("clock", r"\b(?:steady|system|high_resolution|deadline)_timer\b", "wait on rt.clock()"),
    ("random", r"\brandom_device\b", "randomness comes from rt.rng()"),
    ("random", rf"\bstd\s*::\s*(?:{ENGINES})\b", "randomness comes from Rng"),
    ("random", r"\bstd\s*::\s*\w+_distribution\b", "distributions differ between libraries: Rng"),
    (
        "random",
        r"\bstd\s*::\s*(?:ranges\s*::\s*)?(?:shuffle|random_shuffle|sample)\b",
        "the result differs between libraries: Rng",
    ),
    ("random", r"\bstd\s*::\s*s?rand\s*\(|(?<![\w.>:])srand\s*\(", "randomness comes from Rng"),
    ("random", CALLS + r"(?:::\s*)?rand\s*\(\s*\)", "randomness comes from Rng"),
    ("thread", rf"\bstd\s*::\s*(?:{SYNC})\b", "calm code has one thread and no locks"),
    ("thread", r"\bthread_local\b", "no state outside objects"),
    ("env", r"\b(?:secure_getenv|getenv|setenv|putenv)\s*\(", "the environment is read in sim/cli"),
    (
        "hash-order",
        r"\b(?:std|boost)\s*::\s*unordered_\w+",
        "iteration order is behaviour: std::map or sorted vector, or `tidy-ok: never iterated`",
    ),
    (
        "address-order",
        r"\bstd\s*::\s*(?:hash|less|greater)\s*<[^<>;]*\*\s*(?:const\s*)?>",
        "no hashing or ordering by address",
    ),
]
# The same for every module of C++.
CPP_BANS = [
    ("assert", r"(?<![\w.:])assert\s*\(", "CHECK holds in every build"),
]
CALM_HEADERS = re.compile(
    r"^boost/asio/(?:(?:steady|system|high_resolution|deadline|basic_waitable)_timer"
    r"|thread_pool|static_thread_pool|system_executor|system_context|signal_set|stream_file"
    r"|random_access_file|ip/.*|local/.*|posix/.*)\.hpp$"
    r"|^(?:random|thread|mutex|shared_mutex|condition_variable|future|ctime)$"
    r"|^(?:unistd|fcntl|pthread|sys/(?:socket|stat|time|mman|random)|netinet/.*)\.h$"
)
# Not for tests: they read their data, and an io_context that runs only posted work is an executor.
MACHINE_HEADERS = re.compile(r"^(?:fstream|iostream|filesystem|boost/asio/io_context\.hpp)$")
HEAVY_HEADERS = re.compile(r"^boost/(?:asio\.hpp|beast\.hpp|beast/.*)$")
SPAWNERS = ("runtime", "live", "sim/kernel")
SPAWN = re.compile(r"\bco_spawn\s*[(<;]|\basio\s*::\s*detached\b")
STREAMS = re.compile(r"\bstd\s*::\s*(?:cout|cerr|clog)\b")

CALM_PATTERNS = [(rule, re.compile(p, re.M), message) for rule, p, message in CALM_BANS]
CPP_PATTERNS = [(rule, re.compile(p, re.M), message) for rule, p, message in CPP_BANS]


def check_bans(source, module, layers, findings):
    for rule, pattern, message in CPP_PATTERNS:
        ban_matches(source, pattern, rule, message, findings)
    if module in layers.calm:
        for rule, pattern, message in CALM_PATTERNS:
            ban_matches(source, pattern, rule, message, findings)
        check_pointer_keys(source, findings)
    if module not in SPAWNERS:
        ban_matches(source, SPAWN, "spawn", "a task is awaited or given to a TaskScope", findings)
    if module != "sim/cli":
        message = "only sim/cli talks to people; emit an Event"
        ban_matches(source, STREAMS, "stream", message, findings)
    check_headers(source, module, layers, findings)


def ban_matches(source, pattern, rule, message, findings):
    for match in pattern.finditer(source.code):
        text = match.group(0)
        begin = match.start() + len(text) - len(text.lstrip())
        shown = " ".join(text.split()).lstrip("=(,;{}+-*/%?<>!|&[ ")
        findings.ban(source, begin, rule, f"`{shown}`: {message}")


def check_headers(source, module, layers, findings):
    may_be_heavy = module in ("http", "live") and source.ext == ".cpp"
    for offset, _, target in source.includes():
        banned = CALM_HEADERS.match(target)
        banned = banned or (MACHINE_HEADERS.match(target) and not source.is_test)
        if HEAVY_HEADERS.match(target) and not may_be_heavy:
            message = f"<{target}> only in .cpp files of http/ and live/"
            findings.ban(source, offset, "header", message)
        elif module in layers.calm and banned:
            findings.ban(source, offset, "header", f"<{target}> has no place in calm code")


ORDERED = re.compile(
    r"\b(?:std|boost(?:\s*::\s*container)?)\s*::\s*(?:flat_)?(multi)?(map|set)\s*<"
)
POINTER = re.compile(r"\*\s*(?:const\s*)?$|^(?:const\s+)?std\s*::\s*(?:shared|unique)_ptr\s*<")


def check_pointer_keys(source, findings):
    for match in ORDERED.finditer(source.code):
        args = split_arguments(source.code, match.end() - 1)
        own_order = 3 if match.group(2) == "map" else 2  # with a comparator of its own
        if args and len(args) < own_order and POINTER.search(args[0]):
            findings.ban(
                source, match.start(), "address-order", f"key `{args[0]}` orders by address"
            )


# ------------------------------------------------------------------------------- shapes of code


def match_bracket(code, begin):
    """Offset of the bracket that closes the one at `begin`; -1 if none does."""
    if code[begin] == "<":
        return match_angle(code, begin)
    opening, closing = code[begin], CLOSING[code[begin]]
    depth = 0
    for match in re.compile(re.escape(opening) + "|" + re.escape(closing)).finditer(code, begin):
        depth += 1 if match.group(0) == opening else -1
        if depth == 0:
            return match.start()
    return -1


def match_angle(code, begin):
    """The same for a list of template arguments."""
    depth = 0
    i = begin
    while i < len(code):
        c = code[i]
        if c == "<":
            depth += 1
        elif c == ">" and code[i - 1] != "-":
            depth -= 1
            if depth == 0:
                return i
        elif c in "([{":
            i = match_bracket(code, i)
            if i < 0:
                return -1
        elif c in ";)]}":
            return -1
        i += 1
    return -1


def split_arguments(code, begin):
    """The arguments between the bracket at `begin` and its match, split at the top level."""
    end = match_bracket(code, begin)
    if end < 0:
        return None
    args, last, i = [], begin + 1, begin + 1
    while i < end:
        if code[i] in "([{<":
            inner = match_bracket(code, i)
            i = inner if 0 <= inner < end else i
        elif code[i] == ",":
            args.append(code[last:i].strip())
            last = i + 1
        i += 1
    args.append(code[last:end].strip())
    return args if args != [""] else []


TASK = re.compile(r"\b(?:Task|awaitable)\s*<")
DECLARATOR = re.compile(r"\s*(?:[A-Za-z_][\w:]*\s*(?:<[^<>;(){}]*>\s*::\s*\w+\s*)?)\(")


def by_reference(args):
    """The first parameter that is a reference, not looking into template arguments."""
    for arg in args or []:
        plain, i = "", 0
        while i < len(arg):
            if arg[i] in "<({[":
                end = match_bracket(arg, i)
                i = end if end > 0 else i
            elif arg[i] == "=":
                break
            else:
                plain += arg[i]
            i += 1
        if "&" in plain:
            return arg
    return None


def check_task_parameters(source, findings):
    """Functions that return a Task take their parameters by value."""
    code = source.code
    for match in TASK.finditer(code):
        end = match_bracket(code, match.end() - 1)
        declarator = DECLARATOR.match(code, end + 1) if end > 0 else None
        if declarator is None or re.match(r"\s*operator\b", declarator.group(0)):
            continue
        arg = by_reference(split_arguments(code, declarator.end() - 1))
        if arg is not None:
            begin = code.index(arg, declarator.end() - 1)
            shown = " ".join(arg.split())
            findings.ban(
                source, begin, "coroutine", f"`{shown}`: a coroutine takes parameters by value"
            )


LAMBDA = re.compile(r"\[")
COROUTINE = re.compile(r"\bco_(?:await|return|yield)\b")
LAMBDA_HEAD = re.compile(r"(?:\s|\bmutable\b|\bconstexpr\b|\bnoexcept\b)*")


def lambda_at(code, begin):
    """(captures, parameters or None, body begin, body end) of a lambda at this `[`, or None."""
    before = code[:begin].rstrip()[-24:]
    word = re.search(r"[\w)\]\"]+$", before)
    if word and word.group(0) not in ("return", "co_return", "co_await", "co_yield"):
        return None
    if code[begin : begin + 2] == "[[" or before.endswith("["):
        return None
    end = match_bracket(code, begin)
    if end < 0:
        return None
    i = skip_space(code, end + 1)
    if i < len(code) and code[i] == "<":
        i = skip_space(code, match_bracket(code, i) + 1)
    params = None
    if i < len(code) and code[i] == "(":
        params = i
        close = match_bracket(code, i)
        if close < 0:
            return None
        i = close + 1
    i = LAMBDA_HEAD.match(code, i).end()
    if code[i : i + 2] == "->":
        brace = re.compile(r"[{;]").search(code, i)
        i = brace.start() if brace else len(code)
    if i >= len(code) or code[i] != "{":
        return None
    body_end = match_bracket(code, i)
    return (code[begin + 1 : end].strip(), params, i, body_end) if body_end > 0 else None


def skip_space(code, i):
    while i < len(code) and code[i].isspace():
        i += 1
    return i


def check_lambdas(source, findings):
    """A coroutine that is a lambda has no captures and no parameters by reference."""
    code = source.code
    if not COROUTINE.search(code):
        return
    found = [(m.start(), lambda_at(code, m.start())) for m in LAMBDA.finditer(code)]
    found = [(begin, parts) for begin, parts in found if parts]
    for begin, (captures, params, body, end) in found:
        own = code[body:end]
        for _, (_, _, inner, inner_end) in found:
            if body < inner and inner_end < end:
                hole = inner - body, inner_end - body
                own = own[: hole[0]] + " " * (hole[1] - hole[0]) + own[hole[1] :]
        if not COROUTINE.search(own):
            continue
        if captures:
            findings.ban(
                source, begin, "coroutine", f"`[{captures}]`: a lambda coroutine captures nothing"
            )
        arg = by_reference(split_arguments(code, params)) if params is not None else None
        if arg is not None:
            findings.ban(
                source, begin, "coroutine", f"`{arg}`: a coroutine takes parameters by value"
            )


CONDITION = re.compile(r"\b(if|while|switch)\s*(?:constexpr\s*)?\(")
CATCH_ALL = re.compile(r"\bcatch\s*\(\s*\.\.\.\s*\)\s*\{")
# A handler may also keep the exception, so that the rest happens after it.
RETHROW = re.compile(r"\bthrow\s*;|\brethrow_exception\b|\bcurrent_exception\b")


def check_conditions(source, findings):
    for match in CONDITION.finditer(source.code):
        end = match_bracket(source.code, match.end() - 1)
        inside = source.code.find("co_await", match.end(), end)
        if end > 0 and inside >= 0:
            findings.ban(
                source,
                inside,
                "coroutine",
                f"co_await in the condition of `{match.group(1)}`: name its result first",
            )


def check_catch_all(source, findings):
    for match in CATCH_ALL.finditer(source.code):
        end = match_bracket(source.code, match.end() - 1)
        if end > 0 and not RETHROW.search(source.code, match.end(), end):
            findings.ban(source, match.start(), "catch", "catch (...) does not rethrow")


PROPERTY_ASSERT = re.compile(r"\bRC_(?:ASSERT|ASSERT_FALSE|PRE|DISCARD_IF)\s*\(")
NESTED = re.compile(r"[(\[{)\]}]|\|\||&&")


def check_property_asserts(source, findings):
    """rapidcheck takes an expression apart by overloaded operators, which know no short circuit."""
    for match in PROPERTY_ASSERT.finditer(source.code):
        end = match_bracket(source.code, match.end() - 1)
        depth = 0
        for token in NESTED.finditer(source.code, match.end(), end) if end > 0 else ():
            text = token.group(0)
            depth += (text in "([{") - (text in ")]}")
            if depth == 0 and text in ("||", "&&"):
                what = f"`{text}` evaluates both sides here: put the condition in parentheses"
                findings.ban(source, token.start(), "property-assert", what)
                break


# ----------------------------------------------------------------------------------- every file

MARKER = re.compile(r"\bFIXME\b")
MACHINE = re.compile(r"(?<![\w./*}\-])/(?:work|root|farm|tmp/bash_jobs)/")


def check_file_comment(source, findings):
    """The first thing in a file says what it is."""
    first = 1 if source.lines[0].startswith("#!") else 0
    line = source.lines[first].strip() if first < len(source.lines) else ""
    marks = ("//", "/*") if source.ext in CPP else ('"""', "#")
    said = line.lstrip('/*#" ')
    if not line.startswith(marks) or len(said) < 8 or said.startswith(("clang-format", "NOLINT")):
        message = "the file does not open by saying what it is"
        findings.add(source, first + 1, "file-comment", message)


def check_text(source, findings):
    if source.ext in CPP + SCRIPTS:
        for number, line in enumerate(source.lines, 1):
            if len(line) > LINE_MAX and not source.excused(number):
                message = f"{len(line)} characters, {LINE_MAX} at most"
                findings.add(source, number, "line-length", message)
        count = len(source.lines) - (source.lines[-1] == "")
        if count > FILE_LINES_MAX:
            findings.add(source, count, "file-length", f"{count} lines, {FILE_LINES_MAX} at most")
    if source.path.startswith(ABOUT_THE_RULES):
        return
    for match in MACHINE.finditer(source.text):
        findings.ban(source, match.start(), "machine-path", "a path of one machine")
    if source.ext in CPP + SCRIPTS:
        for match in MARKER.finditer(source.text):
            findings.ban(source, match.start(), "marker", "finish it, or file it as an issue")


def files_of(root):
    for folder, dirs, names in os.walk(root):
        built = "build" if folder == root else "\0"  # build directories stand in the root
        dirs[:] = sorted(d for d in dirs if d not in SKIPPED_DIRS and not d.startswith(built))
        for name in sorted(names):
            path = os.path.relpath(os.path.join(folder, name), root).replace(os.sep, "/")
            if path == "dev" or path == ".ci/run" or path.endswith(CPP + SCRIPTS + TEXT):
                yield path


def check(root):
    findings = Findings()
    layers = Layers(root, findings)
    for path in files_of(root):
        source = Source(root, path)
        if path in ("dev", ".ci/run"):
            source.ext = ".sh"
        check_text(source, findings)
        if source.ext in CPP + SCRIPTS:
            check_file_comment(source, findings)
        if source.ext not in CPP or not TOP.match(path):
            continue
        check_includes(source, root, layers, findings)
        check_bans(source, layers.module_of(path), layers, findings)
        check_task_parameters(source, findings)
        check_lambdas(source, findings)
        check_conditions(source, findings)
        check_catch_all(source, findings)
        check_property_asserts(source, findings)
    return sorted(findings.rows)


def main():
    here = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--root", default=here, help="the tree to check (default: this one)")
    rows = check(parser.parse_args().root)
    for path, line, rule, message in rows:
        print(f"{path}:{line}: {rule}: {message}")
    return 1 if rows else 0


if __name__ == "__main__":
    sys.exit(main())
