// Demand: what the newest set-points ask for, and therefore which work and which images are needed.
//
// The control loop owns the answers: steps ask whether they have been superseded, shared work
// whether anybody needs it, the disk GC which images it must leave alone (docs/spec/vvm.md 8.1,
// 8.12). Values only; no I/O.
#pragma once

#include <map>
#include <optional>
#include <set>

#include "appparts/app_partitions.hpp"
#include "apppartsctl/shared_work.hpp"
#include "apppartsctl/step_core.hpp"
#include "image/gc.hpp"

namespace vvm::apppartsctl {

class Demand final : public image::ImageUsers {
 public:
  // `partitions` outlives it.
  explicit Demand(const appparts::AppPartitions* partitions) : partitions_(partitions) {}

  // The newest target of its key. pre: newer than the one before.
  void want(const Target& target);

  void forget(const PartitionKey& key) { newest_.erase(key); }

  void accept_list(const std::map<PartitionKey, SetPoint>& listed);

  // Null when nothing was ever asked of the key, or it is forgotten.
  const Target* newest(const PartitionKey& key) const;

  const std::map<PartitionKey, Target>& all() const { return newest_; }

  bool superseded(const PartitionKey& key, std::uint64_t number) const;
  // Some set-point that is to be followed needs the product of this work.
  bool needs(const WorkKey& work) const;

  std::optional<std::set<Sha256>> images_in_use() const override;

 private:
  const appparts::AppPartitions* partitions_;
  std::map<PartitionKey, Target> newest_;
  std::optional<std::set<Sha256>> listed_;  // none until a list has been accepted
};

// The work is about what this set-point refers to.
bool concerns(const WorkKey& work, const SetPoint& sp);

}  // namespace vvm::apppartsctl
