// JUnit view: a campaign as the XML that CI systems show.
//
// `vvm run --junit` writes it. A scenario is a suite, a seed a case; what was not looked at and
// what broke are errors, what was violated a failure. Pure.
#pragma once

#include <string>

#include "sim/report/run_case.hpp"

namespace vvm::report {

std::string campaign_junit(const Campaign& campaign);

}  // namespace vvm::report
