// Suites are summed before they are written: their counts stand in front.
#include "sim/report/junit.hpp"

#include <fmt/format.h>

#include "sim/report/terminal.hpp"
#include "sim/report/text.hpp"

namespace vvm::report {
namespace {

std::string seconds_text(std::int64_t ns) {
  return fmt::format("{}.{:06}", ns / 1'000'000'000, ns / 1'000 % 1'000'000);
}

// printable() would join the lines; each is escaped alone.
std::string body(std::string_view text) {
  std::string out;
  for (const std::string_view line : lines_of(text)) {
    out.append(markup_escaped(line)).append("\n");
  }
  return out;
}

std::string case_xml(const RunCase& run) {
  std::string out = fmt::format("    <testcase classname=\"{}\" name=\"seed {}\" time=\"{}\"",
                                markup_escaped(run.scenario),
                                run.seed,
                                seconds_text(run.wall_ns));
  const Outcome outcome = outcome_of(run);
  if (outcome == Outcome::held) {
    return out + "/>\n";
  }
  const std::string_view tag = outcome == Outcome::violated ? "failure" : "error";
  const std::string reason = markup_escaped(reason_of(run));
  return out +
         fmt::format(">\n      <{0} type=\"{1}\" message=\"{2}\">{3}</{0}>\n    </testcase>\n",
                     tag,
                     name_of(outcome),
                     reason,
                     body(failure_text(run, {})));
}

struct Counts {
  std::size_t runs = 0;
  std::size_t failures = 0;
  std::size_t errors = 0;
  std::int64_t wall_ns = 0;

  void add(const RunCase& run) {
    const Outcome outcome = outcome_of(run);
    ++runs;
    failures += outcome == Outcome::violated ? 1 : 0;
    errors += outcome == Outcome::unknown || outcome == Outcome::broken ? 1 : 0;
    wall_ns += run.wall_ns;
  }

  std::string attributes() const {
    return fmt::format("tests=\"{}\" failures=\"{}\" errors=\"{}\" time=\"{}\"",
                       runs,
                       failures,
                       errors,
                       seconds_text(wall_ns));
  }
};

}  // namespace

std::string campaign_junit(const Campaign& campaign) {
  Counts all;
  std::string suites;
  for (std::size_t begin = 0; begin < campaign.runs.size();) {
    Counts counts;
    std::string cases;
    std::size_t end = begin;
    for (; end < campaign.runs.size() && campaign.runs[end].file == campaign.runs[begin].file;
         ++end) {
      counts.add(campaign.runs[end]);
      all.add(campaign.runs[end]);
      cases += case_xml(campaign.runs[end]);
    }
    suites += fmt::format("  <testsuite name=\"{}\" {}>\n{}  </testsuite>\n",
                          markup_escaped(campaign.runs[begin].file),
                          counts.attributes(),
                          cases);
    begin = end;
  }
  return fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
      "<testsuites name=\"vvm run\" {}>\n{}</testsuites>\n",
      all.attributes(),
      suites);
}

}  // namespace vvm::report
