// The texts of render.hpp, all made from the same cells.
#include "sim/report/perf/render.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

#include <boost/json/value.hpp>
#include <fmt/format.h>

#include "base/check.hpp"
#include "sim/report/perf/json_text.hpp"

namespace vvm::report {
namespace {

namespace json = boost::json;

constexpr std::string_view red = "\x1b[31m";
constexpr std::string_view green = "\x1b[32m";
constexpr std::string_view yellow = "\x1b[33m";
constexpr std::string_view bold = "\x1b[1m";

std::string painted(std::string_view text, std::string_view code, Colour colour) {
  return colour == Colour::off || code.empty() ? std::string{text}
                                               : fmt::format("{}{}\x1b[0m", code, text);
}

std::string_view colour_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::better:
      return green;
    case Verdict::worse:
      return red;
    case Verdict::same:
      return "";
    case Verdict::unclear:
      return yellow;
  }
  UNREACHABLE();
}

// -0.0 and what rounds to it would read "-0.0 %".
std::string percent(double part) {
  const double value = part * 100;
  return fmt::format("{:+.1f} %", std::abs(value) < 0.05 ? 0.0 : value);
}

std::string thousands(double value) {
  std::string digits = fmt::format("{:.0f}", std::abs(value));
  for (std::size_t at = digits.size(); at > 3; at -= 3) {
    digits.insert(at - 3, 1, ',');
  }
  return (value < 0 ? "-" : "") + digits;
}

std::string four_digits(double value) {
  return value == std::floor(value) || std::abs(value) >= 1e4 ? thousands(value)
                                                              : fmt::format("{:.4g}", value);
}

std::optional<double> nanoseconds_in(std::string_view unit) {
  constexpr std::array<std::pair<std::string_view, double>, 4> units{
      {{"ns", 1.0}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}}};
  constexpr std::string_view virtual_prefix = "virtual ";
  if (unit.starts_with(virtual_prefix)) {
    unit.remove_prefix(virtual_prefix.size());
  }
  for (const auto& [name, factor] : units) {
    if (name == unit) {
      return factor;
    }
  }
  return std::nullopt;
}

std::string duration_text(double ns) {
  const double size = std::abs(ns);
  if (size >= 1e9) {
    return fmt::format("{:.4g} s", ns / 1e9);
  }
  if (size >= 1e6) {
    return fmt::format("{:.4g} ms", ns / 1e6);
  }
  if (size >= 1e3) {
    return fmt::format("{:.4g} us", ns / 1e3);
  }
  return fmt::format("{:.4g} ns", ns);
}

std::string change_text(const RowComparison& row) {
  if (row.change) {
    return percent(*row.change);
  }
  return row.head == row.base ? percent(0) : "from 0";
}

std::string interval_text(const RowComparison& row) {
  return row.interval
             ? fmt::format("[{:+.1f}, {:+.1f}]", row.interval->low * 100, row.interval->high * 100)
             : std::string{};
}

// What stands behind the verdict.
std::string detail_text(const RowComparison& row) {
  std::string out;
  const auto add = [&](std::string_view text) { out.append(out.empty() ? "" : "; ").append(text); };
  if (row.seeds) {
    const SeedSummary& seeds = *row.seeds;
    if (seeds.better + seeds.worse > 0) {
      const bool mostly_worse = seeds.worse > seeds.better;
      add(fmt::format("{} on {}/{} seeds, median of differences {}",
                      mostly_worse ? "worse" : "better",
                      mostly_worse ? seeds.worse : seeds.better,
                      seeds.common,
                      figure_text(seeds.median_difference, row.unit)));
    }
    if (seeds.one_side_only > 0) {
      add(fmt::format("{} seeds on one side only", seeds.one_side_only));
    }
  }
  if (!row.reason.empty()) {
    add(row.reason);
  }
  if (row.samples_needed) {
    add(fmt::format("needs ~{} pairs", *row.samples_needed));
  } else if (row.verdict == Verdict::unclear && row.cls == MetricClass::c && row.reason.empty()) {
    add("at the threshold: no number of pairs would tell");
  }
  return out;
}

