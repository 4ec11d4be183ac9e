// ProcessVariable: what one VVM reports of one app partition (docs/spec/vvm.md 3.8).
//
// The app-partition control loop makes them, the cluster keeps the newest, the ghost and the status
// view read them. Plain value, with the claim C(PV) and the phases of 8.1.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/sha256.hpp"
#include "base/time.hpp"
#include "ids/names.hpp"

namespace vvm {

// The numbers are the spec's. `lost` is never stored.
enum class Phase : std::uint8_t {
  pending = 1,
  downloading = 2,
  unpacking = 3,
  parsing = 4,
  checking = 5,
  building = 6,
  fencing = 7,
  switching = 8,
  running = 9,
  backoff = 10,
  blocked = 11,
  draining = 12,
  stopping = 13,
  absent = 14,
  lost = 15,
};

// InvalidSchedule is 7.2's; the others are 3.8's.
enum class ConditionType : std::uint8_t {
  image_ready,
  schema_ready,
  engines_ready,
  serving,
  up_to_date,
  blocked,
  invalid_schedule,
};

enum class Truth : std::uint8_t { unknown, yes, no };

struct Condition {
  ConditionType type{};
  Truth status = Truth::unknown;
  std::string reason{};
  std::string message{};  // at most condition_message_octets_max
  WallMs last_transition{};

  friend auto operator<=>(const Condition&, const Condition&) = default;
};

// Order of the reports of one row.
struct ReportOrder {
  VvmEpoch vvm_epoch{};
  std::int64_t report_seq = 0;

  auto operator<=>(const ReportOrder&) const = default;
};

struct ProcessVariable {
  PartitionKey key;
  VvmId vvm{};
  VvmEpoch vvm_epoch{};
  std::int64_t report_seq = 0;
  Generation observed_generation{};
  Phase phase = Phase::absent;
  AppVersion serving_version{};  // 0 = none
  AppVersion serving_alt{};      // 0 = none
  PartitionEpoch partition_epoch{};
  Sha256 image_sha256{};                // of serving_version; zero = null
  std::vector<Condition> conditions{};  // one a type, by type
  std::optional<Code> error{};
  std::string error_message{};  // at most error_message_octets_max
  std::int32_t attempt = 0;
  WallMs next_retry{};  // 0 = none
  std::int64_t plog_next_offset = 0;
  WallMs updated_at{};

  ReportOrder order() const { return {.vvm_epoch = vvm_epoch, .report_seq = report_seq}; }

  friend auto operator<=>(const ProcessVariable&, const ProcessVariable&) = default;
};

constexpr std::size_t condition_message_octets_max = 256;
constexpr std::size_t error_message_octets_max = 1024;

// C(PV): the versions of which the VVM says that it serves one.
struct Claim {
  AppVersion serving{};
  AppVersion alt{};

  bool empty() const { return raw(serving) == 0 && raw(alt) == 0; }

  bool has(AppVersion version) const {
    return raw(version) != 0 && (version == serving || version == alt);
  }

  friend bool operator==(const Claim&, const Claim&) = default;
};

Claim claim_of(const ProcessVariable& pv);

// Writes the condition of its type; last_transition stays unless the status changes.
void set_condition(std::vector<Condition>& conditions, Condition condition);
// The condition of this type, or null.
const Condition* find_condition(const std::vector<Condition>& conditions, ConditionType type);

// At most `octets_max` octets of `text`, cut between two characters of UTF-8.
std::string cut_text(std::string_view text, std::size_t octets_max);

std::string_view name_of(Phase phase);
std::optional<Phase> phase_from_name(std::string_view name);
std::string_view name_of(ConditionType type);
std::string_view name_of(Truth truth);

}  // namespace vvm
