// Predicates: what expectations ask of a running cluster (sim/scenario/predicates.def).
//
// run() owns one per run. Pure questions to the shadow state; the names of partitions, processes
// and images are those of the scenario.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "sim/ghost/ghost.hpp"
#include "sim/scenario/model.hpp"
#include "sim/wiring/images.hpp"

namespace vvm::wiring {

class Predicates {
 public:
  using HasImage = std::function<bool(ghost::ProcessIndex process, const Sha256& sha)>;

  // All outlive it.
  Predicates(const scenario::Scenario* scenario,
             const ghost::Ghost* ghost,
             const Images* images,
             HasImage has_image);

  // Whether a condition is about partitions; which ones; and whether it holds for one of them.
  static bool about_partitions(const scenario::Condition& condition);
  std::vector<PartitionKey> partitions(const faults::PartitionGlob& glob) const;
  // With a VVM, it is about those of them that are assigned to it, at this moment.
  bool concerns(const scenario::Condition& condition, const PartitionKey& key) const;
  bool holds_for(const scenario::Condition& condition, const PartitionKey& key) const;
  // pre: not about partitions.
  bool holds(const scenario::Condition& condition) const;

  // Why it does not hold, or what is there; for people.
  std::string seen(const scenario::Condition& condition) const;

  // Every application that has a version is placed, and every key does what its SP says.
  bool converged() const;

 private:
  using Condition = scenario::Condition;

  bool holds_at(const Condition& condition,
                const ghost::Process& process,
                const PartitionKey& key,
                const ghost::Part& part) const;
  bool running(const Condition& condition,
               const ghost::Process& process,
               const PartitionKey& key) const;
  bool absent(const Condition& condition, const PartitionKey& key) const;
  bool two_executors(const PartitionKey& key) const;
  bool of_image(const Condition& condition) const;
  bool of_process(const Condition& condition) const;
  std::vector<const ghost::Process*> processes(std::string_view glob, bool only_vvms) const;

  const scenario::Scenario& scenario_;
  const ghost::Ghost& ghost_;
  const Images& images_;
  HasImage has_image_;
  std::vector<PartitionKey> keys_;  // of all applications of the scenario, ascending
};

}  // namespace vvm::wiring