// ------------------------------------------------------------------------------------- tables

struct Cell {
  std::string text;
  std::string_view code{};  // colour
};

using TableRow = std::vector<Cell>;

// Columns of the second on are right-aligned up to `numbers`; the last one is never padded.
std::string table_text(const std::vector<TableRow>& rows, std::size_t numbers, Colour colour) {
  std::vector<std::size_t> widths;
  for (const TableRow& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) {
      widths[i] = std::max(widths[i], row[i].text.size());
    }
  }
  std::string out;
  for (const TableRow& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::string space(widths[i] - row[i].text.size(), ' ');
      const bool right = i >= 1 && i <= numbers;
      line.append(i == 0 ? "" : "  ");
      line.append(right ? space : "").append(painted(row[i].text, row[i].code, colour));
      line.append(right ? "" : space);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out.append(line).append("\n");
  }
  return out;
}

TableRow comparison_row(const RowComparison& row) {
  std::string verdict{verdict_name(row.verdict)};
  if (row.verdict == Verdict::worse && !row.in_budget) {
    verdict = "WORSE";
  }
  return {{fmt::format("{} {}", class_letter(row.cls), row.id)},
          {figure_text(row.base, row.unit)},
          {figure_text(row.head, row.unit)},
          {change_text(row)},
          {interval_text(row)},
          {std::move(verdict), colour_of(row.verdict)},
          {detail_text(row)}};
}

std::string missing_text(const MissingRow& row) {
  return fmt::format("{} {} ({}): only in {}",
                     class_letter(row.cls),
                     row.id,
                     row.unit,
                     row.in_base ? "base" : "head");
}

std::string quiet_text(const Comparison& comparison) {
  if (!comparison.probe_drift) {
    return "machine quiet: not measured";
  }
  return fmt::format("machine quiet: {} (probe drift {:.1f} %)",
                     *comparison.probe_drift > probe_drift_max ? "NO" : "yes",
                     *comparison.probe_drift * 100);
}

std::string gate_letters(const Comparison& comparison) {
  std::string out;
  for (const MetricClass cls : comparison.options.gate) {
    out.append(out.empty() ? "" : ",").push_back(class_letter(cls));
  }
  return out;
}

std::string_view gate_result(const Comparison& comparison) {
  switch (comparison.exit_code) {
    case 0:
      return "ok";
    case 1:
      return "FAIL";
    default:
      return "inconclusive";
  }
}

std::string gate_text(const Comparison& comparison) {
  const auto gated = [&](MetricClass cls) { return comparison.options.gate.contains(cls); };
  std::size_t rows = 0;
  std::size_t unclear = 0;
  std::size_t worse = 0;
  std::size_t gone = 0;
  for (const RowComparison& row : comparison.rows) {
    rows += gated(row.cls) ? 1 : 0;
    worse += gated(row.cls) && !row.in_budget && row.verdict == Verdict::worse ? 1 : 0;
    unclear += gated(row.cls) && !row.in_budget && row.verdict == Verdict::unclear ? 1 : 0;
  }
  for (const MissingRow& row : comparison.missing) {
    gone += gated(row.cls) && row.in_base ? 1 : 0;
  }
  return fmt::format("gate {}: {} (of {} rows {} worse, {} unclear; {} gone)",
                     gate_letters(comparison),
                     gate_result(comparison),
                     rows,
                     worse,
                     unclear,
                     gone);
}

json::value or_null(std::optional<double> value) {
  return value ? json::value(*value) : json::value(nullptr);
}

