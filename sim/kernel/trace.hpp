// Trace: what happened, as a rolling hash and, on request, as text.
//
// The kernel owns one; sim/wiring compares hashes, the command line writes the text. Every step,
// effect, message and event goes into the hash as one record; text is made only when somebody
// listens, so that a run does the same with and without. Same binary, scenario and seed give the
// same records.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.hpp"

namespace vvm::sim {

class Trace {
 public:
  using Listener = std::function<void(std::string_view line)>;

  // In the place of a lane: an event of the world itself.
  static constexpr std::uint32_t world_lane = ~std::uint32_t{0};

  // The kernel's record of one step, before it runs.
  void step(Instant now, std::uint32_t lane, std::uint64_t number) {
    mix(static_cast<std::uint64_t>(now.ns), (std::uint64_t{lane} << 32U) ^ number);
    if (listener_) {
      tell_step(now, lane, number);
    }
  }

  // Something with a text: events, effects, faults. `what` and `object` are one line together.
  void note(Instant now, std::string_view who, std::string_view what, std::string_view object = {});

  // Octets on their way; `content` goes into the hash, not into the text.
  struct Message {
    std::string_view from;
    std::string_view to;
    std::string_view what;  // "data", "fin", ...
    std::string_view content;
  };

  void message(Instant now, const Message& message);

  std::uint64_t hash() const { return hash_; }

  std::uint64_t records() const { return records_; }

  void listen(Listener listener) { listener_ = std::move(listener); }

  bool listening() const { return static_cast<bool>(listener_); }

  // Keeps the hash after each record, for naming the first difference between two runs.
  void keep_hashes(bool keep) { keep_ = keep; }

  const std::vector<std::uint64_t>& hashes() const { return hashes_; }

 private:
  void mix(std::uint64_t a, std::uint64_t b) {
    using Wide = unsigned __int128;
    // Two multiply-and-fold rounds: each input bit reaches every bit of the hash.
    hash_ = fold(static_cast<Wide>(hash_ ^ a ^ 0xA0761D6478BD642FU) * 0xE7037ED1A0B428DBU);
    hash_ = fold(static_cast<Wide>(hash_ ^ b ^ 0x8EBC6AF09C88C6E3U) * 0x589965CC75374CC3U);
    ++records_;
    if (keep_) {
      hashes_.push_back(hash_);
    }
  }

  static std::uint64_t fold(unsigned __int128 product) {
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64U);
  }

  void tell_step(Instant now, std::uint32_t lane, std::uint64_t number);

  std::uint64_t hash_ = 0x9E3779B97F4A7C15U;
  std::uint64_t records_ = 0;
  bool keep_ = false;
  std::vector<std::uint64_t> hashes_;
  Listener listener_;
};

// The index of the first record after which two runs differ; none when one run's records are the
// other's, or its beginning.
std::optional<std::size_t> first_difference(std::span<const std::uint64_t> a,
                                            std::span<const std::uint64_t> b);

// "12.345678901s", nine digits after the point.
std::string format_time(Instant at);

}  // namespace vvm::sim
