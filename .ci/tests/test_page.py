#!/usr/bin/env python3
"""test_page.py: the pages of `vvm run --html` in a real browser, without a screen.

Renders the sample runs, loads each page in headless chromium and reads back what its script made
of it: lanes, marks, no error, and what keys do. usage: test_page.py RENDER_SAMPLES
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

RENDER_SAMPLES = sys.argv.pop(1) if len(sys.argv) > 1 else ""
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-dev-shm-usage", "--window-size=1400,1000", "--virtual-time-budget=3000",
]  # fmt: skip

# Presses keys on the chart, a frame after each other, and notes what has changed.
PROBE = """
<script>
(async () => {
  const chart = document.getElementById('chart');
  const seen = [];
  const frame = () => new Promise((done) => setTimeout(done, 60));
  const note = (name) => seen.push(
    name + '=' + document.querySelectorAll('.lanes [data-item]').length);
  const press = async (key, more) => {
    chart.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, ...more }));
    await frame();
    note(key);
  };
  await frame();
  note('start');
  for (const key of ['ArrowDown', 'ArrowDown', ']', 'v', '+', '+', 'ArrowLeft', 's', 'r', '0']) {
    await press(key);
  }
  await press('ArrowRight', { shiftKey: true });
  document.documentElement.dataset.details = document.getElementById('details').textContent;
  document.documentElement.dataset.selected = document.querySelectorAll('.selected').length;
  const filter = document.getElementById('filter');
  filter.value = 'vvm2';
  filter.dispatchEvent(new Event('input'));
  await frame();
  note('filter');
  filter.value = '';
  filter.dispatchEvent(new Event('input'));
  await frame();
  const fold = document.querySelector('.lanes [data-toggle="1"]');
  fold.dispatchEvent(new MouseEvent('click', { bubbles: true }));
  await frame();
  note('fold');
  document.getElementById('theme').click();
  chart.dispatchEvent(new KeyboardEvent('keydown', { key: '?', bubbles: true }));
  document.documentElement.dataset.dialog = document.getElementById('keys').open;
  document.documentElement.dataset.probe = seen.join(' ');
})();
</script>
"""


def browser():
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if shutil.which(name):
            return name
    raise AssertionError("no chromium; ./dev setup installs it")


class Page(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.browser = browser()
        cls.loaded = {}
        cls.dir = tempfile.mkdtemp(prefix="vvm-page-")
        subprocess.run([RENDER_SAMPLES, cls.dir], check=True)

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.dir, ignore_errors=True)

    def load(self, name, probe=""):
        """The attributes that the page's script left on its root, and the whole tree as text."""
        if not probe and name in self.loaded:
            return self.loaded[name]
        path = os.path.join(self.dir, name)
        if probe:
            with open(path, encoding="utf-8") as f:
                text = f.read()
            path = os.path.join(self.dir, "probe-" + name)
            with open(path, "w", encoding="utf-8") as f:
                f.write(text.replace("</body>", probe + "</body>"))
        profile = tempfile.mkdtemp(dir=self.dir)
        done = subprocess.run(
            [self.browser, *FLAGS, f"--user-data-dir={profile}", "--dump-dom", f"file://{path}"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            timeout=120,
            check=False,
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        root = re.search(r"<html[^>]*>", done.stdout).group(0)
        seen = dict(re.findall(r'data-(\w+)="([^"]*)"', root)), done.stdout
        if not probe:
            self.loaded[name] = seen
        return seen

    def lanes(self, dom):
        """The markup of the lanes as drawn, without the scripts that hold the same words."""
        return dom.split("<script")[0].split('class="lanes')[1].split('class="overview')[0]

    def check_drawn(self, data, lanes, marks):
        self.assertEqual(data.get("ready"), "1", data)
        self.assertEqual(data.get("errors"), "", data)
        self.assertEqual(int(data["lanes"]), lanes)
        self.assertEqual(int(data["marks"]), marks)

    def test_a_run_that_held_has_lanes_and_marks(self):
        data, dom = self.load("held.html")
        # 6 faults, operations, 4 processes, 12 partitions; 7 marks of faults, 4 of operations,
        # 2 of processes, 2 in the legend.
        self.check_drawn(data, lanes=23, marks=16)
        for phase in ("Downloading", "Switching", "Running", "Backoff"):
            self.assertIn(f"seg p-{phase}", self.lanes(dom))
        self.assertIn("faults end", dom)
        self.assertIn('class="seg ver1', self.lanes(dom))
        self.assertNotIn("moment-line", self.lanes(dom))

    def test_a_fault_that_touched_nothing_is_told_from_one_that_did(self):
        _, dom = self.load("held.html")
        lanes = self.lanes(dom)
        self.assertEqual(len(re.findall(r'data-row="4"[^>]*class="mark idle"', lanes)), 1)
        self.assertEqual(len(re.findall(r'data-row="0"[^>]*class="mark fault"', lanes)), 1)

    def test_a_crash_shows_the_end_of_a_life_and_the_time_without_one(self):
        _, dom = self.load("held.html")
        lanes = self.lanes(dom)
        self.assertIn('class="crash"', lanes)
        self.assertEqual(len(re.findall(r'class="down"', lanes)), 1)
        self.assertEqual(len(re.findall(r'data-row[^>]*class="pause"', lanes)), 1)

    def test_a_violation_is_marked_in_its_lane_and_in_the_table(self):
        data, dom = self.load("failed.html")
        self.check_drawn(data, lanes=23, marks=15)
        self.assertIn('class="moment-line"', self.lanes(dom))
        lanes = self.lanes(dom)
        self.assertEqual(len(re.findall(r'class="spot"', lanes)), 1)
        self.assertRegex(dom, r'class="broke">pos/7<')
        self.assertRegex(dom, r'<tr class="moment"[^>]*><td class="time">241.203 s</td>')

    def test_keys_move_zoom_select_fold_and_explain(self):
        data, _ = self.load("failed.html", PROBE)
        self.assertEqual(data.get("errors"), "", data)
        steps = dict(step.split("=") for step in data["probe"].split())
        items = {name: int(value) for name, value in steps.items()}
        self.assertLess(items["+"], items["start"])
        self.assertGreater(items["0"], items["+"])
        self.assertLess(items["filter"], items["0"])
        self.assertLess(items["fold"], items["0"])
        self.assertIn("took effect", data["details"])
        self.assertEqual(data["selected"], "1")
        self.assertEqual(data["dialog"], "true")
        self.assertEqual(data["theme"], "dark")

    def test_runs_without_a_history_load_without_error(self):
        data, _ = self.load("broken.html")
        self.check_drawn(data, lanes=0, marks=0)

    def test_hostile_names_run_no_script(self):
        data, dom = self.load("hostile.html")
        self.assertEqual(data.get("errors"), "", data)
        self.assertNotIn("<img", dom.replace("&lt;img", ""))
        self.assertIn("&lt;img", dom)

    def test_the_index_leads_to_the_pages(self):
        _, dom = self.load("index.html")
        self.assertIn('<a href="held.html">', dom)


if __name__ == "__main__":
    unittest.main()
