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

#include <memory>

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
  // pre: closed, or never started, or the process is dead. Calls that close() has abandoned are
  // still the loop's children: they end first, or the process does.
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
  // err: Closed when the loop ends before. Ends with the loop at the latest.
  Task<Status> await_stored(Key key, Pv pv);
  // The owner's epoch is over: nothing outstanding is sent any more, and nothing new is taken.
  void end_epoch();

  // No message is taken any more, what is scheduled or pending is dropped, calls in progress are
  // cancelled and awaited, reports flushed. Takes LoopOptions::shutdown at most. Runs to its end
  // even if the caller is cancelled meanwhile. Again: waits for the first one.
  Task<Closing<T>> close();
  // Returns when the loop is closed; any number of times.
  Task<void> wait();

  bool closed() const;
  Metrics metrics() const;
};

}  // namespace vvm::ctrlloop
