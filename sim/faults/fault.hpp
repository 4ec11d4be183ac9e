// Fault: what a step of the timeline does to the simulated world, as a plain value.
//
// sim/scenario reads and writes them, Injectors (injectors.hpp) apply them, the report shows them.
// One struct a fault word of docs/spec/scenario.md 5.2 (`delay` has two); every name of a process
// is a glob.
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
  Link link{};
  friend bool operator==(const Cut&, const Cut&) = default;
};

// Octets are kept and delivered when the fault is undone.
struct Hold {
  Link link{};
  friend bool operator==(const Hold&, const Hold&) = default;
};

// Segments and messages are lost with this chance, and sent again.
struct Loss {
  Link link{};
  Ratio rate{};

  friend bool operator==(const Loss& a, const Loss& b) {
    return a.link == b.link && a.rate.num == b.rate.num && a.rate.den == b.rate.den;
  }
};

// Adds to the latency of the link.
struct Delay {
  Link link{};
  Spread by{};
  friend bool operator==(const Delay&, const Delay&) = default;
};

struct Bandwidth {
  Link link{};
  std::uint64_t octets_per_second = 0;
  friend bool operator==(const Bandwidth&, const Bandwidth&) = default;
};

// --- answers. `at` counts octets of the answer from 0, its head included. Each hits `times`
// answers.

// The connection is reset in place of octet `at`.
struct Reset {
  Exchanges on{};
  OctetRange at{};
  friend bool operator==(const Reset&, const Reset&) = default;
};

// The connection ends in an orderly way in place of octet `at`.
struct Truncate {
  Exchanges on{};
  OctetRange at{};
  friend bool operator==(const Truncate&, const Truncate&) = default;
};

// One bit of octet `at` is another.
struct Flip {
  Exchanges on{};
  OctetRange at{};
  friend bool operator==(const Flip&, const Flip&) = default;
};

// What is sent in one piece from octet `at` on comes twice.
struct Dup {
  Exchanges on{};
  OctetRange at{};
  friend bool operator==(const Dup&, const Dup&) = default;
};

// The first answer that it sees is given again in place of later ones, with this chance.
struct Replay {
  Exchanges on{};
  Ratio rate{};

  friend bool operator==(const Replay& a, const Replay& b) {
    return a.on == b.on && a.rate.num == b.rate.num && a.rate.den == b.rate.den;
  }
};

// Octet `at` and what follows wait until the fault is undone; without `for`, until heal.
struct Stall {
  Exchanges on{};
  OctetRange at{};
  friend bool operator==(const Stall&, const Stall&) = default;
};

// From octet `at` on, the answer comes at this rate.
struct Drip {
  Exchanges on{};
  OctetRange at{};
  std::uint64_t octets_per_second = 0;
  friend bool operator==(const Drip&, const Drip&) = default;
};

// The answer comes later by this much.
struct Late {
  Exchanges on{};
  Spread by{};
  friend bool operator==(const Late&, const Late&) = default;
};

// --- processes.

// What a crash does to files and names that were not synced. `nothing`: only the process ends; its
// machine goes on and resets the connections. The others are power losses.
enum class Loses : std::uint8_t { nothing, unsynced, torn };  // keep | lose-unsynced | torn

struct Crash {
  std::string who{};
  Loses disk = Loses::unsynced;
  std::optional<DurationRange> restart_after{};  // none: stays down until heal
  friend bool operator==(const Crash&, const Crash&) = default;
};

struct Pause {
  std::string who{};
  friend bool operator==(const Pause&, const Pause&) = default;
};

// Power loss of machines: all processes of the nodes at once.
struct Reboot {
  std::string who{};  // nodes
  DurationRange down{};
  friend bool operator==(const Reboot&, const Reboot&) = default;
};

// The machine loses power and gets a new, empty disk.
struct Wipe {
  std::string who{};
  std::optional<DurationRange> restart_after{};
  friend bool operator==(const Wipe&, const Wipe&) = default;
};

// At least one of the two.
struct ClockFault {
  std::string who{};
  Duration wall_jump{};                    // may be negative; not undone
  std::optional<std::int64_t> rate_ppm{};  // > 0: runs fast
  friend bool operator==(const ClockFault&, const ClockFault&) = default;
};

// --- disks.

enum class DiskMode : std::uint8_t {
  full,          // verbs that need space fail
  eio,           // verbs fail, without effect
  slow,          // verbs take longer
  short_writes,  // a write takes `octets` at most
  lying_sync,    // sync succeeds and makes nothing durable
  corrupt,       // a read gives a flipped bit at octet `octets`
};

struct DiskFault {
  std::string who{};
  DiskMode mode{};
  std::string path = "**";
  std::string verb = "*";    // create, write, sync, read, rename, ...
  std::uint64_t octets = 1;  // short, corrupt
  Duration by{};             // slow
  friend bool operator==(const DiskFault&, const DiskFault&) = default;
};

// --- services of the world.

enum class StoreOutcome : std::uint8_t {
  unavailable,          // the request never reaches the store
  error_before,         // fails, nothing was done
  error_after,          // nobody knows; it was done
  timeout_applied,      // no answer; it was done
  timeout_not_applied,  // no answer; nothing was done
  stale,                // a read sees what was before the last change
  slow,                 // takes effect `by` later
};

struct StoreFault {
  std::string who = "*";
  std::string op = "*";  // Put, PutBatch, Get, Read, InsertIfNotExists, CompareAndSwap, ...
  std::string key = "**";
  StoreOutcome outcome{};
  Duration by{};  // timeouts, slow
  friend bool operator==(const StoreFault&, const StoreFault&) = default;
};

// Rows with a TTL that is given meanwhile expire up to `by` early.
struct ExpireEarly {
  std::string key = "**";
  Duration by{};
  friend bool operator==(const ExpireEarly&, const ExpireEarly&) = default;
};

enum class BlobOutcome : std::uint8_t { unavailable, not_found, corrupt, slow };

struct BlobFault {
  std::string image{};     // name of an image of the scenario; empty: all BLOBs
  std::string verb = "*";  // stat, read, begin, append, complete
  BlobOutcome outcome{};
  Duration by{};  // slow
  friend bool operator==(const BlobFault&, const BlobFault&) = default;
};

enum class EngineOutcome : std::uint8_t {
  create_fails,  // EngineInit
  no_memory,     // OutOfMemory
  trap,          // an invocation traps; the element is tainted
};

struct EngineFault {
  std::string who{};
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
                            Dup,
                            Replay,
                            Stall,
                            Drip,
                            Late,
                            Crash,
                            Wipe,
                            Pause,
                            Reboot,
                            ClockFault,
                            DiskFault,
                            StoreFault,
                            ExpireEarly,
                            BlobFault,
                            EngineFault>;

struct Fault {
  Action action{};
  // After this long it is undone; none: at heal.
  std::optional<DurationRange> lasts{};
  // Answers, store, blob, engine, disk: it takes effect at most so often; none: no limit. A fault
  // of answers without `for` has 1 unless the file says otherwise.
  std::optional<std::uint64_t> times{};
  friend bool operator==(const Fault&, const Fault&) = default;
};

// The word of the scenario file: "cut".
std::string_view word_of(const Action& action);
// A fault of answers without `for`: its `times` is 1 where the file does not say.
bool times_default_to_one(const Fault& fault);
// For people: "cut vvm2 -> store for 35s".
std::string describe(const Fault& fault);

}  // namespace vvm::faults
