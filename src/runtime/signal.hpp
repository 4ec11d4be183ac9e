// Signal: coroutines of one process wait here until another one notifies them.
//
// Drivers rely on it for every wait that is not for a seam. The waits themselves are parked at the
// Clock, so that a crash finds them. Not thread-safe: one process, one executor. The waiter list is
// shared with the waiting frames, because a crash destroys frames in any order.
#pragma once

#include <memory>
#include <vector>

#include "runtime/runtime.hpp"

namespace vvm {

class Signal {
 public:
  explicit Signal(Runtime rt) : rt_(rt), waiters_(std::make_shared<Waiters>()) {}

  Signal(const Signal&) = delete;
  Signal& operator=(const Signal&) = delete;
  ~Signal() = default;

  // True when notified, false at the deadline. A notification is not remembered: look at the
  // condition before and after waiting.
  Task<bool> wait_until(Instant deadline) { return wait_on(rt_, waiters_, deadline); }

  // Ends only by a notification or by cancellation.
  Task<bool> wait() { return wait_until(Instant::max()); }

  void notify_all();
  // The one that has waited longest.
  void notify_one();

  bool has_waiters() const { return !waiters_->empty(); }

 private:
  using Waiters = std::vector<const ParkKey*>;  // oldest first; each lives in a waiting frame
  static Task<bool> wait_on(Runtime rt, std::shared_ptr<Waiters> waiters, Instant deadline);

  Runtime rt_;
  std::shared_ptr<Waiters> waiters_;
};

}  // namespace vvm
