// ControlLoop<T>: drives many independent keys from set-point to process variable (docs/spec/vvm.md
// 7.2).
//
// apppartsctl relies on it, one loop a kind of set-point; a VVM owns it from registration to
// shutdown. A thin driver: LoopCore says what runs when, ReportCore what is sent when; one task
// feeds both with time, each call and each send is a task of its own. Not thread-safe: one process,
// one executor.
//
// Schedules: the loop owns cron (cron.hpp) and obeys the schedule of a message for the first start
// only. A controller that wants to show the waiting itself, as that of app partitions does in phase
// Pending, leaves Message::cron_schedule empty and asks ctrlloop::start_time() of cron.hpp.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/check.hpp"
#include "ctrlloop/loop_core.hpp"
#include "ctrlloop/report_core.hpp"
#include "ctrlloop/types.hpp"
#include "runtime/runtime.hpp"
#include "runtime/signal.hpp"
#include "runtime/task_scope.hpp"

namespace vvm::ctrlloop {

template <LoopTraits T>
class ControlLoop final {
 public:
  using Key = typename T::Key;
  using Pv = typename T::Pv;

  // `controller` and `sink` outlive it.
  ControlLoop(Runtime rt, LoopOptions options, Controller<T>* controller, ReportSink<T>* sink);
  ControlLoop(const ControlLoop&) = delete;
  ControlLoop& operator=(const ControlLoop&) = delete;
  // pre: closed, or never started, or the process is dead. Calls and sends that close() has
  // abandoned are still the loop's children: they end first, or the process does.
  ~ControlLoop() = default;

  // Nothing is called or sent before. Once.
  void start();

  // err: Closed.
  Result<Taken> submit(Message<T> message);
  // Drops what is known of a key but its newest order number, which stays for 24 h. False, and
  // nothing happens, unless the key rests: no call in progress and none to come.
  bool forget(const Key& key);

  // Gives the reporter a PV that no call has answered. Those of one key are sent in the order in
  // which they come here or are answered. err: Closed, also after end_epoch().
  Status hand_on(const Key& key, Report<T> report);
  // The same with must_be_stored, and waits until it is; a controller may call it within its call.
  // err: Closed when the reporter ends before that is known. Ends with it at the latest.
  Task<Status> await_stored(Key key, Pv pv);
  // The owner's epoch is over: nothing outstanding is sent any more, and nothing new is taken.
  void end_epoch();

  // No message is taken any more, what is scheduled or pending is dropped, calls in progress are
  // cancelled and awaited, reports flushed. Takes LoopOptions::shutdown at most. Runs to its end
  // even if the caller is cancelled meanwhile. Again: waits for the first one.
  Task<Closing<T>> close();
  // Returns when the loop is closed; any number of times.
  Task<void> wait();

  bool closed() const { return stage_ == Stage::closed; }

  Metrics metrics() const;

 private:
  enum class Stage : std::uint8_t { open, closing, closed };
  using Send = typename ReportCore<T>::Send;

  Task<void> keep_going();
  void begin_what_is_due();
  Task<void> run_call(Call<T> call);
  void finish(const Key& key, Answer<T> answer);
  Task<void> run_send(Send send);
  void tell(std::string_view event, const Key& key, std::string_view what) const;

