// Views as a whole: golden texts, widths, and names that try to escape.
#include <algorithm>

#include <boost/test/unit_test.hpp>

#include "base/testing/golden.hpp"
#include "sim/report/junit.hpp"
#include "sim/report/page.hpp"
#include "sim/report/table.hpp"
#include "sim/report/terminal.hpp"
#include "sim/report/testing/sample_runs.hpp"
#include "sim/report/text.hpp"

namespace vvm::report {
namespace {

using vvm::testing::check_golden;

std::string golden(std::string_view name) { return SIM_REPORT_TESTDATA "/" + std::string{name}; }

// All that `vvm run` prints of a campaign.
std::string everything(const Campaign& campaign, TerminalStyle style) {
  std::string out = campaign_table(campaign, style);
  for (const std::size_t run : telling_runs(campaign, 8)) {
    out += "\n" + failure_text(campaign.runs[run], style);
  }
  return out + "\n" + campaign_totals(campaign, style);
}

std::string without_colours(std::string text) {
  for (std::size_t at = text.find('\x1b'); at != std::string::npos; at = text.find('\x1b', at)) {
    text.erase(at, text.find('m', at) + 1 - at);
  }
  return text;
}

std::size_t count(std::string_view text, std::string_view part) {
  std::size_t out = 0;
  for (std::size_t at = text.find(part); at != std::string_view::npos;
       at = text.find(part, at + 1)) {
    ++out;
  }
  return out;
}

// Elements open and close in order; enough to see that no name has broken out of its place.
bool well_formed(std::string_view xml) {
  std::vector<std::string_view> open;
  for (std::size_t at = xml.find('<'); at != std::string_view::npos; at = xml.find('<', at + 1)) {
    const std::size_t end = xml.find('>', at);
    const std::string_view tag = xml.substr(at + 1, end - at - 1);
    const std::string_view name = tag.substr(0, tag.find(' '));
    if (tag.starts_with('?') || tag.ends_with('/')) {
      continue;
    }
    if (!tag.starts_with('/')) {
      open.push_back(name);
    } else if (open.empty() || open.back() != name.substr(1)) {
      return false;
    } else {
      open.pop_back();
    }
  }
  return open.empty();
}

BOOST_AUTO_TEST_SUITE(views)

BOOST_AUTO_TEST_CASE(the_terminal_view_is_what_somebody_looked_at) {
  check_golden(golden("campaign.txt"), everything(sample_campaign(), {}));
  check_golden(golden("details.txt"), run_details(held_run(), {}));
}

BOOST_AUTO_TEST_CASE(colours_change_nothing_but_colours) {
  const Campaign campaign = sample_campaign();
  const std::string text = everything(campaign, {.colour = Colour::on});
  BOOST_TEST(text.find("\x1b[1;31mFAILED 3/20\x1b[0m") != std::string::npos);
  BOOST_TEST(without_colours(text) == everything(campaign, {}));
}

BOOST_AUTO_TEST_CASE(nothing_but_the_command_is_wider_than_the_terminal) {
  Campaign campaign = sample_campaign();
  RunCase hostile = hostile_run();
  hostile.result.violation->seen = std::string(500, 'x') + " " + std::string(90, 'y');
  campaign.runs.push_back(std::move(hostile));
  for (const std::size_t width : {80U, 100U, 140U}) {
    const std::string text = everything(campaign, {.width = width});
    for (const std::string_view line : lines_of(text)) {
      const bool command = line.starts_with("  replay") || line.starts_with("  look");
      BOOST_TEST((command || columns(line) <= width), width << ": " << line);
    }
  }
}

BOOST_AUTO_TEST_CASE(hostile_names_reach_no_terminal) {
  const RunCase run = hostile_run();
  const Campaign campaign{.runs = {run}};
  const std::string text = everything(campaign, {}) + run_details(run, {});
  for (const std::string_view line : lines_of(text)) {
    BOOST_TEST(printable(line) == line);
  }
}

BOOST_AUTO_TEST_CASE(the_replay_command_survives_a_shell) {
  RunCase run = held_run();
  BOOST_TEST(replay_command(run) == "vvm run scenarios/faults/rollout_under_faults.toml --seed 7");
  run.file = "it's $(here).toml";
  BOOST_TEST(replay_command(run) == "vvm run 'it'\\''s $(here).toml' --seed 7");
  run.file = "-x.toml";
  BOOST_TEST(replay_command(run) == "vvm run ./-x.toml --seed 7");
}

BOOST_AUTO_TEST_CASE(one_run_of_each_scenario_and_reason_is_told) {
  const Campaign campaign = sample_campaign();
  const std::vector<std::size_t> runs = telling_runs(campaign, 8);
  BOOST_REQUIRE(runs.size() == 3U);
  BOOST_TEST(campaign.runs[runs[0]].seed == 5U);
  BOOST_TEST(telling_runs(campaign, 1).size() == 1U);
}

BOOST_AUTO_TEST_CASE(the_worst_run_decides_the_exit_code) {
  BOOST_TEST(exit_code_of(Campaign{}) == 0);
  BOOST_TEST(exit_code_of(Campaign{.runs = {held_run()}}) == 0);
  BOOST_TEST(exit_code_of(Campaign{.runs = {held_run(), unknown_run()}}) == 2);
  BOOST_TEST(exit_code_of(Campaign{.runs = {unknown_run(), failed_run(), held_run()}}) == 1);
  BOOST_TEST(exit_code_of(sample_campaign()) == 4);
}

BOOST_AUTO_TEST_CASE(what_should_be_seen_sometimes_is_judged_over_several_runs) {
  const Campaign one{.runs = {held_run(1)}};
  BOOST_TEST(missing_of(one).empty());
  BOOST_TEST(exit_code_of(one) == 0);
  Campaign two{.runs = {held_run(1), held_run(2)}};
  BOOST_REQUIRE(missing_of(two).size() == 1U);
  BOOST_TEST(missing_of(two)[0].line == 61);
  BOOST_TEST(missing_of(two)[0].runs == 2U);
  BOOST_TEST(exit_code_of(two) == 2);
  BOOST_TEST(campaign_table(two, {}).find(
                 "    line 61: sometimes phase(*, acme/pos/*, Blocked): in none of 2 runs\n") !=
             std::string::npos);
  two.runs[1].result.expectations[1].held = true;
  BOOST_TEST(exit_code_of(two) == 0);
}

BOOST_AUTO_TEST_CASE(an_expectation_is_named_by_what_it_expects) {
  RunCase run = failed_run();
  run.result.violation->line = 60;
  run.result.violation->expected = "at 59s: running(acme/pos/*, version=1)";
  BOOST_TEST(reason_of(run) == "line 60: at 59s: running(acme/pos/*, version=1)");
  check_golden(golden("expectation.txt"), failure_text(run, {}));
}

BOOST_AUTO_TEST_CASE(a_run_that_differs_when_repeated_is_unknown_and_says_where) {
  RunCase run = held_run();
  run.repetition = Repetition{.same = false,
                              .record = 81'204,
                              .first = "12.000000001s vvm1 net.send store",
                              .second = "12.000000001s vvm1 net.send cluster",
                              .before = {"12.000000000s #81203 lane 4"}};
  BOOST_TEST((outcome_of(run) == Outcome::unknown));
  BOOST_TEST(exit_code_of(Campaign{.runs = {run}}) == 2);
  check_golden(golden("differs.txt"), failure_text(run, {}));
}

BOOST_AUTO_TEST_CASE(empty_cells_keep_their_columns_and_lines_end_without_spaces) {
  const std::string text = table({{}, {}, {Align::right}},
                                 {{{"a"}, {"bb"}, {"1"}}, {{"ccc"}, {}, {"22"}}, {{"d"}, {}}},
                                 Colour::off);
  BOOST_TEST(text == "a    bb   1\nccc      22\nd\n");
}

BOOST_AUTO_TEST_CASE(junit_is_what_somebody_looked_at_and_stays_well_formed) {
  const std::string xml = campaign_junit(sample_campaign());
  check_golden(golden("junit.xml"), xml);
  BOOST_TEST(well_formed(xml));
  BOOST_TEST(well_formed(campaign_junit(Campaign{.runs = {hostile_run()}})));
}

BOOST_AUTO_TEST_CASE(hostile_names_stay_text_in_a_page) {
  const std::string page = run_page(hostile_run(), {.source = "<b>\t</pre>", .program = "<i>"});
  BOOST_TEST(page.find("<img") == std::string::npos);
  BOOST_TEST(page.find("<b>\t") == std::string::npos);
  BOOST_TEST(page.find("<i></p>") == std::string::npos);
  // One element holds the data and one the scripts.
  BOOST_TEST(count(page, "</script>") == 2U);
  const std::string index = index_page(Campaign{.runs = {hostile_run()}}, {"a\"b.html"});
  BOOST_TEST(index.find("<img") == std::string::npos);
  BOOST_TEST(index.find("a&quot;b.html") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_page_asks_no_network_for_anything) {
  const std::string page = run_page(held_run(), {});
  for (const std::string_view word : {"http://", "https://", "src=", "@import", "url(http"}) {
    BOOST_TEST(page.find(word) == std::string::npos, word);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace vvm::report
