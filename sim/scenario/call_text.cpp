// One pass, no backtracking.
#include "sim/scenario/call_text.hpp"

#include <algorithm>
#include <optional>

namespace vvm::scenario {
namespace {

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-' || c == '.';
}

Piece trimmed(Piece piece) {
  while (piece.text.starts_with(' ')) {
    piece.text.remove_prefix(1);
    ++piece.offset;
  }
  while (piece.text.ends_with(' ')) {
    piece.text.remove_suffix(1);
  }
  return piece;
}

ArgumentText argument_of(Piece piece) {
  const std::size_t equals = piece.text.find('=');
  const std::string_view key = piece.text.substr(0, std::min(equals, piece.text.size()));
  if (equals == std::string_view::npos || !std::ranges::all_of(trimmed({key, 0}).text, is_word)) {
    return {.key = {.text = {}, .offset = piece.offset}, .value = trimmed(piece)};
  }
  return {.key = trimmed({.text = key, .offset = piece.offset}),
          .value = trimmed(
              {.text = piece.text.substr(equals + 1), .offset = piece.offset + equals + 1})};
}

}  // namespace

std::variant<CallText, CallError> parse_call(std::string_view text) {
  CallText call;
  std::size_t at = 0;
  while (at < text.size() && is_word(text[at])) {
    ++at;
  }
  call.name = {.text = text.substr(0, at), .offset = 0};
  if (at == 0) {
    return CallError{.offset = 0, .what = "a name is expected"};
  }
  if (at == text.size()) {
    return call;
  }
  if (text[at] != '(') {
    return CallError{.offset = at, .what = "`(` is expected"};
  }
  call.parentheses = true;
  const std::size_t open = at++;
  std::size_t begin = at;
  int depth = 1;
  for (; at < text.size() && depth > 0; ++at) {
    const char c = text[at];
    depth += c == '(' ? 1 : 0;
    depth -= c == ')' ? 1 : 0;
    if (depth == 0 || (depth == 1 && c == ',')) {
      const ArgumentText argument =
          argument_of({.text = text.substr(begin, at - begin), .offset = begin});
      const bool none = depth == 0 && call.arguments.empty() && argument.key.text.empty() &&
                        argument.value.text.empty();
      if (!none) {
        if (argument.value.text.empty()) {
          return CallError{.offset = argument.value.offset, .what = "an argument is empty"};
        }
        call.arguments.push_back(argument);
      }
      begin = at + 1;
    }
  }
  if (depth > 0) {
    return CallError{.offset = open, .what = "`(` is never closed"};
  }
  if (at < text.size()) {
    return CallError{.offset = at, .what = "nothing may follow `)`"};
  }
  return call;
}

}  // namespace vvm::scenario
