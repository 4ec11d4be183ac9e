#!/usr/bin/env python3
"""Tests of the small scripts: closing line, misuse.sh, format.sh, clang_tidy.py, and ./dev test.

Each works on a tree of its own in a temporary directory.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
CI = os.path.dirname(HERE)
ROOT = os.path.dirname(CI)


class Scratch(unittest.TestCase):
    def setUp(self):
        self.root = tempfile.mkdtemp(prefix="scripts")
        self.addCleanup(shutil.rmtree, self.root)

    def write(self, path, text):
        path = os.path.join(self.root, path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        return path

    def run_it(self, *command, **more):
        return subprocess.run(
            command, cwd=self.root, capture_output=True, text=True, check=False,
            stdin=subprocess.DEVNULL, **more
        )

    def git(self, *args):
        done = self.run_it("git", "-c", "user.name=t", "-c", "user.email=t@example.org", *args)
        self.assertEqual(done.returncode, 0, done.stderr)


class Count(Scratch):
    def closing(self, *results):
        log = "".join(json.dumps({"name": r, "result": r}) + "\n" for r in results)
        done = self.run_it(sys.executable, f"{CI}/count.py", self.write("log.json", log))
        return done.returncode, done.stdout.strip().split("\n")[-1]

    def test_all_passed(self):
        self.assertEqual(self.closing("OK", "EXPECTEDFAIL"), (0, "2 passed, 0 failed"))

    def test_each_way_to_fail_fails(self):
        for result in ("FAIL", "TIMEOUT", "ERROR", "INTERRUPT", "UNEXPECTEDPASS"):
            with self.subTest(result=result):
                self.assertEqual(self.closing("OK", result), (1, "1 passed, 1 failed"))

    def test_skipped_ones_are_told_apart(self):
        self.assertEqual(self.closing("OK", "SKIP"), (0, "1 passed, 0 failed, 1 skipped"))

    def test_a_run_where_no_test_ran_fails(self):
        self.assertEqual(self.closing(), (1, "0 passed, 0 failed"))
        self.assertEqual(self.closing("SKIP"), (1, "0 passed, 0 failed, 1 skipped"))

    def test_a_run_without_a_log_fails(self):
        done = self.run_it(sys.executable, f"{CI}/count.py", f"{self.root}/none.json")
        self.assertEqual(done.returncode, 1)
        self.assertIn("0 passed, 0 failed", done.stdout)


class FrontDoor(Scratch):
    """./dev and .ci/run over a project of no language."""

    def setUp(self):
        super().setUp()
        for path in ("dev", ".ci/run", ".ci/count.py"):
            os.makedirs(os.path.dirname(os.path.join(self.root, path)), exist_ok=True)
            shutil.copy(os.path.join(ROOT, path), os.path.join(self.root, path))
        self.write(".ci/packages.txt", "# none\nbash\n")
        self.write(".ci/tidy.py", "")
        self.write(".ci/format.sh", "")

    def run_ci(self, tests):
        self.write("meson.build", "project('x')\n" + tests)
        done = self.run_it("bash", ".ci/run", env={**os.environ, "CI": "true"})
        return done.returncode, done.stdout.strip().split("\n")[-1]

    def test_ci_passes_when_a_test_ran_and_passed(self):
        tests = "test('good', find_program('true'))\n"
        self.assertEqual(self.run_ci(tests), (0, "1 passed, 0 failed"))

    def test_ci_fails_when_a_test_failed(self):
        tests = "test('good', find_program('true'))\ntest('bad', find_program('false'))\n"
        self.assertEqual(self.run_ci(tests), (1, "1 passed, 1 failed"))

    def test_ci_fails_when_no_test_ran(self):
        self.assertEqual(self.run_ci(""), (1, "0 passed, 0 failed"))

    def test_ci_fails_when_the_build_fails(self):
        tests = (
            "custom_target('t', command: find_program('false'), output: 'o',\n"
            "  build_by_default: true)\n"
            "test('good', find_program('true'))\n"
        )
        self.assertEqual(self.run_ci(tests), (1, "0 passed, 0 failed"))

    def test_ci_stops_at_a_red_check_of_the_source(self):
        self.write(".ci/tidy.py", "raise SystemExit(1)")
        tests = "test('good', find_program('true'))\n"
        self.assertEqual(self.run_ci(tests), (1, "0 passed, 1 failed"))

    def test_an_old_log_is_not_counted(self):
        self.run_ci("test('good', find_program('true'))\n")
        self.assertEqual(self.run_ci(""), (1, "0 passed, 0 failed"))

    def test_an_unknown_verb_is_wrong_usage(self):
        self.assertEqual(self.run_it("./dev", "tset").returncode, 3)
        self.assertEqual(self.run_it("./dev", "help").returncode, 0)


class Misuse(Scratch):
    GOOD = "[[nodiscard]] int f();\nint g() {\n#ifdef MISUSE  // expect: ignoring return value\n"

    def verdict(self, text):
        path = self.write("x.cpp", text)
        command = ["clang++-19", "-std=c++20", "-Wall", "-Werror"]
        return self.run_it("bash", f"{CI}/misuse.sh", path, *command).returncode

    def test_a_refused_misuse_beside_correct_code_passes(self):
        self.assertEqual(self.verdict(self.GOOD + "f();\n#endif\nreturn f();\n}\n"), 0)

    def test_a_misuse_that_compiles_fails(self):
        self.assertEqual(self.verdict(self.GOOD + "(void)f();\n#endif\nreturn f();\n}\n"), 1)

    def test_a_misuse_refused_for_another_reason_fails(self):
        self.assertEqual(self.verdict(self.GOOD + "h();\n#endif\nreturn f();\n}\n"), 1)

    def test_correct_code_that_does_not_compile_fails(self):
        self.assertEqual(self.verdict(self.GOOD + "f();\n#endif\nreturn h();\n}\n"), 1)

    def test_a_file_that_expects_nothing_fails(self):
        self.assertEqual(self.verdict("int f() { return 1; }\n"), 1)


class Format(Scratch):
    def test_code_that_is_not_formatted_fails_and_is_left_alone(self):
        self.git("init", "-q")
        shutil.copy(os.path.join(ROOT, ".clang-format"), self.root)
        self.write("a.cpp", "int f() { return 1; }\n")
        self.assertEqual(self.run_it("bash", f"{CI}/format.sh", self.root).returncode, 0)
        path = self.write("b.hpp", "int  f( ) ;\n")
        self.assertNotEqual(self.run_it("bash", f"{CI}/format.sh", self.root).returncode, 0)
        with open(path, encoding="utf-8") as f:
            self.assertEqual(f.read(), "int  f( ) ;\n")


class ClangTidy(Scratch):
    """clang_tidy.py in a tree of two modules; its memory is in the tree too."""

    def setUp(self):
        super().setUp()
        for path in (".clang-tidy", "src/.clang-tidy", "src/live/.clang-tidy", ".ci/clang_tidy.py"):
            os.makedirs(os.path.dirname(os.path.join(self.root, path)), exist_ok=True)
            shutil.copy(os.path.join(ROOT, path), os.path.join(self.root, path))
        self.write("src/base/a.hpp", "#pragma once\ninline int one() { return 1; }\n")
        self.write("src/base/a.cpp", '#include "base/a.hpp"\nint two() { return one() + 1; }\n')
        self.write("src/live/b.cpp", "#include <thread>\nint three() { return 3; }\n")
        self.write(".gitignore", "/build/\n/cache/\n")
        entries = [
            {
                "directory": f"{self.root}/build",
                "file": f"../{path}",
                "command": f"clang++-19 -std=c++20 -I../src -o x.o -c ../{path}",
            }
            for path in ("src/base/a.cpp", "src/live/b.cpp")
        ]
        self.write("build/compile_commands.json", json.dumps(entries))
        self.git("init", "-q", "-b", "main")
        self.git("add", ".")
        self.git("commit", "-q", "-m", "first")

    def tidy(self, *args):
        env = {**os.environ, "XDG_CACHE_HOME": f"{self.root}/cache"}
        done = self.run_it(sys.executable, ".ci/clang_tidy.py", "build", *args, env=env)
        return done.returncode, done.stdout

    def closing(self, *args):
        code, said = self.tidy(*args)
        return code, said.strip().split("\n")[-1].removeprefix("clang-tidy: ")

    def test_a_clean_tree_is_remembered(self):
        clean = "2 checked, 0 known to be clean, 0 with findings, 0 not reached in time"
        self.assertEqual(self.closing("--all"), (0, clean))
        known = "0 checked, 2 known to be clean, 0 with findings, 0 not reached in time"
        self.assertEqual(self.closing("--all"), (0, known))

    def test_what_changed_is_what_reaches_the_change(self):
        self.assertIn("0 checked, 0 known", self.closing("--changed")[1])
        self.write("src/base/a.hpp", "#pragma once\ninline int one() { return 0; }\n")
        self.assertIn("1 checked, 0 known", self.closing("--changed")[1])

    def test_a_header_of_the_real_machine_is_found_in_calm_code_only(self):
        self.write("src/base/a.cpp", "#include <thread>\nint two() { return 2; }\n")
        code, said = self.tidy("--all")
        self.assertEqual(code, 1)
        self.assertIn("src/base/a.cpp:1:1: error", said)
        self.assertIn("portability-restrict-system-includes", said)
        self.assertIn("2 checked, 0 known to be clean, 1 with findings", said)

    def test_the_name_of_a_test_is_a_sentence(self):
        case = "#define CASE(name) struct name { int x; };\nCASE(names_are_sentences)\n"
        self.write("src/base/a.cpp", case)
        self.assertEqual(self.tidy("--all")[0], 1)
        self.write("src/base/a.cpp", "")
        self.write("src/base/a_test.cpp", case)
        commands = os.path.join(self.root, "build/compile_commands.json")
        with open(commands, encoding="utf-8") as f:
            text = f.read().replace("base/a.cpp", "base/a_test.cpp")
        self.write("build/compile_commands.json", text)
        self.assertEqual(self.tidy("--all")[0], 0)

    def test_a_finding_is_reported_again_until_it_is_gone(self):
        self.write("src/base/a.cpp", "int BadName() { return 2; }\n")
        for _ in range(2):
            code, said = self.tidy("--changed")
            self.assertEqual(code, 1)
            self.assertIn("readability-identifier-naming", said)

    def test_what_the_time_did_not_suffice_for_is_counted(self):
        said = "0 checked, 0 known to be clean, 0 with findings, 2 not reached in time"
        self.assertEqual(self.closing("--all", "--seconds", "-1"), (0, said))

    def test_a_file_that_is_gone_is_left_out(self):
        os.remove(os.path.join(self.root, "src/live/b.cpp"))
        self.assertIn("1 checked, 0 known", self.closing("--all")[1])

    def test_nothing_to_check_fails(self):
        self.write("build/compile_commands.json", "[]")
        self.assertEqual(self.tidy("--all")[0], 1)


if __name__ == "__main__":
    unittest.main()
