// format: a scenario file in its usual shape, with everything that people wrote in it.
//
// `vvm fmt` relies on it. Comments, blank lines, the order of sections and keys of sections stay;
// steps and expectations get the canonical order of keys and spelling of values, and the keys of a
// section are aligned. Files without comments look as writer.hpp writes them, up to that order.
#pragma once

#include <string>
#include <string_view>

#include "sim/scenario/model.hpp"

namespace vvm::scenario {

// pre: `scenario` is what the reader made of `source`. The result reads as the same scenario.
std::string format(std::string_view source, const Scenario& scenario);

}  // namespace vvm::scenario
