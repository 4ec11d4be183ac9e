// Worker: a thread for what blocks (files, the store), one job after the other.
//
// Machine owns one for files and one for stores. A coroutine gives it a function and goes on with
// the result, on the loop. A job that has begun is always finished, also when its caller was
// cancelled; one that has not begun when its process ends is skipped. The thread-safe part of this
// module ends here: jobs share nothing with the loop but what they capture.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <type_traits>

#include "base/result.hpp"
#include "live/life.hpp"

namespace vvm::live {

class Worker {
 public:
  Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;
  // Finishes what is queued.
  ~Worker();

  // R is a Result. err: ProcessDead, besides those of the job.
  template <class Job, class R = std::invoke_result_t<Job&>>
  Task<R> run(std::shared_ptr<Life> life, Job job) {
    if (!life->alive()) {
      co_return Error{Code::process_dead, ""};
    }
    const auto call = std::make_shared<Call<R>>(std::move(life), std::move(job));
    co_await asio::async_initiate<const asio::deferred_t, void(ErrorCode)>(
        [](auto handler, Worker* worker, std::shared_ptr<Call<R>> started) {
          const std::shared_ptr<Life> owner = started->life;
          started->delivery.emplace(owner, Completion<void(ErrorCode)>(std::move(handler)));
          worker->submit([c = std::move(started)]() mutable { execute<R>(std::move(c)); });
        },
        asio::deferred,
        this,
        call);
    co_return std::move(*call->result);
  }

  // Returns when everything that was queued before has been done.
  void drain();

 private:
  template <class R>
  struct Call {
    Call(std::shared_ptr<Life> l, std::function<R()> j) : life(std::move(l)), job(std::move(j)) {}

    std::shared_ptr<Life> life;
    std::function<R()> job;
    std::optional<R> result;
    std::optional<Delivery<>> delivery;
  };

  // On the thread. The last reference to a call, and so to the coroutine, dies on the loop.
  template <class R>
  static void execute(std::shared_ptr<Call<R>> call) {
    if (call->life->alive()) {
      call->result.emplace(call->job());
    }
    call->job = nullptr;
    const asio::any_io_executor executor = call->life->executor();
    asio::post(executor, [c = std::move(call)] {
      Delivery<> delivery = std::move(*c->delivery);
      c->delivery.reset();
      delivery(ErrorCode{});
    });
  }

  void submit(std::function<void()> job);
  void work();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> jobs_;
  bool busy_ = false;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace vvm::live
