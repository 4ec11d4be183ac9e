// The line, and when it is due.
#include "sim/cli/run_progress.hpp"

#include <cstdio>

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "sim/report/text.hpp"

namespace vvm::cli {
namespace {

constexpr std::int64_t second = 1'000'000'000;
constexpr std::int64_t terminal_period = second / 5;
constexpr std::int64_t pipe_period = 30 * second;

std::size_t terminal_width() {
  winsize size{};
  const bool known = ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col >= 20;
  return known ? size.ws_col - 1U : 79U;
}

}  // namespace

std::string progress_text(const ProgressState& state, std::size_t width) {
  std::string out =
      fmt::format("{}/{} runs", report::thousands(state.done), report::thousands(state.all));
  if (state.bad > 0) {
    out += fmt::format(", {} bad", report::thousands(state.bad));
  }
  if (state.done > 0 && state.elapsed_ns > 0) {
    const double each = static_cast<double>(state.elapsed_ns) / static_cast<double>(state.done);
    const double left = each * static_cast<double>(state.all - state.done);
    out += fmt::format(", {:.3g} runs/s", static_cast<double>(second) / each);
    if (state.done < state.all) {
      out += fmt::format(", {} left", report::short_duration({static_cast<std::int64_t>(left)}));
    }
  }
  if (!state.first_bad.empty()) {
    out += "; first: " + report::printable(state.first_bad);
  }
  return report::clipped(out, width);
}

Progress::Progress(bool quiet)
    : quiet_{quiet},
      terminal_{isatty(STDERR_FILENO) == 1},
      next_ns_{terminal_ ? terminal_period : pipe_period} {}

void Progress::show(const ProgressState& state) {
  if (quiet_ || state.elapsed_ns < next_ns_) {
    return;
  }
  shown_ = true;
  next_ns_ = state.elapsed_ns + (terminal_ ? terminal_period : pipe_period);
  if (terminal_) {
    fmt::print(stderr, "\r\x1b[K{}", progress_text(state, terminal_width()));
  } else {
    fmt::print(stderr, "{}\n", progress_text(state, 100));
  }
  std::fflush(stderr);
}

void Progress::end() const {
  if (shown_ && terminal_) {
    fmt::print(stderr, "\r\x1b[K");
  }
}

}  // namespace vvm::cli
