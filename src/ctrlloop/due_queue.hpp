// DueQueue: slots by (time, number of insertion), earliest first.
//
// LoopCore schedules calls with it, ReportCore retries. It knows where each slot is, so that a
// newer time replaces the older one at once and nothing outdated stays behind: push, erase and pop
// are O(log n) in the slots that it holds. Two 4-ary heaps, one order: what is due when it is
// pushed, as most of what a loop sees, does not travel to the root of a large heap and back out.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "base/check.hpp"
#include "base/time.hpp"
#include "ctrlloop/key_table.hpp"

namespace vvm::ctrlloop {

class DueQueue {
 public:
  bool empty() const { return size() == 0; }

  std::size_t size() const { return soon_.size() + later_.size(); }

  // Instant::max() when it is empty.
  Instant next() const { return std::min(next_of(soon_), next_of(later_)); }

  // pre: `id` is not in the queue.
  void push(SlotId id, Instant at, Instant now) {
    if (where_.size() <= id) {
      where_.resize(std::max<std::size_t>(id + std::size_t{1}, where_.size() * 2), nowhere);
    }
    CHECK(where_[id] == nowhere, "a slot is queued twice", id);
    const std::uint32_t lane = at <= now ? soon_bit : 0;
    Heap& heap = heap_of(lane);
    heap.push_back({.at = at, .number = ++pushed_, .id = id});
    rise(lane, heap.size() - 1);
  }

  // pre: not empty.
  SlotId pop() {
    const bool soon = later_.empty() || (!soon_.empty() && soon_.front() < later_.front());
    const SlotId id = (soon ? soon_ : later_).front().id;
    erase(id);
    return id;
  }

  // pre: `id` is in the queue.
  void erase(SlotId id) {
    CHECK(id < where_.size() && where_[id] != nowhere, "a slot is not queued", id);
    const std::uint32_t lane = where_[id] & soon_bit;
    const std::size_t hole = where_[id] & ~soon_bit;
    Heap& heap = heap_of(lane);
    where_[id] = nowhere;
    const Entry last = heap.back();
    heap.pop_back();
    if (hole == heap.size()) {
      return;
    }
    heap[hole] = last;
    if (hole > 0 && last < heap[parent_of(hole)]) {
      rise(lane, hole);
    } else {
      sink(lane, hole);
    }
  }

 private:
  static constexpr std::uint32_t nowhere = std::numeric_limits<std::uint32_t>::max();
  static constexpr std::uint32_t soon_bit = std::uint32_t{1} << 31U;
  static constexpr std::size_t arity = 4;

  struct Entry {
    Instant at;
    std::uint64_t number;
    SlotId id;

    bool operator<(const Entry& o) const { return at != o.at ? at < o.at : number < o.number; }
  };

  using Heap = std::vector<Entry>;

  static Instant next_of(const Heap& heap) {
    return heap.empty() ? Instant::max() : heap.front().at;
  }

  static std::size_t parent_of(std::size_t place) { return (place - 1) / arity; }

  Heap& heap_of(std::uint32_t lane) { return lane != 0 ? soon_ : later_; }

  void put(std::uint32_t lane, Heap& heap, std::size_t place, const Entry& entry) {
    heap[place] = entry;
    where_[entry.id] = static_cast<std::uint32_t>(place) | lane;
  }

  void rise(std::uint32_t lane, std::size_t place) {
    Heap& heap = heap_of(lane);
    const Entry entry = heap[place];
    while (place > 0 && entry < heap[parent_of(place)]) {
      put(lane, heap, place, heap[parent_of(place)]);
      place = parent_of(place);
    }
    put(lane, heap, place, entry);
  }

  void sink(std::uint32_t lane, std::size_t place) {
    Heap& heap = heap_of(lane);
    const Entry entry = heap[place];
    for (;;) {
      const std::size_t first = place * arity + 1;
      std::size_t least = first;
      for (std::size_t i = first + 1; i < std::min(first + arity, heap.size()); ++i) {
        least = heap[i] < heap[least] ? i : least;
      }
      if (least >= heap.size() || !(heap[least] < entry)) {
        break;
      }
      put(lane, heap, place, heap[least]);
      place = least;
    }
    put(lane, heap, place, entry);
  }

  Heap soon_;
  Heap later_;
  std::vector<std::uint32_t> where_;  // by slot: its place, and soon_bit
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
