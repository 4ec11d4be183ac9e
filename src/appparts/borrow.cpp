// Borrowing and releasing: the paths that any thread may take. Ordering: partition.hpp.
#include <boost/asio/post.hpp>

#include "appparts/app_partitions.hpp"
#include "appparts/hub.hpp"
#include "appparts/partition.hpp"

namespace vvm::appparts {
namespace {

constexpr Duration borrow_retry = milliseconds(50);
constexpr std::int64_t borrow_jitter_permille = 200;

// None when this word lets a borrow of this kind through.
std::optional<Code> refusal(PartitionWord word,
                            const Partition& partition,
                            ProcessorKind kind,
                            Instant now) {
  if (!word.present()) {
    return Code::not_found;
  }
  const lease::LocalTerm& term = *partition.term.load(std::memory_order_acquire);
  if (word.revoked() || term.over(now)) {
    return Code::lease_lost;
  }
  switch (word.admission(kind)) {
    case Admission::closed:
      return Code::draining;
    case Admission::held:
      return Code::held;
    case Admission::open:
      break;
  }
  if (kind == ProcessorKind::command && term.suspect(now)) {
    return Code::suspect;
  }
  return std::nullopt;
}

// Out of line: a refused borrow is slow anyway, the other one must stay small.
[[gnu::noinline]] Error refuse(const Partition& partition, ProcessorKind kind, Code code) {
  return {code, partition.label() + ", " + std::string(engines::processor_name(kind))};
}

}  // namespace

Result<Borrowed> AppPartitions::borrow(PartitionRef ref,
                                       ProcessorKind kind,
                                       Instant now,
                                       std::uint32_t lane) {
  if (!ref) {
    return Error{Code::not_found, "no partition"};
  }
  Partition& partition = *ref.partition_;
  PartitionWord word = partition.load();
  while (true) {
    if (const std::optional<Code> code = refusal(word, partition, kind, now)) {
      return refuse(partition, kind, *code);
    }
    const PartPlace& from = partition.places[word.current()];
    const std::uint32_t id = from.id.load(std::memory_order_acquire);
    engines::Pool* pool = from.pools[index_of(kind)].load(std::memory_order_acquire);
    const engines::Pool::Taken taken = pool->take(id, lane);
    const PartitionWord again = partition.load();
    if (again.bits() == word.bits()) {
      if (taken.slot == nullptr) {
        return refuse(partition, kind, Code::no_engines);
      }
      if (parts_.count_borrows) {
        changed(partition);
      }
      return Borrowed(&partition, taken, kind);
    }
    // Changed meanwhile: what was taken may belong to a version that is not current any more.
    if (taken.slot != nullptr) {
      Borrowed(&partition, taken, kind).release();
    }
    word = again;
  }
}

Result<Borrowed> AppPartitions::borrow(const PartitionKey& key, ProcessorKind kind) {
  const PartitionRef ref = find(key);
  if (!ref) {
    return Error{Code::not_found, key.str()};
  }
  return borrow(ref, kind, rt_.now());
}

Task<Result<Borrowed>> AppPartitions::wait_for_borrow(PartitionKey key, ProcessorKind kind) {
  while (true) {  // ends by another answer, or by cancellation at the sleep
    Result<Borrowed> borrowed = borrow(key, kind);
    if (borrowed.has_value()) {
      co_return std::move(borrowed).value();
    }
    const Code code = borrowed.error().code;
    if (code != Code::no_engines && code != Code::held) {
      co_return borrowed.error();
    }
    co_await rt_.clock().sleep_for(rng_.jittered(borrow_retry, borrow_jitter_permille));
  }
}

void Borrowed::release() noexcept {
  if (slot_ == nullptr) {
    return;
  }
  Partition& partition = *partition_;
  const bool returned = engines::Pool::give_back(*slot_, word_, tainted_);
  slot_ = nullptr;
  // Taken away from this borrow: the element is somebody else's affair.
  if (!returned) {
    partition.leaked.fetch_sub(1, std::memory_order_relaxed);
  }
  if (!tainted_ && partition.attention.load(std::memory_order_seq_cst) == 0) {
    return;
  }
  partition.app->hub->borrow_ended(partition, std::exchange(tainted_, false));
}

void AppPartitions::borrow_ended(Partition& partition, bool tainted) {
  if (parts_.count_borrows) {
    changed(partition);
  }
  const bool waiter = (partition.attention.load(std::memory_order_relaxed) & attention_waiter) != 0;
  // In a process that is being taken apart nobody waits any more.
  if ((!waiter && !tainted) || !rt_.proc().alive()) {
    return;
  }
  asio::post(rt_.executor(), [hub = hub_, p = &partition, tainted] {
    if (hub->owner != nullptr) {
      hub->owner->on_borrow_ended(*p, tainted);
    }
  });
}

void AppPartitions::on_borrow_ended(Partition& partition, bool tainted) {
  wake(partition);
  if (tainted) {
    repair_later(*partition.app);
  }
}

}  // namespace vvm::appparts
