#!/usr/bin/env python3
"""run_test.py: `vvm run` from outside: exit codes, outputs, and that a seed is a seed.

usage: run_test.py VVM SCENARIO_FOLDER    the folder must hold at least two files that hold
"""

import json
import os
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree as ElementTree

VVM, FOLDER = sys.argv[1:3]
del sys.argv[1:3]

WRONG = """format = 1
[scenario]
name = "wrong"
horizon = "10s"

[timeline]
steps = [
  { at = "1s", fault = "craash", who = "vvm1" },
  { at = 2, fault = "crash", who = "vvm1" },
]
"""


def scenario_files(folder):
    found = []
    for root, _, names in os.walk(folder):
        found += [os.path.join(root, name) for name in names if name.endswith(".toml")]
    return sorted(found)


class Run(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.TemporaryDirectory(prefix="vvm-run-")
        self.addCleanup(self.dir.cleanup)
        self.file = scenario_files(FOLDER)[0]

    def path(self, name):
        return os.path.join(self.dir.name, name)

    def read(self, name):
        with open(self.path(name), "rb") as f:
            return f.read()

    def vvm(self, *args, code=0):
        done = subprocess.run(
            [VVM, "run", *args],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            timeout=300,
            check=False,
        )
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done

    def results(self, *args, code=0):
        self.vvm(*args, "--json", self.path("out.json"), code=code)
        return json.loads(self.read("out.json"))

    def test_a_seed_gives_the_same_trace_to_the_octet_and_another_seed_another(self):
        for name, seed in (("a", "7"), ("b", "7"), ("c", "8")):
            self.vvm(self.file, "--seed", seed, "--trace", self.path(name), "--quiet")
        self.assertGreater(len(self.read("a")), 1_000)
        self.assertEqual(self.read("a"), self.read("b"))
        self.assertNotEqual(self.read("a"), self.read("c"))

    def test_the_results_do_not_depend_on_the_number_of_processes(self):
        def of(jobs):
            runs = self.results(FOLDER, "--seeds", "1..3", "--jobs", jobs)["runs"]
            for run in runs:
                run.pop("wall_ns")
                # Work that runs have in common is done by whoever comes first.
                run["figures"].pop("memo_hits")
                run["figures"].pop("memo_proofs")
            return runs

        one = of("1")
        self.assertEqual(len(one), 3 * len(scenario_files(FOLDER)))
        self.assertEqual([run["seed"] for run in one[:3]], [1, 2, 3])
        self.assertEqual(one, of("3"))
        self.assertEqual(one, of("0"))

    def test_memory_laid_out_differently_changes_nothing(self):
        runs = self.results(self.file, "--seeds", "1..2", "--check-determinism")["runs"]
        self.assertEqual([run["repetition"]["same"] for run in runs], [True, True])

    def test_one_run_tells_its_history_and_many_do_not(self):
        alone = self.results(self.file)["runs"][0]
        self.assertTrue(alone["history"]["processes"])
        self.assertEqual(alone["outcome"], "ok")
        many = self.results(self.file, "--seeds", "1..2")["runs"]
        self.assertFalse(any(run["history"]["processes"] for run in many))
        self.assertTrue(all(run["properties"] for run in many))

    def test_junit_counts_what_ran(self):
        self.vvm(self.file, "--seeds", "1..4", "--junit", self.path("new/folder/j.xml"))
        suites = ElementTree.fromstring(self.read("new/folder/j.xml"))
        self.assertEqual(suites.get("tests"), "4")
        self.assertEqual(suites.get("failures"), "0")
        self.assertEqual(len(suites.findall("testsuite/testcase")), 4)

    def test_one_run_makes_a_page_and_several_a_folder_of_pages(self):
        self.vvm(self.file, "--html", self.path("one.html"))
        self.assertIn(b'id="chart"', self.read("one.html"))
        self.vvm(self.file, "--seeds", "1..2", "--html", self.path("many"))
        names = sorted(os.listdir(self.path("many")))
        self.assertEqual(len(names), 3)
        index = self.read("many/index.html").decode()
        for name in names:
            self.assertTrue(name == "index.html" or f'href="{name}"' in index)

    def test_output_in_a_pipe_is_plain_and_narrow(self):
        done = self.vvm(FOLDER)
        self.assertNotIn("\x1b", done.stdout + done.stderr)
        self.assertLessEqual(max(map(len, done.stdout.splitlines())), 100)
        self.assertIn("events/s", done.stdout)
        self.assertRegex(done.stdout, r"virtual : wall [\d,]+ : 1")

    def test_everything_wrong_in_a_file_is_said_before_anything_runs(self):
        with open(self.path("wrong.toml"), "w", encoding="utf-8") as f:
            f.write(WRONG)
        done = self.vvm(FOLDER, self.path("wrong.toml"), code=3)
        self.assertEqual(done.stdout, "")
        self.assertIn(f"{self.path('wrong.toml')}:8:", done.stderr)
        self.assertIn("did you mean `crash`?", done.stderr)
        self.assertIn(f"{self.path('wrong.toml')}:9:", done.stderr)

    def test_what_cannot_be_run_is_usage(self):
        trace = self.path("t")
        for args, said in (
            (["nowhere"], "nowhere: no such file or folder"),
            ([self.file, "--seeds", "9..2"], "9 is greater than 2"),
            ([self.file, "--seed", "1..2"], "--seed takes one seed"),
            ([self.file, "--seeds", "1..2", "--trace", trace], "--trace takes one run"),
            ([self.file, "--seed", "1", "--seeds", "1..2"], "--seed"),
            ([], "FILE"),
        ):
            self.assertIn(said, self.vvm(*args, code=3).stderr)

    def test_a_run_that_does_not_end_in_time_is_named_and_is_code_4(self):
        done = self.vvm(self.file, "--steps-max", "10", code=2)
        self.assertIn("UNKNOWN", done.stdout)


if __name__ == "__main__":
    unittest.main()
