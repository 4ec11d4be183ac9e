#!/usr/bin/env python3
"""Tests of tidy.py: every rule catches a planted violation and is silent about its look-alikes.

Each case is a small tree of its own, checked against the real src/layers.txt. A rule without a
case here is not a rule.
"""

import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
TIDY = os.path.join(ROOT, ".ci", "tidy.py")
SPEC = importlib.util.spec_from_file_location("tidy", TIDY)
tidy = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(tidy)

OPENING = "// A file of the test tree, with a comment that opens it.\n"

# What stands in src/ctrlloop/a.cpp after the opening comment: rule, code.
CAUGHT = [
    ("clock", "auto t = std::chrono::steady_clock::now();"),
    ("clock", "using std::chrono::system_clock; auto t = system_clock :: now ( );"),
    ("clock", "auto t = time(nullptr);"),
    ("clock", "long t = ::time(0);"),
    ("clock", "std::time_t t = std::time(&x);"),
    ("clock", "timespec s; clock_gettime(CLOCK_REALTIME, &s);"),
    ("clock", "asio::steady_timer timer(executor);"),
    ("clock", "boost::asio::high_resolution_timer timer(executor);"),
    ("random", "std::random_device device;"),
    ("random", "std::mt19937 engine(7);"),
    ("random", "std::uniform_int_distribution<int> d(1, 6);"),
    ("random", "std::normal_distribution<> d;"),
    ("random", "std::shuffle(v.begin(), v.end(), engine);"),
    ("random", "std::ranges::shuffle(v, engine);"),
    ("random", "int x = rand() % 6;"),
    ("random", "int f() { return rand(); }"),
    ("random", "int x = std::rand();"),
    ("random", "srand(1);"),
    ("thread", "std::thread worker(run);"),
    ("thread", "std::jthread worker(run);"),
    ("thread", "auto f = std::async(run);"),
    ("thread", "std::mutex m;"),
    ("thread", "std::lock_guard<M> lock(m);"),
    ("thread", "thread_local int depth = 0;"),
    ("env", 'const char* home = std::getenv("HOME");'),
    ("hash-order", "std::unordered_map<int, int> seen;"),
    ("hash-order", "std::unordered_set<int> seen;  // tidy-ok:"),
    ("address-order", "std::map<Node*, int> depth;"),
    ("address-order", "std::map<const Node*,\n         std::map<int, int>> depth;"),
    ("address-order", "std::set<Node*> seen;"),
    ("address-order", "std::set<std::shared_ptr<Node>> seen;"),
    ("address-order", "std::size_t h = std::hash<const Node*>{}(node);"),
    ("spawn", "asio::co_spawn(executor, run(), handler);"),
    ("spawn", "start(executor, run(), asio::detached);"),
    ("spawn", "using boost::asio::detached;"),
    ("stream", 'std::cout << "hello";'),
    ("stream", 'std::cerr << "hello";'),
    ("assert", "assert(x == 1);"),
    ("catch", "void f() {\n  try {\n    g();\n  } catch (...) {\n    h();\n  }\n}"),
    ("property-assert", "RC_ASSERT(!x.has_value() || *x > f(1, 2));"),
    ("coroutine", "Task<void> run(Node& node);"),
    ("coroutine", "Task<Result<std::map<int, int>>> run(Runtime rt, const Plan& plan);"),
    ("coroutine", "Task<void> Loop::run(Plan&& plan) { co_return; }"),
    ("coroutine", "virtual Task<> run(std::vector<int> v,\n            const Runtime& rt) = 0;"),
    ("coroutine", "auto f = [this]() -> Task<void> { co_await step(); };"),
    ("coroutine", "scope.spawn([&] { co_return; }());"),
    ("coroutine", "auto f = [](Node& n) -> Task<void> { co_await n.step(); };"),
    ("coroutine", "if (co_await step()) { return; }"),
    ("coroutine", "while (!(co_await step()).done) { f(); }"),
    ("coroutine", "do { f(); } while (co_await step());"),
    ("coroutine", "switch (co_await step()) { case 1: break; }"),
    ("coroutine", "if (auto x = co_await step(); x) { f(); }"),
    ("header", "#include <boost/asio.hpp>"),
    ("header", "#include <boost/beast.hpp>"),
    ("header", "#include <boost/beast/http/message.hpp>"),
    ("header", "#include <boost/asio/steady_timer.hpp>"),
    ("header", "#include <boost/asio/ip/tcp.hpp>"),
    ("header", "#include <thread>"),
    ("header", "#include <random>"),
    ("header", "#include <fstream>"),
    ("header", "#include <boost/asio/io_context.hpp>"),
    ("marker", "// FIX" + "ME: later"),
    ("machine-path", 'const char* p = "/wo' + 'rk/main";'),
    ("machine-path", "// see /ro" + "ot/notes"),
    ("line-length", "// " + "x" * 98),
    ("file-length", "int x;\n" * 700),
    ("layers", '#include "sim/kernel/kernel.hpp"'),
    ("layers", '#include "live/runtime.hpp"'),
    ("layers", '#include "apppartsctl/step_core.hpp"'),
    ("layers", '#include "nowhere/x.hpp"'),
    ("layers", '#include "../base/result.hpp"'),
    ("layers", '#include "src/base/result.hpp"'),
]

