// Invocation: one extension that runs in a borrowed engine, so that a drain can cancel it. Inside
// appparts only.
#pragma once

#include <optional>

#include "appparts/borrowed.hpp"
#include "appparts/partition.hpp"
#include "runtime/signal.hpp"

namespace vvm::appparts {

// Shared by the waiting frame, the working one and the scope's error handler: a crash destroys them
// in any order.
struct Borrowed::Invocation {
  Invocation(Runtime rt, PartVersionId id) : part_version(id), changed(rt) {}

  PartVersionId part_version;
  Signal changed;
  bool cancel = false;
  std::optional<Result<Bytes>> result;

  static Task<void> work(std::shared_ptr<Invocation> self,
                         std::shared_ptr<engines::Engine> engine,
                         std::string name,
                         engines::ExtensionIo* io) {
    self->result.emplace(co_await engine->invoke(std::move(name), io));
    self->changed.notify_all();
  }
};

// In the partition's list as long as it runs.
class Enlisted {
 public:
  Enlisted(Partition& partition, Borrowed::Invocation* invocation)
      : partition_(partition), invocation_(invocation) {
    partition_.invocations.push_back(invocation_);
  }

  Enlisted(const Enlisted&) = delete;
  Enlisted& operator=(const Enlisted&) = delete;

  ~Enlisted() { std::erase(partition_.invocations, invocation_); }

 private:
  Partition& partition_;
  Borrowed::Invocation* invocation_;
};

}  // namespace vvm::appparts
