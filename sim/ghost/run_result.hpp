// RunResult: what one run of a scenario under one seed has shown.
//
// sim/wiring fills it, sim/report and the command line show it. Plain data, no wall clock: two runs
// of the same scenario, seed and binary give equal results, and who runs them measures the time.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.hpp"
#include "sim/ghost/history.hpp"

namespace vvm::ghost {

enum class Verdict : std::uint8_t {
  held,
  violated,  // a property failed, an expectation was not met
  unknown,   // nothing failed, but something was not looked at: a property or an expectation that
             // was never evaluated, a scripted fault that touched nothing, a budget that was spent
};

std::string_view name_of(Verdict verdict);

// A property that failed; the run ends with the first.
struct Violation {
  std::string property{};  // "I-S12", "I-L1", "expect[2]", "deadlock", "self-test"
  std::string title{};     // "no over-claim"
  std::string subject{};   // "acme/pos/3 at vvm2"
  std::string expected{};
  std::string seen{};
  Instant at{};
  std::uint64_t step = 0;  // of the kernel
  int line = 0;            // of an expectation in the scenario file, 0 = none

  friend bool operator==(const Violation&, const Violation&) = default;
};

// How often an invariant or a bound was looked at.
struct PropertyCount {
  std::string id{};
  std::string title{};
  std::uint64_t evaluations = 0;
  bool required = true;  // false: what it speaks of need not occur in this run

  friend bool operator==(const PropertyCount&, const PropertyCount&) = default;
};

struct ExpectationOutcome {
  std::string text{};  // `at 59s: running(acme/pos/*, version=1)`
  int line = 0;
  bool held = true;
  std::uint64_t evaluations = 0;
  std::optional<Instant> decided_at{};  // when it was fulfilled for good, or broken
  std::string seen{};                   // why not
  // `sometimes`: of the campaign it must hold in one run at least; a single run it does not break.
  bool over_campaign = false;

  friend bool operator==(const ExpectationOutcome&, const ExpectationOutcome&) = default;
};

// A fault of the scenario, or all faults of one kind that the seed chose.
struct FaultOutcome {
  std::string text{};
  int line = 0;
  bool scripted = true;
  bool optional = false;      // a scripted one may come to nothing
  std::uint64_t planned = 0;  // times it was to be applied
  std::uint64_t applied = 0;  // times it was
  std::uint64_t effects = 0;  // what it did to the run: packets lost, writes failed, lives ended

  friend bool operator==(const FaultOutcome&, const FaultOutcome&) = default;
};

// Calls that a load made.
struct LoadOutcome {
  std::string name{};
  std::uint64_t calls = 0;
  std::uint64_t served = 0;
  std::uint64_t refused = 0;  // no owner, held, draining, no engine free
  std::uint64_t failed = 0;   // begun and not finished: revoked, lease lost, crashed

  friend bool operator==(const LoadOutcome&, const LoadOutcome&) = default;
};

struct RunFigures {
  Instant virtual_time{};
  std::uint64_t steps = 0;            // handlers and events that the kernel ran
  std::uint64_t records = 0;          // of the trace: steps, events, effects, faults
  std::uint64_t events = 0;           // emitted by the code under test
  std::uint64_t effects = 0;          // on network, disk and store
  std::uint64_t refused_effects = 0;  // tried by dead processes, all refused
  std::uint64_t full_checks = 0;      // of all invariants over the whole state
  std::uint64_t bytes_moved = 0;      // over the network
  // Pure work that was not done again, and that was done again to compare: with a memo that has
  // served other runs, this depends on those. Not part of equality.
  std::uint64_t memo_hits = 0;
  std::uint64_t memo_proofs = 0;

  friend bool operator==(const RunFigures& a, const RunFigures& b) {
    return a.virtual_time == b.virtual_time && a.steps == b.steps && a.records == b.records &&
           a.events == b.events && a.effects == b.effects &&
           a.refused_effects == b.refused_effects && a.full_checks == b.full_checks &&
           a.bytes_moved == b.bytes_moved;
  }
};

struct RunResult {
  std::string scenario{};
  std::uint64_t seed = 0;
  Verdict verdict = Verdict::unknown;
  std::optional<Violation> violation{};
  std::vector<std::string> doubts{};  // why it is unknown, one line each
  std::vector<PropertyCount> properties{};
  std::vector<ExpectationOutcome> expectations{};
  std::vector<FaultOutcome> faults{};
  std::vector<LoadOutcome> loads{};
  RunFigures figures{};
  std::uint64_t trace_hash = 0;
  std::vector<std::uint64_t> hashes{};  // after each record, when asked for
  std::vector<std::string> trace{};     // when asked for
  History history{};                    // when asked for

  friend bool operator==(const RunResult&, const RunResult&) = default;
};

}  // namespace vvm::ghost
