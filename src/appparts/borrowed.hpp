// Borrowed: one engine element and one PartVersion, for as long as a request takes.
//
// Processors get it from AppPartitions::borrow, use it for one request, and release it
// (docs/spec/vvm.md 9.6). Everything it offers comes from the PartVersion taken at the borrow.
// Move-only; release() and the destructor may run on any thread, once or several times; all else on
// the process's executor. A borrow can be taken away (hard stop, lost lease): then its operations
// fail with Revoked or LeaseLost, and releasing it changes nothing but a count.
#pragma once

#include <memory>
#include <utility>

#include "appparts/part_workers.hpp"
#include "engines/pool.hpp"
#include "runtime/runtime.hpp"

namespace vvm::appparts {

struct Partition;

class Borrowed {
 public:
  struct Invocation;

  Borrowed() = default;

  Borrowed(Borrowed&& other) noexcept { swap(other); }

  Borrowed& operator=(Borrowed&& other) noexcept {
    Borrowed taken(std::move(other));
    swap(taken);
    return *this;
  }

  Borrowed(const Borrowed&) = delete;
  Borrowed& operator=(const Borrowed&) = delete;

  ~Borrowed() {
    if (slot_ != nullptr) {
      release();
    }
  }

  explicit operator bool() const { return slot_ != nullptr; }

  // Gives the element back. Harmless when there is nothing to give back.
  void release() noexcept;

  // Ok as long as results may be used: not taken away, and the gate open at `now`.
  // err: Revoked, LeaseLost.
  Status check(Instant now) const;

  ProcessorKind kind() const { return kind_; }

  PartVersionId part_version() const { return PartVersionId{word_.owner()}; }

  // err of all: Revoked, also when nothing is held.
  Result<AppVersion> version() const;
  Result<std::shared_ptr<const engines::AppDef>> app_def() const;
  Result<std::shared_ptr<const lease::Gate>> gate() const;

  // Runs an extension, within the limit of its kind. The handle stays where it is and the io lives
  // until the task completes. One at a time. A trap, exhaustion, cancellation or a time limit
  // taints the element. err: NotFound, IncompatibleKind, NoEngineFactory, Revoked, LeaseLost,
  // Timeout, Cancelled (by a drain), what the extension says.
  Task<Result<Bytes>> invoke(QName extension, engines::ExtensionIo* io);

 private:
  friend class AppPartitions;

  Borrowed(Partition* partition, engines::Pool::Taken taken, ProcessorKind kind)
      : partition_(partition), slot_(taken.slot), word_(taken.word), kind_(kind) {}

  void swap(Borrowed& other) noexcept {
    std::swap(partition_, other.partition_);
    std::swap(slot_, other.slot_);
    std::swap(word_, other.word_);
    std::swap(kind_, other.kind_);
    std::swap(tainted_, other.tainted_);
  }

  bool held() const { return slot_ != nullptr && slot_->load().bits() == word_.bits(); }

  Task<Result<Bytes>> run(Runtime rt,
                          std::shared_ptr<engines::Engine> engine,
                          std::string name,
                          engines::ExtensionIo* io);

  Partition* partition_ = nullptr;
  engines::Slot* slot_ = nullptr;
  engines::SlotWord word_;
  ProcessorKind kind_{};
  bool tainted_ = false;
};

}  // namespace vvm::appparts
