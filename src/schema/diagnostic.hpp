// Diagnostic: one message of the compiler.
//
// Canonically it is its place and its text (docs/spec/vsql.md 0.3); the rest is for people: how
// much of the line to mark, what else to look at, and what may have been meant.
#pragma once

#include <string>
#include <vector>

#include "schema/rules.hpp"
#include "schema/source.hpp"

namespace vvm::schema {

struct Note {
  Loc loc = 0;
  std::string text{};
};

struct Diagnostic {
  Rule rule{};
  Loc loc = 0;  // 0: no place
  std::string text{};
  std::uint32_t length = 1;  // octets to mark
  std::vector<Note> notes{};
  std::string hint{};  // "did you mean `X`?"
};

}  // namespace vvm::schema