# The same place; nothing may be reported.
SILENT = [
    "auto t = rt.clock().now();",
    "auto t = clock_.now();  // not steady_clock::now()",
    'const char* s = "std::chrono::steady_clock::now()";',
    'const char* s = R"(getenv("HOME") // tim' + 'e(0))";',
    "/* std::random_device\n   time(nullptr) */",
    "using Due = std::chrono::steady_clock::duration;",
    "Instant t = event.time();",
    "Instant t = event->time(0);",
    "Instant run_time(int x); Instant t = run_time(0);",
    "struct X { Instant time(int at) const; };",
    "struct X { Rand& rand() const; };\nRand& r = rt.rand();\nRand& q = rt->rand();",
    "Rand& Runtime::rand() { return *rand_; }",
    "auto rng = rt.rng(\"net\"); rng.shuffle(v);",
    "int operand() { return 1; }\nint x = operand();",
    "static_assert(sizeof(int) == 4);",
    "BOOST_TEST(x);\nRC_ASSERT(y);",
    "std::map<int, Node*> nodes;",
    "std::map<std::string, std::vector<Node*>> nodes;",
    "std::map<Node*, int, ByName> nodes;",
    "std::set<const Node*, ByName> nodes;",
    "std::hash<int> h;",
    "std::unordered_map<int, int> seen;  // tidy-ok: never iterated",
    "// tidy-ok: never iterated\nstd::unordered_map<int, int> seen;",
    "bool detached = false;\nif (detached) { f(x, detached); }\nx.state = State::detached;",
    "void co_spawned();",
    "try {\n  g();\n} catch (...) {\n  close();\n  throw;\n}",
    "try {\n  g();\n} catch (...) {\n  failure = std::current_exception();\n}",
    "try {\n  g();\n} catch (const std::exception& e) {\n  h();\n}",
    "RC_ASSERT((!x.has_value() || *x > f(1, 2)));",
    "RC_ASSERT(std::ranges::all_of(all, [](int i) { return i > 0 && i < 9; }));",
    "Task<void> run(Runtime rt, std::vector<std::map<int, Node&>> v, int n = a & b);",
    "Task<void>& task(const Node& node);",
    "void f(Task<void> task, const Node& node);",
    "using Step = std::function<Task<void>(int)>;",
    "Effects on_in(const Message& m);",
    "auto f = [](Runtime rt, int n) -> Task<void> { co_await step(rt, n); };",
    "auto f = [this, &x](int n) { return x + n; };",
    "Task<void> g() {\n  auto f = [&](int n) { return n; };\n  co_await step(f(1));\n}",
    "auto& [key, value] = *it;\nint x = v[co_await_index];",
    "auto f = [&] { return [] () -> Task<void> { co_return; }; };",
    "const bool more = co_await step();\nif (more) { co_await step(); }",
    "while (!done) { co_await step(); }",
    "CO_TRY(auto x, co_await step());",
    "int n = 1'000'000; std::string s = \"'\"; char c = '\"';",
    "#include <boost/asio/buffer.hpp>",
    "#include <boost/asio/awaitable.hpp>",
    "// #include <thread>",
    "#include <map>",
    '#include "base/result.hpp"',
    '#include "runtime/task.hpp"',
    '#include "ctrlloop/other.hpp"',
    "// " + "x" * 97,
    "// https://example.org/wo" + "rk/x, a/ro" + "ot/b, network/wo" + "rk/",
]


