// KeyView: what the control loop shows of one key, and the book-keeping of its reports.
//
// The controller keeps one a key; sim/ghost, the status endpoint and the shutdown read them.
#pragma once

#include <cstdint>
#include <optional>

#include "apppartsctl/step_core.hpp"
#include "base/time.hpp"
#include "records/process_variable.hpp"

namespace vvm::apppartsctl {

struct KeyView {
  Phase phase = Phase::absent;
  Step step = Step::accept;
  Generation observed{};   // of the newest accepted set-point
  std::uint64_t seen = 0;  // number of the newest target that was taken up
  AppVersion target{};     // of the set-point that is followed, 0 = none
  AppVersion serving{};    // 0 = none
  AppVersion alt{};        // 0 = none
  PartitionEpoch owned{};  // of the runtime, 0 = none
  std::optional<Code> error{};
  std::int32_t attempt = 0;
  Instant due{};

  // Reports: the newest one that was produced, and how far the cluster has stored them.
  ProcessVariable last_pv{};
  Instant last_report{};
  std::int64_t produced_seq = 0;
  std::int64_t stored_seq = 0;

  bool calling = false;             // a controller call is in progress
  Generation call_generation{};     // of the set-point that the latest call was made with
  std::optional<Step> step_open{};  // step.start has been told, step.end not yet
  bool gone = false;                // the tombstone has left the list: forget it once it is Absent

  bool last_is_stored() const { return produced_seq != 0 && stored_seq >= produced_seq; }
};

}  // namespace vvm::apppartsctl
