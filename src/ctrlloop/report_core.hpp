// ReportCore: which report of which key is sent when (docs/spec/vvm.md 7.2, Reporter).
//
// ControlLoop owns one and feeds it. Pure: time and chance come in as arguments, a send to be made
// goes out as a value. Not thread-safe. Invariants: a key has one send in flight at most; of a key,
// what is sent was handed over after all that was sent before, except that what failed is sent
// again; what must be stored is sent until it is. Every report handed over is outstanding or ended
// up as sent, superseded or dropped, in one of them. put(), start() and sent() are O(log n).
#pragma once

#include <list>
#include <optional>
#include <utility>

#include "base/rng.hpp"
#include "ctrlloop/due_queue.hpp"
#include "ctrlloop/key_table.hpp"
#include "ctrlloop/types.hpp"

namespace vvm::ctrlloop {

template <LoopTraits T>
class ReportCore {
 public:
  using Key = typename T::Key;
  using Pv = typename T::Pv;

  // Numbers the reports of all keys in the order in which they are handed over, from 1.
  using Ticket = std::uint64_t;

  struct Send {
    Key key;
    Pv pv;
  };

  explicit ReportCore(const LoopOptions& options) : options_(options) {}

  // pre: end() has not been called.
  Ticket put(const Key& key, Report<T> report);
  // The next send to make; none while as many as may be are in flight, or none is due.
  std::optional<Send> start(Instant now);
  // How a send of start() ended. After end() it has no effect.
  void sent(const Key& key, bool stored, Instant now, Rng& rng);

  // A report that must be stored is no longer outstanding: it is stored, unless ended().
  bool settled(const Key& key, Ticket ticket) const;

  // Nothing is outstanding.
  bool empty() const { return outstanding_.size() == 0; }

  // When start() may have something to do next; Instant::max() for never.
  Instant next() const { return retries_.next(); }

  // What waits for another try is due now, and its waits begin anew. O(n log n).
  void hurry();
  // Nothing is sent any more; says how many reports are dropped.
  std::uint64_t end();

  bool ended() const { return ended_; }

  // The part of the loop that is decided here.
  const Metrics& metrics() const { return counted_; }

 private:
  struct Item {
    Ticket ticket;
    Pv pv;
  };

  // A key with something outstanding. The latest is newer than all that must be stored.
  struct Slot {
    Key key{};
    std::int32_t failures = 0;  // in a row
    Ticket flying = 0;          // 0: none
    SlotId before = no_slot;    // of queue_
    SlotId after = no_slot;
    std::list<Item> must{};
    std::optional<Item> latest{};

    bool holds(Ticket ticket) const {
      return (!must.empty() && must.front().ticket == ticket) ||
             (latest.has_value() && latest->ticket == ticket);
    }
  };

  using Table = KeyTable<T, Slot>;

  void supersede_latest(Slot& slot);
  void took_place(Slot& slot, Ticket ticket);

  LoopOptions options_;
  Table outstanding_;
  SlotList<Table> queue_;  // due now, the one that has waited longest first
  DueQueue retries_;
  std::size_t flying_ = 0;
  bool ended_ = false;
  Metrics counted_;
};

template <LoopTraits T>
typename ReportCore<T>::Ticket ReportCore<T>::put(const Key& key, Report<T> report) {
  CHECK(!ended_, "a report for a reporter that has ended");
  const Ticket ticket = ++counted_.reports_handed;
  const bool is_new = outstanding_.find(key) == no_slot;
  const SlotId id = outstanding_.find_or_add(key);
  Slot& slot = outstanding_[id];
  supersede_latest(slot);
  if (report.must_be_stored) {
    slot.must.push_back({.ticket = ticket, .pv = std::move(report.pv)});
  } else {
    slot.latest = Item{.ticket = ticket, .pv = std::move(report.pv)};
  }
  if (is_new) {
    queue_.push_back(outstanding_, id);
  }
  return ticket;
}

template <LoopTraits T>
std::optional<typename ReportCore<T>::Send> ReportCore<T>::start(Instant now) {
  while (retries_.next() <= now) {
    queue_.push_back(outstanding_, retries_.pop());
  }
  if (queue_.empty() || flying_ >= static_cast<std::size_t>(options_.reports_parallel)) {
    return std::nullopt;
  }
  const SlotId id = queue_.front();
  Slot& slot = outstanding_[id];
  queue_.erase(outstanding_, id);
  ++flying_;
  const Item& item = slot.must.empty() ? *slot.latest : slot.must.front();
  slot.flying = item.ticket;
  counted_.reports_retried += slot.failures > 0 ? 1 : 0;
  return Send{.key = slot.key, .pv = item.pv};
}

template <LoopTraits T>
void ReportCore<T>::sent(const Key& key, bool stored, Instant now, Rng& rng) {
  if (ended_) {
    return;
  }
  const SlotId id = outstanding_.find(key);
  CHECK(id != no_slot && outstanding_[id].flying != 0, "no such send", T::text(key));
  Slot& slot = outstanding_[id];
  const Ticket ticket = std::exchange(slot.flying, 0);
  --flying_;
  if (stored) {
    slot.failures = 0;
    ++counted_.reports_sent;
    took_place(slot, ticket);
  } else {
    ++slot.failures;
    counted_.reports_superseded += slot.holds(ticket) ? 0 : 1;
  }
  if (slot.must.empty() && !slot.latest.has_value()) {
    outstanding_.erase(id);
  } else if (stored) {
    queue_.push_back(outstanding_, id);
  } else {
    const Duration wait = doubled(options_.report_base, options_.report_cap, slot.failures);
    retries_.push(id, now + rng.jittered(wait, options_.report_permille), now);
  }
}

template <LoopTraits T>
bool ReportCore<T>::settled(const Key& key, Ticket ticket) const {
  const SlotId id = outstanding_.find(key);
  return id == no_slot || outstanding_[id].must.empty() ||
         outstanding_[id].must.front().ticket > ticket;
}

template <LoopTraits T>
void ReportCore<T>::hurry() {
  while (!retries_.empty()) {
    const SlotId id = retries_.pop();
    outstanding_[id].failures = 0;
    queue_.push_back(outstanding_, id);
  }
}

template <LoopTraits T>
std::uint64_t ReportCore<T>::end() {
  ended_ = true;
  std::uint64_t dropped = 0;
  for (SlotId id = 0; id < outstanding_.end(); ++id) {
    const Slot& slot = outstanding_[id];
    dropped += slot.must.size() + (slot.latest.has_value() ? 1 : 0);
    counted_.reports_superseded += slot.flying != 0 && !slot.holds(slot.flying) ? 1 : 0;
  }
  counted_.reports_dropped += dropped;
  outstanding_ = {};
  queue_ = {};
  retries_ = {};
  flying_ = 0;
  return dropped;
}

// A newer report takes the place of the latest one. While that is in flight it may yet be stored:
// it is counted once its send has ended.
template <LoopTraits T>
void ReportCore<T>::supersede_latest(Slot& slot) {
  if (slot.latest.has_value() && slot.latest->ticket != slot.flying) {
    ++counted_.reports_superseded;
  }
  slot.latest.reset();
}

template <LoopTraits T>
void ReportCore<T>::took_place(Slot& slot, Ticket ticket) {
  if (!slot.must.empty() && slot.must.front().ticket == ticket) {
    slot.must.pop_front();
  } else if (slot.latest.has_value() && slot.latest->ticket == ticket) {
    slot.latest.reset();
  }
}

}  // namespace vvm::ctrlloop
