// The report file: what is written reads back, and what is wrong is named by file and place.
#include "sim/report/perf/report_file.hpp"

#include <boost/test/unit_test.hpp>

#include "sim/report/perf/test_reports.hpp"

namespace vvm::report {
namespace {

// The example of docs/spec/reports.md 6.4, with its long lines broken.
constexpr std::string_view spec_example = R"({
  "format": 1,
  "created": "2026-01-05T10:00:00Z",
  "program": {"commit": "abc123", "dirty": false,
    "build": {"type": "release", "compiler": "g++ 12.2.0", "flags": "-O2", "lto": false,
    "libs": {"boost": "1.81.0"}}, "binary_sha256": ".."},
  "machine": {"fingerprint": "..", "cpu": "..", "cores": 2, "smt": true,
    "governor": null, "turbo": null,
    "memory": 8, "kernel": "..", "libc": "..", "virtual": "kvm",
    "aslr": 2, "load1_before": 0.1,
    "load1_after": 0.2, "steal_pct": 1.3},
  "protocol": {"class_c": "ABBA", "pairs": 12, "warmup": 2, "pinned": false,
    "seeds": [0, 31]},
  "inputs": {"scenarios": [{"name": "rollout-60", "sha256": ".."}]},
  "rows": [
    {"id": "rebuild/parse/1000-tables", "class": "C", "unit": "us", "better": "less",
     "samples": [812.1, 809.7], "order": "ABBA", "notes": []},
    {"id": "rebuild/parse/1000-tables", "class": "B", "unit": "Ir", "better": "less",
     "samples": [5123456]},
    {"id": "scenario/rollout-60/time_to_running", "class": "A", "unit": "virtual ns",
     "better": "less", "by_seed": [[0, 41200000000]]}
  ],
  "self": {"wall_s": 312.0,
    "noise_probe": {"before_us": 100.2, "after_us": 101.0, "spread_pct": 2.1}}
}
)";

constexpr std::string_view row_start = R"("id": "x", "unit": "ns", "better": "less")";

std::string with_row(std::string_view row) {
  std::string out = R"({"format": 1, "program": {"commit": "a", "build": {"compiler": "c"}},)";
  out.append(R"( "machine": {"fingerprint": "f", "libc": "l"}, "rows": [)");
  return out.append(row).append("]}");
}

std::string error_of(std::string_view text) {
  const auto report = parse_report(text, "b.json");
  return report ? "no error" : report.error().what;
}

BOOST_AUTO_TEST_SUITE(report_file)

BOOST_AUTO_TEST_CASE(the_example_of_the_specification_reads) {
  const auto report = parse_report(spec_example, "example");
  BOOST_REQUIRE_MESSAGE(report, error_of(spec_example));
  const PerfReport& r = report.value();
  BOOST_TEST(r.program.build.libs.at("boost") == "1.81.0");
  BOOST_TEST(r.machine.steal_pct.value() == 1.3);
  BOOST_TEST(!r.machine.governor.has_value());
  BOOST_TEST(r.protocol.seeds.value().second == 31);
  BOOST_TEST(r.scenarios.at(0).name == "rollout-60");
  BOOST_REQUIRE(r.rows.size() == 3U);
  BOOST_TEST((r.rows[0].samples == Samples{812.1, 809.7}));
  BOOST_TEST(r.rows[0].order == "ABBA");
  BOOST_CHECK(r.rows[1].cls == MetricClass::b);
  BOOST_CHECK((r.rows[2].by_seed == std::vector<SeedValue>{{.seed = 0, .value = 41.2e9}}));
  BOOST_TEST(r.self.noise_probe.value().before_us == 100.2);
}

BOOST_AUTO_TEST_CASE(what_is_written_reads_back_equal) {
  PerfReport report = quiet_report("abc");
  report.program.dirty = true;
  report.program.build.libs = {{"boost", "1.81.0"}, {"fmt", "9.1.0"}};
  report.machine.governor = "performance";
  report.machine.turbo = false;
  report.machine.aslr = 2;
  report.machine.steal_pct = 0.1;
  report.machine.memory_gib = 7.7;
  report.protocol.seeds.emplace(0, 31);
  report.scenarios = {{.name = "a \"quoted\" name", .sha256 = "11"}};
  report.rows = {wall_row("w/1", {812.1, 0.1, 1e-9, 1e20}),
                 cost_row("b", {5123456, 0}),
                 seeds_row("s", {41200000000, 1.0 / 3, -5})};
  report.rows[2].budget = 42;
  report.rows[0].notes = {"one", "two"};
  report.goals = {{.id = "fast", .row = "w/1", .unit = "MB/s", .better = Better::more, .goal = 2},
                  {.id = "small", .row = "b", .unit = "n", .goal = 3, .median = 4, .best = 0.1}};
  const std::string text = write_report(report);
  const auto back = parse_report(text, "written");
  BOOST_REQUIRE_MESSAGE(back, error_of(text));
  BOOST_CHECK(back.value() == report);
  BOOST_TEST(write_report(back.value()) == text);
}

BOOST_AUTO_TEST_CASE(a_goal_is_met_on_its_side_and_on_the_spot) {
  PerfGoal goal{.better = Better::more, .goal = 2};
  BOOST_TEST(meets(goal, 2.0));
  BOOST_TEST(!meets(goal, 1.9));
  goal.better = Better::less;
  BOOST_TEST(meets(goal, 2.0));
  BOOST_TEST(!meets(goal, 2.1));
}

