// CallText: `name(argument, key=value)` taken apart, with the place of each piece.
//
// Triggers, predicates and countables are written that way; read_calls.cpp gives the pieces their
// types. Pure.
#pragma once

#include <string_view>
#include <variant>
#include <vector>

namespace vvm::scenario {

// Octets [offset, offset + text.size()) of the whole text.
struct Piece {
  std::string_view text;
  std::size_t offset = 0;
};

struct ArgumentText {
  Piece key;  // empty text: by position
  Piece value;
};

struct CallText {
  Piece name;
  bool parentheses = false;
  std::vector<ArgumentText> arguments;
};

struct CallError {
  std::size_t offset = 0;
  std::string_view what;
};

// Views into `text`. Values may hold balanced parentheses: `lease(1)`.
std::variant<CallText, CallError> parse_call(std::string_view text);

}  // namespace vvm::scenario
