// Runtime: the handle to everything that one process may touch; passed by value, down from main.
//
// All drivers rely on it; live and sim/world make it. One pointer, cheap to copy; the seams outlive
// every coroutine of the process. Nobody reaches for a global instead.
#pragma once

#include "runtime/blob_store.hpp"
#include "runtime/clock.hpp"
#include "runtime/disk.hpp"
#include "runtime/net.hpp"
#include "runtime/proc.hpp"
#include "runtime/store.hpp"
#include "runtime/task.hpp"

namespace vvm {

struct Seams {
  asio::any_io_executor executor;
  Clock* clock = nullptr;
  Net* net = nullptr;
  Disk* disk = nullptr;
  Store* store = nullptr;
  BlobStore* blobs = nullptr;
  Rand* rand = nullptr;
  Proc* proc = nullptr;
  EventSink* events = nullptr;
};

class Runtime {
 public:
  // `seams` outlives every copy of the handle.
  explicit Runtime(const Seams* seams) : seams_(seams) {}

  const asio::any_io_executor& executor() const { return seams_->executor; }

  Clock& clock() const { return *seams_->clock; }

  Net& net() const { return *seams_->net; }

  Disk& disk() const { return *seams_->disk; }

  Store& store() const { return *seams_->store; }

  BlobStore& blobs() const { return *seams_->blobs; }

  Proc& proc() const { return *seams_->proc; }

  Rng rng(std::string_view purpose) const { return seams_->rand->stream(purpose); }

  void emit(const Event& event) const { seams_->events->emit(event); }

  Instant now() const { return seams_->clock->now(); }

 private:
  const Seams* seams_;
};

}  // namespace vvm