class Tree(unittest.TestCase):
    def setUp(self):
        self.root = tempfile.mkdtemp(prefix="tidy")
        self.addCleanup(shutil.rmtree, self.root)
        os.makedirs(os.path.join(self.root, "src"))
        shutil.copy(os.path.join(ROOT, "src", "layers.txt"), os.path.join(self.root, "src"))
        for path in (
            "src/base/result.hpp",
            "src/runtime/task.hpp",
            "src/live/runtime.hpp",
            "src/ctrlloop/other.hpp",
            "src/apppartsctl/step_core.hpp",
            "sim/kernel/kernel.hpp",
            "sim/wiring/cluster.hpp",
        ):
            self.write(path, OPENING + "#pragma once\n")

    def write(self, path, text):
        path = os.path.join(self.root, path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)

    def rules(self):
        return sorted({row[2] for row in tidy.check(self.root)})


class Code(Tree):
    def test_every_planted_violation_is_caught_once_and_by_its_rule(self):
        for rule, code in CAUGHT:
            with self.subTest(code=code[:60]):
                self.write("src/ctrlloop/a.cpp", OPENING + code + "\n")
                self.assertEqual(self.rules(), [rule])

    def test_look_alikes_are_not_reported(self):
        for code in SILENT:
            with self.subTest(code=code[:60]):
                self.write("src/ctrlloop/a.cpp", OPENING + code + "\n")
                self.assertEqual(tidy.check(self.root), [])

    def test_a_reason_on_the_line_lifts_a_ban(self):
        for rule, code in CAUGHT:
            if rule in ("layers", "file-length") or "tidy-ok" in code:
                continue
            with self.subTest(code=code[:60]):
                lines = code.split("\n")
                code = "\n".join(line + "  // tidy-ok: the test says so" for line in lines)
                self.write("src/ctrlloop/a.cpp", OPENING + code + "\n")
                self.assertEqual(tidy.check(self.root), [])

    def test_a_finding_names_its_line(self):
        self.write("src/ctrlloop/a.cpp", OPENING + "int x;\n\nstd::mutex m;\n")
        places = [row[:3] for row in tidy.check(self.root)]
        self.assertEqual(places, [("src/ctrlloop/a.cpp", 4, "thread")])

    def test_code_that_touches_the_machine_may_do_so(self):
        code = OPENING + "std::thread t;\nauto n = std::chrono::steady_clock::now();\n"
        for path in ("src/live/a.cpp", "sim/cli/a.cpp"):
            self.write(path, code)
        self.assertEqual(self.rules(), [])

    def test_spawning_stays_in_three_modules(self):
        code = OPENING + "void f() { asio::co_spawn(e, run(), asio::detached); }\n"
        for path in ("src/runtime/a.cpp", "src/live/a.cpp", "sim/kernel/a.cpp"):
            self.write(path, code)
        self.assertEqual(self.rules(), [])
        self.write("sim/cli/a.cpp", code)
        self.assertEqual(self.rules(), ["spawn"])

    def test_beast_stays_in_sources_of_http_and_live(self):
        code = OPENING + "#include <boost/beast/core.hpp>\n"
        for path in ("src/http/a.cpp", "src/live/a.cpp"):
            self.write(path, code)
        self.assertEqual(self.rules(), [])
        self.write("src/http/a.hpp", code)
        self.assertEqual(self.rules(), ["header"])

    def test_a_test_may_read_its_data_but_has_no_clock(self):
        code = OPENING + "#include <fstream>\n#include <boost/asio/io_context.hpp>\n"
        for path in ("a_test.cpp", "test_world.hpp", "testing/golden.hpp"):
            self.write(f"src/ctrlloop/{path}", code)
        self.assertEqual(self.rules(), [])
        self.write("src/ctrlloop/test_world.hpp", code + "#include <thread>\n")
        self.assertEqual(self.rules(), ["header"])

    def test_only_the_program_prints(self):
        self.write("sim/cli/a.cpp", OPENING + 'void f() { std::cout << "hello"; }\n')
        self.assertEqual(self.rules(), [])
        self.write("src/live/a.cpp", OPENING + 'void f() { std::cout << "hello"; }\n')
        self.assertEqual(self.rules(), ["stream"])


