// Kernel: lanes, operations and what runs next.
#include "sim/kernel/kernel.hpp"

#include <algorithm>

#include "base/check.hpp"

namespace vvm::sim {
namespace {

// Which of the first ready handlers of a lane runs is a draw among this many at most: enough to
// swap neighbours, cheap for lanes with long queues.
constexpr std::size_t draw_window = 8;

}  // namespace

asio::any_io_executor Lane::executor() { return SimExecutor{this}; }

asio::execution_context& SimExecutor::query(asio::execution::context_t) const noexcept {
  return lane_->kernel().context_;
}

bool SimExecutor::runs_here() const { return lane_->kernel().current_ == lane_; }

void SimExecutor::push(Action action) const {
  lane_->kernel().make_ready(*lane_, std::move(action));
}

Kernel::Kernel(std::uint64_t seed) : root_(seed), schedule_(root_.fork("schedule")) {}

Kernel::~Kernel() {
  for (const auto& lane : lanes_) {
    if (lane->state_ != Lane::State::dead) {
      tear_down(*lane);
    }
  }
}

Lane& Kernel::add_lane(std::string name) {
  const auto id = static_cast<std::uint32_t>(lanes_.size());
  lanes_.push_back(std::make_unique<Lane>(*this, std::move(name), id));
  return *lanes_.back();
}

std::uint32_t Kernel::allocate(Lane* lane) {
  std::uint32_t index = 0;
  if (free_slots_.empty()) {
    index = static_cast<std::uint32_t>(slots_.size());
    slots_.emplace_back();
  } else {
    index = free_slots_.back();
    free_slots_.pop_back();
  }
  Slot& slot = slots_[index];
  slot.used = true;
  slot.lane = lane;
  if (lane != nullptr) {
    slot.older = lane->first_op_;
    slot.newer = 0;
    if (slot.older != 0) {
      slots_[slot.older - 1].newer = index + 1;
    }
    lane->first_op_ = index + 1;
  }
  return index;
}

void Kernel::release(std::uint32_t index) {
  Slot& slot = slots_[index];
  heap_.erase(index);
  if (slot.lane != nullptr) {
    if (slot.newer != 0) {
      slots_[slot.newer - 1].older = slot.older;
    } else {
      slot.lane->first_op_ = slot.older;
    }
    if (slot.older != 0) {
      slots_[slot.older - 1].newer = slot.newer;
    }
  }
  slot.used = false;
  slot.lane = nullptr;
  slot.local = no_local_time;
  slot.older = 0;
  slot.newer = 0;
  ++slot.generation;
  free_slots_.push_back(index);
}

OpId Kernel::id_of(std::uint32_t index) const {
  return OpId{(std::uint64_t{slots_[index].generation} << 32U) | (index + 1)};
}

Kernel::Slot* Kernel::find(OpId op, std::uint32_t* index) {
  const auto raw = static_cast<std::uint64_t>(op);
  const auto number = static_cast<std::uint32_t>(raw);
  if (number == 0 || number > slots_.size()) {
    return nullptr;
  }
  Slot& slot = slots_[number - 1];
  if (!slot.used || slot.generation != static_cast<std::uint32_t>(raw >> 32U)) {
    return nullptr;
  }
  *index = number - 1;
  return &slot;
}

OpId Kernel::at(Instant when, Action action) {
  CHECK(when >= now_, "an event in the past", when.ns, now_.ns);
  const std::uint32_t index = allocate(nullptr);
  slots_[index].action = std::move(action);
  heap_.push(when, index);
  return id_of(index);
}

template <class Slotted>
void Kernel::honour_cancellation(OpId op, const Slotted& completion) {
  asio::cancellation_slot cancel = completion.slot();
  if (!cancel.is_connected()) {
    return;
  }
  cancel.assign(
      [this, op](asio::cancellation_type) { finish(op, asio::error::operation_aborted, 0); });
}

OpId Kernel::park(Lane& lane, Instant deadline, Wait completion, Instant local) {
  if (lane.state_ == Lane::State::dead) {
    return OpId{};
  }
  const std::uint32_t index = allocate(&lane);
  const OpId op = id_of(index);
  honour_cancellation(op, completion);
  slots_[index].wait = std::move(completion);
  slots_[index].local = local;
  if (deadline != Instant::max()) {
    heap_.push(std::max(deadline, now_), index);
  }
  return op;
}

OpId Kernel::park_io(Lane& lane, IoCompletion completion) {
  if (lane.state_ == Lane::State::dead) {
    return OpId{};
  }
  const std::uint32_t index = allocate(&lane);
  const OpId op = id_of(index);
  honour_cancellation(op, completion);
  slots_[index].io = std::move(completion);
  return op;
}

void Kernel::complete_io(Lane& lane, IoCompletion completion, ErrorCode error, std::size_t value) {
  make_ready(lane,
             Action([io = std::move(completion), error, value]() mutable { io(error, value); }));
}

bool Kernel::finish(OpId op, ErrorCode error, std::size_t value) {
  std::uint32_t index = 0;
  Slot* slot = find(op, &index);
  if (slot == nullptr) {
    return false;
  }
  CHECK(slot->lane != nullptr, "finish of a world event");
  Lane& lane = *slot->lane;
  if (slot->wait) {
    make_ready(lane, Action([wait = std::move(slot->wait), error, value]() mutable {
                 wait(error, value != 0);
               }));
  } else {
    make_ready(lane,
               Action([io = std::move(slot->io), error, value]() mutable { io(error, value); }));
  }
  release(index);
  return true;
}

void Kernel::drop(OpId op) {
  std::uint32_t index = 0;
  Slot* slot = find(op, &index);
  if (slot == nullptr) {
    return;
  }
  const Action action = std::move(slot->action);
  const Wait wait = std::move(slot->wait);
  const IoCompletion io = std::move(slot->io);
  release(index);
}

bool Kernel::pending(OpId op) {
  std::uint32_t index = 0;
  return find(op, &index) != nullptr;
}

void Kernel::rekey(Lane& lane, const ToGlobal& to_global) {
  // Oldest first, so that deadlines that become equal keep their order.
  std::vector<std::uint32_t> waits;
  for (std::uint32_t at = lane.first_op_; at != 0; at = slots_[at - 1].older) {
    if (slots_[at - 1].local != no_local_time) {
      waits.push_back(at - 1);
    }
  }
  for (auto it = waits.rbegin(); it != waits.rend(); ++it) {
    heap_.erase(*it);
    const Instant deadline = to_global(slots_[*it].local);
    if (deadline != Instant::max()) {
      heap_.push(std::max(deadline, now_), *it);
    }
  }
}

void Kernel::list(Lane& lane) {
  if (lane.listed_ || lane.paused_ || lane.ready_.empty()) {
    return;
  }
  const auto at =
      std::ranges::lower_bound(runnable_, lane.id_, {}, [](const Lane* l) { return l->id_; });
  runnable_.insert(at, &lane);
  lane.listed_ = true;
}

void Kernel::unlist(Lane& lane) {
  if (!lane.listed_) {
    return;
  }
  std::erase(runnable_, &lane);
  lane.listed_ = false;
}

void Kernel::make_ready(Lane& lane, Action action) {
  // A dead lane's work is destroyed right here, together with the frames it owns.
  if (lane.state_ == Lane::State::dead) {
    return;
  }
  lane.ready_.push(std::move(action));
  list(lane);
}

void Kernel::pause(Lane& lane) {
  lane.paused_ = true;
  unlist(lane);
}

void Kernel::resume(Lane& lane) {
  lane.paused_ = false;
  list(lane);
}

void Kernel::kill(Lane& lane, std::function<void()> buried) {
  if (lane.state_ != Lane::State::alive) {
    return;
  }
  lane.buried_ = std::move(buried);
  lane.state_ = Lane::State::dying;
  if (current_ == &lane) {
    dying_.push_back(&lane);
  } else {
    tear_down(lane);
  }
}

void Kernel::tear_down(Lane& lane) {
  lane.state_ = Lane::State::dead;
  unlist(lane);
  // Newest first: what was started later usually refers to what was started earlier.
  while (lane.first_op_ != 0) {
    drop(id_of(lane.first_op_ - 1));
  }
  while (!lane.ready_.empty()) {
    const Action newest = lane.ready_.take_newest();
  }
  CHECK(lane.first_op_ == 0, "a dead lane started an operation", lane.name_);
  if (lane.buried_) {
    std::exchange(lane.buried_, {})();
  }
}

void Kernel::bury() {
  while (!dying_.empty()) {
    Lane* dying = dying_.back();
    dying_.pop_back();
    tear_down(*dying);
  }
}

void Kernel::run_ready() {
  const std::size_t lane_count = runnable_.size();
  Lane& lane = *runnable_[lane_count > 1 ? schedule_.below(lane_count) : 0];
  const std::size_t window = std::min(lane.ready_.size(), draw_window);
  const std::size_t pick = window > 1 ? schedule_.below(window) : 0;
  Action action = lane.ready_.take(pick);
  if (lane.ready_.empty()) {
    unlist(lane);
  }
  trace_.step(now_, lane.id_, steps_);
  current_ = &lane;
  ran_ = &lane;
  action();
  current_ = nullptr;
  bury();
}

// The deadline of a wait has come while nothing else is ready: its handler is the only choice.
void Kernel::fire_wait(std::uint32_t index) {
  Lane& lane = *slots_[index].lane;
  Wait wait = std::move(slots_[index].wait);
  release(index);
  trace_.step(now_, lane.id_, steps_);
  current_ = &lane;
  ran_ = &lane;
  wait(ErrorCode{}, false);
  current_ = nullptr;
  bury();
}

void Kernel::fire(std::uint32_t index) {
  ran_ = nullptr;
  Slot& slot = slots_[index];
  if (slot.lane != nullptr) {
    if (slot.wait && !slot.lane->paused_ && slot.lane->ready_.empty()) {
      fire_wait(index);
    } else {
      finish(id_of(index), ErrorCode{}, 0);
    }
    return;
  }
  Action action = std::move(slot.action);
  release(index);
  trace_.step(now_, Trace::world_lane, steps_);
  action();
}

bool Kernel::step(Instant horizon) {
  if (!runnable_.empty()) {
    ++steps_;
    run_ready();
  } else {
    if (heap_.empty() || heap_.top_time() > horizon) {
      return false;
    }
    ++steps_;
    now_ = heap_.top_time();
    fire(heap_.pop());
  }
  if (after_step_) {
    after_step_();
  }
  return true;
}

void Kernel::advance_to(Instant when) {
  CHECK(runnable_.empty() && (heap_.empty() || heap_.top_time() >= when), "steps are left");
  CHECK(when >= now_, "time runs backwards");
  now_ = when;
}

}  // namespace vvm::sim
