// run: one scenario under one seed, from an empty world to a verdict.
//
// The command line, properties and benchmarks call it; everything else in sim/wiring is behind it.
// Pure in the large: the same scenario, seed, options and binary give the same result, whatever ran
// before. No clock, no files: inputs are loaded by the caller, wall time is measured by the caller.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "sim/ghost/run_result.hpp"
#include "sim/scenario/model.hpp"

namespace vvm::wiring {

using ghost::RunResult;

// Contents of the files that a scenario names, by path relative to the scenario's folder and
// normalised ("../apps/pos/v1/pkg/pos/pos.vsql").
using Bundle = std::map<std::string, Bytes>;

// Pure work that runs have in common: packed images, what unpacks and parses to what. May serve any
// number of runs one after another; sharing it changes no result. Not thread-safe.
class Memo {
 public:
  Memo();
  Memo(const Memo&) = delete;
  Memo& operator=(const Memo&) = delete;
  ~Memo();

  struct Parts;

  Parts& parts() { return *parts_; }

 private:
  std::unique_ptr<Parts> parts_;
};

struct RunOptions {
  const Bundle* files = nullptr;  // null: the scenario needs none
  Memo* memo = nullptr;           // null: one of its own
  bool keep_trace = false;
  bool keep_hashes = false;
  bool keep_history = false;
  // Gets each line of the trace as it is written; independent of keep_trace.
  std::function<void(std::string_view line)> on_trace{};
  // The run is given up as unknown after this many steps of the kernel; 0: never.
  std::uint64_t steps_max = 0;
  // The whole state is compared and checked after so many steps; 0: 4096, or each in a build with
  // -Dparanoid=true.
  std::uint64_t compare_every = 0;
};

// pre: the scenario has been checked (scenario::check). A scenario whose images cannot be packed
// gives Verdict::unknown with the reason as a doubt.
RunResult run(const scenario::Scenario& scenario, std::uint64_t seed, const RunOptions& options);

}  // namespace vvm::wiring
