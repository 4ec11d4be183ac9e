// The VVM decides when it is over.
#include "sim/wiring/vvm_host.hpp"

namespace vvm::wiring {

Task<void> VvmHost::run() {
  TaskScope scope(rt_);
  for (const auto& load : loads_) {
    scope.spawn("load", load->play());
  }
  std::exception_ptr failure;
  try {
    co_await vvm_.run();
  } catch (const std::exception&) {
    failure = std::current_exception();
  }
  co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
  co_await scope.close();
  if (failure != nullptr) {
    std::rethrow_exception(failure);
  }
}

}  // namespace vvm::wiring
