// Fault: what a step of the timeline does to the simulated world, as a plain value.
//
// sim/scenario reads and writes them, Injectors (injectors.hpp) apply them, the report shows them.
// One struct a fault word of docs/spec/scenario.md 5.2; every name of a process is a glob. Words of
// the specification that this version cannot execute have no struct: the reader says so.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/rng.hpp"
#include "base/time.hpp"

namespace vvm::faults {

// Both ends included; low == high is one value. Drawn once a firing, from the seed.
template <class T>
struct Range {
  T low{};
  T high{};

  friend bool operator==(const Range&, const Range&) = default;
};

using DurationRange = Range<Duration>;
using OctetRange = Range<std::uint64_t>;

// How long something takes: a constant, uniform in a range, or exponential between two bounds.
struct Spread {
  enum class Shape : std::uint8_t { constant, uniform, exponential };

  Shape shape = Shape::constant;
  Duration mean{};  // constant: the value; exponential: the mean before it is bounded
  Duration min{};   // uniform, exponential
  Duration max{};   // uniform, exponential; 0 = unbounded, exponential only

  friend bool operator==(const Spread&, const Spread&) = default;
};

enum class Direction : std::uint8_t { both, forward, backward };  // "<->", "->", "<-"

// Links between the processes of two globs; forward is what `from` sends to `to`.
struct Link {
  std::string from = "*";
  std::string to = "*";
  Direction direction = Direction::both;

  friend bool operator==(const Link&, const Link&) = default;
};

// Answers to HTTP requests: of `client` to `server`, whose "METHOD TARGET" matches `request`.
struct Exchanges {
  std::string client = "*";
  std::string server = "*";
  std::string request = "**";  // "GET /blob/**"

  friend bool operator==(const Exchanges&, const Exchanges&) = default;
};

// --- links. `for` undoes them.

struct Cut {
  Link link;
  friend bool operator==(const Cut&, const Cut&) = default;
};

// Octets are kept and delivered when the fault is undone.
struct Hold {
  Link link;
  friend bool operator==(const Hold&, const Hold&) = default;
};

// Each new connection fails with this chance.
struct Loss {
  Link link;
  Ratio rate{};

  friend bool operator==(const Loss& a, const Loss& b) {
    return a.link == b.link && a.rate.num == b.rate.num && a.rate.den == b.rate.den;
  }
};

// Adds to the latency of the link.
struct Delay {
  Link link;
  Spread by;
  friend bool operator==(const Delay&, const Delay&) = default;
};

struct Bandwidth {
  Link link;
  std::uint64_t octets_per_second = 0;
  friend bool operator==(const Bandwidth&, const Bandwidth&) = default;
};

// --- answers. `at` counts octets of the body, from 0. Each hits `times` answers.

// The connection is reset in place of octet `at`.
struct Reset {
  Exchanges on;
  OctetRange at{};
  friend bool operator==(const Reset&, const Reset&) = default;
};

// The connection ends in an orderly way in place of octet `at`.
struct Truncate {
  Exchanges on;
  OctetRange at{};
  friend bool operator==(const Truncate&, const Truncate&) = default;
};

// One bit of octet `at` is another.
struct Flip {
  Exchanges on;
  OctetRange at{};
  friend bool operator==(const Flip&, const Flip&) = default;
};

// Octet `at` and what follows wait until the fault is undone; without `for`, until heal.
struct Stall {
  Exchanges on;
  OctetRange at{};
  friend bool operator==(const Stall&, const Stall&) = default;
};

// From octet `at` on, the answer comes at this rate.
struct Drip {
  Exchanges on;
  OctetRange at{};
  std::uint64_t octets_per_second = 0;
  friend bool operator==(const Drip&, const Drip&) = default;
};

// The whole answer comes later by this much: that is how an old answer overtakes a newer one.
struct Late {
  Exchanges on;
  DurationRange by{};
  friend bool operator==(const Late&, const Late&) = default;
};

// --- processes.

enum class Loses : std::uint8_t { nothing, unsynced };  // "keep", "lose-unsynced"

struct Crash {
  std::string who;
  Loses disk = Loses::unsynced;
  std::optional<DurationRange> restart_after{};  // none: stays down until heal
  friend bool operator==(const Crash&, const Crash&) = default;
};

struct Pause {
  std::string who;
  friend bool operator==(const Pause&, const Pause&) = default;
};

// Power loss of machines: all processes of the nodes at once.
struct Reboot {
  std::string who;  // nodes
  DurationRange down{};
  friend bool operator==(const Reboot&, const Reboot&) = default;
};

struct ClockJump {
  std::string who;
  Duration wall_jump{};  // may be negative
  friend bool operator==(const ClockJump&, const ClockJump&) = default;
};

// --- disks.

enum class DiskMode : std::uint8_t { full, eio, slow, short_writes };  // full | eio | slow | short

struct DiskFault {
  std::string who;
  DiskMode mode{};
  std::string path = "**";  // eio: only operations on these
  std::uint64_t free = 0;   // full: octets that are still free
  Spread by{};              // slow: what each operation takes longer
  friend bool operator==(const DiskFault&, const DiskFault&) = default;
};

// --- services of the world.

enum class StoreOutcome : std::uint8_t {
  error_before,         // fails, nothing was done
  error_after,          // fails, but it was done
  timeout_applied,      // no answer; it was done
  timeout_not_applied,  // no answer; nothing was done
};

struct StoreFault {
  std::string who = "*";
  std::string op = "*";  // Put, PutBatch, Get, Read, InsertIfNotExists, CompareAndSwap, ...
  std::string key = "**";
  StoreOutcome outcome{};
  friend bool operator==(const StoreFault&, const StoreFault&) = default;
};

enum class BlobOutcome : std::uint8_t { unavailable, not_found, corrupt, slow };

struct BlobFault {
  std::string image;  // name of an image of the scenario; empty: all BLOBs
  BlobOutcome outcome{};
  Spread by{};  // slow
  friend bool operator==(const BlobFault&, const BlobFault&) = default;
};

enum class EngineOutcome : std::uint8_t {
  create_fails,  // EngineInit
  no_memory,     // OutOfMemory
  trap,          // an invocation traps; the element is tainted
};

struct EngineFault {
  std::string who;
  EngineOutcome outcome{};
  // create-fails, no-memory: which engine of a pool fails, from 1.
  std::uint32_t at_engine = 1;
  friend bool operator==(const EngineFault&, const EngineFault&) = default;
};

using Action = std::variant<Cut,
                            Hold,
                            Loss,
                            Delay,
                            Bandwidth,
                            Reset,
                            Truncate,
                            Flip,
                            Stall,
                            Drip,
                            Late,
                            Crash,
                            Pause,
                            Reboot,
                            ClockJump,
                            DiskFault,
                            StoreFault,
                            BlobFault,
                            EngineFault>;

struct Fault {
  Action action;
  // After this long it is undone; none: at heal.
  std::optional<DurationRange> lasts{};
  // Answers, store, blob, engine, disk eio: it takes effect at most so often; none: no limit.
  // Answers have 1 unless the file says otherwise.
  std::optional<std::uint64_t> times{};
  friend bool operator==(const Fault&, const Fault&) = default;
};

// The word of the scenario file: "cut".
std::string_view word_of(const Action& action);

}  // namespace vvm::faults