json::object row_json(const RowComparison& row) {
  json::object out{{"id", row.id},
                   {"class", std::string(1, class_letter(row.cls))},
                   {"unit", row.unit},
                   {"better", better_name(row.better)},
                   {"base", row.base},
                   {"head", row.head},
                   {"change", or_null(row.change)},
                   {"interval", nullptr},
                   {"p", or_null(row.p)},
                   {"verdict", verdict_name(row.verdict)},
                   {"reason", row.reason},
                   {"in_budget", row.in_budget},
                   {"samples_needed", nullptr}};
  if (row.interval) {
    out["interval"] = json::array{row.interval->low, row.interval->high};
  }
  if (row.samples_needed) {
    out["samples_needed"] = *row.samples_needed;
  }
  if (row.seeds) {
    out["seeds"] = json::object{{"common", row.seeds->common},
                                {"better", row.seeds->better},
                                {"worse", row.seeds->worse},
                                {"one_side_only", row.seeds->one_side_only},
                                {"median_difference", row.seeds->median_difference}};
  }
  return out;
}

std::string range_text(const PerfRow& row, const Samples& values) {
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  return fmt::format("{} .. {}", figure_text(*low, row.unit), figure_text(*high, row.unit));
}

std::string escaped(std::string text) {
  for (std::size_t at = text.find('|'); at != std::string::npos; at = text.find('|', at + 2)) {
    text.insert(at, 1, '\\');
  }
  return text;
}

std::string figure_with_unit(double value, std::string_view unit) {
  const std::string figure = figure_text(value, unit);
  return nanoseconds_in(unit) ? figure : fmt::format("{} {}", figure, unit);
}

// A counted cost that is the same in each sample, beside the time of the same benchmark.
bool is_constant_counter(const PerfRow& row) {
  return row.cls == MetricClass::b && !row.samples.empty() &&
         std::all_of(row.samples.begin(), row.samples.end(), [&row](double value) {
           return value == row.samples.front();
         });
}

// "654 allocs, 122 types".
std::string counters_text(const PerfReport& report, const PerfRow& time) {
  std::string out;
  for (const PerfRow& row : report.rows) {
    if (row.id == time.id && is_constant_counter(row)) {
      out.append(out.empty() ? "" : ", ").append(figure_with_unit(row.samples.front(), row.unit));
    }
  }
  return out;
}

bool stands_beside_a_time(const PerfReport& report, const PerfRow& counter) {
  return is_constant_counter(counter) &&
         std::any_of(report.rows.begin(), report.rows.end(), [&counter](const PerfRow& row) {
           return row.cls == MetricClass::c && row.id == counter.id;
         });
}

std::string goals_text(const std::vector<PerfGoal>& goals, Colour colour) {
  std::vector<TableRow> table{{{"goals", bold},
                               {"median", bold},
                               {"best", bold},
                               {"goal", bold},
                               {"", bold},
                               {"row", bold}}};
  for (const PerfGoal& goal : goals) {
    const bool met = meets(goal, goal.median);
    const bool once = meets(goal, goal.best);
    table.push_back(
        {{goal.id},
         {figure_with_unit(goal.median, goal.unit)},
         {figure_with_unit(goal.best, goal.unit)},
         {(goal.better == Better::more ? ">= " : "<= ") + figure_with_unit(goal.goal, goal.unit)},
         {met    ? "met"
          : once ? "met at best"
                 : "missed",
          met    ? green
          : once ? yellow
                 : red},
         {goal.row}});
  }
  return table_text(table, 3, colour);
}

}  // namespace

std::string figure_text(double value, std::string_view unit) {
  if (const auto factor = nanoseconds_in(unit)) {
    return duration_text(value * *factor);
  }
  return four_digits(value);
}

std::string comparison_text(const Comparison& comparison, Colour colour) {
  std::vector<TableRow> table{{{"", bold},
                               {"base", bold},
                               {"head", bold},
                               {"change", bold},
                               {"95 %", bold},
                               {"verdict", bold},
                               {}}};
  for (const RowComparison& row : comparison.rows) {
    table.push_back(comparison_row(row));
  }
  std::string out = table_text(table, 4, colour);
  for (const MissingRow& row : comparison.missing) {
    out.append(painted(missing_text(row), yellow, colour)).append("\n");
  }
  for (const std::string& note : comparison.notes) {
    out.append("note: ").append(note).append("\n");
  }
  out.append(quiet_text(comparison)).append("   ");
  const std::string_view code = comparison.exit_code == 0   ? green
                                : comparison.exit_code == 1 ? red
                                                            : yellow;
  out.append(painted(gate_text(comparison), code, colour));
  out.append(fmt::format("   exit {}\n", comparison.exit_code));
  return out;
}

