// Analysis: every rule of docs/spec/vsql.md 5 that needs names, in six passes (5.2).
//
// pre: S1 to S4 found nothing. Reads trees and symbols, adds messages to the report, changes
// nothing else but what Bound remembers.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "schema/bound.hpp"

namespace vvm::schema {

// Values for DECLAREd variables by QName, in place of their DEFAULT.
using Variables = std::map<std::string, std::int32_t, std::less<>>;

void analyse(Bound* bound, const Variables& variables);

// The value of a variable: the override, else its DEFAULT.
std::int32_t value_of(const Symbol& variable, Bound* bound, const Variables& variables);

}  // namespace vvm::schema
