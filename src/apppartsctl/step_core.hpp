// StepCore: every decision of the app-partition control loop about one key (docs/spec/vvm.md 8.3,
// 8.8, 8.9, 8.11).
//
// The controller owns one and asks it twice a call: begin() says what to do, finish() what follows
// from how it went. Pure: time, chance and facts come in as arguments; state changes only here. One
// call does at most one step and ends with at most one PV, so that steps are the points at which a
// crash or a newer set-point may come between.
#pragma once

#include <array>
#include <compare>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "apppartsctl/constants.hpp"
#include "base/result.hpp"
#include "base/rng.hpp"
#include "records/process_variable.hpp"
#include "records/set_point.hpp"

namespace vvm::apppartsctl {

// In the order in which they are done; `accept` only names what failed before any work began.
enum class Step : std::uint8_t {
  accept,
  download,
  unpack,
  parse,
  check,
  build,
  fence,
  switch_version,
  drain,
  stop,
};

std::string_view name_of(Step step);
// The phase in which a step is done.
Phase phase_of(Step step);

// V of 8.3: what is downloaded, parsed and built once for all partitions of the VVM.
struct VersionId {
  AppQName app;
  AppVersion version{};
  Sha256 sha{};                // zero for a built-in application
  std::string built_in_rev{};  // empty for an image

  auto operator<=>(const VersionId&) const = default;

  std::string str() const;
};

VersionId version_of(const SetPoint& sp);

using Pools = std::array<std::int32_t, 4>;  // command, query, actualizer, scheduler

Pools pools_of(const SetPoint& sp);

// Why a key must become Absent, or that its set-point is to be followed as it is.
enum class Cause : std::uint8_t { listed, missing, going_down };

// What the loop carries as its SP. Its number orders them: a removal that no set-point asked for
// keeps the Generation and follows the set-point of that Generation.
struct Target {
  SetPoint sp;
  Cause cause = Cause::listed;

  bool wants_absent() const { return sp.desired == Desired::absent || cause != Cause::listed; }

  std::uint64_t number() const {
    return static_cast<std::uint64_t>(raw(sp.generation)) * 2 + (cause == Cause::listed ? 0 : 1);
  }

  friend bool operator==(const Target&, const Target&) = default;
};

// What the partition's runtime serves.
struct Served {
  VersionId version;
  Pools pools{};
  std::int32_t num_partitions = 0;
  std::int32_t num_app_workspaces = 0;

  friend bool operator==(const Served&, const Served&) = default;
};

// One key's memory, carried from call to call.
struct KeyState {
  std::uint64_t seen = 0;  // number of the newest target that was taken up
  Phase phase = Phase::absent;
  Step step = Step::accept;  // in progress or, in Backoff and Blocked, the one that failed
  SetPoint target{};         // the newest accepted set-point; means something once seen > 0
  std::optional<Served> served{};
  AppVersion alt{};         // ServingAlt: the version of a switch that has been announced
  PartitionEpoch owned{};   // of the runtime in AppPartitions; 0 = there is none
  bool ack_wanted = false;  // the last report must be stored before going on
  bool behind = false;      // a newer target waits until the runtime is gone
  bool retries = false;     // Blocked: due counts (class E)
  bool schedule_valid = true;
  Instant due{};  // Pending: start; Backoff, Blocked: next try
  std::int32_t attempt = 0;
  std::optional<Code> error{};
  std::string error_message{};
  std::vector<Condition> conditions{};

  friend bool operator==(const KeyState&, const KeyState&) = default;
};

// What the world looks like when a call begins.
struct Facts {
  Instant now{};
  WallMs wall{};
  // When the maintenance window of the target opens, now for none (7.2).
  Instant start_at{};
  bool schedule_valid = true;
  // The last report of the key is stored, and how long ago it was made; asked only while
  // KeyState::ack_wanted.
  bool acked = false;
  Duration report_age{};
};

// How a step went.
struct StepDone {
  bool hard_stop = false;  // Drain: borrows had to be revoked (702)
};

struct StepWaits {};  // somebody else does the shared work

struct StepCancelled {};  // nobody wants its result any more

struct StepCrashes {};  // it has taken the process down too often (8.11)

using Outcome = std::variant<StepDone, StepWaits, StepCancelled, StepCrashes, Error>;

enum class Report : std::uint8_t { none, latest, must_be_stored };

// What follows from one half of a call. At most one of `run` and `start` is set; neither means that
// the key rests until its next target.
struct Effects {
  std::optional<Step> run{};
  std::optional<Instant> start{};
  Report report = Report::none;
  bool release_staged = false;  // drop the staged version, whatever it has come to
  bool tear_down = false;       // revoke the partition now: ownership is lost
  std::string_view ignored{};   // why a set-point was refused without a trace (an alarm)

  friend bool operator==(const Effects&, const Effects&) = default;
};

class StepCore {
 public:
  // `build_rev`: what BuiltInRev must be.
  StepCore(Constants constants, std::string build_rev)
      : constants_(constants), build_rev_(std::move(build_rev)) {}

  Effects begin(KeyState& state, const Target& target, const Facts& facts) const;
  // pre: begin() said to run state.step.
  Effects finish(KeyState& state, const Outcome& outcome, const Facts& facts, Rng& rng) const;

  // The PV of a state, but for the reporter's part: VVM, epoch, ReportSeq, UpdatedAtMs.
  static ProcessVariable report_of(const KeyState& state, const Facts& facts);

  // Codes of the spec's table as they are; those of seams as what they mean for a step.
  static Error normalised(Error error);
  // The wait after the n-th failure in a row, n >= 1, without jitter.
  Duration backoff(std::int32_t attempt) const;

 private:
  Effects accept(KeyState& state, const Target& target, const Facts& facts) const;
  Effects accept_absent(KeyState& state, const Target& target, const Facts& facts) const;
  Effects accept_present(KeyState& state, const Target& target, const Facts& facts) const;
  Effects enter_pending(KeyState& state, const SetPoint& sp, const Facts& facts) const;
  Effects advance(KeyState& state, const Facts& facts) const;
  Effects advance_switch(KeyState& state, const Facts& facts) const;
  Effects succeeded(KeyState& state, const StepDone& done, const Facts& facts) const;
  Effects failed(KeyState& state, const Error& error, const Facts& facts, Rng& rng) const;
  Effects blocked(KeyState& state, const Error& error, const Facts& facts) const;
  Instant ask_again(const Facts& facts) const;

  Constants constants_;
  std::string build_rev_;
};

}  // namespace vvm::apppartsctl
