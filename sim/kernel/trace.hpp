// Trace: what happened, as a rolling hash and, on request, as text.
//
// The kernel owns one; sim/wiring compares hashes, the command line writes the text. Every record
// goes into the hash; text is made only when somebody listens, so that a run costs the same events
// with and without. Same binary, scenario and seed give the same records.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.hpp"

namespace vvm::sim {

class Trace {
 public:
  using Listener = std::function<void(std::string_view line)>;

  // The kernel's record of one executed step.
  void step(Instant now, std::uint32_t lane, std::uint64_t number);
  // Something with a text: emitted events, effects, faults.
  void note(Instant now, std::string_view who, std::string_view what);

  std::uint64_t hash() const { return hash_; }

  std::uint64_t records() const { return records_; }

  void listen(Listener listener) { listener_ = std::move(listener); }

  bool listening() const { return static_cast<bool>(listener_); }

  // Keeps the hash after each record, for naming the first difference between two runs.
  void keep_hashes(bool keep) { keep_ = keep; }

  const std::vector<std::uint64_t>& hashes() const { return hashes_; }

 private:
  void mix(std::uint64_t a, std::uint64_t b, std::uint64_t c);

  std::uint64_t hash_ = 0x9E3779B97F4A7C15U;
  std::uint64_t records_ = 0;
  bool keep_ = false;
  std::vector<std::uint64_t> hashes_;
  Listener listener_;
};

// "12.345678901s", nine digits after the point.
std::string format_time(Instant at);

}  // namespace vvm::sim
