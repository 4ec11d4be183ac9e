// TimerHeap: an indexed 4-ary heap of slots ordered by (time, sequence).
//
// The kernel owns one. Equal times leave in the order in which they came. The heap knows where each
// slot is, so that one can be erased; O(log4 n) each. Time and sequence are one 128-bit key, which
// compares without a branch: which child is least is a coin toss that no processor predicts.
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

  // pre: not empty.
  Instant top_time() const { return {static_cast<std::int64_t>(items_.front().key >> 64U)}; }

  // pre: at.ns >= 0.
  void push(Instant at, std::uint32_t slot) {
    if (slot >= position_.size()) {
      position_.resize(slot + 1, absent);
    }
    CHECK(position_[slot] == absent, "slot is in the heap already", slot);
    const Key time = static_cast<std::uint64_t>(at.ns);
    items_.push_back({.key = (time << 64U) | next_sequence_++, .slot = slot});
    sift_up(items_.size() - 1, items_.back());
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
  using Key = unsigned __int128;

  struct Item {
    Key key;
    std::uint32_t slot;
  };

  static constexpr std::size_t arity = 4;

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
    // What is last belongs near the bottom: the hole goes all the way down, and the item up from
    // there, which saves the comparison with it at each level.
    sift_up(sink_hole(index), last);
  }

  // Moves the least children up into the hole until it is a leaf; where it is then.
  std::size_t sink_hole(std::size_t index) {
    const std::size_t size = items_.size();
    for (;;) {
      const std::size_t first = index * arity + 1;
      if (first + arity <= size) {
        const Item* child = &items_[first];
        const std::size_t left = child[1].key < child[0].key ? 1 : 0;
        const std::size_t right = child[3].key < child[2].key ? 3 : 2;
        const std::size_t least = first + (child[right].key < child[left].key ? right : left);
        place(index, items_[least]);
        index = least;
        continue;
      }
      if (first >= size) {
        return index;
      }
      std::size_t least = first;
      for (std::size_t child = first + 1; child < size; ++child) {
        least = items_[child].key < items_[least].key ? child : least;
      }
      place(index, items_[least]);
      index = least;
    }
  }

  void sift_up(std::size_t index, Item item) {
    while (index > 0) {
      const std::size_t parent = (index - 1) / arity;
      if (items_[parent].key <= item.key) {
        break;
      }
      place(index, items_[parent]);
      index = parent;
    }
    place(index, item);
  }

  std::vector<Item> items_;
  std::vector<std::uint32_t> position_;
  std::uint64_t next_sequence_ = 0;
};

}  // namespace vvm::sim
