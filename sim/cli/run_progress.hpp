// Progress: how far a campaign is, while it runs.
//
// run_command relies on it. On a terminal one line on standard error that changes; elsewhere a line
// now and then, and none for what is over soon. The text is pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace vvm::cli {

struct ProgressState {
  std::size_t done = 0;
  std::size_t all = 0;
  std::size_t bad = 0;      // runs that did not hold
  std::string first_bad{};  // "scenarios/x.toml seed 4: I-S12 no over-claim"
  std::int64_t elapsed_ns = 0;
};

// At most `width` columns: "312/1,600 runs, 2 bad, 41.2 runs/s, 31 s left; first: ..."
std::string progress_text(const ProgressState& state, std::size_t width);

class Progress {
 public:
  explicit Progress(bool quiet);

  // Shows it if enough time has passed since the last time.
  void show(const ProgressState& state);
  // Takes the changing line away.
  void end() const;

 private:
  bool quiet_;
  bool terminal_;
  bool shown_ = false;
  std::int64_t next_ns_ = 0;
};

}  // namespace vvm::cli
