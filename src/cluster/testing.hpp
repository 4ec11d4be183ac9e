// Short ways to build the cluster's rows; tests of this module rely on them.
#pragma once

#include "cluster/commands.hpp"
#include "cluster/placement_core.hpp"

namespace vvm::cluster {

inline const AppQName pos{.owner = "acme", .name = "pos"};
constexpr WallMs noon{1'700'000'000'000};

// Applies an answer; the cluster's processor does the same.
inline void settle(Tables& tables, std::vector<Change> changes) {
  ++tables.revision;
  for (Change& change : changes) {
    if (const auto vvm = workspace_of(change)) {
      tables.list_revision[*vvm] = tables.revision;
    }
    apply(tables, std::move(change));
  }
}

inline Sha256 digest_of(std::string_view text) { return sha256(text); }

inline BlobStat blob_of(std::string_view text) {
  return {.status = BlobStatus::completed, .size = text.size(), .sha256 = sha256(text)};
}

inline DeployAppImage image_command(std::string_view text, BlobId blob = BlobId{1}) {
  return {.app = pos,
          .blob = blob,
          .sha256 = sha256(text),
          .size = static_cast<std::int64_t>(text.size())};
}

inline RegisterVvm vvm_command(std::uint32_t vvm, std::uint32_t node, char nonce = 'n') {
  return {.vvm = VvmId{vvm},
          .nonce = Bytes(16, nonce),
          .node = NodeId{node},
          .host = "vvm-" + std::to_string(vvm),
          .port = 8822};
}

inline ProcessVariable pv_of(std::uint32_t vvm,
                             int partition,
                             std::int64_t epoch,
                             std::int64_t seq) {
  ProcessVariable pv;
  pv.key = {.app = pos, .partition = PartitionId(partition)};
  pv.vvm = VvmId{vvm};
  pv.vvm_epoch = VvmEpoch{epoch};
  pv.report_seq = seq;
  return pv;
}

}  // namespace vvm::cluster
