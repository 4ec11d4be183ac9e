// Kernel: virtual time, the executor, and the choice of what runs next.
//
// One per simulated cluster; sim/world builds processes on it. Time advances only when nothing is
// ready, straight to the next event; equal times keep their order. Each simulated process has a
// Lane: its ready handlers and everything it waits for. Which lane runs next, and which of its
// first ready handlers, is a draw from the `schedule` stream; a deadline that comes alone is no
// choice and runs at once. Single-threaded; two kernels fit in one program.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/execution.hpp>
#include <boost/asio/execution_context.hpp>

#include "base/rng.hpp"
#include "runtime/clock.hpp"
#include "runtime/net.hpp"
#include "sim/kernel/action.hpp"
#include "sim/kernel/ring.hpp"
#include "sim/kernel/timer_heap.hpp"
#include "sim/kernel/trace.hpp"

namespace vvm::sim {

class Kernel;

// Names a pending operation or event; stale ids are recognised and ignored. 0 is none.
enum class OpId : std::uint64_t {};

// One life of one process: created alive, dies once. Owned by the kernel for the whole run.
class Lane {
 public:
  Lane(Kernel& kernel, std::string name, std::uint32_t id)
      : kernel_(kernel), name_(std::move(name)), id_(id) {}

  Lane(const Lane&) = delete;
  Lane& operator=(const Lane&) = delete;
  ~Lane() = default;

  const std::string& name() const { return name_; }

  std::uint32_t id() const { return id_; }

  // False from the instant of a crash: every effect is refused from then on.
  bool alive() const { return state_ == State::alive; }

  bool paused() const { return paused_; }

  Kernel& kernel() const { return kernel_; }

  asio::any_io_executor executor();

 private:
  friend class Kernel;
  enum class State : std::uint8_t { alive, dying, dead };

  Kernel& kernel_;
  std::string name_;
  std::uint32_t id_;
  State state_ = State::alive;
  bool paused_ = false;
  bool listed_ = false;  // in Kernel::runnable_
  Ring<Action> ready_;
  std::function<void()> buried_;
  std::uint32_t first_op_ = 0;  // newest pending operation, slot + 1; a linked list through slots
};

// Satisfies asio's executor requirements for one lane.
class SimExecutor {
 public:
  explicit SimExecutor(Lane* lane, bool may_block = true) : lane_(lane), may_block_(may_block) {}

  asio::execution_context& query(asio::execution::context_t) const noexcept;

  asio::execution::blocking_t query(asio::execution::blocking_t) const noexcept {
    return may_block_ ? asio::execution::blocking_t(asio::execution::blocking.possibly)
                      : asio::execution::blocking_t(asio::execution::blocking.never);
  }

  SimExecutor require(asio::execution::blocking_t::never_t) const {
    return SimExecutor{lane_, false};
  }

  SimExecutor require(asio::execution::blocking_t::possibly_t) const {
    return SimExecutor{lane_, true};
  }

  friend bool operator==(const SimExecutor& a, const SimExecutor& b) noexcept {
    return a.lane_ == b.lane_ && a.may_block_ == b.may_block_;
  }

  template <class F>
  void execute(F&& f) const {
    if (may_block_ && runs_here()) {
      std::remove_cvref_t<F> local(std::forward<F>(f));
      local();
      return;
    }
    push(Action(std::forward<F>(f)));
  }

 private:
  bool runs_here() const;
  void push(Action action) const;

  Lane* lane_;
  bool may_block_;
};

class Kernel {
 public:
  explicit Kernel(std::uint64_t seed);
  Kernel(const Kernel&) = delete;
  Kernel& operator=(const Kernel&) = delete;
  ~Kernel();

  Instant now() const { return now_; }

  Trace& trace() { return trace_; }

  // Independent stream for one purpose; the only source of chance of a run.
  Rng stream(std::string_view purpose) const { return root_.fork(purpose); }

  // Handlers and events that have run.
  std::uint64_t steps() const { return steps_; }

  Lane* current() const { return current_; }

  // The lane of the latest step; null when it was an event of the world.
  const Lane* ran() const { return ran_; }

  Lane& add_lane(std::string name);
  // Refuses every effect from now on; the frames are destroyed as soon as no handler of the lane
  // runs, and then `buried` is called.
  void kill(Lane& lane, std::function<void()> buried = {});
  void pause(Lane& lane);
  void resume(Lane& lane);

  // World events: belong to no process, cannot be refused. `at` may be now, not earlier.
  OpId at(Instant when, Action action);

  OpId after(Duration delay, Action action) { return at(now_ + delay, std::move(action)); }

  // Operations of a lane, destroyed with it. Instant::max() never comes by itself. `local` is what
  // the deadline is in the lane's own time, if it has one: see rekey.
  using Wait = Completion<void(ErrorCode, bool)>;
  OpId park(Lane& lane, Instant deadline, Wait completion, Instant local = no_local_time);
  OpId park_io(Lane& lane, IoCompletion completion);
  // Completes soon, without having been parked: the result is known already.
  void complete_io(Lane& lane, IoCompletion completion, ErrorCode error, std::size_t value);
  // Completes an operation later, through the lane's ready queue. False when it is gone already.
  bool finish(OpId op, ErrorCode error, std::size_t value);
  // Drops a pending event or operation without completing it.
  void drop(OpId op);
  bool pending(OpId op);
  // The lane's clock has changed: every deadline that was given in local time moves.
  using ToGlobal = std::function<Instant(Instant local)>;
  void rekey(Lane& lane, const ToGlobal& to_global);

  // Runs one handler or event; false when nothing is left to do before `horizon`.
  bool step(Instant horizon);

  // Nothing happens until `when`. pre: no step before it is left.
  void advance_to(Instant when);

  // Called after every step; the place where invariants are looked at.
  void after_step(std::function<void()> hook) { after_step_ = std::move(hook); }

  // Handlers ready to run now, in lanes that are not paused.
  bool idle() const { return runnable_.empty(); }

  std::size_t scheduled() const { return heap_.size(); }

  static constexpr Instant no_local_time{-1};

 private:
  friend class SimExecutor;

  struct Slot {
    std::uint32_t generation = 1;
    bool used = false;
    Lane* lane = nullptr;  // null: a world event
    std::uint32_t older = 0;
    std::uint32_t newer = 0;
    Instant local = no_local_time;
    Action action;
    Wait wait;
    IoCompletion io;
  };

  std::uint32_t allocate(Lane* lane);
  void release(std::uint32_t index);
  Slot* find(OpId op, std::uint32_t* index);
  OpId id_of(std::uint32_t index) const;
  void make_ready(Lane& lane, Action action);
  void list(Lane& lane);
  void unlist(Lane& lane);
  void run_ready();
  void fire(std::uint32_t index);
  void fire_wait(std::uint32_t index);
  void bury();
  void tear_down(Lane& lane);
  template <class Slotted>
  void honour_cancellation(OpId op, const Slotted& completion);

  Rng root_;
  Rng schedule_;
  Trace trace_;
  Instant now_{};
  std::uint64_t steps_ = 0;
  TimerHeap heap_;
  std::vector<Slot> slots_;
  std::vector<std::uint32_t> free_slots_;
  std::vector<std::unique_ptr<Lane>> lanes_;
  std::vector<Lane*> runnable_;  // by lane id, so that the draw means the same lane in every run
  std::vector<Lane*> dying_;
  Lane* current_ = nullptr;
  const Lane* ran_ = nullptr;
  std::function<void()> after_step_;
  asio::execution_context context_;
};

}  // namespace vvm::sim
