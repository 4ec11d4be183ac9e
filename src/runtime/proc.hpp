// Proc: what a process knows about itself; Rand: its randomness; Work: the cost of pure steps.
//
// Implemented by live and by sim/world. CPU time is part of the model: a pure step reports its work
// and the runtime charges virtual time for it (live: nothing, real time has passed already).
#pragma once

#include <cstdint>
#include <string_view>

#include "base/bytes.hpp"
#include "base/event.hpp"
#include "base/rng.hpp"
#include "runtime/task.hpp"

namespace vvm {

enum class WorkKind : std::uint8_t { hash, inflate, parse, check, build, invoke };

// `units` are octets for hash, inflate and parse, types for check and build, calls for invoke.
struct Work {
  WorkKind kind;
  std::uint64_t units = 0;
};

class Proc {
 public:
  Proc() = default;
  Proc(const Proc&) = delete;
  Proc& operator=(const Proc&) = delete;
  virtual ~Proc() = default;

  virtual std::string_view name() const = 0;
  // 128 random bits, the same for the life of the process (docs/spec/vvm.md 1.6).
  virtual BytesView nonce() const = 0;
  // Ends the process: nothing it does afterwards has an effect. Returns all the same.
  virtual void exit(int code) = 0;
  // False once the process has crashed or exited; only destructors can see that.
  virtual bool alive() const = 0;
  virtual Task<void> charge(Work work) = 0;
};

class Rand {
 public:
  Rand() = default;
  Rand(const Rand&) = delete;
  Rand& operator=(const Rand&) = delete;
  virtual ~Rand() = default;

  // One stream per purpose and process.
  virtual Rng stream(std::string_view purpose) = 0;
};

class EventSink {
 public:
  EventSink() = default;
  EventSink(const EventSink&) = delete;
  EventSink& operator=(const EventSink&) = delete;
  virtual ~EventSink() = default;

  virtual void emit(const Event& event) = 0;
};

}  // namespace vvm
