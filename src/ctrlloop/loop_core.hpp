// LoopCore: which key is called when, and with what (docs/spec/vvm.md 7.2).
//
// ControlLoop owns one and feeds it. Pure: time and chance come in as arguments, a call to be made
// goes out as a value. Not thread-safe. Invariants: a key has one call in progress at most; the
// orders of the set-points that its calls see do not fall; calls in progress never exceed
// LoopOptions::workers. in(), done() and the part of tick() that falls to one key are O(log n),
// once what became due 24 h ago is not counted.
#pragma once

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "base/check.hpp"
#include "base/rng.hpp"
#include "ctrlloop/cron.hpp"
#include "ctrlloop/due_queue.hpp"
#include "ctrlloop/key_table.hpp"
#include "ctrlloop/types.hpp"

namespace vvm::ctrlloop {

template <LoopTraits T>
class LoopCore {
 public:
  using Key = typename T::Key;
  using Sp = typename T::Sp;
  using State = typename T::State;

  explicit LoopCore(const LoopOptions& options) : options_(options) {}

  // pre: close() has not been called.
  Taken in(Message<T> message, Instant now, WallMs wall);
  // What is due becomes ready.
  void tick(Instant now);
  // The next call to make; none while every worker has one, or no key is ready.
  std::optional<Call<T>> start(Instant now);

  // How a call of start() ended. `again`: call again then, unless a newer set-point waits.
  void done(const Key& key, std::optional<State> state, std::optional<Instant> again, Instant now);
  // By an exception: the state stays, the same set-point or a newer one comes after a back-off.
  void threw(const Key& key, Instant now, Rng& rng);
  // Cancelled. pre: close() has been called.
  void cancelled(const Key& key);

  // False unless the key rests. Its newest order number is kept for LoopOptions::order_kept.
  bool forget(const Key& key, Instant now);
  // Drops what is scheduled, ready or pending. O(keys).
  void close();

  // When tick() has something to do next; Instant::max() for never.
  Instant next() const { return due_.next(); }

  std::size_t running() const { return running_; }

  std::vector<Key> running_keys() const;
  // The part of the loop that is decided here.
  Metrics metrics() const;

 private:
  enum class Stage : std::uint8_t { idle, scheduled, ready, running, forgotten };

  struct Pending {
    Sp sp;
    Instant at;
    Instant due;
    bool schedule_valid;
  };

  struct Slot {
    Key key{};
    Stage stage = Stage::idle;
    bool schedule_valid = true;
    std::int32_t faults = 0;
    SlotId before = no_slot;  // of ready_ or forgotten_
    SlotId after = no_slot;
    std::uint64_t order_max = 0;
    Instant since{};  // scheduled, ready: when it is or was due; forgotten: since when
    std::optional<Sp> sp{};
    std::optional<State> state{};
    std::unique_ptr<Pending> pending{};  // while running
  };

  using Table = KeyTable<T, Slot>;

  SlotId slot_of(const Key& key, Instant now);
  SlotId running_slot(const Key& key) const;
  void unschedule(SlotId id);
  void schedule(SlotId id, Instant at, Instant due, Instant now);
  void rest_or_go_on(SlotId id, std::optional<Instant> again, Instant now);
  void let_go_of_orders(Instant now);

