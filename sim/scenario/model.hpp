// Scenario: everything that a scenario file says, as plain typed values.
//
// reader.hpp makes one from text, writer.hpp turns one back into text; sim/wiring executes it,
// sim/report shows it. Every part knows where it stands in the file. A Scenario that the reader
// returned is consistent: names resolve, globs match something, values are in range.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/error.hpp"
#include "base/time.hpp"
#include "records/process_variable.hpp"
#include "sim/faults/fault.hpp"
#include "sim/faults/when.hpp"

namespace vvm::scenario {

using faults::DurationRange;
using faults::PartitionGlob;
using faults::Range;
using faults::Spread;

// From 1; line 0 where a value was not read from a file. All places are equal: two scenarios are
// the same if they say the same.
struct Place {
  std::uint32_t line = 0;
  std::uint32_t column = 0;

  friend bool operator==(Place /*a*/, Place /*b*/) { return true; }
};

// [constants]: a name of docs/spec/vvm.md 14; nanoseconds for a duration, else the number.
struct Constant {
  Place place{};
  std::string name{};
  bool duration = false;
  std::int64_t value = 0;

  friend bool operator==(const Constant&, const Constant&) = default;
};

struct Topology {
  Place place{};
  std::vector<std::string> nodes{"n1"};
  std::uint32_t vvms_per_node = 1;  // vvm1, vvm2, ... round robin over the nodes
  std::int32_t partitions_max = 256;
  std::vector<std::string> routers{};
  // Clocks of the processes, each drawn from the seed. Parts per million off, fast or slow.
  Range<std::int64_t> rate_error_ppm{};
  DurationRange wall_offset{};
  // Octets of the disk of each process; none: 8 GiB.
  std::optional<std::uint64_t> disk{};

  friend bool operator==(const Topology&, const Topology&) = default;
};

// [net.NAME]: later ones win on the links they name; `default` is all links.
struct NetRule {
  Place place{};
  std::string name{};
  faults::Link link{};
  std::optional<Spread> latency{};
  std::optional<std::uint64_t> octets_per_second{};  // bandwidth

  friend bool operator==(const NetRule&, const NetRule&) = default;
};

struct Pools {
  std::int32_t command = 1;
  std::int32_t query = 1;
  std::int32_t actualizer = 1;
  std::int32_t scheduler = 1;

  friend bool operator==(const Pools&, const Pools&) = default;
};

// [apps."OWNER/NAME"]: registered when the cluster serves, unless a step `deploy` names it before
// any step uploads an image of it.
struct App {
  Place place{};
  std::string name{};
  std::int32_t partitions = 1;
  std::int32_t workspaces = 1;
  Pools pools{};
  std::optional<Duration> drain_timeout{};
  std::optional<std::string> cron_schedule{};
  std::optional<Duration> start_time_tolerance{};

  friend bool operator==(const App&, const App&) = default;
};

// One breakage of src/image/testing, by name.
struct Breakage {
  Place place{};
  std::string name{};
  std::optional<std::uint64_t> argument{};  // of truncate_at, flip_bit and their like

  friend bool operator==(const Breakage&, const Breakage&) = default;
};

// [images.NAME]: a folder, packed; or another image, broken.
struct Image {
  Place place{};
  std::string name{};
  std::string app{};     // of an image with `from`: that of the other image
  std::string schema{};  // folder relative to the file of the scenario; empty with `from`
  std::string from{};    // name of an image; empty with `schema`
  std::string build{};   // id of the build, for other octets of the same folder; empty with `from`
  std::optional<Breakage> breakage{};  // with `from`

  friend bool operator==(const Image&, const Image&) = default;
};

enum class LoadKind : std::uint8_t {
  borrows,  // borrow, perhaps invoke, hold, release
};

enum class Processor : std::uint8_t { command, query, actualizer, scheduler };

// [load.NAME]: on each matching VVM, for a random partition of the app among those it runs.
struct Load {
  Place place{};
  std::string name{};
  LoadKind kind = LoadKind::borrows;
  std::string app{};
  std::string who = "vvm*";
  std::uint64_t per_minute = 60;                                            // rate, of each VVM
  std::vector<Processor> processors{Processor::command, Processor::query};  // drawn each time
  Spread hold{};    // between borrow and release
  Duration from{};  // since the start
  std::optional<Duration> until{};

