// SetPoint: what one VVM shall do with one app partition (docs/spec/vvm.md 3.7).
//
// The cluster writes and keeps them, the app-partition control loop obeys them, the ghost compares.
// Plain value. Any field may hold anything that fits its type until validate() has said otherwise:
// a set-point that breaks the rules must still reach the controller, which reports InvalidSP.
#pragma once

#include <compare>
#include <cstdint>
#include <string>

#include "base/result.hpp"
#include "base/sha256.hpp"
#include "base/time.hpp"
#include "ids/names.hpp"
#include "runtime/blob_store.hpp"

namespace vvm {

enum class Desired : std::uint8_t { present = 1, absent = 2 };
enum class ImageKind : std::uint8_t { built_in = 1, image = 2 };

struct SetPoint {
  PartitionKey key;
  VvmId vvm{};
  Generation generation{};
  PartitionEpoch partition_epoch{};
  Desired desired = Desired::present;
  ImageKind image_kind = ImageKind::image;
  AppVersion app_version{};
  BlobId image_blob{};    // 0 = null
  Sha256 image_sha256{};  // zero = null
  std::int64_t image_size = 0;
  std::string built_in_rev{};
  std::uint32_t cluster_app_id = 0;
  std::int32_t num_partitions = 0;
  std::int32_t num_app_workspaces = 0;
  std::int32_t pool_command = 0;
  std::int32_t pool_query = 0;
  std::int32_t pool_actualizer = 0;
  std::int32_t pool_scheduler = 0;
  std::string cron_schedule{};
  Duration start_time_tolerance{};
  Duration drain_timeout = seconds(10);
  WallMs updated_at{};

  friend auto operator<=>(const SetPoint&, const SetPoint&) = default;
};

constexpr std::int64_t image_size_max = 20'971'520;  // ImageMaxSize
constexpr std::size_t cron_schedule_octets_max = 255;
constexpr std::size_t built_in_rev_octets_max = 64;
constexpr std::size_t app_qname_octets_max = 511;

// The constraints of 3.7 on one set-point; of an Absent one only those that identify it, since the
// rest is not used. err: InvalidSP, naming the field.
Status validate(const SetPoint& sp);

// Everything but updated_at, which says when, not what.
bool same_content(const SetPoint& a, const SetPoint& b);

std::string_view name_of(Desired desired);

}  // namespace vvm
