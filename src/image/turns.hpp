// Turns: one coroutine at a time works on one key.
//
// Download, unpacking and GC of one image take turns by its digest, so that none removes what
// another has just made. Not thread-safe. A holder of a turn never waits for another one.
#pragma once

#include <set>
#include <utility>

#include "base/check.hpp"
#include "runtime/signal.hpp"

namespace vvm::image {

template <class Key>
class Turns {
 public:
  explicit Turns(Runtime rt) : changed_(rt) {}

  // Returns when nobody has a turn at `key`: take it before the next await. Ends because every turn
  // does.
  Task<void> wait(Key key) {
    while (busy_.contains(key)) {
      co_await changed_.wait();
    }
  }

  // pre: nobody has a turn at `key`. The turns outlive it.
  class Turn {
   public:
    Turn(Turns* turns, Key key) : turns_(turns), key_(std::move(key)) {
      CHECK(turns_->busy_.insert(key_).second, "two turns at once");
    }

    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;

    ~Turn() {
      turns_->busy_.erase(key_);
      turns_->changed_.notify_all();
    }

   private:
    Turns* turns_;
    Key key_;
  };

 private:
  std::set<Key> busy_;
  Signal changed_;
};

}  // namespace vvm::image
