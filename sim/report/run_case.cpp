// Verdicts and counts that more than one view shows.
#include "sim/report/run_case.hpp"

#include <algorithm>

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

int exit_code_of(const Campaign& campaign) {
  Outcome worst = Outcome::held;
  for (const RunCase& run : campaign.runs) {
    worst = std::max(worst, outcome_of(run));
  }
  return exit_code_of(worst);
}

}  // namespace vvm::report