  friend bool operator==(const Load&, const Load&) = default;
};

// --- what a step does: operations.

// POST /blob and c.cluster.DeployAppImage.
struct Upload {
  std::string image{};
  friend bool operator==(const Upload&, const Upload&) = default;
};

// c.cluster.DeployApp with the counts of [apps], as changed here.
struct Deploy {
  std::string app{};
  std::optional<Pools> pools{};
  std::optional<Duration> drain_timeout{};
  friend bool operator==(const Deploy&, const Deploy&) = default;
};

// c.cluster.RollbackApp.
struct Rollback {
  std::string app{};
  std::int64_t to = 0;  // AppVersion
  friend bool operator==(const Rollback&, const Rollback&) = default;
};

// c.cluster.DeleteApp.
struct DeleteApp {
  std::string app{};
  friend bool operator==(const DeleteApp&, const DeleteApp&) = default;
};

// Orderly stop of VVMs: they tell the cluster, drain, and exit. They stay down.
struct Drain {
  std::string who{};
  friend bool operator==(const Drain&, const Drain&) = default;
};

// Starts processes that are down.
struct Start {
  std::string who{};
  friend bool operator==(const Start&, const Start&) = default;
};

using Operation = std::variant<Upload, Deploy, Rollback, DeleteApp, Drain, Start>;

struct Step {
  Place place{};
  faults::When when{faults::At{}};
  std::string name{};  // `as`; empty: none
  std::variant<Operation, faults::Fault> what{Upload{}};
  bool optional = false;  // may never fire, or fire without effect

  friend bool operator==(const Step&, const Step&) = default;
};

// --- expectations.

// Predicates over the state of a cluster; predicates.def holds names and arguments.
enum class Predicate : std::uint8_t {
#define VVM_PREDICATE(name, signature, text) name,
#include "sim/scenario/predicates.def"
#undef VVM_PREDICATE
};

// A predicate with its arguments; those that the predicate does not have keep their defaults.
struct Condition {
  Place place{};
  Predicate predicate{};
  std::string who = "*";  // process glob
  PartitionGlob partition{};
  std::string image{};  // name in the scenario
  std::optional<Phase> phase{};
  std::optional<std::int64_t> version{};  // AppVersion
  std::optional<Code> error{};

  friend bool operator==(const Condition&, const Condition&) = default;
};

// What a budget counts; countables.def.
enum class Countable : std::uint8_t {
#define VVM_COUNTABLE(name, signature, text) name,
#include "sim/scenario/countables.def"
#undef VVM_COUNTABLE
};

struct Count {
  Place place{};
  Countable countable{};
  std::string who = "*";
  PartitionGlob partition{};
  std::string image{};
  std::string query{};
  std::optional<Phase> phase{};

  friend bool operator==(const Count&, const Count&) = default;
};

// Invariants by glob over their spec names: "I-S*".
struct Invariants {
  Place place{};
  std::string glob{};

  friend bool operator==(const Invariants&, const Invariants&) = default;
};

struct AtExpectation {
  Place place{};
  Duration time{};
  Condition that{};

  friend bool operator==(const AtExpectation&, const AtExpectation&) = default;
};

enum class Since : std::uint8_t { start, heal, converged, step };

// Holds at some moment within `within` after `after`, and then for `stable_for`.
struct EventuallyExpectation {
  Place place{};
  Condition that{};
  Duration within{};
  Since after = Since::heal;
  std::string step{};  // Since::step
  Duration stable_for{};

  friend bool operator==(const EventuallyExpectation&, const EventuallyExpectation&) = default;
};

struct BudgetExpectation {
  Place place{};
  Count count{};
  std::uint64_t max = 0;
  bool per_process = false;              // per = "vvm"
  std::optional<Duration> per_window{};  // per = "1m": in any such window

  friend bool operator==(const BudgetExpectation&, const BudgetExpectation&) = default;
};

struct Expect {
  Place place{};
  std::vector<std::variant<Invariants, Condition>> always{};
  std::vector<Condition> never{};
  std::vector<Condition> sometimes{};  // over all seeds of a campaign
  std::vector<AtExpectation> at{};
  std::vector<EventuallyExpectation> eventually{};
  std::vector<BudgetExpectation> budget{};

  friend bool operator==(const Expect&, const Expect&) = default;
};

// Where a found scenario comes from; for people.
struct Origin {
  std::string explorer{};
  std::string commit{};
  std::string property{};
  std::string trace{};

  friend bool operator==(const Origin&, const Origin&) = default;
};

struct Scenario {
  std::string name{};
  std::string doc{};
  std::uint64_t seed = 1;  // --seed overrides
  Duration horizon{};
  // From here on no faults, all undone, and the liveness clock runs. None: at the horizon less the
  // bound of convergence, or the end of the timeline; wiring decides.
  std::optional<Duration> heal_at{};
  std::optional<Origin> origin{};
  std::vector<Constant> constants{};
  Topology topology{};
  std::vector<NetRule> net{};
  std::vector<App> apps{};
  std::vector<Image> images{};
  std::vector<Load> load{};
  std::vector<Step> steps{};
  Expect expect{};

  friend bool operator==(const Scenario&, const Scenario&) = default;
};

// "vvm1", ...: the VVMs that the topology has, in order.
std::vector<std::string> vvm_names(const Topology& topology);
// The node of each of vvm_names().
std::vector<std::string> node_of_vvms(const Topology& topology);
// All processes: the VVMs and the cluster process.
std::vector<std::string> process_names(const Topology& topology);

constexpr std::string_view cluster_process = "cluster";

}  // namespace vvm::scenario
