// Life: what the seams of one live process share: whether it lives, and what it still waits for.
//
// Only this module relies on it; Process makes one. An operation of the machine holds a Delivery:
// when it ends after the process has, the completion is destroyed instead of called, which destroys
// the coroutine that waited. alive() may be asked on any thread, the rest on the loop's.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <utility>

#include <boost/asio/post.hpp>

#include "runtime/task.hpp"

namespace vvm::live {

class Life {
 public:
  explicit Life(asio::any_io_executor executor) : executor_(std::move(executor)) {}

  Life(const Life&) = delete;
  Life& operator=(const Life&) = delete;
  ~Life() = default;

  const asio::any_io_executor& executor() const { return executor_; }

  bool alive() const { return alive_.load(std::memory_order_acquire); }

  void end() { alive_.store(false, std::memory_order_release); }

  // Operations that have not been delivered.
  std::size_t in_flight() const { return in_flight_; }

 private:
  template <class... Args>
  friend class Delivery;

  asio::any_io_executor executor_;
  std::atomic<bool> alive_{true};
  std::size_t in_flight_ = 0;
};

// The completion of one operation in progress, as a handler of asio; runs on the loop.
template <class... Args>
class Delivery {
 public:
  using Handler = Completion<void(ErrorCode, Args...)>;

  Delivery(std::shared_ptr<Life> life, Handler handler)
      : life_(std::move(life)), handler_(std::move(handler)) {
    ++life_->in_flight_;
  }

  Delivery(Delivery&& other) noexcept = default;
  Delivery& operator=(Delivery&&) = delete;
  Delivery(const Delivery&) = delete;
  Delivery& operator=(const Delivery&) = delete;

  ~Delivery() {
    if (life_ != nullptr) {
      --life_->in_flight_;
    }
  }

  void operator()(ErrorCode ec, Args... args) {
    Handler handler = std::move(handler_);
    if (life_->alive()) {
      handler.slot().clear();
      handler(ec, std::move(args)...);
    }
  }

  const asio::any_io_executor& executor() const { return life_->executor(); }

 private:
  std::shared_ptr<Life> life_;
  Handler handler_;
};

// Ends an operation soon, never inside this call.
template <class... Args>
void deliver_later(Delivery<Args...> delivery, ErrorCode ec, Args... args) {
  const asio::any_io_executor executor = delivery.executor();
  asio::post(executor, [d = std::move(delivery), ec, ... values = std::move(args)]() mutable {
    d(ec, std::move(values)...);
  });
}

}  // namespace vvm::live
