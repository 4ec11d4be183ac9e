// Triggers, conditions and counts as the text that the reader takes; and strings as TOML.
//
// The writer uses it, and reports that name a property as its file does.
#pragma once

#include <string>
#include <string_view>

#include "sim/scenario/model.hpp"

namespace vvm::scenario {

// "running(acme/pos/*, version=2)".
std::string condition_text(const Condition& condition);
// "download(pos2)".
std::string count_text(const Count& count);
// "phase(vvm2, acme/pos/*, Switching)".
std::string trigger_text(const faults::Trigger& trigger);

// A basic string of TOML, on one line.
std::string quoted(std::string_view text);
// A key of TOML: bare where that is possible.
std::string key_text(std::string_view key);

}  // namespace vvm::scenario
