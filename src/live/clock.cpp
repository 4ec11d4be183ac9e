// Time of the machine, and one timer for all waits.
#include "live/clock.hpp"

#include <chrono>

#include <boost/asio/steady_timer.hpp>

namespace vvm::live {
namespace {

using std::chrono::duration_cast;

}  // namespace

struct LiveClock::Timer {
  asio::steady_timer timer;
};

LiveClock::LiveClock(std::shared_ptr<Life> life)
    : life_(std::move(life)),
      timer_(std::make_unique<Timer>(asio::steady_timer(life_->executor()))) {}

LiveClock::~LiveClock() = default;

Instant LiveClock::now() const {
  const auto since = std::chrono::steady_clock::now().time_since_epoch();
  return {duration_cast<std::chrono::nanoseconds>(since).count()};
}

WallMs LiveClock::wall() const {
  const auto since = std::chrono::system_clock::now().time_since_epoch();
  return {duration_cast<std::chrono::milliseconds>(since).count()};
}

void LiveClock::unpark(ParkKey key) { complete(key, {}, true); }

void LiveClock::drop_all() {
  timer_->timer.cancel();
  deadlines_.clear();
  // A coroutine's destructors may unpark others while it goes.
  while (!parked_.empty()) {
    const auto node = parked_.extract(parked_.begin());
  }
}

void LiveClock::start_park(Instant deadline, ParkKey* key, ParkCompletion completion) {
  const ParkKey mine{++last_key_};
  if (key != nullptr) {
    *key = mine;
  }
  if (!life_->alive()) {
    // The frame is suspended inside this call: it goes a little later.
    asio::post(life_->executor(), [dropped = std::move(completion)] {});
    return;
  }
  if (auto slot = completion.slot(); slot.is_connected()) {
    slot.assign([this, mine](asio::cancellation_type) {
      complete(mine, asio::error::operation_aborted, false);
    });
  }
  parked_.emplace(mine, Parked{.deadline = deadline, .completion = std::move(completion)});
  if (deadline != Instant::max()) {
    deadlines_.emplace(deadline, mine);
    arm();
  }
}

void LiveClock::complete(ParkKey key, ErrorCode ec, bool woken) {
  auto node = parked_.extract(key);
  if (node.empty()) {
    return;
  }
  deadlines_.erase({node.mapped().deadline, key});
  deliver_later<bool>(Delivery<bool>(life_, std::move(node.mapped().completion)), ec, woken);
}

void LiveClock::arm() {
  if (deadlines_.empty() || deadlines_.begin()->first >= armed_) {
    return;
  }
  armed_ = deadlines_.begin()->first;
  timer_->timer.expires_at(
      std::chrono::steady_clock::time_point(std::chrono::nanoseconds(armed_.ns)));
  timer_->timer.async_wait([this](const ErrorCode& ec) {
    if (!ec) {
      on_timer();
    }
  });
}

void LiveClock::on_timer() {
  armed_ = Instant::max();
  const Instant at = now();
  while (!deadlines_.empty() && deadlines_.begin()->first <= at) {
    complete(deadlines_.begin()->second, {}, false);
  }
  arm();
}

}  // namespace vvm::live
