// DueHeap: slots by (time, number of insertion), earliest first.
//
// LoopCore schedules calls with it, ReportCore retries. A 4-ary heap that knows where each slot is,
// so that a newer time replaces the older one at once and nothing outdated stays behind: push,
// erase and pop are O(log n), the heap is never larger than the number of slots in it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include "base/check.hpp"
#include "base/time.hpp"
#include "ctrlloop/key_table.hpp"

namespace vvm::ctrlloop {

class DueHeap {
 public:
  bool empty() const { return heap_.empty(); }

  std::size_t size() const { return heap_.size(); }

  // Instant::max() when it is empty.
  Instant next() const { return heap_.empty() ? Instant::max() : heap_.front().at; }

  // The earliest, as a position in the order; pre: not empty.
  std::pair<Instant, std::uint64_t> front() const {
    return {heap_.front().at, heap_.front().number};
  }

  // pre: `id` is not in the heap.
  void push(SlotId id, Instant at) { push(id, at, pushed_ + 1); }

  // With the caller's own number, which breaks ties.
  void push(SlotId id, Instant at, std::uint64_t number) {
    if (where_.size() <= id) {
      where_.resize(std::max<std::size_t>(id + std::size_t{1}, where_.size() * 2), nowhere);
    }
    CHECK(where_[id] == nowhere, "a slot is scheduled twice", id);
    pushed_ = number;
    heap_.push_back({.at = at, .number = number, .id = id});
    where_[id] = static_cast<std::uint32_t>(heap_.size() - 1);
    rise(heap_.size() - 1);
  }

  // pre: not empty.
  SlotId pop() {
    const SlotId id = heap_.front().id;
    erase(id);
    return id;
  }

  // pre: `id` is in the heap.
  void erase(SlotId id) {
    CHECK(id < where_.size() && where_[id] != nowhere, "a slot is not scheduled", id);
    const std::size_t hole = where_[id];
    where_[id] = nowhere;
    const Entry last = heap_.back();
    heap_.pop_back();
    if (hole == heap_.size()) {
      return;
    }
    put(hole, last);
    rise(hole);
    sink(where_[last.id]);
  }

 private:
  static constexpr std::uint32_t nowhere = std::numeric_limits<std::uint32_t>::max();
  static constexpr std::size_t arity = 4;

  struct Entry {
    Instant at;
    std::uint64_t number;
    SlotId id;

    bool operator<(const Entry& o) const { return at != o.at ? at < o.at : number < o.number; }
  };

  void put(std::size_t place, const Entry& entry) {
    heap_[place] = entry;
    where_[entry.id] = static_cast<std::uint32_t>(place);
  }

  void rise(std::size_t place) {
    const Entry entry = heap_[place];
    while (place > 0 && entry < heap_[(place - 1) / arity]) {
      put(place, heap_[(place - 1) / arity]);
      place = (place - 1) / arity;
    }
    put(place, entry);
  }

  void sink(std::size_t place) {
    const Entry entry = heap_[place];
    for (;;) {
      const std::size_t first = place * arity + 1;
      std::size_t least = first;
      for (std::size_t i = first + 1; i < std::min(first + arity, heap_.size()); ++i) {
        least = heap_[i] < heap_[least] ? i : least;
      }
      if (least >= heap_.size() || !(heap_[least] < entry)) {
        break;
      }
      put(place, heap_[least]);
      place = least;
    }
    put(place, entry);
  }

  std::vector<Entry> heap_;
  std::vector<std::uint32_t> where_;  // by slot
  std::uint64_t pushed_ = 0;
};

// The same order over two heaps: what is due when it is scheduled, most of all that a loop sees,
// does not travel to the root of a large heap and back out.
class DueLanes {
 public:
  std::size_t size() const { return soon_.size() + later_.size(); }

  // Instant::max() when it is empty.
  Instant next() const { return std::min(soon_.next(), later_.next()); }

  // pre: `id` is not in it. True: it went to the lane of what is due, which erase() must know.
  bool push(SlotId id, Instant at, Instant now) {
    const bool due = at <= now;
    (due ? soon_ : later_).push(id, at, ++pushed_);
    return due;
  }

  // pre: not empty.
  SlotId pop() {
    const bool first = later_.empty() || (!soon_.empty() && soon_.front() < later_.front());
    return (first ? soon_ : later_).pop();
  }

  // pre: `id` is in it, and push() said `due`.
  void erase(SlotId id, bool due) { (due ? soon_ : later_).erase(id); }

 private:
  DueHeap soon_;
  DueHeap later_;
  std::uint64_t pushed_ = 0;
};

// The wait after the n-th failure in a row, n >= 1, without jitter.
constexpr Duration doubled(Duration base, Duration cap, std::int32_t n) {
  Duration wait = base;
  for (std::int32_t i = 1; i < n && wait < cap; ++i) {
    wait = wait * 2;
  }
  return wait < cap ? wait : cap;
}

}  // namespace vvm::ctrlloop
