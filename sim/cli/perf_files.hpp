// Files and terminals of the commands that work on reports.
//
// sim/cli/bench_command and report_command rely on it. Every failure is an Error that names the
// file and the reason of the system.
#pragma once

#include <string>

#include "base/result.hpp"
#include "sim/report/perf/render.hpp"
#include "sim/report/perf/report_file.hpp"

namespace vvm::cli {

Result<std::string> read_text(const std::string& path);
Status write_text(const std::string& path, const std::string& text);
Result<report::PerfReport> read_report(const std::string& path);

// On where standard output is a terminal and NO_COLOR is not set.
report::Colour stdout_colour();

// A folder of its own below the system's folder for temporary files; gone with the object.
class TemporaryFolder {
 public:
  static Result<TemporaryFolder> make();
  ~TemporaryFolder();
  TemporaryFolder(TemporaryFolder&& other) noexcept;
  TemporaryFolder& operator=(TemporaryFolder&&) = delete;
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::string& path() const { return path_; }

 private:
  explicit TemporaryFolder(std::string path) : path_{std::move(path)} {}

  std::string path_;
};

}  // namespace vvm::cli
