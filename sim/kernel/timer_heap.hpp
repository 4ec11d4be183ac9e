// TimerHeap: an indexed 4-ary heap of slots ordered by (time, sequence).
//
// The kernel owns one. Equal times leave in the order in which they came. Erasing needs the slot's
// position, which the heap reports through `Positions` (slot -> index); O(log4 n) each.
#pragma once

#include <cstdint>
#include <vector>

#include "base/check.hpp"
#include "base/time.hpp"

namespace vvm::sim {

class TimerHeap {
 public:
  static constexpr std::uint32_t absent = ~std::uint32_t{0};

  bool empty() const { return items_.empty(); }

  std::size_t size() const { return items_.size(); }

  Instant top_time() const { return items_.front().at; }

  void push(Instant at, std::uint32_t slot) {
    if (slot >= position_.size()) {
      position_.resize(slot + 1, absent);
    }
    CHECK(position_[slot] == absent, "slot is in the heap already", slot);
    items_.push_back({at, next_sequence_++, slot});
    sift_up(items_.size() - 1);
  }

  // pre: not empty. The slot that is due first.
  std::uint32_t pop() {
    const std::uint32_t slot = items_.front().slot;
    remove_at(0);
    return slot;
  }

  // Does nothing when the slot is not in the heap.
  void erase(std::uint32_t slot) {
    if (slot >= position_.size() || position_[slot] == absent) {
      return;
    }
    remove_at(position_[slot]);
  }

 private:
  struct Item {
    Instant at;
    std::uint64_t sequence;
    std::uint32_t slot;
  };

  static constexpr std::size_t arity = 4;

  static bool before(const Item& a, const Item& b) {
    return a.at != b.at ? a.at < b.at : a.sequence < b.sequence;
  }

  void place(std::size_t index, const Item& item) {
    items_[index] = item;
    position_[item.slot] = static_cast<std::uint32_t>(index);
  }

  void remove_at(std::size_t index) {
    position_[items_[index].slot] = absent;
    const Item last = items_.back();
    items_.pop_back();
    if (index == items_.size()) {
      return;
    }
    place(index, last);
    sift_down(index);
    sift_up(position_[last.slot]);
  }

  void sift_up(std::size_t index) {
    const Item item = items_[index];
    while (index > 0) {
      const std::size_t parent = (index - 1) / arity;
      if (!before(item, items_[parent])) {
        break;
      }
      place(index, items_[parent]);
      index = parent;
    }
    place(index, item);
  }

  void sift_down(std::size_t index) {
    const Item item = items_[index];
    for (;;) {
      const std::size_t first = index * arity + 1;
      if (first >= items_.size()) {
        break;
      }
      const std::size_t end = first + arity < items_.size() ? first + arity : items_.size();
      std::size_t least = first;
      for (std::size_t child = first + 1; child < end; ++child) {
        if (before(items_[child], items_[least])) {
          least = child;
        }
      }
      if (!before(items_[least], item)) {
        break;
      }
      place(index, items_[least]);
      index = least;
    }
    place(index, item);
  }

  std::vector<Item> items_;
  std::vector<std::uint32_t> position_;
  std::uint64_t next_sequence_ = 0;
};

}  // namespace vvm::sim
