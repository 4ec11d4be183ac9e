// World: the simulated machines; processes, and what they share.
//
// sim/wiring builds a cluster on one World; sim/faults turns its knobs; sim/ghost listens to it. A
// process has a disk that outlives it, and one life at a time: a lane, a clock, seams that refuse
// every effect once the life has ended, and the Program that runs. Network, store and BLOB servers
// are part of the World and do not crash. Owns everything; not thread-safe.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "runtime/program.hpp"
#include "sim/kernel/kernel.hpp"
#include "sim/world/blob_server.hpp"
#include "sim/world/disk_image.hpp"
#include "sim/world/lane_clock.hpp"
#include "sim/world/network.hpp"
#include "sim/world/observer.hpp"
#include "sim/world/store_server.hpp"

namespace vvm::sim {

// What a crash does to the machine of the process.
enum class CrashKind : std::uint8_t {
  process,     // peers see resets, files keep what was written
  power_loss,  // peers see nothing, the disk loses what was not synced
};

// What pure work costs one core of a simulated machine (runtime/proc.hpp), in nanoseconds a unit.
// Orders of magnitude of a 3 GHz core; a process does its work one piece after the other.
struct WorkCosts {
  std::int64_t hash = 1;         // an octet: SHA-256 with the processor's instructions
  std::int64_t inflate = 5;      // an octet of the result
  std::int64_t parse = 12;       // an octet of VSQL
  std::int64_t check = 2'000;    // a type
  std::int64_t build = 5'000;    // a type
  std::int64_t invoke = 50'000;  // a call of an extension
};

class World {
 public:
  using Factory = std::function<std::unique_ptr<Program>(Runtime)>;

  explicit World(std::uint64_t seed);
  World(const World&) = delete;
  World& operator=(const World&) = delete;
  ~World();

  Kernel& kernel() { return kernel_; }

  Network& network() { return network_; }

  StoreServer& store() { return store_; }

  BlobServer& blobs() { return blobs_; }

  WorkCosts& work_costs() { return work_costs_; }

  Observers& observers() { return observers_; }

  // Declares a process; start() begins its first life. Names are unique.
  void add_process(std::string name, ClockModel clock, Factory factory);
  void start(const std::string& name);
  // Ends the life now: from this instant every effect of the process is refused. The name must be
  // running. `unsynced` matters for a power loss.
  void crash(const std::string& name, CrashKind kind, Unsynced unsynced = Unsynced::lost);
  // Asks the program to stop in an orderly way: its root task is cancelled.
  void stop(const std::string& name);
  // A paused process runs nothing while its local clocks go on, so that its timers fire late. Ends
  // with resume() or with the life.
  void pause(const std::string& name);
  void resume(const std::string& name);

  bool running(const std::string& name) const;
  bool paused(const std::string& name) const;
  // The exit code of the last life that ended by itself; none while running or after a crash.
  std::optional<int> exit_code(const std::string& name) const;
  // Lives begun so far.
  int lives(const std::string& name) const;
  // The program of the current life; null when not running.
  Program* program(const std::string& name) const;
  DiskImage& disk(const std::string& name);
  // pre: running.
  LaneClock& clock(const std::string& name);
  // Clock faults: at once, and in later lives. -1,000,000 ppm stops the clock.
  void set_clock_rate(const std::string& name, std::int64_t rate_ppm);
  void jump_wall(const std::string& name, Duration by);
  std::vector<std::string> process_names() const;  // in the order of add_process

  // Effects that a dead process tried; they were refused (DESIGN 5.4).
  std::uint64_t refused_effects() const { return refused_effects_; }

  // Runs until nothing is left to happen up to `horizon`; it is then `horizon`, unless that is
  // Instant::max().
  void run_until(Instant horizon);
  // Kills everything that runs; called by the destructor, too.
  void shut_down();

 private:
  struct Life;
  struct Process;
  friend struct Life;

  Process& find(std::string_view name) const;
  Life& living(std::string_view name) const;
  void ended_by_itself(Process& process, Life& life, const std::exception_ptr& failure);
  void end_life(Process& process, std::optional<int> exit_code, CrashKind kind, Unsynced unsynced);

  Kernel kernel_;
  Observers observers_;
  Network network_;
  StoreServer store_;
  BlobServer blobs_;
  WorkCosts work_costs_;
  std::vector<std::unique_ptr<Process>> processes_;
  std::map<std::string, Process*, std::less<>> by_name_;
  std::vector<std::unique_ptr<Life>> graveyard_;  // seams that something may still point to
  std::uint64_t refused_effects_ = 0;
};

}  // namespace vvm::sim
