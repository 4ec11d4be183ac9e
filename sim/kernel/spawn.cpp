// spawn over co_spawn.
#include "sim/kernel/spawn.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>

namespace vvm::sim {

void spawn(Lane& lane, asio::cancellation_slot cancel, Task<void> task, OnEnd on_end) {
  asio::co_spawn(
      lane.executor(), std::move(task), asio::bind_cancellation_slot(cancel, std::move(on_end)));
}

}  // namespace vvm::sim
