// Runs made by hand: three VVMs, one application, an upgrade under faults.
//
// Tests of the views and the pictures of the documentation rely on them. They look like what
// sim/wiring returns, with every kind of interval, mark, note, outcome and hostile name in them.
#pragma once

#include "sim/report/run_case.hpp"

namespace vvm::report {

// Upgrade to version 2 while vvm2 crashes, vvm3 is paused, and the BLOB store is away: all held.
RunCase held_run(std::uint64_t seed = 7);
// The same up to a violation of I-S12 at vvm2, which claims a version that it does not serve.
RunCase failed_run(std::uint64_t seed = 17);
// Nothing failed, but a scripted fault touched nothing.
RunCase unknown_run(std::uint64_t seed = 3);
// The process of the run ended by itself.
RunCase broken_run(std::uint64_t seed = 4);
// Names, texts and files that try to be markup, control sequences and shell words.
RunCase hostile_run();

// All of them, some with many seeds.
Campaign sample_campaign();

}  // namespace vvm::report
