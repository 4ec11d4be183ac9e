// Recorder: writes the History of a run.
//
// Ghost tells it of changes of the shadow, sim/wiring of operations, faults and expectations. Keeps
// nothing when told not to; the run is the same either way.
#pragma once

#include <map>
#include <string>
#include <utility>

#include "sim/ghost/history.hpp"
#include "sim/ghost/state.hpp"

namespace vvm::ghost {

class Recorder {
 public:
  // Notes beyond `notes_max` are only counted.
  explicit Recorder(bool keep, std::size_t notes_max = 20'000)
      : keep_(keep), notes_max_(notes_max) {}

  void process(const Process& process);
  void started(const Process& process, Instant now);
  void ended(const Process& process, LifeEnd end, Instant now);
  void paused(const Process& process, Instant now);
  void epoch(const Process& process);
  // What the shadow shows of (p, x) now.
  void part(const Process& process,
            const PartitionKey& key,
            const Part& part,
            AppVersion target,
            Instant now);
  void note(Note note);
  // Returns where the mark stands.
  std::size_t fault(FaultMark mark);

  FaultMark& fault_at(std::size_t index) { return history_.faults[index]; }

  // Closes what is open. Once.
  History finish(Instant end);

 private:
  ProcessHistory& of(const Process& process) {
    return history_.processes[raw_index(process.index)];
  }

  PartitionHistory& of(const Process& process, const PartitionKey& key);
  static void close(std::vector<PhaseInterval>& list, Instant now);
  static void close(std::vector<ServingInterval>& list, Instant now);

  bool keep_;
  std::size_t notes_max_;
  History history_;
  std::map<std::pair<PartitionKey, std::string>, PartitionHistory> partitions_;
};

}  // namespace vvm::ghost
