// Life: one life of a simulated process; its lane, its seams and its program.
//
// World makes one per start() and keeps it to its own end, because frames and programs that a crash
// takes apart still point to the seams. Only world.cpp includes it.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include <boost/asio/cancellation_signal.hpp>

#include "runtime/program.hpp"
#include "sim/world/guard.hpp"
#include "sim/world/lane_clock.hpp"
#include "sim/world/sim_blobs.hpp"
#include "sim/world/sim_disk.hpp"
#include "sim/world/sim_net.hpp"
#include "sim/world/sim_store.hpp"
#include "sim/world/world.hpp"

namespace vvm::sim {

class SimRand final : public Rand {
 public:
  explicit SimRand(Rng root) : root_(root) {}

  Rng stream(std::string_view purpose) override { return root_.fork(purpose); }

 private:
  Rng root_;
};

class SimEvents final : public EventSink {
 public:
  SimEvents(const Guard& guard, Observers& observers) : guard_(guard), observers_(observers) {}

  void emit(const Event& event) override {
    if (guard_.alive()) {
      observers_.event(guard_.name(), event);
    } else {
      guard_.refuse();
    }
  }

 private:
  const Guard& guard_;
  Observers& observers_;
};

class SimProc final : public Proc {
 public:
  using Exit = std::function<void(int code)>;

  SimProc(const Guard& guard, const WorkCosts& costs, Rng chance, Exit exit);

  std::string_view name() const override { return guard_.name(); }

  BytesView nonce() const override { return nonce_; }

  void exit(int code) override {
    if (guard_.alive()) {
      exit_(code);
    }
  }

  bool alive() const override { return guard_.alive(); }

  Task<void> charge(Work work) override;

 private:
  const Guard& guard_;
  const WorkCosts& costs_;
  Bytes nonce_;
  Exit exit_;
  Instant busy_until_{};  // one core: one piece of work after the other
};

struct World::Life {
  Life(World& world, Process& process, Lane& on);
  Life(const Life&) = delete;
  Life& operator=(const Life&) = delete;
  ~Life() = default;

  Lane& lane;
  Guard guard;
  LaneClock clock;
  SimNet net;
  SimDisk disk;
  SimStore store;
  SimBlobs blobs;
  SimRand rand;
  SimEvents events;
  SimProc proc;
  Seams seams;
  asio::cancellation_signal cancel;
  std::unique_ptr<Program> program;
};

struct World::Process {
  std::string name;
  ClockModel clock;
  Factory factory;
  HostId host{};
  DiskImage disk;
  Rng chance;
  int lives = 0;
  std::optional<int> exit_code;
  std::unique_ptr<Life> life;

  Process(std::string n, ClockModel c, Factory f, Rng stream)
      : name(std::move(n)),
        clock(c),
        factory(std::move(f)),
        disk(stream.fork("disk")),
        chance(stream) {}
};

}  // namespace vvm::sim
