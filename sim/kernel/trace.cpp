// Trace: the rolling hash and the text.
#include "sim/kernel/trace.hpp"

#include <array>

#include <fmt/format.h>
#include <xxhash.h>

namespace vvm::sim {

void Trace::mix(std::uint64_t a, std::uint64_t b, std::uint64_t c) {
  const std::array<std::uint64_t, 4> words{hash_, a, b, c};
  hash_ = XXH3_64bits(words.data(), sizeof(words));
  ++records_;
  if (keep_) {
    hashes_.push_back(hash_);
  }
}

void Trace::step(Instant now, std::uint32_t lane, std::uint64_t number) {
  mix(static_cast<std::uint64_t>(now.ns), lane, number);
  if (listener_) {
    listener_(fmt::format("{} #{} lane {}", format_time(now), number, lane));
  }
}

void Trace::note(Instant now, std::string_view who, std::string_view what) {
  mix(static_cast<std::uint64_t>(now.ns),
      XXH3_64bits(who.data(), who.size()),
      XXH3_64bits(what.data(), what.size()));
  if (listener_) {
    listener_(fmt::format("{} {} {}", format_time(now), who, what));
  }
}

std::string format_time(Instant at) {
  return fmt::format("{}.{:09}s", at.ns / 1'000'000'000, at.ns % 1'000'000'000);
}

}  // namespace vvm::sim
