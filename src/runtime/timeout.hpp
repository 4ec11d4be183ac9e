// with_timeout: a task and the time that it may take.
//
// Drivers put it around every wait on a peer or a seam. At the limit the task is cancelled and
// awaited, so that nothing of it runs on; its result is then Timeout. When the caller is cancelled,
// so is the task, and the cancellation goes on to the caller once the task has ended.
#pragma once

#include <exception>
#include <memory>
#include <optional>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>

#include "base/result.hpp"
#include "runtime/runtime.hpp"
#include "runtime/signal.hpp"

namespace vvm {
namespace detail {

// One task in flight beside its parent; shared, because a crash destroys frames in any order.
template <class T>
struct Race {
  explicit Race(Runtime rt) : ended(rt) {}

  asio::cancellation_signal cancel;
  Signal ended;
  bool done = false;
  std::optional<Result<T>> result;
  std::exception_ptr failure;
};

template <class T>
Task<void> run_race(std::shared_ptr<Race<T>> race, Task<Result<T>> task) {
  race->result.emplace(co_await std::move(task));
}

template <class T>
std::shared_ptr<Race<T>> start_race(Runtime rt, Task<Result<T>> task) {
  auto race = std::make_shared<Race<T>>(rt);
  auto on_end = [race](const std::exception_ptr& failure) {
    race->failure = failure;
    race->done = true;
    race->ended.notify_all();
  };
  asio::co_spawn(rt.executor(),
                 run_race<T>(race, std::move(task)),
                 asio::bind_cancellation_slot(race->cancel.slot(), std::move(on_end)));
  return race;
}

}  // namespace detail

template <class T>
Task<Result<T>> with_timeout(Runtime rt, Duration limit, Task<Result<T>> task) {
  const Instant deadline = rt.now() + limit;
  auto race = detail::start_race<T>(rt, std::move(task));
  std::exception_ptr cancelled;
  bool late = false;
  while (!race->done && !late && cancelled == nullptr) {
    try {
      const bool woken = co_await race->ended.wait_until(deadline);
      late = !woken && !race->done;
    } catch (const boost::system::system_error&) {
      cancelled = std::current_exception();
    }
  }
  if (!race->done) {
    co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
    race->cancel.emit(asio::cancellation_type::terminal);
    while (!race->done) {
      co_await race->ended.wait();
    }
  }
  if (cancelled != nullptr) {
    std::rethrow_exception(cancelled);
  }
  co_await asio::this_coro::reset_cancellation_state(asio::enable_terminal_cancellation());
  // A result that came in spite of the limit counts: both sides of a race may complete.
  if (race->result.has_value()) {
    co_return std::move(*race->result);
  }
  if (late) {
    co_return Error{Code::timed_out, "after " + std::to_string(limit.ms()) + " ms"};
  }
  std::rethrow_exception(race->failure);
}

}  // namespace vvm
