// The system calls behind perf_files.hpp.
#include "sim/cli/perf_files.hpp"

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>
#include <utility>

#include <fmt/format.h>
#include <stdlib.h>
#include <unistd.h>

namespace vvm::cli {
namespace {

Error system_error(const std::string& path, int error) {
  return {Code::bad_input, fmt::format("{}: {}", path, std::generic_category().message(error))};
}

}  // namespace

Result<std::string> read_text(const std::string& path) {
  errno = 0;
  std::ifstream file{path, std::ios::binary};
  std::ostringstream text;
  if (file && file.peek() != std::ifstream::traits_type::eof()) {
    text << file.rdbuf();
  } else if (errno != 0) {
    return system_error(path, errno);
  }
  return text.str();
}

Status write_text(const std::string& path, const std::string& text) {
  errno = 0;
  std::ofstream file{path, std::ios::binary | std::ios::trunc};
  file << text;
  file.close();
  if (!file) {
    return system_error(path, errno == 0 ? EIO : errno);
  }
  return ok();
}

Result<report::PerfReport> read_report(const std::string& path) {
  TRY(const std::string text, read_text(path));
  return report::parse_report(text, path);
}

report::Colour stdout_colour() {
  const bool on = isatty(STDOUT_FILENO) == 1 && std::getenv("NO_COLOR") == nullptr;
  return on ? report::Colour::on : report::Colour::off;
}

Result<TemporaryFolder> TemporaryFolder::make() {
  std::error_code error;
  std::string path = (std::filesystem::temp_directory_path(error) / "vvm-XXXXXX").string();
  if (error || mkdtemp(path.data()) == nullptr) {
    return system_error(path, error ? error.value() : errno);
  }
  return TemporaryFolder{std::move(path)};
}

TemporaryFolder::TemporaryFolder(TemporaryFolder&& other) noexcept
    : path_{std::exchange(other.path_, {})} {}

TemporaryFolder::~TemporaryFolder() {
  if (!path_.empty()) {
    std::error_code ignored;  // a folder that stays behind harms nobody
    std::filesystem::remove_all(path_, ignored);
  }
}

}  // namespace vvm::cli
