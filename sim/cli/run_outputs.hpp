// Files of `vvm run`: pages, JSON, JUnit.
//
// run_command relies on it. Folders on the way to a file are made.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "sim/report/run_case.hpp"

namespace vvm::cli {

// Empty: not wanted.
struct RunOutputs {
  std::string html{};
  std::string json{};
  std::string junit{};
};

// --html is the page of a single run. Of several it is a folder with an index, and a page for every
// run that has a history.
Status write_run_outputs(const RunOutputs& files,
                         const report::Campaign& campaign,
                         const std::function<std::string_view(const report::RunCase&)>& source_of);

}  // namespace vvm::cli
