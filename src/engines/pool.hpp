// Pool: the engines of one processor kind of one application version; EnginePools: all four.
//
// appparts owns one EnginePools per version and borrows from it on behalf of partitions. Any thread
// may take and give back, without a lock and without waiting; everything else happens on the
// process's own executor.
// Invariant, always: created = free + borrowed + tainted + closed (docs/spec/vvm.md 9.4). The
// memory of a Pool outlives its engines: a PoolShelf keeps it, because a borrower with an outdated
// view may still look at a slot (it then finds out and gives back what it took).
#pragma once

#include <array>
#include <span>

#include "engines/slot.hpp"

namespace vvm::engines {

// Elements of one pool since it was filled.
struct PoolAccount {
  std::uint64_t created = 0;
  std::uint64_t free = 0;
  std::uint64_t borrowed = 0;
  std::uint64_t tainted = 0;
  std::uint64_t closed = 0;

  friend bool operator==(const PoolAccount&, const PoolAccount&) = default;

  bool balanced() const { return created == free + borrowed + tainted + closed; }
};

class Pool {
 public:
  explicit Pool(std::size_t capacity)
      : slots_(std::make_unique<Slot[]>(capacity)), capacity_(capacity) {}

  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;
  ~Pool() = default;

  // ---- any thread

  struct Taken {
    Slot* slot = nullptr;  // null when no element is free at this moment
    SlotWord word;         // what the slot holds as long as the borrow lasts
  };

  // `lane` says where to look first: borrowers that run at once do best with one each. An element
  // that is given back while the others are being looked at may be missed. seq_cst on both sides:
  // whoever afterwards finds its view of the partition unchanged was seen by everybody who changes
  // that view later and then looks here.
  Taken take(std::uint32_t owner, std::uint32_t lane) noexcept {
    const std::size_t size = size_.load(std::memory_order_acquire);
    std::size_t at = lane < size ? lane : size == 0 ? 0 : lane % size;
    for (std::size_t n = 0; n < size; ++n) {
      Slot& slot = slots_[at];
      const SlotWord seen{slot.word.load(std::memory_order_relaxed)};
      if (seen.state() == ElementState::free) {
        const SlotWord mine = seen.borrowed_by(owner);
        if (slot.change(seen, mine)) {
          return {&slot, mine};
        }
      }
      at = at + 1 == size ? 0 : at + 1;
    }
    return {};
  }

  // False when the element has been taken away from this borrow.
  static bool give_back(Slot& slot, SlotWord word, bool tainted) noexcept {
    return slot.change(word, word.next(tainted ? ElementState::tainted : ElementState::free));
  }

  // ---- the executor

  // pre: empty; elements.size() <= capacity().
  void fill(std::vector<Element> elements);

  std::size_t capacity() const { return capacity_; }

  std::size_t size() const { return size_.load(std::memory_order_relaxed); }

  PoolAccount account() const;
  // Borrows of one owner.
  std::size_t held_by(std::uint32_t owner) const;

  std::span<Slot> slots() { return {slots_.get(), size()}; }

  std::span<const Slot> slots() const { return {slots_.get(), size()}; }

  // Ends every borrow of this owner; the elements are tainted, because nobody knows what runs in
  // them. Returns how many there were.
  std::size_t take_away(std::uint32_t owner);
  // A tainted element is closed; `fresh` takes its place, or that of a closed one. Without a
  // fresh one the pool stays smaller by one.
  void replace(Slot& slot, std::optional<Element> fresh);
  // Closes every element, borrowed ones too. Afterwards empty, ready to be filled again.
  void close();

 private:
  std::unique_ptr<Slot[]> slots_;
  std::size_t capacity_;
  std::atomic<std::size_t> size_{0};
  std::uint64_t created_ = 0;
  std::uint64_t closed_ = 0;
};

// Owns the memory of all pools of a process; hands emptied ones out again.
class PoolShelf {
 public:
  // An empty pool with room for `capacity` elements.
  Pool* take(std::size_t capacity);
  // pre: closed.
  void put_back(Pool* pool);

  std::size_t pools() const { return pools_.size(); }

 private:
  std::vector<std::unique_ptr<Pool>> pools_;
  std::vector<Pool*> idle_;
};

class EnginePools {
 public:
  // The two registries outlive the pools.
  EnginePools(EngineRequest request,
              PoolSizes sizes,
              const EngineFactories* factories,
              PoolShelf* shelf);
  EnginePools(const EnginePools&) = delete;
  EnginePools& operator=(const EnginePools&) = delete;

  ~EnginePools() { close(); }

  // All four pools full, or an error and no engine alive. pre: not built yet.
  // err: NoEngineFactory, 503, 504, what the factories say.
  Status build();
  // Rebuilds what is tainted and refills what could not be rebuilt before. True when all are full.
  bool repair();
  // True when some element waits for repair().
  bool damaged() const;
  // No kind that should have elements has none left (condition EnginesReady).
  bool ready() const;
  void close();

  // Null before build() and after close().
  Pool* pool(ProcessorKind kind) const { return pools_[index_of(kind)]; }

  PoolAccount account(ProcessorKind kind) const;

  const EngineLedger& ledger() const { return *ledger_; }

  const PoolSizes& sizes() const { return sizes_; }

  const EngineRequest& request() const { return request_; }

 private:
  Result<std::vector<Element>> make_elements(std::size_t count);
  Status build_pools();

  EngineRequest request_;
  PoolSizes sizes_;
  const EngineFactories* factories_;
  PoolShelf* shelf_;
  std::vector<EngineKind> kinds_;
  std::shared_ptr<EngineLedger> ledger_;
  std::array<Pool*, processor_kind_count> pools_{};
  std::array<PoolAccount, processor_kind_count> last_accounts_{};  // of closed pools
};

}  // namespace vvm::engines