class Layers(Tree):
    def test_a_test_may_use_the_simulated_world_and_no_more(self):
        self.write("src/ctrlloop/a_test.cpp", OPENING + '#include "sim/kernel/kernel.hpp"\n')
        self.assertEqual(self.rules(), [])
        self.write("src/ctrlloop/a_test.cpp", OPENING + '#include "sim/wiring/cluster.hpp"\n')
        self.assertEqual(self.rules(), ["layers"])

    def test_only_the_program_may_choose_live(self):
        include = OPENING + '#include "live/runtime.hpp"\n'
        self.write("sim/cli/main.cpp", include)
        self.assertEqual(self.rules(), [])
        for path in ("src/vvm/a.cpp", "sim/wiring/a.cpp", "properties/core/a.cpp", "bench/a.cpp"):
            with self.subTest(path=path):
                self.write(path, include)
                self.assertEqual(self.rules(), ["layers"])
                os.remove(os.path.join(self.root, path))

    def test_the_contracts_of_the_seam_see_both_worlds_and_the_seam_neither(self):
        include = OPENING + '#include "live/runtime.hpp"\n#include "sim/kernel/kernel.hpp"\n'
        self.write("src/runtime/contract/clock_contract.cpp", include)
        self.assertEqual(self.rules(), [])
        self.write("src/runtime/a.cpp", include)
        self.assertEqual(self.rules(), ["layers"])

    def test_a_folder_of_a_module_belongs_to_it(self):
        self.write("src/schema/parse/table.cpp", OPENING + '#include "base/result.hpp"\n')
        self.assertEqual(self.rules(), [])
        self.write("src/schema/parse/table.cpp", OPENING + '#include "live/runtime.hpp"\n')
        self.assertEqual(self.rules(), ["layers"])

    def test_a_folder_without_a_line_is_reported(self):
        self.write("src/novel/a.cpp", OPENING)
        self.assertEqual(self.rules(), ["layers"])

    def test_src_kernel_is_not_sim_kernel(self):
        self.write("src/sim/kernel/a.cpp", OPENING)
        self.assertEqual(self.rules(), ["layers"])

    def table(self, text):
        self.write("src/layers.txt", text)
        return [row[:3] for row in tidy.check(self.root) if row[0] == "src/layers.txt"]

    def test_a_cycle_in_the_table_is_reported(self):
        self.assertEqual(self.table("a: b\nb: a\n"), [("src/layers.txt", 1, "layers")])
        self.assertEqual(self.table("a: a\n"), [("src/layers.txt", 1, "layers")])

    def test_the_table_names_only_modules_with_a_line(self):
        self.assertEqual(self.table("a:\nb: a c\n"), [("src/layers.txt", 2, "layers")])

    def test_a_module_stands_once(self):
        self.assertEqual(self.table("a:\na:\n"), [("src/layers.txt", 2, "layers")])


class FileComment(Tree):
    def test_a_file_without_an_opening_comment_is_reported(self):
        for path, text in (
            ("src/base/a.hpp", "#pragma once\n// Too late.\n"),
            ("src/base/a.cpp", '#include "base/a.hpp"\n'),
            ("src/base/a.cpp", ""),
            ("src/base/a.cpp", "// NOLINTBEGIN\nint x;\n"),
            ("src/base/a.cpp", "//\nint x;\n"),
            ("sim/report/a.py", "#!/usr/bin/env python3\nimport sys\n"),
            (".ci/a.sh", "#!/usr/bin/env bash\nset -eu\n"),
            ("dev", "#!/usr/bin/env bash\nset -eu\n"),
        ):
            with self.subTest(path=path, text=text[:30]):
                self.write(path, text)
                self.assertEqual(self.rules(), ["file-comment"])
                os.remove(os.path.join(self.root, path))

    def test_an_opening_comment_of_each_language_counts(self):
        self.write("src/base/a.hpp", "// Bytes: what a file holds.\n#pragma once\n")
        self.write("src/base/b.cpp", "/* Bytes: what a file holds. */\n")
        self.write("sim/report/a.py", '#!/usr/bin/env python3\n"""Says what it is."""\n')
        self.write("sim/report/b.py", "# Says what it is.\n")
        self.write(".ci/a.sh", "#!/usr/bin/env bash\n# Says what it is.\n")
        self.assertEqual(self.rules(), [])

    def test_what_was_built_is_not_read(self):
        self.write("build/release/a.cpp", "int x;\n")
        self.write("build-san/a.cpp", "int x;\n")
        self.assertEqual(self.rules(), [])


class Program(Tree):
    def run_it(self):
        return subprocess.run(
            [sys.executable, TIDY, "--root", self.root], capture_output=True, text=True, check=False
        )

    def test_it_exits_0_and_says_nothing_about_a_clean_tree(self):
        done = self.run_it()
        self.assertEqual((done.returncode, done.stdout), (0, ""))

    def test_it_exits_1_and_prints_place_rule_and_message(self):
        self.write("src/base/a.cpp", OPENING + "thread_local int x;\n")
        done = self.run_it()
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stdout, r"^src/base/a\.cpp:2: thread: `thread_local`: .+\n$")


if __name__ == "__main__":
    unittest.main()
