// KeyTable: one slot a key, found by hash, named by a small number.
//
// LoopCore and ReportCore keep their memory of keys in it. Numbers are reused once their slot is
// erased, slots never move. Nothing iterates over keys in the order of the index: what has an order
// keeps it in a list or heap of slot numbers, so that the hash decides nothing.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <utility>
#include <vector>

#include "base/check.hpp"

namespace vvm::ctrlloop {

using SlotId = std::uint32_t;
constexpr SlotId no_slot = std::numeric_limits<SlotId>::max();

// Hash to slot number: open addressing, linear probing, at most 3/4 full. Expected O(1).
class KeyIndex {
 public:
  // The slot with this hash for which `same(slot)` holds, or no_slot.
  template <class Same>
  SlotId find(std::uint64_t hash, const Same& same) const {
    if (cells_.empty()) {
      return no_slot;
    }
    const std::uint32_t tag = tag_of(hash);
    for (std::size_t at = tag & mask(); cells_[at].slot != no_slot; at = (at + 1) & mask()) {
      if (cells_[at].tag == tag && same(cells_[at].slot)) {
        return cells_[at].slot;
      }
    }
    return no_slot;
  }

  // pre: find() has no such slot.
  void insert(std::uint64_t hash, SlotId slot) {
    if ((size_ + 1) * 4 > cells_.size() * 3) {
      grow();
    }
    place({.tag = tag_of(hash), .slot = slot});
    ++size_;
  }

  // pre: inserted with this hash.
  void erase(std::uint64_t hash, SlotId slot) {
    std::size_t hole = tag_of(hash) & mask();
    while (cells_[hole].slot != slot) {
      CHECK(cells_[hole].slot != no_slot, "erase of a slot that is not in the index", slot);
      hole = (hole + 1) & mask();
    }
    // What follows moves up, unless it would get before its home.
    for (std::size_t at = (hole + 1) & mask(); cells_[at].slot != no_slot; at = (at + 1) & mask()) {
      const std::size_t from_home = (at - (cells_[at].tag & mask())) & mask();
      if (from_home >= ((at - hole) & mask())) {
        cells_[hole] = cells_[at];
        hole = at;
      }
    }
    cells_[hole] = {};
    --size_;
  }

  std::size_t size() const { return size_; }

 private:
  struct Cell {
    std::uint32_t tag = 0;
    SlotId slot = no_slot;
  };

  // The finalizer of SplitMix64: hashes of users need not be spread.
  static std::uint32_t tag_of(std::uint64_t hash) {
    hash = (hash ^ (hash >> 30U)) * 0xbf58476d1ce4e5b9U;
    hash = (hash ^ (hash >> 27U)) * 0x94d049bb133111ebU;
    return static_cast<std::uint32_t>(hash >> 32U);
  }

  std::size_t mask() const { return cells_.size() - 1; }

  void place(Cell cell) {
    std::size_t at = cell.tag & mask();
    while (cells_[at].slot != no_slot) {
      at = (at + 1) & mask();
    }
    cells_[at] = cell;
  }

  void grow() {
    const std::vector<Cell> old =
        std::exchange(cells_, std::vector<Cell>(std::max<std::size_t>(16, cells_.size() * 2)));
    for (const Cell& cell : old) {
      if (cell.slot != no_slot) {
        place(cell);
      }
    }
  }

  std::vector<Cell> cells_;  // a power of two
  std::size_t size_ = 0;
};

// `Slot` has a member `key` and starts from its default; `T` is a LoopTraits.
template <class T, class Slot>
class KeyTable {
 public:
  using Key = typename T::Key;

  SlotId find(const Key& key) const {
    return index_.find(T::hash(key), [&](SlotId id) { return (*this)[id].key == key; });
  }

  SlotId find_or_add(const Key& key) {
    const SlotId found = find(key);
    if (found != no_slot) {
      return found;
    }
    SlotId id = no_slot;
    if (free_.empty()) {
      id = end_++;
      CHECK(id != no_slot, "too many keys");
      if (id % chunk_size == 0) {
        chunks_.push_back(std::make_unique<Chunk>());
      }
    } else {
      id = free_.back();
      free_.pop_back();
    }
    (*this)[id].key = key;
    index_.insert(T::hash(key), id);
    return id;
  }

  void erase(SlotId id) {
    index_.erase(T::hash((*this)[id].key), id);
    (*this)[id] = Slot{};
    free_.push_back(id);
  }

  Slot& operator[](SlotId id) { return (*chunks_[id / chunk_size])[id % chunk_size]; }

  const Slot& operator[](SlotId id) const { return (*chunks_[id / chunk_size])[id % chunk_size]; }

  std::size_t size() const { return index_.size(); }

  // Every number below it is or was in use.
  SlotId end() const { return end_; }

 private:
  // Not a deque: its chunks hold as many slots as fit 512 octets, and that is no power of two. Few,
  // since slots may be large and many a loop has a handful of keys.
  static constexpr SlotId chunk_size = 8;
  using Chunk = std::array<Slot, chunk_size>;

  std::vector<std::unique_ptr<Chunk>> chunks_;
  SlotId end_ = 0;
  std::vector<SlotId> free_;
  KeyIndex index_;
};

// A first-in first-out list of slots through their members `before` and `after`; a slot is in one
// such list at most. Anything can be taken out in O(1).
template <class Table>
class SlotList {
 public:
  bool empty() const { return first_ == no_slot; }

  SlotId front() const { return first_; }

  std::size_t size() const { return size_; }

  void push_back(Table& table, SlotId id) {
    table[id].before = last_;
    table[id].after = no_slot;
    (last_ == no_slot ? first_ : table[last_].after) = id;
    last_ = id;
    ++size_;
  }

  void erase(Table& table, SlotId id) {
    const SlotId before = table[id].before;
    const SlotId after = table[id].after;
    (before == no_slot ? first_ : table[before].after) = after;
    (after == no_slot ? last_ : table[after].before) = before;
    --size_;
  }

 private:
  SlotId first_ = no_slot;
  SlotId last_ = no_slot;
  std::size_t size_ = 0;
};

}  // namespace vvm::ctrlloop
