// Verdicts and counts that more than one view shows.
#include "sim/report/run_case.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "base/check.hpp"

namespace vvm::report {
namespace {

// As a shell must be told it.
std::string shell_word(std::string_view word) {
  constexpr std::string_view plain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._/-+,:@%=";
  if (!word.empty() && word.find_first_not_of(plain) == std::string_view::npos) {
    return std::string{word};
  }
  std::string out = "'";
  for (const char c : word) {
    out.append(c == '\'' ? "'\\''" : std::string(1, c));
  }
  return out + "'";
}

}  // namespace

std::string_view name_of(Outcome outcome) {
  switch (outcome) {
    case Outcome::held:
      return "ok";
    case Outcome::unknown:
      return "UNKNOWN";
    case Outcome::violated:
      return "FAILED";
    case Outcome::broken:
      return "BROKEN";
  }
  UNREACHABLE();
}

int exit_code_of(Outcome outcome) {
  switch (outcome) {
    case Outcome::held:
      return 0;
    case Outcome::unknown:
      return 2;
    case Outcome::violated:
      return 1;
    case Outcome::broken:
      return 4;
  }
  UNREACHABLE();
}

Outcome outcome_of(const RunCase& run) {
  if (!run.broken.empty()) {
    return Outcome::broken;
  }
  const bool differs = run.repetition.has_value() && !run.repetition->same;
  switch (run.result.verdict) {
    case ghost::Verdict::held:
      return differs ? Outcome::unknown : Outcome::held;
    case ghost::Verdict::violated:
      return Outcome::violated;
    case ghost::Verdict::unknown:
      return Outcome::unknown;
  }
  UNREACHABLE();
}

Fulfilment fulfilment_of(const RunCase& run, const ghost::ExpectationOutcome& expectation) {
  const bool cut_short = run.result.verdict == ghost::Verdict::violated;
  if (expectation.held) {
    return Fulfilment::met;
  }
  if (expectation.decided_at.has_value()) {
    return Fulfilment::not_met;
  }
  if (cut_short && run.result.violation.has_value() &&
      run.result.violation->line != expectation.line) {
    return Fulfilment::open;
  }
  return expectation.over_campaign ? Fulfilment::not_seen : Fulfilment::not_met;
}

std::string_view name_of(Fulfilment fulfilment) {
  switch (fulfilment) {
    case Fulfilment::met:
      return "met";
    case Fulfilment::not_met:
      return "NOT MET";
    case Fulfilment::not_seen:
      return "not seen";
    case Fulfilment::open:
      return "open";
  }
  UNREACHABLE();
}

std::string replay_command(const RunCase& run) {
  const bool option = run.file.starts_with('-');
  return fmt::format("vvm run {}{} --seed {}", option ? "./" : "", shell_word(run.file), run.seed);
}

FaultCount faults_of(const RunCase& run) {
  FaultCount out;
  for (const ghost::FaultOutcome& fault : run.result.faults) {
    out.planned += fault.planned;
    out.took_effect += fault.effects > 0 ? fault.applied : 0;
  }
  return out;
}

std::vector<Missing> missing_of(const Campaign& campaign) {
  std::vector<Missing> out;
  for (std::size_t begin = 0; begin < campaign.runs.size();) {
    const std::string& file = campaign.runs[begin].file;
    std::map<std::pair<int, std::string>, bool> seen;  // by line and text
    std::size_t runs = 0;
    std::size_t end = begin;
    for (; end < campaign.runs.size() && campaign.runs[end].file == file; ++end) {
      const RunCase& run = campaign.runs[end];
      runs += run.broken.empty() && run.result.verdict != ghost::Verdict::violated ? 1 : 0;
      for (const ghost::ExpectationOutcome& expectation : run.result.expectations) {
        if (expectation.over_campaign) {
          seen[{expectation.line, expectation.text}] |= expectation.held;
        }
      }
    }
    for (const auto& [what, held] : seen) {
      if (!held && runs > 1) {
        out.push_back({.file = file, .line = what.first, .text = what.second, .runs = runs});
      }
    }
    begin = end;
  }
  return out;
}

int exit_code_of(const Campaign& campaign) {
  Outcome worst = missing_of(campaign).empty() ? Outcome::held : Outcome::unknown;
  for (const RunCase& run : campaign.runs) {
    worst = std::max(worst, outcome_of(run));
  }
  return exit_code_of(worst);
}

}  // namespace vvm::report
