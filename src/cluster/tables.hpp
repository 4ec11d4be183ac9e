// Rows of the tables of ws.cluster.Cluster (docs/spec/vvm.md 3.2, 3.9).
//
// The cluster module's state, its placement and its reports rely on them. Plain values. The SP and
// the PV, which belong to ws.cluster.VirtualMachine, are in src/records. Times are wall clock
// milliseconds, for people and for the retention of tombstones.
#pragma once

#include <compare>
#include <string>

#include "base/sha256.hpp"
#include "base/time.hpp"
#include "ids/names.hpp"
#include "ids/wsid.hpp"
#include "runtime/blob_store.hpp"

namespace vvm::cluster {

enum class ClusterAppId : std::uint32_t {};  // docs/spec/vvm.md 1.5

enum class RolloutState : std::uint8_t { idle, running, paused, rolling_back, failed };
enum class ImageState : std::uint8_t { uploading, uploaded, validated, rejected, retired };
enum class NodeState : std::uint8_t { ready, cordoned, draining, lost };
enum class VvmState : std::uint8_t { registered, going_down, stopped };
enum class PlacementState : std::uint8_t { unplaced, assigned, releasing };

// What an SP carries beside the version: engines per processor kind, the window, the drain.
struct AppSettings {
  std::int32_t pool_command = 1;
  std::int32_t pool_query = 1;
  std::int32_t pool_actualizer = 1;
  std::int32_t pool_scheduler = 1;
  std::string cron_schedule{};
  Duration start_time_tolerance{};
  Duration drain_timeout = seconds(10);

  friend bool operator==(const AppSettings&, const AppSettings&) = default;
};

struct App {
  AppQName name;
  std::int32_t num_partitions = 0;
  std::int32_t num_app_workspaces = 0;
  ClusterAppId id{};
  AppVersion desired_version{};
  AppVersion stable_version{};  // the last one that was rolled out to every partition
  RolloutState rollout = RolloutState::idle;
  WallMs rollout_started{};
  AppSettings settings{};
  bool deleted = false;

  friend bool operator==(const App&, const App&) = default;
};

struct ImageKey {
  AppQName app;
  AppVersion version{};

  auto operator<=>(const ImageKey&) const = default;
};

struct AppImage {
  ImageKey key;
  BlobId blob{};
  Sha256 sha256;
  std::int64_t size = 0;
  WallMs uploaded_at{};
  std::string uploaded_by{};
  ImageState state = ImageState::uploading;
  AppVersion baseline_version{};  // the version that a rollback repeats; 0 for an upload
  std::int32_t reject_code = 0;
  std::string reject_message{};

  friend bool operator==(const AppImage&, const AppImage&) = default;
};

struct VvmNode {
  NodeId id{};
  std::string name{};
  std::string address{};
  std::int32_t vvms_max = 8;
  NodeState state = NodeState::ready;

  friend bool operator==(const VvmNode&, const VvmNode&) = default;
};

struct VirtualMachine {
  VvmId id{};
  NodeId node{};
  WorkspaceId workspace{};
  VvmEpoch epoch{};
  Bytes nonce{};
  std::string host{};
  std::uint16_t port = 0;
  std::string build_rev{};
  std::int32_t partitions_max = 256;
  VvmState state = VvmState::registered;
  WallMs registered_at{};

  friend bool operator==(const VirtualMachine&, const VirtualMachine&) = default;
};

struct Placement {
  PartitionKey key;
  PlacementState state = PlacementState::unplaced;
  VvmId owner{};   // 0 while unplaced
  VvmId target{};  // where a releasing partition goes, or an unplaced one would rather be; 0 = any
  PartitionEpoch epoch{};
  Generation generation{};
  AppVersion version{};
  WallMs since{};

  friend bool operator==(const Placement&, const Placement&) = default;
};

constexpr VvmId vvm_id_max{4095};

constexpr WorkspaceId cluster_workspace() {
  return WorkspaceId{(std::uint64_t{raw(main_cluster)} << 47U) + cluster_base_wsid};
}

constexpr WorkspaceId vvm_workspace(VvmId vvm) {
  return WorkspaceId{(std::uint64_t{raw(main_cluster)} << 47U) + first_vvm_base_wsid + raw(vvm)};
}

std::string_view name_of(RolloutState state);
std::string_view name_of(ImageState state);
std::string_view name_of(NodeState state);
std::string_view name_of(VvmState state);
std::string_view name_of(PlacementState state);

}  // namespace vvm::cluster
