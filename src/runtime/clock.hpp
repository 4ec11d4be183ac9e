// Clock: the only source of time, and the only thing that a coroutine can wait on.
//
// Implemented by live and by sim/world. now() is monotonic and local to the process; wall() is for
// records only (docs/spec/vvm.md 0.2). Every wait inside a process is a parked completion that the
// clock owns: a crash can therefore find and destroy all of them.
#pragma once

#include <cstdint>

#include "base/time.hpp"
#include "runtime/task.hpp"

namespace vvm {

// Names one parked completion; never reused within a process. 0 is none.
enum class ParkKey : std::uint64_t {};

class Clock {
 public:
  Clock() = default;
  Clock(const Clock&) = delete;
  Clock& operator=(const Clock&) = delete;
  virtual ~Clock() = default;

  virtual Instant now() const = 0;
  virtual WallMs wall() const = 0;

  // Completes at `deadline` with false, or earlier with true when somebody calls unpark(*key).
  // `key` is written when the wait starts and must live until the wait ends; it may be null.
  // Cancellation completes with operation_aborted, that is, throws in the awaiting coroutine.
  auto park_until(Instant deadline, ParkKey* key) {
    return asio::async_initiate<const asio::deferred_t, void(ErrorCode, bool)>(
        [this](auto handler, Instant at, ParkKey* out) {
          start_park(at, out, ParkCompletion(std::move(handler)));
        },
        asio::deferred,
        deadline,
        key);
  }

  // Awaitable; the value means nothing.
  auto sleep_until(Instant deadline) { return park_until(deadline, nullptr); }

  auto sleep_for(Duration duration) { return park_until(now() + duration, nullptr); }

  // Completes the parked completion with true, if it still waits. The completion runs later, never
  // inside this call.
  virtual void unpark(ParkKey key) = 0;

 protected:
  using ParkCompletion = Completion<void(ErrorCode, bool)>;
  // Must honour the completion's cancellation slot.
  virtual void start_park(Instant deadline, ParkKey* key, ParkCompletion completion) = 0;
};

}  // namespace vvm
