// LoopTypes: what the generic control loop (docs/spec/vvm.md 7) carries for app partitions.
//
// apppartsctl alone uses it.
#pragma once

#include "apppartsctl/step_core.hpp"
#include "ctrlloop/types.hpp"
#include "records/process_variable.hpp"

namespace vvm::apppartsctl {

struct LoopTypes {
  using Key = PartitionKey;
  using Sp = Target;
  using State = KeyState;
  using Pv = ProcessVariable;

  static std::uint64_t hash(const Key& key) {
    return (stable_hash(key.app.owner) * 3 + stable_hash(key.app.name)) * 0x9E37'79B9'7F4A'7C15U +
           raw(key.partition);
  }

  static std::string text(const Key& key) { return key.str(); }
};

using LoopCall = ctrlloop::Call<LoopTypes>;
using LoopAnswer = ctrlloop::Answer<LoopTypes>;
using LoopReport = ctrlloop::Report<LoopTypes>;
using LoopController = ctrlloop::Controller<LoopTypes>;
using LoopReportSink = ctrlloop::ReportSink<LoopTypes>;

}  // namespace vvm::apppartsctl
