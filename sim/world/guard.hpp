// Guard: what every simulated seam asks before it lets an effect out.
//
// One per process life. A process that has crashed or exited has no more effects: they are refused
// and counted, whatever destructors try (docs/spec/harness.md 3.2). A coroutine whose effect was
// refused awaits never(): it runs no further, and is destroyed with the rest of its process.
#pragma once

#include <string_view>

#include "sim/kernel/kernel.hpp"
#include "sim/world/observer.hpp"

namespace vvm::sim {

class Guard {
 public:
  Guard(Lane& lane, Observers& observers, std::uint64_t& refused)
      : lane_(lane), observers_(observers), refused_(refused) {}

  Lane& lane() const { return lane_; }

  Kernel& kernel() const { return lane_.kernel(); }

  std::string_view name() const { return lane_.name(); }

  bool alive() const { return lane_.alive(); }

  // Announces an effect; true when it may happen. An observer may have crashed the process
  // meanwhile.
  bool effect(std::string_view kind, std::string_view object, std::string_view peer = {}) const {
    if (lane_.alive()) {
      observers_.effect({.process = lane_.name(), .kind = kind, .object = object, .peer = peer});
    }
    return lane_.alive() || refuse();
  }

  // Counts an effect that does not happen.
  bool refuse() const {
    ++refused_;
    return false;
  }

  // Suspends the coroutine until `at`, in the kernel's time.
  auto until(Instant at) const {
    return asio::async_initiate<const asio::deferred_t, void(ErrorCode, bool)>(
        [lane = &lane_](auto handler, Instant when) {
          lane->kernel().park(*lane, when, Kernel::Wait(std::move(handler)));
        },
        asio::deferred,
        at);
  }

  // Suspends the coroutine until `deadline` (false), or until somebody finishes the operation, of
  // which `tell` gets the name.
  template <class Tell>
  auto until_told(Instant deadline, Tell tell) const {
    return asio::async_initiate<const asio::deferred_t, void(ErrorCode, bool)>(
        [lane = &lane_](auto handler, Instant when, const auto& told) {
          told(lane->kernel().park(*lane, when, Kernel::Wait(std::move(handler))));
        },
        asio::deferred,
        deadline,
        std::move(tell));
  }

  template <class Tell>
  auto until_told(Tell tell) const {
    return until_told(Instant::max(), std::move(tell));
  }

  auto delay(Duration duration) const { return until(kernel().now() + duration); }

  auto never() const { return until(Instant::max()); }

 private:
  Lane& lane_;
  Observers& observers_;
  std::uint64_t& refused_;
};

}  // namespace vvm::sim
