// Filling, counting, repairing and closing pools; borrowing is in the header.
#include "engines/pool.hpp"

#include <algorithm>

#include "base/check.hpp"

namespace vvm::engines {

void Pool::fill(std::vector<Element> elements) {
  CHECK(size() == 0, "a pool is filled twice");
  CHECK(elements.size() <= capacity_, "a pool of", capacity_, "gets", elements.size());
  created_ = elements.size();
  closed_ = 0;
  for (std::size_t i = 0; i < elements.size(); ++i) {
    slots_[i].element = std::move(elements[i]);
    slots_[i].word.store(slots_[i].load().next(ElementState::free).bits());
  }
  size_.store(elements.size(), std::memory_order_release);
}

PoolAccount Pool::account() const {
  PoolAccount account{.created = created_, .closed = closed_};
  for (const Slot& slot : slots()) {
    switch (slot.load().state()) {
      case ElementState::free:
        ++account.free;
        break;
      case ElementState::borrowed:
        ++account.borrowed;
        break;
      case ElementState::tainted:
        ++account.tainted;
        break;
      case ElementState::closed:
        break;  // counted when it was closed
    }
  }
  return account;
}

std::size_t Pool::held_by(std::uint32_t owner) const {
  std::size_t held = 0;
  for (const Slot& slot : slots()) {
    const SlotWord word = slot.load();
    held += word.state() == ElementState::borrowed && word.owner() == owner ? 1 : 0;
  }
  return held;
}

std::size_t Pool::take_away(std::uint32_t owner) {
  std::size_t taken = 0;
  for (Slot& slot : slots()) {
    const SlotWord word = slot.load();
    if (word.state() != ElementState::borrowed || word.owner() != owner) {
      continue;
    }
    taken += slot.change(word, word.next(ElementState::tainted)) ? 1 : 0;
  }
  return taken;
}

void Pool::replace(Slot& slot, std::optional<Element> fresh) {
  const SlotWord word = slot.load();
  CHECK(word.state() == ElementState::tainted || word.state() == ElementState::closed,
        "an element in use is replaced");
  if (word.state() == ElementState::tainted) {
    slot.element.close();
    ++closed_;
  }
  if (fresh.has_value()) {
    slot.element = std::move(*fresh);
    ++created_;
  }
  const ElementState state = fresh.has_value() ? ElementState::free : ElementState::closed;
  CHECK(slot.change(word, word.next(state)), "an element changed while it was replaced");
}

void Pool::close() {
  for (Slot& slot : slots()) {
    SlotWord word = slot.load();
    while (!slot.change(word, word.next(ElementState::closed))) {
      word = slot.load();
    }
    if (word.state() == ElementState::closed) {
      continue;
    }
    slot.element.close();
    ++closed_;
  }
  size_.store(0, std::memory_order_release);
}

Pool* PoolShelf::take(std::size_t capacity) {
  auto best = idle_.end();
  for (auto it = idle_.begin(); it != idle_.end(); ++it) {
    const bool fits = (*it)->capacity() >= capacity;
    if (fits && (best == idle_.end() || (*it)->capacity() < (*best)->capacity())) {
      best = it;
    }
  }
  if (best != idle_.end()) {
    Pool* pool = *best;
    idle_.erase(best);
    return pool;
  }
  pools_.push_back(std::make_unique<Pool>(capacity));
  return pools_.back().get();
}

void PoolShelf::put_back(Pool* pool) {
  CHECK(pool->size() == 0, "a pool with engines goes back to the shelf");
  idle_.push_back(pool);
}

EnginePools::EnginePools(EngineRequest request,
                         PoolSizes sizes,
                         const EngineFactories* factories,
                         PoolShelf* shelf)
    : request_(std::move(request)),
      sizes_(sizes),
      factories_(factories),
      shelf_(shelf),
      kinds_(engine_kinds_of(*request_.app_def)),
      ledger_(std::make_shared<EngineLedger>()) {}

Result<std::vector<Element>> EnginePools::make_elements(std::size_t count) {
  std::vector<Element> elements(count);
  for (const EngineKind kind : kinds_) {
    TRY(EngineFactory * factory, factories_->find(kind));
    TRY(auto engines, factory->create(request_, count, ledger_));
    CHECK(engines.size() == count, "a factory made", engines.size(), "engines of", count);
    for (std::size_t i = 0; i < count; ++i) {
      elements[i].add(kind, std::move(engines[i]));
    }
  }
  return elements;
}

Status EnginePools::build_pools() {
  for (const EngineKind kind : kinds_) {
    TRY(const EngineFactory* factory, factories_->find(kind));
    TRY(factory->validate(request_));
  }
  std::array<std::vector<Element>, processor_kind_count> elements;
  for (std::size_t i = 0; i < processor_kind_count; ++i) {
    TRY(elements[i], make_elements(sizes_[i]));
  }
  for (std::size_t i = 0; i < processor_kind_count; ++i) {
    pools_[i] = shelf_->take(sizes_[i]);
    pools_[i]->fill(std::move(elements[i]));
  }
  return ok();
}

Status EnginePools::build() {
  CHECK(pools_[0] == nullptr, "engine pools are built twice");
  Status built = build_pools();
  if (built.has_error()) {
    CHECK(ledger_->created == ledger_->closed, "a failed build left engines open");
  }
  return built;
}

bool EnginePools::damaged() const {
  return std::ranges::any_of(pools_, [](const Pool* pool) {
    return pool != nullptr && std::ranges::any_of(pool->slots(), [](const Slot& slot) {
             const ElementState state = slot.load().state();
             return state == ElementState::tainted || state == ElementState::closed;
           });
  });
}

bool EnginePools::repair() {
  bool whole = true;
  for (Pool* pool : pools_) {
    if (pool == nullptr) {
      continue;
    }
    for (Slot& slot : pool->slots()) {
      const ElementState state = slot.load().state();
      if (state != ElementState::tainted && state != ElementState::closed) {
        continue;
      }
      Result<std::vector<Element>> fresh = make_elements(1);
      whole = whole && fresh.has_value();
      if (fresh.has_value()) {
        pool->replace(slot, std::move(fresh.value().front()));
      } else if (state == ElementState::tainted) {
        pool->replace(slot, std::nullopt);
      }
    }
  }
  return whole;
}

bool EnginePools::ready() const {
  for (std::size_t i = 0; i < processor_kind_count; ++i) {
    if (sizes_[i] == 0) {
      continue;
    }
    const PoolAccount account = pools_[i] == nullptr ? PoolAccount{} : pools_[i]->account();
    if (account.free + account.borrowed + account.tainted == 0) {
      return false;
    }
  }
  return true;
}

void EnginePools::close() {
  for (std::size_t i = 0; i < processor_kind_count; ++i) {
    if (pools_[i] == nullptr) {
      continue;
    }
    pools_[i]->close();
    last_accounts_[i] = pools_[i]->account();
    shelf_->put_back(pools_[i]);
    pools_[i] = nullptr;
  }
}

PoolAccount EnginePools::account(ProcessorKind kind) const {
  const Pool* pool = pools_[index_of(kind)];
  return pool == nullptr ? last_accounts_[index_of(kind)] : pool->account();
}

}  // namespace vvm::engines
