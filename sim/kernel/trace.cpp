// Trace: the hash of texts and contents, and the lines.
#include "sim/kernel/trace.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <xxhash.h>

namespace vvm::sim {
namespace {

std::uint64_t hash_of(std::string_view text, std::uint64_t seed) {
  return XXH3_64bits_withSeed(text.data(), text.size(), seed);
}

}  // namespace

void Trace::tell_step(Instant now, std::uint32_t lane, std::uint64_t number) {
  if (lane == world_lane) {
    listener_(fmt::format("{} #{} world", format_time(now), number));
  } else {
    listener_(fmt::format("{} #{} lane {}", format_time(now), number, lane));
  }
}

void Trace::note(Instant now,
                 std::string_view who,
                 std::string_view what,
                 std::string_view object) {
  mix(static_cast<std::uint64_t>(now.ns), hash_of(object, hash_of(what, hash_of(who, 1))));
  if (listener_) {
    const std::string_view space = object.empty() ? "" : " ";
    listener_(fmt::format("{} {} {}{}{}", format_time(now), who, what, space, object));
  }
}

void Trace::message(Instant now, const Message& m) {
  mix(static_cast<std::uint64_t>(now.ns),
      hash_of(m.content, hash_of(m.what, hash_of(m.to, hash_of(m.from, 2)))));
  if (listener_) {
    listener_(
        fmt::format("{} {} -> {} {} {}", format_time(now), m.from, m.to, m.what, m.content.size()));
  }
}

std::optional<std::size_t> first_difference(std::span<const std::uint64_t> a,
                                            std::span<const std::uint64_t> b) {
  const auto [in_a, in_b] = std::ranges::mismatch(a, b);
  if (in_a == a.end() || in_b == b.end()) {
    return std::nullopt;
  }
  return static_cast<std::size_t>(in_a - a.begin());
}

std::string format_time(Instant at) {
  return fmt::format("{}.{:09}s", at.ns / 1'000'000'000, at.ns % 1'000'000'000);
}

}  // namespace vvm::sim
