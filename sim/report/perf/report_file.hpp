// PerfReport: one run's figures, and the JSON file of docs/spec/reports.md 6.4 that holds them.
//
// The program (vvm bench, vvm report) writes and reads such files; compare.hpp works on them.
// A plain value, owned by whoever made it. No files are opened here: text comes in, text goes out.
// Reading is strict where the file says something wrong (types, units, duplicates, not finite
// numbers) and ignores keys that it does not know; a file of a newer format is refused.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "sim/report/perf/stats.hpp"

namespace vvm::report {

inline constexpr std::int64_t report_format = 1;

// What a figure is, and with that which rule compares it (docs/spec/reports.md 6.3).
enum class MetricClass : std::uint8_t {
  a,  // virtual and exact, one value a seed
  b,  // cost: instructions, allocations, bytes
  c,  // wall time
};

enum class Better : std::uint8_t { less, more };

struct SeedValue {
  std::int64_t seed = 0;
  double value = 0;

  friend bool operator==(const SeedValue&, const SeedValue&) = default;
};

struct PerfRow {
  std::string id{};
  MetricClass cls = MetricClass::c;
  std::string unit{};
  Better better = Better::less;
  Samples samples{};                 // classes B and C, in the order in which they were taken
  std::vector<SeedValue> by_seed{};  // class A, ascending by seed
  std::string order{};               // "ABBA": sample i belongs to pair i of the session
  std::optional<double> budget{};    // class A: the median may not get worse than this
  std::vector<std::string> notes{};

  friend bool operator==(const PerfRow&, const PerfRow&) = default;
};

// What a figure is meant to be, and what it is: advice that no gate looks at.
struct PerfGoal {
  std::string id{};
  std::string row{};  // the id of the row that it is about
  std::string unit{};
  Better better = Better::less;
  double goal = 0;
  double median = 0;  // of the rounds
  double best = 0;

  friend bool operator==(const PerfGoal&, const PerfGoal&) = default;
};

// Is `value` at least as good as the goal?
bool meets(const PerfGoal& goal, double value);

struct BuildInfo {
  std::string type{};      // release, debug, ...
  std::string compiler{};  // "clang 19.1.7"
  std::string flags{};
  bool lto = false;
  std::map<std::string, std::string> libs{};

  friend bool operator==(const BuildInfo&, const BuildInfo&) = default;
};

struct ProgramInfo {
  std::string commit{};
  bool dirty = false;
  BuildInfo build{};
  std::string binary_sha256{};

  friend bool operator==(const ProgramInfo&, const ProgramInfo&) = default;
};

struct MachineInfo {
  std::string fingerprint{};
  std::string cpu{};
  std::int64_t cores = 0;
  bool smt = false;
  std::optional<std::string> governor{};
  std::optional<bool> turbo{};
  double memory_gib = 0;
  std::string kernel{};
  std::string libc{};
  std::string virtualisation{};
  std::optional<std::int64_t> aslr{};
  double load1_before = 0;
  double load1_after = 0;
  std::optional<double> steal_pct{};

  friend bool operator==(const MachineInfo&, const MachineInfo&) = default;
};

struct ProtocolInfo {
  std::string
      class_c{};  // "ABBA": pairs of two programs; "rounds": all benchmarks, again and again
  std::string session{};  // equal only in the two files of one pair run
  std::int64_t pairs = 0;
  std::int64_t warmup = 0;
  bool pinned = false;
  std::optional<std::pair<std::int64_t, std::int64_t>> seeds{};  // first, last

  friend bool operator==(const ProtocolInfo&, const ProtocolInfo&) = default;
};

struct InputFile {
  std::string name{};
  std::string sha256{};

  friend bool operator==(const InputFile&, const InputFile&) = default;
};

// Times of a fixed integer kernel: what the machine did meanwhile to code that never changes.
struct NoiseProbe {
  double before_us = 0;
  double after_us = 0;
  double spread_pct = 0;  // of all readings, for the reader
  Samples between_us{};

  friend bool operator==(const NoiseProbe&, const NoiseProbe&) = default;
};

struct SelfInfo {
  double wall_s = 0;
  std::optional<NoiseProbe> noise_probe{};

  friend bool operator==(const SelfInfo&, const SelfInfo&) = default;
};

struct PerfReport {
  std::string created{};  // ISO 8601, UTC
  ProgramInfo program{};
  MachineInfo machine{};
  ProtocolInfo protocol{};
  std::vector<InputFile> scenarios{};
  std::vector<PerfRow> rows{};
  std::vector<PerfGoal> goals{};
  SelfInfo self{};

  friend bool operator==(const PerfReport&, const PerfReport&) = default;
};

char class_letter(MetricClass cls);  // 'A'
std::optional<MetricClass> class_from_letter(std::string_view letter);
std::string_view better_name(Better better);

// `name` is what errors call the text: "b.json: rows[3].unit: missing".
Result<PerfReport> parse_report(std::string_view text, std::string_view name);
// Ends in a line feed; one row a line, so that files can be read and compared as text.
std::string write_report(const PerfReport& report);

}  // namespace vvm::report
