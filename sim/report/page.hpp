// Page of one run, and the index of several: HTML files that need nothing else.
//
// `vvm run --html` writes them. A page holds its data as JSON and a script that draws lanes of
// processes and partitions over virtual time; what failed, and the tables, are there without the
// script, too. Whatever a scenario or the code under test calls itself is text and stays text.
// Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sim/report/run_case.hpp"

namespace vvm::report {

struct PageExtras {
  std::string_view source{};   // text of the scenario file; empty: not shown
  std::string_view program{};  // "vvm 0.1.0, commit 12ab.."
};

std::string run_page(const RunCase& run, const PageExtras& extras);

// Pages by position in Campaign::runs; empty: that run has none.
std::string index_page(const Campaign& campaign, const std::vector<std::string>& pages);

}  // namespace vvm::report
