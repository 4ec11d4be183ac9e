// Signal over the parked completions of the clock; a waiter leaves the list however it ends.
#include "runtime/signal.hpp"

namespace vvm {
namespace {

// Takes a waiter off the list however its wait ends.
class Enlisted {
 public:
  Enlisted(std::shared_ptr<std::vector<const ParkKey*>> waiters, const ParkKey* key)
      : waiters_(std::move(waiters)), key_(key) {
    waiters_->push_back(key);
  }

  Enlisted(const Enlisted&) = delete;
  Enlisted& operator=(const Enlisted&) = delete;

  ~Enlisted() { std::erase(*waiters_, key_); }

 private:
  std::shared_ptr<std::vector<const ParkKey*>> waiters_;
  const ParkKey* key_;
};

}  // namespace

Task<bool> Signal::wait_on(Runtime rt, std::shared_ptr<Waiters> waiters, Instant deadline) {
  ParkKey key{};
  const Enlisted enlisted(std::move(waiters), &key);
  const bool woken = co_await rt.clock().park_until(deadline, &key);
  co_return woken;
}

void Signal::notify_all() {
  const Waiters waiters = std::exchange(*waiters_, {});
  for (const ParkKey* key : waiters) {
    rt_.clock().unpark(*key);
  }
}

void Signal::notify_one() {
  if (waiters_->empty()) {
    return;
  }
  const ParkKey* key = waiters_->front();
  waiters_->erase(waiters_->begin());
  rt_.clock().unpark(*key);
}

}  // namespace vvm