std::string comparison_markdown(const Comparison& comparison) {
  std::string out = "| row | base | head | change | 95 % | verdict | |\n";
  out.append("|---|--:|--:|--:|--:|---|---|\n");
  for (const RowComparison& row : comparison.rows) {
    out.append("|");
    for (const Cell& cell : comparison_row(row)) {
      out.append(" ").append(escaped(cell.text)).append(" |");
    }
    out.append("\n");
  }
  out.append("\n");
  for (const MissingRow& row : comparison.missing) {
    out.append("- ").append(missing_text(row)).append("\n");
  }
  for (const std::string& note : comparison.notes) {
    out.append("- ").append(note).append("\n");
  }
  out.append("- ").append(quiet_text(comparison)).append("\n");
  out.append(fmt::format("- {}, exit {}\n", gate_text(comparison), comparison.exit_code));
  return out;
}

std::string comparison_json(const Comparison& comparison) {
  json::array rows;
  for (const RowComparison& row : comparison.rows) {
    rows.push_back(row_json(row));
  }
  json::array missing;
  for (const MissingRow& row : comparison.missing) {
    missing.push_back(json::object{{"id", row.id},
                                   {"class", std::string(1, class_letter(row.cls))},
                                   {"unit", row.unit},
                                   {"only_in", row.in_base ? "base" : "head"}});
  }
  const json::object out{{"format", report_format},
                         {"threshold", comparison.options.threshold},
                         {"alpha", comparison.options.alpha},
                         {"gate", gate_letters(comparison)},
                         {"rows", std::move(rows)},
                         {"missing", std::move(missing)},
                         {"notes", json::array(comparison.notes.begin(), comparison.notes.end())},
                         {"probe_drift", or_null(comparison.probe_drift)},
                         {"result", gate_result(comparison)},
                         {"exit_code", comparison.exit_code}};
  return json_text(out, 2) + "\n";
}

std::string report_text(const PerfReport& report, Colour colour) {
  std::vector<TableRow> table{{{"", bold},
                               {"median", bold},
                               {"spread", bold},
                               {"samples", bold},
                               {"range", bold},
                               {"counted", bold}}};
  for (const PerfRow& row : report.rows) {
    if (stands_beside_a_time(report, row)) {
      continue;
    }
    Samples values = row.samples;
    for (const SeedValue& entry : row.by_seed) {
      values.push_back(entry.value);
    }
    const double middle = median(values);
    table.push_back(
        {{fmt::format("{} {}", class_letter(row.cls), row.id)},
         {figure_text(middle, row.unit)},
         {middle > 0 ? fmt::format("{:.1f} %", relative_spread(values) * 100) : std::string{}},
         {std::to_string(values.size())},
         {range_text(row, values)},
         {row.cls == MetricClass::c ? counters_text(report, row) : std::string{}}});
  }
  std::string out = table_text(table, 3, colour);
  if (!report.goals.empty()) {
    out.append("\n").append(goals_text(report.goals, colour)).append("\n");
  }
  if (const auto drift = probe_drift({&report})) {
    const bool quiet = *drift <= probe_drift_max;
    out.append(painted(fmt::format("machine quiet: {} (probe drift {:.1f} %, spread {:.1f} %)\n",
                                   quiet ? "yes" : "NO",
                                   *drift * 100,
                                   report.self.noise_probe->spread_pct),
                       quiet ? "" : yellow,
                       colour));
  }
  return out;
}

}  // namespace vvm::report