  Runtime rt_;
  LoopOptions options_;
  Controller<T>* controller_;
  ReportSink<T>* sink_;
  Rng rng_;
  LoopCore<T> core_;
  ReportCore<T> reports_;
  Stage stage_ = Stage::open;
  bool started_ = false;
  Closing<T> closing_;
  Signal due_;       // something may be: look again
  Signal stored_;    // a report is stored, or no more will be
  Signal finished_;  // closed
  TaskScope pump_;
  TaskScope calls_;
  TaskScope sends_;
};

template <LoopTraits T>
ControlLoop<T>::ControlLoop(Runtime rt,
                            LoopOptions options,
                            Controller<T>* controller,
                            ReportSink<T>* sink)
    : rt_(rt),
      options_(options),
      controller_(controller),
      sink_(sink),
      rng_(rt.rng("ctrlloop")),
      core_(options),
      reports_(options),
      due_(rt),
      stored_(rt),
      finished_(rt),
      pump_(rt),
      calls_(rt),
      sends_(rt) {}

template <LoopTraits T>
void ControlLoop<T>::start() {
  CHECK(!started_ && stage_ == Stage::open, "a loop is started once, before it is closed");
  started_ = true;
  pump_.spawn("ctrlloop", keep_going());
}

template <LoopTraits T>
Result<Taken> ControlLoop<T>::submit(Message<T> message) {
  if (stage_ != Stage::open) {
    return Error{Code::closed, "control loop"};
  }
  const Taken taken = core_.in(std::move(message), rt_.now(), rt_.clock().wall());
  due_.notify_all();
  return taken;
}

template <LoopTraits T>
bool ControlLoop<T>::forget(const Key& key) {
  return core_.forget(key, rt_.now());
}

template <LoopTraits T>
Status ControlLoop<T>::hand_on(const Key& key, Report<T> report) {
  if (reports_.ended()) {
    return Error{Code::closed, "reporter"};
  }
  reports_.put(key, std::move(report));
  due_.notify_all();
  return ok();
}

template <LoopTraits T>
Task<Status> ControlLoop<T>::await_stored(Key key, Pv pv) {
  if (reports_.ended()) {
    co_return Error{Code::closed, "reporter"};
  }
  const auto ticket = reports_.put(key, {.pv = std::move(pv), .must_be_stored = true});
  due_.notify_all();
  while (!reports_.ended() && !reports_.settled(key, ticket)) {
    co_await stored_.wait();  // close() ends the reporter at the latest
  }
  if (reports_.ended()) {
    co_return Error{Code::closed, "reporter"};
  }
  co_return ok();
}

template <LoopTraits T>
void ControlLoop<T>::end_epoch() {
  if (!reports_.ended()) {
    closing_.reports_dropped = reports_.end();
    sends_.cancel();
    stored_.notify_all();
  }
}

template <LoopTraits T>
Task<Closing<T>> ControlLoop<T>::close() {
  if (stage_ != Stage::open) {
    co_await wait();
    co_return closing_;
  }
  stage_ = Stage::closing;
  co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
  // What is cancelled last gets a moment to end in, so that it is not taken for stubborn.
  constexpr Duration moment = milliseconds(10);
  const Instant limit = rt_.now() + options_.shutdown;
  core_.close();
  calls_.cancel();
  co_await calls_.join_until(limit - moment - options_.flush);
  reports_.hurry();
  due_.notify_all();
  const Instant flushed = std::min(limit - moment, rt_.now() + options_.flush);
  while (started_ && !reports_.empty() && rt_.now() < flushed) {
    co_await stored_.wait_until(flushed);
  }
  end_epoch();
  co_await sends_.join_until(limit);
  co_await calls_.join_until(limit);  // they may have waited for reports
  closing_.abandoned = core_.running_keys();
  closing_.sends_abandoned = sends_.size();
  for (const Key& key : closing_.abandoned) {
    tell("loop.abandoned", key, "the call did not end when it was cancelled");
  }
  co_await pump_.close();
  stage_ = Stage::closed;
  finished_.notify_all();
  co_return closing_;
}

template <LoopTraits T>
Task<void> ControlLoop<T>::wait() {
  while (stage_ != Stage::closed) {
    co_await finished_.wait();  // ends with close()
  }
}

template <LoopTraits T>
Metrics ControlLoop<T>::metrics() const {
  Metrics metrics = core_.metrics();
  const Metrics& reports = reports_.metrics();
  metrics.abandoned = closing_.abandoned.size();
  metrics.reports_handed = reports.reports_handed;
  metrics.reports_sent = reports.reports_sent;
  metrics.reports_retried = reports.reports_retried;
  metrics.reports_superseded = reports.reports_superseded;
  metrics.reports_dropped = reports.reports_dropped;
  return metrics;
}

template <LoopTraits T>
Task<void> ControlLoop<T>::keep_going() {
  for (;;) {
    begin_what_is_due();
    const Instant next = std::min(core_.next(), reports_.next());
    co_await due_.wait_until(next);  // close() ends it
  }
}

template <LoopTraits T>
void ControlLoop<T>::begin_what_is_due() {
  const Instant now = rt_.now();
  core_.tick(now);
  while (std::optional<Call<T>> call = core_.start(now)) {
    calls_.spawn("controller call", run_call(*std::move(call)));
  }
  while (std::optional<Send> send = reports_.start(now)) {
    sends_.spawn("report", run_send(*std::move(send)));
  }
}

template <LoopTraits T>
Task<void> ControlLoop<T>::run_call(Call<T> call) {
  const Key key = call.key;
  std::optional<Answer<T>> answer;
  std::string what;
  bool cancelled = false;
  try {
    answer = co_await controller_->call(std::move(call));
  } catch (const boost::system::system_error& e) {
    cancelled = is_cancellation(e) && stage_ != Stage::open;
    what = e.what();
  } catch (const std::exception& e) {
    what = e.what();
  } catch (...) {  // tidy-ok: counted and told below; a controller must not end the process
    what = "an exception of unknown type";
  }
  if (answer.has_value()) {
    finish(key, *std::move(answer));
  } else if (cancelled) {
    core_.cancelled(key);
  } else {
    tell("loop.threw", key, what);
    core_.threw(key, rt_.now(), rng_);
  }
  due_.notify_all();
}

template <LoopTraits T>
void ControlLoop<T>::finish(const Key& key, Answer<T> answer) {
  if (answer.pv.has_value() && !reports_.ended()) {
    reports_.put(key, *std::move(answer.pv));
  }
  core_.done(key, std::move(answer.state), answer.start, rt_.now());
}

template <LoopTraits T>
Task<void> ControlLoop<T>::run_send(Send send) {
  const Key key = send.key;
  bool stored = false;
  try {
    const Status status = co_await sink_->report(key, std::move(send.pv));
    stored = status.has_value();
  } catch (const std::exception& e) {
    // Cancelled only once the reporter has ended, and then there is nothing to tell.
    if (!reports_.ended()) {
      tell("loop.report_threw", key, e.what());
    }
  } catch (...) {  // tidy-ok: told, and tried again like any failure
    tell("loop.report_threw", key, "an exception of unknown type");
  }
  reports_.sent(key, stored, rt_.now(), rng_);
  if (stored) {
    stored_.notify_all();
  }
  due_.notify_all();
}

template <LoopTraits T>
void ControlLoop<T>::tell(std::string_view event, const Key& key, std::string_view what) const {
  const std::string text = T::text(key);
  rt_.emit({event, {{"key", text}, {"what", what}}});
}

}  // namespace vvm::ctrlloop
