// Views of a comparison and of a single report: text for terminals, Markdown, JSON.
//
// The program's commands print what these return. Pure; whether the terminal has colours is an
// argument. Numbers are rounded here and nowhere else.
#pragma once

#include <string>
#include <string_view>

#include "sim/report/perf/compare.hpp"
#include "sim/report/perf/report_file.hpp"

namespace vvm::report {

enum class Colour { off, on };

// A figure for people: "41.2 s" of 41200000000 "virtual ns", "1,204" of a count.
std::string figure_text(double value, std::string_view unit);

// Table of all rows, what is missing on one side, the notes, and the gate with its exit code.
std::string comparison_text(const Comparison& comparison, Colour colour);
std::string comparison_markdown(const Comparison& comparison);
std::string comparison_json(const Comparison& comparison);

// Table of a single report: median, range and number of samples of each row; its goals, and
// whether they are met by the median or at least by the best round; the noise.
std::string report_text(const PerfReport& report, Colour colour);

}  // namespace vvm::report
