// Task<T>: the return type of every coroutine; and Completion, what an operation in progress holds.
//
// The one header of the seam that includes asio's coroutine headers; every driver relies on it. A
// Task does nothing until it is awaited or given to a TaskScope. Cancellation arrives as
// boost::system::system_error(operation_aborted) at an await and is not caught but to clean up.
#pragma once

#include <memory>
#include <utility>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/system/error_code.hpp>

namespace vvm {

namespace asio = boost::asio;
using ErrorCode = boost::system::error_code;

template <class T = void>
using Task = asio::awaitable<T, asio::any_io_executor>;

// A move-only handler of a started operation, called at most once. Destroying it uncalled destroys
// the coroutine that waits for it: that is how a crashed process is taken apart. (asio's own
// any_completion_handler recurses without end when built from an lvalue in Boost 1.81.)
template <class Signature>
class Completion;

template <class... Args>
class Completion<void(Args...)> {
 public:
  Completion() = default;

  template <class Handler>
    requires(!std::is_same_v<std::remove_cvref_t<Handler>, Completion>)
  explicit Completion(Handler&& handler)
      : impl_(
            std::make_unique<Impl<std::remove_cvref_t<Handler>>>(std::forward<Handler>(handler))) {}

  explicit operator bool() const { return impl_ != nullptr; }

  // Runs the handler in the caller's context; the operation's owner has seen to it that this is
  // the executor of the coroutine. The memory is released before the handler runs.
  void operator()(Args... args) {
    std::unique_ptr<Base> impl = std::move(impl_);
    Base::run(std::move(impl), std::move(args)...);
  }

  asio::cancellation_slot slot() const { return impl_->slot(); }

 private:
  struct Base {
    Base() = default;
    Base(const Base&) = delete;
    Base& operator=(const Base&) = delete;
    virtual ~Base() = default;
    virtual asio::cancellation_slot slot() const = 0;
    virtual void complete(std::unique_ptr<Base> self, Args... args) = 0;

    static void run(std::unique_ptr<Base> self, Args... args) {
      Base& base = *self;
      base.complete(std::move(self), std::move(args)...);
    }
  };

  template <class Handler>
  struct Impl final : Base {
    Handler handler;

    explicit Impl(Handler h) : handler(std::move(h)) {}

    asio::cancellation_slot slot() const override {
      return asio::get_associated_cancellation_slot(handler);
    }

    void complete(std::unique_ptr<Base> self, Args... args) override {
      Handler local(std::move(handler));
      self.reset();
      std::move(local)(std::move(args)...);
    }
  };

  std::unique_ptr<Base> impl_;
};

// True for the exception that asio throws at an await when the owner has cancelled the coroutine.
inline bool is_cancellation(const boost::system::system_error& e) {
  return e.code() == asio::error::operation_aborted;
}

}  // namespace vvm
