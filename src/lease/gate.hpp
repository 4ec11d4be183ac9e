// LocalTerm and Gate: until when this process may act, and whether one partition still may.
//
// appparts owns one Gate per (partition, F) and asks it before borrows and reports; structs will
// ask it in the same step as every storage write (docs/spec/vvm.md 5.3, 9.6). Pure: time is an
// argument, and the comparison is made anew each time, so no timer has to have fired. Any thread
// may ask; only the process's own executor changes them. Invariant: once open() has been false
// because of revocation or time, it is false for ever.
#pragma once

#include <atomic>
#include <cstdint>

#include "base/time.hpp"
#include "ids/names.hpp"

namespace vvm::lease {

// The local term of the process's lease; shared by the gates of all its partitions. Until leases
// are taken, the term has no end.
class LocalTerm {
 public:
  LocalTerm() = default;
  LocalTerm(const LocalTerm&) = delete;
  LocalTerm& operator=(const LocalTerm&) = delete;
  ~LocalTerm() = default;

  Instant gate_at() const { return {gate_at_ns_.load(std::memory_order_relaxed)}; }

  // From then on no new command work begins, while renewal goes on.
  Instant suspect_at() const { return {suspect_at_ns_.load(std::memory_order_relaxed)}; }

  bool over(Instant now) const { return now >= gate_at(); }

  bool suspect(Instant now) const { return now >= suspect_at(); }

  // A renewal has succeeded. pre: suspect_at <= gate_at.
  void extend(Instant suspect_at, Instant gate_at) {
    suspect_at_ns_.store(suspect_at.ns, std::memory_order_relaxed);
    gate_at_ns_.store(gate_at.ns, std::memory_order_relaxed);
  }

 private:
  std::atomic<std::int64_t> gate_at_ns_{Instant::max().ns};
  std::atomic<std::int64_t> suspect_at_ns_{Instant::max().ns};
};

class Gate {
 public:
  // `term` outlives the gate.
  Gate(FenceToken fence, const LocalTerm* term) : fence_(fence), term_(term) {}

  Gate(const Gate&) = delete;
  Gate& operator=(const Gate&) = delete;
  ~Gate() = default;

  FenceToken fence() const { return fence_; }

  bool open(Instant now) const { return !revoked() && !term_->over(now); }

  bool revoked() const { return revoked_.load(std::memory_order_acquire); }

  // For ever; the next tenure of the partition has a gate of its own.
  void revoke() { revoked_.store(true, std::memory_order_release); }

 private:
  FenceToken fence_;
  const LocalTerm* term_;
  std::atomic<bool> revoked_{false};
};

}  // namespace vvm::lease
