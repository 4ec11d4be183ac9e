// Timeline: what happened around a moment, as lines of text in the order of time.
//
// The terminal view and the page rely on it. Made from a History alone; lines that say the same of
// several partitions at one instant become one.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "sim/ghost/run_result.hpp"

namespace vvm::report {

enum class Mark : std::uint8_t {
  none,
  fault,   // begins, ends, or is over at once
  idle,    // a fault that did nothing
  alarm,   // of the code under test
  moment,  // the violation
};

std::string_view name_of(Mark mark);

struct TimelineLine {
  Instant at{};
  std::string who{};  // a process, or empty
  std::string what{};
  Mark mark = Mark::none;

  friend bool operator==(const TimelineLine&, const TimelineLine&) = default;
};

// Everything, oldest first.
std::vector<TimelineLine> timeline(const ghost::History& history);

struct AroundOptions {
  std::size_t before = 14;  // lines at or before the moment
  std::size_t after = 3;
};

// What the subject of the violation did, all faults, and what the run noted; filled up with other
// lines where that is little. The moment itself is a line of its own.
std::vector<TimelineLine> around(const ghost::History& history,
                                 const ghost::Violation& violation,
                                 AroundOptions options = {});

// "acme/pos/0-3,7" of the keys of one application; others are listed one after another.
std::string keys_text(std::vector<PartitionKey> keys);

}  // namespace vvm::report
