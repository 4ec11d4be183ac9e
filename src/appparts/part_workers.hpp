// PartWorkers: the actualizers and schedulers of one PartVersion, as AppPartitions sees them.
//
// procs implements them; AppPartitions makes one set per PartVersion and starts and stops it at the
// points that docs/spec/vvm.md 9.8 and 9.10 name: never two sets of one partition run at once.
#pragma once

#include <memory>

#include "base/result.hpp"
#include "engines/engine.hpp"
#include "lease/gate.hpp"
#include "runtime/task.hpp"

namespace vvm::appparts {

using engines::AppDef;
using engines::PoolSizes;
using engines::ProcessorKind;

// One (partition, version, tenure); never 0, and new for every switch.
enum class PartVersionId : std::uint32_t {};

struct PartVersionInfo {
  PartitionKey key;
  PartVersionId id{};
  AppVersion version{};
  std::shared_ptr<const AppDef> app_def;
  std::shared_ptr<const lease::Gate> gate;
};

class PartWorkers {
 public:
  PartWorkers() = default;
  PartWorkers(const PartWorkers&) = delete;
  PartWorkers& operator=(const PartWorkers&) = delete;
  virtual ~PartWorkers() = default;

  // All of them run when it returns. Also after a stop() that was cancelled half-way: what has
  // stopped is started again, what still runs goes on, and is not asked to stop any more.
  virtual void start() = 0;
  // Returns when none runs, each at an event boundary with its position flushed. Idempotent, may be
  // cancelled, may run twice at once.
  virtual Task<Status> stop() = 0;
  virtual std::size_t running() const = 0;
};

class PartWorkersFactory {
 public:
  PartWorkersFactory() = default;
  PartWorkersFactory(const PartWorkersFactory&) = delete;
  PartWorkersFactory& operator=(const PartWorkersFactory&) = delete;
  virtual ~PartWorkersFactory() = default;

  // Null when the application has neither async projectors nor jobs.
  virtual std::shared_ptr<PartWorkers> make(const PartVersionInfo& info) = 0;
};

}  // namespace vvm::appparts
