// Queue<T>: a bounded queue between coroutines of one process.
//
// Drivers rely on it. push waits while it is full, pop while it is empty; close() ends both. Not
// thread-safe.
#pragma once

#include <deque>
#include <optional>

#include "runtime/signal.hpp"

namespace vvm {

template <class T>
class Queue {
 public:
  // capacity >= 1.
  Queue(Runtime rt, std::size_t capacity) : capacity_(capacity), not_empty_(rt), not_full_(rt) {}

  // False when the queue was closed before there was room.
  Task<bool> push(T value) {
    while (!closed_ && items_.size() >= capacity_) {
      co_await not_full_.wait();
    }
    if (closed_) {
      co_return false;
    }
    items_.push_back(std::move(value));
    not_empty_.notify_one();
    co_return true;
  }

  // False when there is no room or the queue is closed.
  bool try_push(T value) {
    if (closed_ || items_.size() >= capacity_) {
      return false;
    }
    items_.push_back(std::move(value));
    not_empty_.notify_one();
    return true;
  }

  // None when the queue is closed and empty.
  Task<std::optional<T>> pop() {
    while (!closed_ && items_.empty()) {
      co_await not_empty_.wait();
    }
    if (items_.empty()) {
      co_return std::nullopt;
    }
    std::optional<T> value(std::move(items_.front()));
    items_.pop_front();
    not_full_.notify_one();
    co_return value;
  }

  void close() {
    closed_ = true;
    not_empty_.notify_all();
    not_full_.notify_all();
  }

  std::size_t size() const { return items_.size(); }

 private:
  std::size_t capacity_;
  std::deque<T> items_;
  bool closed_ = false;
  Signal not_empty_;
  Signal not_full_;
};

}  // namespace vvm
