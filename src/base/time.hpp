// Instant, Duration, WallMs: time as integers.
//
// Every layer relies on them. Instant and Duration count nanoseconds of a monotonic clock whose
// origin means nothing; WallMs is Unix milliseconds, for records only, never for decisions
// (docs/spec/vvm.md 0.2). Arithmetic saturates nowhere: 292 years fit.
#pragma once

#include <compare>
#include <cstdint>
#include <limits>

namespace vvm {

struct Duration {
  std::int64_t ns = 0;

  constexpr auto operator<=>(const Duration&) const = default;

  constexpr Duration operator+(Duration o) const { return {ns + o.ns}; }

  constexpr Duration operator-(Duration o) const { return {ns - o.ns}; }

  constexpr Duration operator-() const { return {-ns}; }

  constexpr Duration operator*(std::int64_t n) const { return {ns * n}; }

  constexpr Duration operator/(std::int64_t n) const { return {ns / n}; }

  constexpr std::int64_t ms() const { return ns / 1'000'000; }
};

constexpr Duration nanoseconds(std::int64_t n) { return {n}; }

constexpr Duration microseconds(std::int64_t n) { return {n * 1'000}; }

constexpr Duration milliseconds(std::int64_t n) { return {n * 1'000'000}; }

constexpr Duration seconds(std::int64_t n) { return {n * 1'000'000'000}; }

constexpr Duration minutes(std::int64_t n) { return seconds(n * 60); }

constexpr Duration hours(std::int64_t n) { return minutes(n * 60); }

struct Instant {
  std::int64_t ns = 0;

  constexpr auto operator<=>(const Instant&) const = default;

  constexpr Instant operator+(Duration d) const { return {ns + d.ns}; }

  constexpr Instant operator-(Duration d) const { return {ns - d.ns}; }

  constexpr Duration operator-(Instant o) const { return {ns - o.ns}; }

  static constexpr Instant max() { return {std::numeric_limits<std::int64_t>::max()}; }
};

// Unix time in milliseconds. Wall clocks jump; nothing is decided by them.
struct WallMs {
  std::int64_t ms = 0;

  constexpr auto operator<=>(const WallMs&) const = default;
};

}  // namespace vvm
