#!/usr/bin/env python3
"""up_test.py: `vvm up` and `vvm ctl` end to end, on free ports and in folders of their own.

The sample application of scenarios/ goes through the whole path: packed, uploaded, downloaded,
unpacked, parsed, running; then a second version of it; then an orderly end; then a second life on
the same data. Waits poll with a generous bound; nothing depends on how fast the machine is.

usage: up_test.py VVM_PROGRAM FOLDER_OF_VERSION_2
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

PROGRAM, SECOND = "", ""
APP = "acme/pos"
LIMIT = 120  # seconds; only a run that hangs gets there


class Up(unittest.TestCase):
    def setUp(self):
        self.root = tempfile.mkdtemp(prefix="vvm-up-test")
        self.addCleanup(shutil.rmtree, self.root)
        self.run_dir, self.tmp = self.folder("run"), self.folder("tmp")
        self.env = dict(os.environ, XDG_RUNTIME_DIR=self.run_dir, TMPDIR=self.tmp, NO_COLOR="1")
        self.up = None
        self.addCleanup(self.end)

    def folder(self, name):
        path = os.path.join(self.root, name)
        os.mkdir(path)
        return path

    def end(self):
        if self.up is not None and self.up.poll() is None:
            self.up.kill()
            self.up.wait()

    def start(self, *args):
        self.log = open(os.path.join(self.root, "up.log"), "w+", encoding="utf-8")
        self.addCleanup(self.log.close)
        self.up = subprocess.Popen(
            [PROGRAM, "up", "--port", "0", *args],
            env=self.env, cwd=self.root, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log,
        )

    def said(self):
        self.log.flush()
        with open(self.log.name, encoding="utf-8") as f:
            return f.read()

    def ctl(self, *args):
        return subprocess.run(
            [PROGRAM, "ctl", *args], env=self.env, capture_output=True, text=True, check=False,
            stdin=subprocess.DEVNULL, timeout=LIMIT,
        )

    def status(self):
        """What the cluster says, or None while nobody answers."""
        done = self.ctl("status", "--json")
        if done.returncode != 0:
            return None
        return json.loads(done.stdout)

    def wait_for(self, what, condition):
        end = time.monotonic() + LIMIT
        while time.monotonic() < end:
            if self.up.poll() is not None:
                self.fail(f"vvm up ended with {self.up.returncode}:\n{self.said()}")
            status = self.status()
            if status is not None and condition(status):
                return status
            time.sleep(0.02)
        self.fail(f"no {what} within {LIMIT} s:\n{self.status()}\n{self.said()}")

    def wait_for_version(self, version, partitions=4, life=1):
        """Every partition runs the version, in this life of its VVM."""

        def runs(status):
            rows = [p for p in status["partitions"] if p["app"] == APP and p["wanted"]]
            return len(rows) == partitions and all(
                (p["phase"], p["servingVersion"], p["vvmEpoch"]) == ("Running", version, life)
                for p in rows
            )

        return self.wait_for(f"version {version} in life {life}", runs)

    def stop(self, number):
        self.up.send_signal(number)
        try:
            return self.up.wait(timeout=LIMIT)
        except subprocess.TimeoutExpired:
            self.fail(f"not stopped by signal {number}:\n{self.said()}")

    def assert_nothing_is_left(self):
        for path in (self.run_dir, self.tmp):
            self.assertEqual(os.listdir(path), [], self.said())

    def test_a_version_is_served_then_the_next_then_all_is_gone(self):
        self.start("--vvms", "1")
        first = self.wait_for_version(1)
        self.assertEqual([v["state"] for v in first["vvms"]], ["Registered"])
        deployed = self.ctl("deploy", SECOND, "--app", APP, "--json")
        self.assertEqual(deployed.returncode, 0, deployed.stderr)
        self.assertEqual(json.loads(deployed.stdout), {"app": APP, "version": 2})
        second = self.wait_for_version(2)
        epochs = [[p["partitionEpoch"] for p in s["partitions"]] for s in (first, second)]
        self.assertEqual(epochs[0], epochs[1], "an upgrade changes no owner")
        table = self.ctl("status")
        self.assertEqual(table.returncode, 0, table.stderr)
        self.assertRegex(table.stdout, r"acme/pos +3 +1 +Running +2 +2 ")
        third = os.path.join(self.root, "third")
        shutil.copytree(SECOND, third)
        with open(os.path.join(third, "pkg/github.com/acme/pos/house.vsql"), "a") as f:
            f.write("-- the third version\n")
        for verb in (("deploy", third), ("rollback", "--to", "2")):
            done = self.ctl(*verb, "--app", APP, "--wait")
            self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.wait_for_version(4)
        self.assertEqual(self.stop(signal.SIGINT), 0, self.said())
        self.assertIn("vvm-1       stopped", self.said())
        self.assert_nothing_is_left()

    def test_what_may_not_follow_is_refused_and_the_old_version_goes_on(self):
        """Version 1 lacks types that version 2 has: going back would lose data."""
        self.start("--app", f"{APP}={SECOND}", "--vvms", "2")
        self.wait_for_version(1)
        first = os.path.join(os.path.dirname(SECOND), "pos-v1")
        refused = self.ctl("deploy", first, "--app", APP, "--wait")
        self.assertEqual(refused.returncode, 1, refused.stdout)
        self.assertIn("Incompatible", refused.stderr)
        serving = {p["servingVersion"] for p in self.status()["partitions"]}
        self.assertEqual(serving, {1})
        again = self.ctl("deploy", SECOND, "--app", APP, "--wait")
        self.assertEqual((again.returncode, again.stderr), (0, ""))
        self.wait_for_version(3)
        self.assertEqual(self.stop(signal.SIGINT), 0, self.said())
        self.assert_nothing_is_left()

    def test_a_second_life_goes_on_with_the_same_data(self):
        data = os.path.join(self.root, "data")
        self.start("--vvms", "2", "--data", data, "--partitions", "5")
        before = self.wait_for_version(1, partitions=5)
        self.assertEqual(self.stop(signal.SIGTERM), 0, self.said())
        self.assert_nothing_is_left()
        self.start("--vvms", "2", "--data", data)
        after = self.wait_for_version(1, partitions=5, life=2)
        self.assertGreater(after["revision"], before["revision"])
        self.assertEqual([v["epoch"] for v in after["vvms"]], [2, 2])
        self.assertIn("deployed before, as version 1", self.said())
        self.assertEqual(self.stop(signal.SIGINT), 0, self.said())
        self.assertTrue(os.path.exists(os.path.join(data, "cluster", "store.sqlite")))
        self.assert_nothing_is_left()

    def test_a_second_life_follows_a_death_without_any_tidying(self):
        data = os.path.join(self.root, "data")
        self.start("--vvms", "1", "--data", data)
        self.wait_for_version(1)
        self.assertEqual(self.stop(signal.SIGKILL), -signal.SIGKILL)
        stale = self.ctl("status")
        self.assertEqual(stale.returncode, 1)
        self.assertRegex(stale.stderr, r"ConnectionRefused: no answer .* says that process \d+")
        self.start("--vvms", "1", "--data", data)
        status = self.wait_for_version(1, life=2)
        self.assertEqual([v["epoch"] for v in status["vvms"]], [2])
        self.assertEqual(self.stop(signal.SIGINT), 0, self.said())
        self.assert_nothing_is_left()

    def test_every_line_is_an_object_when_json_is_asked_for(self):
        self.start("--json")
        self.wait_for_version(1)
        self.assertEqual(self.stop(signal.SIGINT), 0, self.said())
        events = [json.loads(line) for line in self.said().splitlines()]
        names = {(e["process"], e["event"]) for e in events}
        for wanted in (("up", "up.cluster"), ("vvm-1", "vvm.registered"), ("up", "up.stopped")):
            self.assertIn(wanted, names)

    def test_two_signals_leave_nothing_behind_either(self):
        self.start()
        self.wait_for_version(1)
        self.up.send_signal(signal.SIGINT)
        self.assertIn(self.stop(signal.SIGINT), (0, 1), self.said())
        self.assert_nothing_is_left()

    def test_refusals_are_told_apart_from_bad_input(self):
        nobody = self.ctl("status")
        self.assertEqual(nobody.returncode, 3)
        self.assertIn("no `vvm up` of this user is running", nobody.stderr)
        data = os.path.join(self.root, "data")
        self.start("--no-app", "--data", data)
        status = self.wait_for("VVM", lambda s: len(s["vvms"]) == 1)
        self.assertEqual(status["partitions"], [])
        refused = self.ctl("rollback", "--app", APP, "--to", "1")
        self.assertEqual((refused.returncode, refused.stdout), (1, ""))
        self.assertIn("NotFound", refused.stderr)
        for args in (("status", "--cluster", "nowhere"), ("deploy", self.tmp, "--app", APP),
                     ("deploy", SECOND, "--app", "pos")):
            self.assertEqual(self.ctl(*args).returncode, 3, args)
        again = subprocess.run(
            [PROGRAM, "up", "--no-app", "--port", "0", "--data", data], env=self.env,
            capture_output=True, text=True, check=False, timeout=LIMIT,
        )
        self.assertEqual(again.returncode, 3)
        self.assertIn("in use by another", again.stderr)
        self.assertEqual(self.stop(signal.SIGINT), 0, self.said())


if __name__ == "__main__":
    PROGRAM, SECOND = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
    unittest.main(argv=sys.argv[:1] + sys.argv[3:])
