// Guard: what every simulated seam asks before it lets an effect out.
//
// One per process life. A process that has crashed or exited has no more effects: they are refused
// and counted, whatever destructors try (docs/spec/harness.md 3.2).
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
  bool effect(std::string_view kind, std::string_view object) const {
    if (lane_.alive()) {
      observers_.effect({lane_.name(), kind, object});
    }
    if (lane_.alive()) {
      return true;
    }
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

  auto delay(Duration duration) const { return until(kernel().now() + duration); }

 private:
  Lane& lane_;
  Observers& observers_;
  std::uint64_t& refused_;
};

}  // namespace vvm::sim
