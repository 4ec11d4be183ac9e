// Rows, blocks and totals.
#include "sim/report/terminal.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "base/check.hpp"
#include "sim/report/table.hpp"
#include "sim/report/text.hpp"
#include "sim/report/timeline.hpp"

namespace vvm::report {
namespace {

constexpr std::size_t verdict_width = 18;
constexpr std::size_t label_width = 10;  // "expected  "

Paint paint_of(Outcome outcome) {
  switch (outcome) {
    case Outcome::held:
      return Paint::green;
    case Outcome::unknown:
      return Paint::yellow;
    case Outcome::violated:
    case Outcome::broken:
      return Paint::red;
  }
  UNREACHABLE();
}

// The runs of one scenario file: [begin, end) of Campaign::runs.
struct Span {
  std::size_t begin = 0;
  std::size_t end = 0;
};

std::vector<Span> scenarios_of(const Campaign& campaign) {
  std::vector<Span> out;
  for (std::size_t i = 0; i < campaign.runs.size(); ++i) {
    if (i == 0 || campaign.runs[i].file != campaign.runs[i - 1].file) {
      out.push_back({i, i});
    }
    out.back().end = i + 1;
  }
  return out;
}

struct Sums {
  Outcome worst = Outcome::held;
  std::size_t runs = 0;
  std::size_t bad = 0;  // of the worst outcome
  std::int64_t virtual_ns = 0;
  std::int64_t wall_ns = 0;
  std::uint64_t steps = 0;
  FaultCount faults{};
};

Sums sums_of(const Campaign& campaign, Span span) {
  Sums out;
  for (std::size_t i = span.begin; i < span.end; ++i) {
    const RunCase& run = campaign.runs[i];
    const Outcome outcome = outcome_of(run);
    if (outcome > out.worst) {
      out.worst = outcome;
      out.bad = 0;
    }
    out.bad += outcome == out.worst && outcome != Outcome::held ? 1 : 0;
    ++out.runs;
    out.virtual_ns += run.result.figures.virtual_time.ns;
    out.wall_ns += run.wall_ns;
    out.steps += run.result.figures.steps;
    const FaultCount faults = faults_of(run);
    out.faults.planned += faults.planned;
    out.faults.took_effect += faults.took_effect;
  }
  return out;
}

// File names differ most at their end.
std::string clipped_front(std::string_view text, std::size_t width) {
  const std::size_t all = columns(text);
  if (all <= width) {
    return std::string{text};
  }
  std::size_t octets = 0;
  for (std::size_t cut = all - (width - 2); cut > 0 && octets < text.size(); --cut) {
    do {
      ++octets;
    } while (octets < text.size() && (static_cast<unsigned char>(text[octets]) & 0xC0U) == 0x80U);
  }
  return ".." + std::string{text.substr(octets)};
}

std::string shown_file(const RunCase& run) {
  constexpr std::string_view suffix = ".toml";
  std::string out = printable(run.file);
  if (out.ends_with(suffix)) {
    out.resize(out.size() - suffix.size());
  }
  return out;
}

// What the other columns leave to the first one.
std::size_t room_for_names(const std::vector<Row>& rows, std::size_t width) {
  constexpr std::size_t least = 12;
  std::size_t others = 0;
  for (std::size_t i = 1; i < rows.front().size(); ++i) {
    std::size_t widest = 0;
    for (const Row& row : rows) {
      widest = std::max(widest, columns(row[i].text));
    }
    others += 2 + widest;
  }
  return others + least < width ? width - others : least;
}

std::string fault_cell(FaultCount faults) {
  return faults.planned == 0
             ? std::string{"-"}
             : fmt::format("{}/{}", thousands(faults.took_effect), thousands(faults.planned));
}

std::string verdict_cell(const Sums& sums) {
  return sums.bad == 0 || sums.runs == 1
             ? std::string{name_of(sums.worst)}
             : fmt::format("{} {}/{}", name_of(sums.worst), sums.bad, sums.runs);
}

struct Reason {
  std::string text;
  Outcome outcome{};
  std::vector<std::uint64_t> seeds{};
};

// In the order of their first seed.
std::vector<Reason> reasons_of(const Campaign& campaign, Span span) {
  std::vector<Reason> out;
  for (std::size_t i = span.begin; i < span.end; ++i) {
    const RunCase& run = campaign.runs[i];
    if (outcome_of(run) == Outcome::held) {
      continue;
    }
    const std::string text = reason_of(run);
    auto found = std::find_if(
        out.begin(), out.end(), [&](const Reason& reason) { return reason.text == text; });
    if (found == out.end()) {
      out.push_back({.text = text, .outcome = outcome_of(run)});
      found = out.end() - 1;
    }
    found->seeds.push_back(run.seed);
  }
  return out;
}

std::string seeds_text(const std::vector<std::uint64_t>& seeds) {
  constexpr std::size_t shown_max = 4;
  std::string out = seeds.size() == 1 ? "seed" : "seeds";
  for (std::size_t i = 0; i < std::min(seeds.size(), shown_max); ++i) {
    out += fmt::format(" {}", seeds[i]);
  }
  if (seeds.size() > shown_max) {
    out += fmt::format(" and {} more", seeds.size() - shown_max);
  }
  return out;
}

// "label     text", wrapped below itself.
std::string field(std::string_view label, std::string_view text, TerminalStyle style) {
  const std::string indent(label_width + 2, ' ');
  const std::string name = fmt::format("{:<{}}", label, label_width);
  return fmt::format("  {}{}\n",
                     painted(name, Paint::dim, style.colour),
                     wrapped(printable(text), style.width - indent.size(), indent));
}

std::string heading(const RunCase& run, TerminalStyle style) {
  const Outcome outcome = outcome_of(run);
  const std::string tail = fmt::format("seed {}", run.seed);
  const std::size_t room = style.width - name_of(outcome).size() - tail.size() - 4;
  return fmt::format("{}  {}  {}\n",
                     painted(name_of(outcome), paint_of(outcome), style.colour),
                     painted(clipped_front(printable(run.file), room), Paint::bold, style.colour),
                     tail);
}

struct Sign {
  std::string_view text;
  Paint paint;
};

Sign sign_of(Mark mark) {
  switch (mark) {
    case Mark::none:
      return {"", Paint::none};
    case Mark::fault:
      return {"!", Paint::yellow};
    case Mark::idle:
      return {"!", Paint::dim};
    case Mark::alarm:
      return {"*", Paint::cyan};
    case Mark::moment:
      return {">", Paint::red};
  }
  UNREACHABLE();
}

std::string timeline_text(const std::vector<TimelineLine>& lines, TerminalStyle style) {
  std::vector<Row> rows;
  std::size_t who = 0;
  std::size_t at = 0;
  constexpr std::size_t who_max = 16;
  for (const TimelineLine& line : lines) {
    who = std::max(who, std::min(columns(printable(line.who)), who_max));
    at = std::max(at, moment_text(line.at).size());
  }
  const std::size_t room = style.width - 2 - 1 - 2 - at - 2 - who - 2;
  for (const TimelineLine& line : lines) {
    const Sign sign = sign_of(line.mark);
    const Paint paint = line.mark == Mark::fault ? Paint::none : sign.paint;
    rows.push_back({{std::string{sign.text}, sign.paint},
                    {moment_text(line.at), line.mark == Mark::moment ? Paint::red : Paint::dim},
                    {printable(line.who), Paint::cyan},
                    {clipped(printable(line.what), room), paint}});
  }
  return table(
      {{.width_max = 1}, {Align::right}, {.width_max = who_max}, {}}, rows, style.colour, "  ");
}

std::string violation_text(const RunCase& run, TerminalStyle style) {
  const ghost::Violation& violation = *run.result.violation;
  // An expectation is its own name.
  std::string out =
      violation.line > 0
          ? field("line", fmt::format("{}:{}", run.file, violation.line), style)
          : field("property", fmt::format("{} {}", violation.property, violation.title), style);
  std::string where = violation.line > 0 ? std::string{} : violation.subject;
  where += fmt::format("{}{}", where.empty() ? "at " : ", at ", moment_text(violation.at));
  if (violation.step > 0) {
    where += fmt::format(" (step {})", thousands(violation.step));
  }
  out += field("where", where, style);
  out += field("expected", violation.expected, style);
  out += field("seen", violation.seen, style);
  if (!run.result.history.processes.empty()) {
    out += "\n" + timeline_text(around(run.result.history, violation), style);
  }
  return out;
}

std::string repetition_text(const Repetition& repetition, TerminalStyle style) {
  std::string out = field(
      "differs",
      fmt::format("record {} of the trace when the run is repeated", thousands(repetition.record)),
      style);
  std::string_view label = "both";
  for (const std::string& line : repetition.before) {
    const std::size_t room = style.width - label_width - 2;
    out += field(std::exchange(label, ""), clipped(printable(line), room), style);
  }
  out += field("first", repetition.first.empty() ? "(the trace ends)" : repetition.first, style);
  out += field("second", repetition.second.empty() ? "(the trace ends)" : repetition.second, style);
  return out;
}

std::string fault_state(const ghost::FaultOutcome& fault) {
  if (fault.effects > 0) {
    return fmt::format("took effect: {}", thousands(fault.effects));
  }
  return fault.applied > 0 ? "touched nothing" : "never came";
}

double per_second(double count, std::int64_t ns) {
  return ns > 0 ? count * 1e9 / static_cast<double>(ns) : 0;
}

}  // namespace

std::string campaign_table(const Campaign& campaign, TerminalStyle style) {
  std::vector<Row> rows{{{"scenario", Paint::dim},
                         {"verdict", Paint::dim},
                         {"seeds", Paint::dim},
                         {"virtual", Paint::dim},
                         {"wall", Paint::dim},
                         {"events", Paint::dim},
                         {"faults", Paint::dim}}};
  const std::vector<Span> spans = scenarios_of(campaign);
  const std::vector<Missing> missing = missing_of(campaign);
  for (const Span span : spans) {
    Sums sums = sums_of(campaign, span);
    const bool lacks = std::any_of(missing.begin(), missing.end(), [&](const Missing& lack) {
      return lack.file == campaign.runs[span.begin].file;
    });
    if (sums.worst == Outcome::held && lacks) {
      sums.worst = Outcome::unknown;
    }
    rows.push_back({{shown_file(campaign.runs[span.begin])},
                    {verdict_cell(sums), paint_of(sums.worst)},
                    {thousands(sums.runs)},
                    {short_duration({sums.virtual_ns})},
                    {short_duration({sums.wall_ns})},
                    {thousands(sums.steps)},
                    {fault_cell(sums.faults)}});
  }
  std::vector<Column> layout(rows.front().size(), Column{.align = Align::right});
  layout[0] = {.width_max = room_for_names(rows, style.width)};
  layout[1] = {.width_max = verdict_width};
  for (Row& row : rows) {
    row[0].text = clipped_front(row[0].text, layout[0].width_max);
  }
  // The lines of the table, and below each what is wrong with it.
  const std::string lines = table(layout, rows, style.colour);
  std::string out;
  std::size_t from = 0;
  for (std::size_t i = 0; i <= spans.size(); ++i) {
    const std::size_t end = lines.find('\n', from) + 1;
    out.append(lines, from, end - from);
    from = end;
    if (i == 0) {
      continue;
    }
    for (const Missing& lack : missing) {
      if (lack.file == campaign.runs[spans[i - 1].begin].file) {
        out += painted(clipped(fmt::format("    line {}: {}: in none of {} runs",
                                           lack.line,
                                           printable(lack.text),
                                           lack.runs),
                               style.width),
                       Paint::yellow,
                       style.colour) +
               "\n";
      }
    }
    for (const Reason& reason : reasons_of(campaign, spans[i - 1])) {
      const std::string seeds = seeds_text(reason.seeds);
      const std::size_t room = style.width - seeds.size() - 6;
      out += fmt::format(
          "    {}  {}\n",
          painted(clipped(printable(reason.text), room), paint_of(reason.outcome), style.colour),
          painted(seeds, Paint::dim, style.colour));
    }
  }
  return out;
}

std::string campaign_totals(const Campaign& campaign, TerminalStyle style) {
  const Sums sums = sums_of(campaign, {0, campaign.runs.size()});
  std::size_t counts[4] = {};
  for (const RunCase& run : campaign.runs) {
    ++counts[static_cast<std::size_t>(outcome_of(run))];
  }
  const auto count = [&](Outcome outcome) { return counts[static_cast<std::size_t>(outcome)]; };
  const std::size_t scenarios = scenarios_of(campaign).size();
  std::string verdict;
  const auto add = [&](Outcome outcome, std::string_view word) {
    if (count(outcome) > 0) {
      verdict += fmt::format("{}{} {}",
                             verdict.empty() ? "" : ", ",
                             thousands(count(outcome)),
                             painted(word, paint_of(outcome), style.colour));
    }
  };
  add(Outcome::held, "ok");
  add(Outcome::violated, "failed");
  add(Outcome::unknown, "unknown");
  add(Outcome::broken, "broken");
  if (const std::size_t lacks = missing_of(campaign).size(); lacks > 0) {
    verdict += fmt::format(", {} {}", lacks, painted("never seen", Paint::yellow, style.colour));
  }
  const double virtual_s = static_cast<double>(sums.virtual_ns) / 1e9;
  const auto repeated =
      std::count_if(campaign.runs.begin(), campaign.runs.end(), [](const auto& run) {
        return run.repetition.has_value() && run.repetition->same;
      });
  std::string out = repeated == 0
                        ? std::string{}
                        : fmt::format("{} run again with memory laid out differently: the same\n",
                                      thousands(static_cast<std::uint64_t>(repeated)));
  return out +
         fmt::format(
             "{} scenario{}, {} run{}: {}\n"
             "{} events/s   virtual : wall {} : 1   {} runs/s   {} on {} process{}\n",
             thousands(scenarios),
             scenarios == 1 ? "" : "s",
             thousands(sums.runs),
             sums.runs == 1 ? "" : "s",
             verdict,
             short_count(per_second(static_cast<double>(sums.steps), campaign.elapsed_ns)),
             thousands(static_cast<std::uint64_t>(per_second(virtual_s, campaign.elapsed_ns))),
             fmt::format("{:.3g}", per_second(static_cast<double>(sums.runs), campaign.elapsed_ns)),
             short_duration({campaign.elapsed_ns}),
             campaign.jobs,
             campaign.jobs == 1 ? "" : "es");
}

std::string run_details(const RunCase& run, TerminalStyle style) {
  std::string out;
  for (const ghost::FaultOutcome& fault : run.result.faults) {
    out += field("fault",
                 fmt::format("{}{} ({})",
                             fault.line > 0 ? fmt::format("line {}: ", fault.line) : "",
                             fault.text,
                             fault_state(fault)),
                 style);
  }
  for (const ghost::ExpectationOutcome& expectation : run.result.expectations) {
    std::string text = expectation.text;
    if (!expectation.held && !expectation.seen.empty()) {
      text += ": " + expectation.seen;
    } else if (expectation.decided_at.has_value()) {
      text += fmt::format(" (met at {})", moment_text(*expectation.decided_at));
    }
    out += field(name_of(fulfilment_of(run, expectation)), text, style);
  }
  for (const ghost::LoadOutcome& load : run.result.loads) {
    out += field("load",
                 fmt::format("{}: {} calls, {} served, {} refused, {} failed",
                             load.name,
                             thousands(load.calls),
                             thousands(load.served),
                             thousands(load.refused),
                             thousands(load.failed)),
                 style);
  }
  std::uint64_t evaluations = 0;
  for (const ghost::PropertyCount& property : run.result.properties) {
    evaluations += property.evaluations;
  }
  if (evaluations > 0) {
    out += field(
        "checked",
        fmt::format(
            "{} properties, {} evaluations", run.result.properties.size(), thousands(evaluations)),
        style);
  }
  if (run.result.trace_hash != 0) {
    std::string hash = fmt::format("{:016x}", run.result.trace_hash);
    if (run.repetition.has_value() && run.repetition->same) {
      hash += ", the same when run again";
    }
    out += field("trace", hash, style);
  }
  return out;
}

std::string failure_text(const RunCase& run, TerminalStyle style) {
  CHECK(outcome_of(run) != Outcome::held, "nothing failed in", run.file);
  std::string out = heading(run, style);
  if (!run.broken.empty()) {
    std::string_view label = "cause";
    for (const std::string_view line : lines_of(run.broken)) {
      out += field(std::exchange(label, ""), line, style);
    }
  } else if (run.result.violation.has_value()) {
    out += violation_text(run, style);
  }
  for (const std::string& doubt : run.result.doubts) {
    out += field("unknown", doubt, style);
  }
  if (run.repetition.has_value() && !run.repetition->same) {
    out += repetition_text(*run.repetition, style);
  }
  std::string command = printable(replay_command(run));
  if (run.repetition.has_value() && !run.repetition->same) {
    command += " --check-determinism";
  }
  out += fmt::format("\n  {}  {}\n", painted("replay", Paint::dim, style.colour), command);
  if (run.broken.empty()) {
    out += fmt::format(
        "  {}    {} --html run.html\n", painted("look", Paint::dim, style.colour), command);
  }
  return out;
}

std::vector<std::size_t> telling_runs(const Campaign& campaign, std::size_t max) {
  std::vector<std::size_t> out;
  std::set<std::pair<std::string, std::string>> seen;
  for (std::size_t i = 0; i < campaign.runs.size() && out.size() < max; ++i) {
    const RunCase& run = campaign.runs[i];
    if (outcome_of(run) != Outcome::held && seen.emplace(run.file, reason_of(run)).second) {
      out.push_back(i);
    }
  }
  return out;
}

std::string reason_of(const RunCase& run) {
  if (!run.broken.empty()) {
    return run.broken.substr(0, run.broken.find('\n'));
  }
  if (run.result.violation.has_value()) {
    const ghost::Violation& violation = *run.result.violation;
    if (violation.line > 0 && !violation.expected.empty()) {
      return fmt::format("line {}: {}", violation.line, violation.expected);
    }
    return violation.title.empty() ? violation.property
                                   : violation.property + " " + violation.title;
  }
  if (run.repetition.has_value() && !run.repetition->same) {
    return "not deterministic: a second run differs";
  }
  return run.result.doubts.empty() ? "unknown" : run.result.doubts.front();
}

}  // namespace vvm::report