  LoopOptions options_;
  Table slots_;
  DueQueue due_;
  SlotList<Table> ready_;
  SlotList<Table> forgotten_;  // oldest first
  std::size_t running_ = 0;
  std::uint64_t arrived_ = 0;
  bool closed_ = false;
  Metrics counted_;
};

template <LoopTraits T>
Taken LoopCore<T>::in(Message<T> message, Instant now, WallMs wall) {
  CHECK(!closed_, "a message for a closed loop");
  let_go_of_orders(now);
  ++arrived_;
  const SlotId id = slot_of(message.key, now);
  Slot& slot = slots_[id];
  const std::uint64_t order = message.order != 0 ? message.order : arrived_;
  if (order <= slot.order_max) {
    ++counted_.stale;
    return Taken::stale;
  }
  slot.order_max = order;
  const std::optional<Instant> start =
      start_time(message.cron_schedule, message.start_time_tolerance, now, wall);
  counted_.invalid_schedules += start.has_value() ? 0 : 1;
  const Instant at = start.value_or(now);
  const Instant due = std::max(at, now);
  if (slot.stage == Stage::running) {
    counted_.replaced += slot.pending != nullptr ? 1 : 0;
    slot.pending = std::make_unique<Pending>(Pending{
        .sp = std::move(message.sp), .at = at, .due = due, .schedule_valid = start.has_value()});
    return Taken::pending;
  }
  const bool replaces = slot.stage == Stage::scheduled || slot.stage == Stage::ready;
  counted_.replaced += replaces ? 1 : 0;
  unschedule(id);
  slot.sp = std::move(message.sp);
  slot.schedule_valid = start.has_value();
  schedule(id, at, due, now);
  return replaces ? Taken::replaced : Taken::scheduled;
}

template <LoopTraits T>
void LoopCore<T>::tick(Instant now) {
  while (due_.next() <= now) {
    const SlotId id = due_.pop();
    slots_[id].stage = Stage::ready;
    ready_.push_back(slots_, id);
  }
}

template <LoopTraits T>
std::optional<Call<T>> LoopCore<T>::start(Instant now) {
  if (ready_.empty() || running_ >= static_cast<std::size_t>(options_.workers)) {
    return std::nullopt;
  }
  const SlotId id = ready_.front();
  Slot& slot = slots_[id];
  ready_.erase(slots_, id);
  slot.stage = Stage::running;
  ++running_;
  ++counted_.calls;
  counted_.key_latency_max = std::max(counted_.key_latency_max, now - slot.since);
  return Call<T>{.key = slot.key,
                 .sp = *slot.sp,
                 .state = slot.state,
                 .faults = slot.faults,
                 .schedule_valid = slot.schedule_valid};
}

template <LoopTraits T>
void LoopCore<T>::done(const Key& key,
                       std::optional<State> state,
                       std::optional<Instant> again,
                       Instant now) {
  const SlotId id = running_slot(key);
  slots_[id].state = std::move(state);
  slots_[id].faults = 0;
  rest_or_go_on(id, again, now);
}

template <LoopTraits T>
void LoopCore<T>::threw(const Key& key, Instant now, Rng& rng) {
  const SlotId id = running_slot(key);
  ++counted_.panics;
  const Duration wait = doubled(options_.fault_base, options_.fault_cap, ++slots_[id].faults);
  rest_or_go_on(id, now + rng.jittered(wait, options_.fault_permille), now);
}

template <LoopTraits T>
void LoopCore<T>::cancelled(const Key& key) {
  CHECK(closed_, "a call was cancelled in an open loop");
  rest_or_go_on(running_slot(key), std::nullopt, Instant{});
}

template <LoopTraits T>
bool LoopCore<T>::forget(const Key& key, Instant now) {
  let_go_of_orders(now);
  const SlotId id = slots_.find(key);
  if (id == no_slot || slots_[id].stage == Stage::forgotten) {
    return true;
  }
  Slot& slot = slots_[id];
  if (slot.stage != Stage::idle) {
    return false;
  }
  slot.stage = Stage::forgotten;
  slot.faults = 0;
  slot.sp.reset();
  slot.state.reset();
  slot.since = now;
  forgotten_.push_back(slots_, id);
  return true;
}

template <LoopTraits T>
void LoopCore<T>::close() {
  closed_ = true;
  for (SlotId id = 0; id < slots_.end(); ++id) {
    if (slots_[id].stage != Stage::forgotten) {
      unschedule(id);
      slots_[id].pending.reset();
    }
  }
}

template <LoopTraits T>
std::vector<typename T::Key> LoopCore<T>::running_keys() const {
  std::vector<Key> keys;
  for (SlotId id = 0; id < slots_.end(); ++id) {
    if (slots_[id].stage == Stage::running) {
      keys.push_back(slots_[id].key);
    }
  }
  return keys;
}

template <LoopTraits T>
Metrics LoopCore<T>::metrics() const {
  Metrics metrics = counted_;
  metrics.scheduled = due_.size();
  metrics.ready = ready_.size();
  metrics.running = running_;
  metrics.keys = slots_.size() - forgotten_.size();
  return metrics;
}

// The slot of a key that is about to hear of a message; a forgotten one is remembered again, with
// its order number unless that is too old.
template <LoopTraits T>
SlotId LoopCore<T>::slot_of(const Key& key, Instant now) {
  const SlotId id = slots_.find_or_add(key);
  Slot& slot = slots_[id];
  if (slot.stage == Stage::forgotten && slot.since + options_.order_kept <= now) {
    slot.order_max = 0;
  }
  return id;
}

template <LoopTraits T>
SlotId LoopCore<T>::running_slot(const Key& key) const {
  const SlotId id = slots_.find(key);
  CHECK(id != no_slot && slots_[id].stage == Stage::running, "no such call", T::text(key));
  return id;
}

// Out of whatever structure holds it; then it is idle. A running key stays so.
template <LoopTraits T>
void LoopCore<T>::unschedule(SlotId id) {
  Slot& slot = slots_[id];
  switch (slot.stage) {
    case Stage::idle:
    case Stage::running:
      return;
    case Stage::scheduled:
      due_.erase(id);
      break;
    case Stage::ready:
      ready_.erase(slots_, id);
      break;
    case Stage::forgotten:
      forgotten_.erase(slots_, id);
      break;
  }
  slot.stage = Stage::idle;
}

template <LoopTraits T>
void LoopCore<T>::schedule(SlotId id, Instant at, Instant due, Instant now) {
  Slot& slot = slots_[id];
  slot.stage = Stage::scheduled;
  slot.since = due;
  due_.push(id, at, now);
}

template <LoopTraits T>
void LoopCore<T>::rest_or_go_on(SlotId id, std::optional<Instant> again, Instant now) {
  Slot& slot = slots_[id];
  --running_;
  slot.stage = Stage::idle;
  if (slot.pending != nullptr) {
    const std::unique_ptr<Pending> next = std::move(slot.pending);
    slot.sp = std::move(next->sp);
    slot.schedule_valid = next->schedule_valid;
    schedule(id, next->at, next->due, now);
  } else if (again.has_value() && !closed_) {
    schedule(id, *again, std::max(*again, now), now);
  }
}

// A few at a time: forgetting a million keys at once must not stall a call a day later. What is not
// erased in time is looked through by slot_of().
template <LoopTraits T>
void LoopCore<T>::let_go_of_orders(Instant now) {
  for (int i = 0; i < 4 && !forgotten_.empty(); ++i) {
    const SlotId id = forgotten_.front();
    if (slots_[id].since + options_.order_kept > now) {
      return;
    }
    forgotten_.erase(slots_, id);
    slots_.erase(id);
  }
}

}  // namespace vvm::ctrlloop
