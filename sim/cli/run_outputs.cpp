// Writes what sim/report has made.
#include "sim/cli/run_outputs.hpp"

#include <filesystem>
#include <system_error>
#include <vector>

#include <fmt/format.h>

#include "sim/cli/perf_files.hpp"
#include "sim/cli/run_plan.hpp"
#include "sim/report/junit.hpp"
#include "sim/report/page.hpp"
#include "sim/report/run_json.hpp"

namespace vvm::cli {
namespace {

namespace fs = std::filesystem;

Status write_below(const fs::path& path, const std::string& text) {
  std::error_code ec;
  if (path.has_parent_path()) {
    fs::create_directories(path.parent_path(), ec);
  }
  if (ec) {
    return Error{Code::bad_input, fmt::format("{}: {}", path.string(), ec.message())};
  }
  return write_text(path.string(), text);
}

using SourceOf = std::function<std::string_view(const report::RunCase&)>;

Status write_pages(const fs::path& at, const report::Campaign& campaign, const SourceOf& source) {
  const auto page = [&](const report::RunCase& run) {
    return report::run_page(run, {.source = source(run), .program = "vvm run"});
  };
  if (campaign.runs.size() == 1) {
    return write_below(at, page(campaign.runs.front()));
  }
  std::vector<std::string> names;
  for (const report::RunCase& run : campaign.runs) {
    std::string& name = names.emplace_back();
    if (!run.result.history.processes.empty()) {
      name = page_name(run.file, run.seed);
      TRY(write_below(at / name, page(run)));
    }
  }
  return write_below(at / "index.html", report::index_page(campaign, names));
}

}  // namespace

Status write_run_outputs(const RunOutputs& files,
                         const report::Campaign& campaign,
                         const SourceOf& source_of) {
  if (!files.html.empty()) {
    TRY(write_pages(files.html, campaign, source_of));
  }
  if (!files.json.empty()) {
    TRY(write_below(files.json, report::campaign_json(campaign)));
  }
  if (!files.junit.empty()) {
    TRY(write_below(files.junit, report::campaign_junit(campaign)));
  }
  return ok();
}

}  // namespace vvm::cli
