// Ring: a queue that keeps its memory, for what the simulator queues and takes millions of times.
//
// The kernel's ready handlers and the network's segments live in rings. Taking one of the first few
// is cheap, whatever the length. Elements are moved, never copied.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include "base/check.hpp"

namespace vvm::sim {

template <class T>
class Ring {
 public:
  bool empty() const { return count_ == 0; }

  std::size_t size() const { return count_; }

  void push(T value) {
    make_room();
    at(count_) = std::move(value);
    ++count_;
  }

  void push_front(T value) {
    make_room();
    first_ = (first_ + ring_.size() - 1) & (ring_.size() - 1);
    ring_[first_] = std::move(value);
    ++count_;
  }

  // pre: not empty.
  T& front() { return ring_[first_]; }

  // The one that has `index` older ones before it; they keep their order. pre: index < size().
  T take(std::size_t index = 0) {
    CHECK(index < count_, "nothing to take from a ring", index, count_);
    T taken = std::move(at(index));
    for (; index > 0; --index) {
      at(index) = std::move(at(index - 1));
    }
    first_ = (first_ + 1) & (ring_.size() - 1);
    --count_;
    return taken;
  }

  T take_newest() {
    CHECK(count_ > 0, "nothing to take from a ring");
    --count_;
    return std::move(at(count_));
  }

  void clear() {
    while (count_ > 0) {
      const T newest = take_newest();
      static_cast<void>(newest);
    }
  }

 private:
  T& at(std::size_t index) { return ring_[(first_ + index) & (ring_.size() - 1)]; }

  void make_room() {
    if (count_ < ring_.size()) {
      return;
    }
    std::vector<T> larger(ring_.empty() ? 4 : ring_.size() * 2);
    for (std::size_t i = 0; i < count_; ++i) {
      larger[i] = std::move(at(i));
    }
    ring_ = std::move(larger);
    first_ = 0;
  }

  std::vector<T> ring_;  // its size is a power of two, or 0
  std::size_t first_ = 0;
  std::size_t count_ = 0;
};

}  // namespace vvm::sim
