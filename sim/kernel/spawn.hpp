// spawn: starts the root task of a lane; the one place of the simulator that starts a coroutine.
//
// sim/world relies on it. `on_end` runs in the lane when the task has ended by itself, with what it
// threw, if anything; it is destroyed uncalled when the lane dies first.
#pragma once

#include <exception>
#include <functional>

#include "sim/kernel/kernel.hpp"

namespace vvm::sim {

using OnEnd = std::function<void(const std::exception_ptr& failure)>;

// Soon, never inside this call. Emitting on the signal of `cancel` cancels the task.
void spawn(Lane& lane, asio::cancellation_slot cancel, Task<void> task, OnEnd on_end);

}  // namespace vvm::sim
