// Terminal view: the table of a campaign and, below it, each failure with what led to it.
//
// `vvm run` prints what these return. Pure; width and colour are arguments. Nothing is wider than
// `width`, but for the command that replays a run, which must stay whole to be copied.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "sim/report/perf/render.hpp"
#include "sim/report/run_case.hpp"

namespace vvm::report {

struct TerminalStyle {
  Colour colour = Colour::off;
  std::size_t width = 100;  // at least 80
};

// One line a scenario, and below it why it did not hold.
std::string campaign_table(const Campaign& campaign, TerminalStyle style);

// How much ran, how fast, and the verdict; the last lines that `vvm run` prints.
std::string campaign_totals(const Campaign& campaign, TerminalStyle style);

// Of a campaign that is one run: its faults, expectations and loads.
std::string run_details(const RunCase& run, TerminalStyle style);

// What was expected and seen, the time line around the moment, and the command that replays it.
// pre: the run did not hold
std::string failure_text(const RunCase& run, TerminalStyle style);

// The runs that failure_text is worth being called for: of each scenario and each reason the first,
// at most `max`. Positions in Campaign::runs.
std::vector<std::size_t> telling_runs(const Campaign& campaign, std::size_t max);

// Why a run did not hold, without seeds and times: "I-S12 no over-claim".
std::string reason_of(const RunCase& run);

}  // namespace vvm::report
