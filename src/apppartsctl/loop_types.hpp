// LoopTypes: what the generic control loop (docs/spec/vvm.md 7) carries for app partitions.
//
// apppartsctl alone uses it.
#pragma once

#include "apppartsctl/step_core.hpp"
#include "ctrlloop/control_loop.hpp"
#include "records/process_variable.hpp"

namespace vvm::apppartsctl {

// A PV on its way to the cluster.
struct LoopReport {
  ProcessVariable pv;
  bool must_be_stored = false;  // no later PV of the key may take its place
};

struct LoopTypes {
  using Key = PartitionKey;
  using Sp = Target;
  using State = KeyState;
  using Pv = LoopReport;
};

using LoopCall = ctrlloop::Call<LoopTypes>;
using LoopAnswer = ctrlloop::Answer<LoopTypes>;
using LoopController = ctrlloop::Controller<LoopTypes>;
using LoopReportSink = ctrlloop::ReportSink<LoopTypes>;

}  // namespace vvm::apppartsctl
