// Slot: one place of an engine pool, borrowed and given back with one atomic word each way.
//
// The pool owns the slots and never frees them while a borrower may look; appparts goes through the
// pool. The word holds everything that two threads can disagree about: state, generation, and who
// borrowed. The engines behind it are touched on the process's own executor only.
// Limits: 2^30 borrows of one slot before a generation comes back, 2^32 owners before a number
// does.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "engines/factory.hpp"

namespace vvm::engines {

enum class ElementState : std::uint8_t { closed, free, borrowed, tainted };

// The value of a slot's word: owner << 32 | generation << 2 | state.
class SlotWord {
 public:
  constexpr SlotWord() = default;

  constexpr explicit SlotWord(std::uint64_t bits) : bits_(bits) {}

  constexpr std::uint64_t bits() const { return bits_; }

  constexpr ElementState state() const { return static_cast<ElementState>(bits_ & 3U); }

  constexpr std::uint32_t owner() const { return static_cast<std::uint32_t>(bits_ >> 32U); }

  // A new life of the slot: nobody owns it, and no earlier word of it ever equals it.
  constexpr SlotWord next(ElementState state) const {
    return SlotWord{next_generation() | static_cast<std::uint64_t>(state)};
  }

  constexpr SlotWord borrowed_by(std::uint32_t owner) const {
    return SlotWord{(std::uint64_t{owner} << 32U) | next_generation() |
                    static_cast<std::uint64_t>(ElementState::borrowed)};
  }

 private:
  constexpr std::uint64_t next_generation() const { return (bits_ + 4U) & 0xFFFF'FFFCU; }

  std::uint64_t bits_ = 0;  // closed, generation 0
};

// One engine of each kind that the schema mentions.
class Element {
 public:
  Element() = default;
  Element(Element&&) noexcept = default;
  Element& operator=(Element&&) noexcept = default;
  Element(const Element&) = delete;
  Element& operator=(const Element&) = delete;
  ~Element() = default;

  void add(EngineKind kind, OwnedEngine engine) {
    engines_.push_back({.kind = kind, .engine = std::move(engine)});
  }

  // Null when there is no engine of that kind. Shared: an invocation may be suspended in it when
  // the element is closed.
  std::shared_ptr<Engine> find(EngineKind kind) const {
    for (const Entry& entry : engines_) {
      if (entry.kind == kind) {
        return entry.engine.get();
      }
    }
    return nullptr;
  }

  void close() { engines_.clear(); }

 private:
  struct Entry {
    EngineKind kind;
    OwnedEngine engine;
  };

  std::vector<Entry> engines_;
};

// A cache line each: neighbours are borrowed by different threads.
struct alignas(64) Slot {
  std::atomic<std::uint64_t> word{0};
  Element element;

  SlotWord load() const { return SlotWord{word.load(std::memory_order_seq_cst)}; }

  bool change(SlotWord from, SlotWord to) {
    std::uint64_t expected = from.bits();
    return word.compare_exchange_strong(expected, to.bits(), std::memory_order_seq_cst);
  }
};

}  // namespace vvm::engines
