// RunCase: one run of one scenario as all views see it; Campaign: all runs of one command.
//
// The program fills them, sim/report shows them. Plain data. What the simulator found stands in the
// RunResult; here stands what only its caller knows: the file, the wall time, that a run never came
// back, and whether a second run did the same.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.hpp"
#include "sim/ghost/run_result.hpp"

namespace vvm::report {

// What a command says of a run; the order is that of how much it matters.
enum class Outcome : std::uint8_t { held, unknown, violated, broken };

std::string_view name_of(Outcome outcome);
// Of docs/spec/scenario.md 5.4: 0, 2, 1, 4.
int exit_code_of(Outcome outcome);

// What running it a second time, with memory laid out differently, has shown.
struct Repetition {
  bool same = true;
  std::uint64_t record = 0;  // of the trace, where they first differ
  std::string first{};       // that record in the first run, as text
  std::string second{};
  std::vector<std::string> before{};  // the last records that both runs share

  friend bool operator==(const Repetition&, const Repetition&) = default;
};

struct RunCase {
  std::string file{};  // as it is named on the command line that replays it
  std::string scenario{};
  std::string doc{};
  std::uint64_t seed = 0;
  Duration horizon{};
  std::optional<Instant> heal_at{};
  std::int64_t wall_ns = 0;
  // Why there is no result: the process ended, or did not answer. The result is then empty.
  std::string broken{};
  std::optional<Repetition> repetition{};  // when asked for
  ghost::RunResult result{};

  friend bool operator==(const RunCase&, const RunCase&) = default;
};

Outcome outcome_of(const RunCase& run);

// What a run has shown of an expectation. A run that ended early, by a violation, leaves some open.
enum class Fulfilment : std::uint8_t { met, not_met, not_seen, open };

Fulfilment fulfilment_of(const RunCase& run, const ghost::ExpectationOutcome& expectation);
std::string_view name_of(Fulfilment fulfilment);
// The command that gives the same run again.
std::string replay_command(const RunCase& run);

struct FaultCount {
  std::uint64_t planned = 0;
  std::uint64_t took_effect = 0;
};

// Times that faults were to be applied, and times that they were and did something.
FaultCount faults_of(const RunCase& run);

// Runs of one scenario stand together, by seed.
struct Campaign {
  std::vector<RunCase> runs{};
  std::int64_t elapsed_ns = 0;  // of the whole command, on `jobs` processes
  int jobs = 1;
};

// A `sometimes` of a scenario that was run with several seeds to the end, and came about in none.
struct Missing {
  std::string file{};
  int line = 0;
  std::string text{};
  std::size_t runs = 0;
};

std::vector<Missing> missing_of(const Campaign& campaign);

// That of the worst run, or of what is missing: that is unknown.
int exit_code_of(const Campaign& campaign);

}  // namespace vvm::report
