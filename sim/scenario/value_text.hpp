// Values of scenario files as text: sim/faults/value_text.hpp, under the names of this module.
//
// The reader and the writer rely on it; sim/faults has it because it describes faults.
#pragma once

#include "sim/faults/value_text.hpp"

namespace vvm::scenario {

using faults::format_bandwidth;
using faults::format_duration;
using faults::format_duration_range;
using faults::format_octet_range;
using faults::format_percent_ppm;
using faults::format_rate;
using faults::format_size;
using faults::parse_bandwidth;
using faults::parse_duration;
using faults::parse_duration_range;
using faults::parse_octet_range;
using faults::parse_percent_ppm;
using faults::parse_rate;
using faults::parse_size;
using faults::ppm_den;
using faults::ppm_den_signed;
using faults::split_range;

}  // namespace vvm::scenario
