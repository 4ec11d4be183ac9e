// JSON text for people and diffs: the outer levels one entry a line, the inner ones compact.
//
// sim/report/perf writes its files with it. Boost.JSON's own serializer has no line breaks and
// writes 100.2 as 1.002E2. Numbers are the shortest text that reads back as the same double.
#pragma once

#include <string>

#include <boost/json/value.hpp>

namespace vvm::report {

// Objects and arrays down to depth `open_levels` are broken into lines. pre: all numbers finite.
std::string json_text(const boost::json::value& value, int open_levels);

}  // namespace vvm::report
