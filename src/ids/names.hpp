// QName, AppQName, and the numeric identities of docs/spec/vvm.md 1.
//
// Leaf module; every mechanism relies on it. Plain values: copy, compare, order. Parsing checks
// what 1.1 asks for and no more.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace vvm {

// `pkg.entity`; ordered by package, then entity.
struct QName {
  std::string pkg;
  std::string entity;

  auto operator<=>(const QName&) const = default;

  std::string str() const { return pkg + "." + entity; }

  // err: BadRequest unless exactly two parts at one '.'.
  static Result<QName> parse(std::string_view text);
};

// `owner/name`; unique across a federation of clusters.
struct AppQName {
  std::string owner;
  std::string name;

  auto operator<=>(const AppQName&) const = default;

  std::string str() const { return owner + "/" + name; }

  // err: BadRequest unless exactly two non-empty parts at one '/'.
  static Result<AppQName> parse(std::string_view text);
};

enum class VvmId : std::uint32_t {};        // k of docs/spec/vvm.md 1.6, from 1
enum class NodeId : std::uint32_t {};       // from 1
enum class PartitionId : std::uint16_t {};  // 0..NumPartitions-1
enum class Generation : std::int64_t {};    // per (app, partition), from 1; 0 = none
enum class AppVersion : std::int64_t {};    // per app, from 1; 0 = none
enum class VvmEpoch : std::int64_t {};      // per k, from 1; 0 = none
enum class PartitionEpoch : std::int64_t {};

template <class Id>
  requires std::is_enum_v<Id>
constexpr auto raw(Id id) {
  return static_cast<std::underlying_type_t<Id>>(id);
}

// (app, partition): the key of set-points, process variables and controller calls.
struct PartitionKey {
  AppQName app;
  PartitionId partition{};

  auto operator<=>(const PartitionKey&) const = default;

  std::string str() const { return app.str() + "/" + std::to_string(raw(partition)); }
};

// F of docs/spec/vvm.md 1.6: compared lexicographically.
struct FenceToken {
  PartitionEpoch partition_epoch{};
  VvmEpoch vvm_epoch{};

  auto operator<=>(const FenceToken&) const = default;
};

}  // namespace vvm
