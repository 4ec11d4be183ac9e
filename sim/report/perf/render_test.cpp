// Views: what a reader must find in them.
#include "sim/report/perf/render.hpp"

#include <boost/json/parse.hpp>
#include <boost/test/unit_test.hpp>

#include "sim/report/perf/test_reports.hpp"

namespace vvm::report {
namespace {

Comparison example() {
  PerfReport base = quiet_report("base");
  PerfReport head = quiet_report("head");
  base.rows = {wall_row("slow|er", noisy(1000, 10, 12, 1)),
               cost_row("parse", {5'123'456}),
               seeds_row("time", {41.2e9, 41.2e9}),
               cost_row("gone", {1})};
  head.rows = {wall_row("slow|er", noisy(1100, 10, 12, 2)),
               cost_row("parse", {5'123'456}),
               seeds_row("time", {38.95e9, 38.95e9})};
  return compare_reports(base, head, {});
}

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

BOOST_AUTO_TEST_SUITE(render)

BOOST_AUTO_TEST_CASE(figures_are_shown_in_the_unit_that_fits) {
  BOOST_TEST(figure_text(41.2e9, "virtual ns") == "41.2 s");
  BOOST_TEST(figure_text(812.1, "us") == "812.1 us");
  BOOST_TEST(figure_text(1'250'000, "ns") == "1.25 ms");
  BOOST_TEST(figure_text(0.25, "ns") == "0.25 ns");
  BOOST_TEST(figure_text(5'123'456, "Ir") == "5,123,456");
  BOOST_TEST(figure_text(999, "Ir") == "999");
  BOOST_TEST(figure_text(-1'000, "Ir") == "-1,000");
  BOOST_TEST(figure_text(1.5, "allocs") == "1.5");
}

BOOST_AUTO_TEST_CASE(the_table_shows_every_row_the_missing_and_the_exit_code) {
  const std::string text = comparison_text(example(), Colour::off);
  BOOST_TEST_INFO(text);
  BOOST_TEST(contains(text, "A time"));
  BOOST_TEST(contains(text, "41.2 s    38.95 s   -5.5 %"));
  BOOST_TEST(contains(text, "better on 2/2 seeds, median of differences -2.25 s"));
  BOOST_TEST(contains(text, "B parse"));
  BOOST_TEST(contains(text, "same"));
  BOOST_TEST(contains(text, "WORSE"));
  BOOST_TEST(contains(text, "B gone (Ir): only in base"));
  BOOST_TEST(contains(text, "machine quiet: yes (probe drift 1.0 %)"));
  BOOST_TEST(contains(text, "gate A,B,C: FAIL (of 3 rows 1 worse, 0 unclear; 1 gone)"));
  BOOST_TEST(contains(text, "exit 1"));
  BOOST_TEST(!contains(text, "\x1b"));
}

BOOST_AUTO_TEST_CASE(colours_change_nothing_but_colours) {
  std::string text = comparison_text(example(), Colour::on);
  BOOST_TEST(contains(text, "\x1b[31mWORSE\x1b[0m"));
  for (std::size_t at = text.find('\x1b'); at != std::string::npos; at = text.find('\x1b')) {
    text.erase(at, text.find('m', at) - at + 1);
  }
  BOOST_TEST(text == comparison_text(example(), Colour::off));
}

BOOST_AUTO_TEST_CASE(the_markdown_view_is_a_table_whose_cells_are_escaped) {
  const std::string text = comparison_markdown(example());
  BOOST_TEST(contains(text, "| C slow\\|er |"));
  BOOST_TEST(contains(text, "|---|--:|--:|--:|--:|---|---|\n"));
}

BOOST_AUTO_TEST_CASE(the_json_view_holds_what_the_table_shows) {
  const auto value = boost::json::parse(comparison_json(example()));
  BOOST_TEST(value.at("exit_code").as_int64() == 1);
  BOOST_TEST(value.at("rows").as_array().size() == 3U);
  BOOST_TEST(value.at("rows").at(2).at("verdict").as_string() == "worse");
  BOOST_TEST(value.at("rows").at(2).at("interval").at(0).as_double() > 0.03);
  BOOST_TEST(value.at("missing").at(0).at("only_in").as_string() == "base");
}

BOOST_AUTO_TEST_CASE(a_single_report_is_shown_with_median_spread_and_range) {
  PerfReport report = quiet_report("x");
  report.rows = {wall_row("w", {100, 90, 120})};
  const std::string text = report_text(report, Colour::off);
  BOOST_TEST_INFO(text);
  BOOST_TEST(contains(text, "C w  100 ns  30.0 %        3  90 ns .. 120 ns\n"));
  BOOST_TEST(contains(text, "machine quiet: yes (probe drift 1.0 %, spread 1.0 %)\n"));
}

BOOST_AUTO_TEST_CASE(counters_of_a_single_report_stand_beside_the_time_unless_they_vary) {
  PerfReport report = quiet_report("x");
  report.rows = {wall_row("w", {100, 90, 120}),
                 cost_row("w", {7, 7, 7}),
                 cost_row("w", {5000, 5000, 5000}),
                 cost_row("v", {3, 3})};
  report.rows[2].unit = "octets";
  std::string text = report_text(report, Colour::off);
  BOOST_TEST_INFO(text);
  BOOST_TEST(contains(text, "90 ns .. 120 ns  7 Ir, 5,000 octets\n"));
  BOOST_TEST(!contains(text, "B w"));
  BOOST_TEST(contains(text, "B v       3"));
  report.rows[1].samples = {7, 8, 7};
  text = report_text(report, Colour::off);
  BOOST_TEST_INFO(text);
  BOOST_TEST(contains(text, "90 ns .. 120 ns  5,000 octets\n"));
  BOOST_TEST(contains(text, "B w       7"));
}

BOOST_AUTO_TEST_CASE(goals_of_a_report_are_met_by_the_median_at_best_or_not_at_all) {
  PerfReport report = quiet_report("x");
  report.rows = {wall_row("w", {100})};
  report.goals = {
      {.id = "a", .row = "w", .unit = "MB/s", .better = Better::more, .goal = 5, .median = 6},
      {.id = "b", .row = "w", .unit = "ns", .goal = 5, .median = 6, .best = 4},
      {.id = "c", .row = "w", .unit = "ns", .goal = 5, .median = 1500, .best = 6}};
  const std::string text = report_text(report, Colour::off);
  BOOST_TEST_INFO(text);
  BOOST_TEST(contains(text, "a      6 MB/s  0 MB/s  >= 5 MB/s  met          w\n"));
  BOOST_TEST(contains(text, "b        6 ns    4 ns    <= 5 ns  met at best  w\n"));
  BOOST_TEST(contains(text, "c      1.5 us    6 ns    <= 5 ns  missed       w\n"));
  report.goals.clear();
  BOOST_TEST(!contains(report_text(report, Colour::off), "goals"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace vvm::report