BOOST_AUTO_TEST_CASE(a_report_without_probe_and_rows_reads_back) {
  PerfReport report = quiet_report("abc");
  report.self.noise_probe.reset();
  const auto back = parse_report(write_report(report), "written");
  BOOST_REQUIRE(back);
  BOOST_CHECK(back.value() == report);
}

BOOST_AUTO_TEST_CASE(each_row_is_one_line) {
  PerfReport report = quiet_report("abc");
  report.rows = {wall_row("w", {100.2, 3})};
  BOOST_TEST(write_report(report).find(
                 "\n    {\"id\": \"w\", \"class\": \"C\", \"unit\": \"ns\", \"better\": \"less\", "
                 "\"samples\": [100.2, 3], \"order\": \"ABBA\", \"notes\": []}\n") !=
             std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_newer_format_is_refused_whatever_else_it_holds) {
  BOOST_TEST(error_of(R"({"format": 2, "rows": "other"})") ==
             "b.json: format 2 is newer than 1, the newest that this program reads");
  BOOST_TEST(error_of(R"({"format": 0})") == "b.json: format 0 does not exist");
}

BOOST_AUTO_TEST_CASE(text_that_is_not_json_is_located) {
  BOOST_TEST(error_of("{\n  \"format\": 1,\n  \"rows\": [}\n")
                 .starts_with("b.json: line 3, column 12: not JSON: "));
  BOOST_TEST(error_of("{\"format\": 1") == "b.json: line 1, column 13: not JSON: incomplete JSON");
  BOOST_TEST(error_of("{} x") == "b.json: line 1, column 4: not JSON: text after the end");
  BOOST_TEST(error_of("").starts_with("b.json: line 1, column 1: not JSON: "));
}

BOOST_AUTO_TEST_CASE(what_is_missing_or_of_another_type_is_named_by_its_path) {
  BOOST_TEST(error_of("[]") == "b.json: not a report: an array at the top");
  BOOST_TEST(error_of("{}") == "b.json: format: missing");
  BOOST_TEST(error_of(R"({"format": "1"})") == "b.json: format: a string where an integer belongs");
  BOOST_TEST(error_of(R"({"format": 1})") == "b.json: program.commit: missing");
  BOOST_TEST(error_of(R"({"format": 1, "program": 7})") ==
             "b.json: program: a number where an object belongs");
  BOOST_TEST(error_of(with_row("7")) == "b.json: rows[0]: a number where an object belongs");
  BOOST_TEST(error_of(with_row(R"({"id": "x", "class": "C"})")) == "b.json: rows[0].unit: missing");
}

BOOST_AUTO_TEST_CASE(values_that_no_rule_could_compare_are_refused) {
  const auto row = [](std::string_view rest) {
    return error_of(with_row("{" + std::string{row_start} + ", " + std::string{rest} + "}"));
  };
  BOOST_TEST(row(R"("class": "C", "samples": [1])") == "no error");
  BOOST_TEST(row(R"("class": "D", "samples": [1])") ==
             "b.json: rows[0].class: `D` is no class of figures");
  BOOST_TEST(row(R"("class": "C", "samples": [1, "2"])") ==
             "b.json: rows[0].samples[1]: a string where a number belongs");
  BOOST_TEST(row(R"("class": "C", "samples": [0])") ==
             "b.json: rows[0].samples: 0 is not a possible value");
  BOOST_TEST(row(R"("class": "B", "samples": [-1])") ==
             "b.json: rows[0].samples: -1 is not a possible value");
  BOOST_TEST(row(R"("class": "B", "samples": [9007199254740993])") ==
             "b.json: rows[0].samples[0]: a number beyond 2^53");
  BOOST_TEST(row(R"("class": "C", "samples": [])") ==
             "b.json: rows[0].samples: classes B and C have samples, and no values by seed");
  BOOST_TEST(row(R"("class": "A", "samples": [1])") ==
             "b.json: rows[0].by_seed: class A has values by seed, and no samples");
  BOOST_TEST(row(R"("class": "A", "by_seed": [[1, 5], [1, 6]])") ==
             "b.json: rows[0].by_seed: seed 1 stands twice");
  BOOST_TEST(row(R"("class": "A", "by_seed": [[1]])") ==
             "b.json: rows[0].by_seed: rows[0].by_seed[0] is not [seed, value]");
  BOOST_TEST(error_of(with_row(
                 R"({"id": "x", "class": "C", "unit": "ns", "better": "big", "samples": [1]})")) ==
             "b.json: rows[0].better: `big` is neither `less` nor `more`");
}

BOOST_AUTO_TEST_CASE(the_same_row_twice_is_refused) {
  const std::string row = "{" + std::string{row_start} + R"(, "class": "C", "samples": [1]})";
  BOOST_TEST(error_of(with_row(row + "," + row)) ==
             "b.json: rows: `x`, class C, unit ns stands twice");
}

BOOST_AUTO_TEST_CASE(a_probe_without_time_is_refused) {
  std::string text = write_report(quiet_report("abc"));
  const std::size_t at = text.find("\"before_us\": 100");
  text.replace(at, 16, "\"before_us\": 0");
  BOOST_TEST(error_of(text) == "b.json: self.noise_probe.before_us: probe times are above 0");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace vvm::report
