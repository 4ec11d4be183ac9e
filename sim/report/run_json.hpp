// JSON of runs: what `--json` writes, what a page draws, what a worker process sends back.
//
// Documented in docs/formats/run-json.md; both directions are made from one description, so they
// cannot part. The trace itself and its hashes are not in it. Pure.
#pragma once

#include <string>
#include <string_view>

#include <boost/json/value.hpp>

#include "base/result.hpp"
#include "sim/report/run_case.hpp"

namespace vvm::report {

inline constexpr std::string_view campaign_format = "vvm-runs/1";

boost::json::value run_json(const RunCase& run);
// err: BadInput, with the path of what is wrong.
Result<RunCase> read_run(const boost::json::value& value);

// For people, diffs and other programs: the outer levels are broken into lines.
std::string campaign_json(const Campaign& campaign);
Result<Campaign> read_campaign(std::string_view text);

}  // namespace vvm::report
