#!/usr/bin/env python3
"""Tests of the scripts of ./dev fuzz-schema: usage, what is said of a failure, making it small.

Nothing is built; a function stands for the target.
"""

import os
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
import fuzz_schema  # noqa: E402
import minimise  # noqa: E402

CHECK = "../../properties/fuzz/schema_fuzz.cpp:50: CHECK failed: found.empty() "


class Usage(unittest.TestCase):
    def test_what_is_no_time_no_number_or_no_file_is_bad_usage(self):
        for bad in (["--for", "10"], ["--for", "0s"], ["--jobs", "0"], ["--seed", "x"], ["none"]):
            with self.subTest(bad=bad):
                done = subprocess.run([sys.executable, f"{HERE}/fuzz_schema.py", *bad],
                                      capture_output=True, text=True, check=False)
                self.assertEqual(done.returncode, 3, done.stderr)
                self.assertIn("fuzz-schema: ", done.stderr)

    def test_times(self):
        self.assertEqual([fuzz_schema.duration(t) for t in ("5s", "10min", "3m", "2h")],
                         [5, 600, 180, 7200])
        self.assertEqual(fuzz_schema.clock(3599.6), "60m 00s")


class Said(unittest.TestCase):
    def test_the_message_of_the_judge_ends_before_the_stack(self):
        said = f"INFO: x\n{CHECK}laid out: other messages\n    a.vsql:1:1: b\n==7== ERROR: x\n#0"
        self.assertEqual(minimise.message(said), "laid out: other messages\n    a.vsql:1:1: b")
        self.assertEqual(minimise.summary(said), "laid out: other messages")
        self.assertEqual(minimise.kind(said), "laid out")

    def test_a_check_of_the_compiler_is_told_by_its_place(self):
        one = "../../src/schema/names.cpp:12: CHECK failed: id < size name 7\n"
        other = "../../src/schema/names.cpp:12: CHECK failed: id < size name 8\n"
        self.assertEqual(minimise.kind(one), minimise.kind(other))
        self.assertNotEqual(minimise.kind(one), minimise.kind(one.replace(":12:", ":13:")))

    def test_what_a_sanitizer_says(self):
        said = "==1==ERROR: AddressSanitizer: x\n#0\nSUMMARY: AddressSanitizer: overflow (t+0x1)\n"
        self.assertEqual(minimise.kind(said), "AddressSanitizer: overflow (t+0x1)")


class Smallest(unittest.TestCase):
    def smallest(self, text, verdict):
        with tempfile.TemporaryDirectory() as folder:
            def of_file(path):
                with open(path, "rb") as file:
                    return verdict(file.read())
            return minimise.smallest(text, of_file, f"{folder}/candidate", 30)

    def test_files_lines_and_tokens_that_do_not_matter_go(self):
        text = (b"APPLICATION shop ();\n### org/lib/lib.vsql\nWORKSPACE W (\n  -- doc\n"
                b"  TABLE T (A 'it''s', B int32)\n);\n### org/other/other.vsql\nROLE R;\n")
        fails = lambda t: f"{CHECK}bad: {t!r}\n" if b"TABLE" in t and b"B int32" in t else None
        small, said = self.smallest(text, fails)
        self.assertEqual(small, b"TABLEB int32")
        self.assertEqual(minimise.summary(said), "bad: b'TABLEB int32'")

    def test_another_failure_is_not_taken_for_the_one_that_was_found(self):
        def fails(text):
            if b"A" in text and b"B" in text:
                return f"{CHECK}both: x\n"
            return f"{CHECK}one: x\n" if b"A" in text else None
        self.assertEqual(self.smallest(b"x A y B z", fails)[0], b"AB")

    def test_an_input_that_holds_is_said_to_hold(self):
        self.assertEqual(self.smallest(b"A", lambda text: None), (b"A", None))


if __name__ == "__main__":
    unittest.main()
