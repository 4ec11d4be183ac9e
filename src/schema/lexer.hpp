// Lexer: a schema file to tokens (docs/spec/vsql.md 1).
//
// The parser relies on it. One pass, no look back; the only memory is the TokenBuffer, which its
// owner uses again for the next file, so that a file costs no allocation. After a lexical error it
// goes on behind the offending octet, for the sake of people; canonically the first one is the
// file's only error. Reports nesting beyond nesting_max as an error too: no later part recurses
// further than parentheses nest.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "schema/source.hpp"
#include "schema/token.hpp"

namespace vvm::schema {

enum class LexErrorKind : std::uint8_t { bad_text, bad_string, too_deep };

struct LexError {
  LexErrorKind kind = LexErrorKind::bad_text;
  std::uint32_t start = 0;
  std::uint32_t length = 0;
};

class TokenBuffer {
 public:
  // The tokens of one file, with Tok::end last; overwrites what was there.
  void lex(const SourceFile& file);

  std::span<const Token> tokens() const { return {tokens_.get(), count_}; }

  // Documentation comments, by token.
  const std::vector<DocToken>& docs() const { return docs_; }

  const std::vector<LexError>& errors() const { return errors_; }

 private:
  std::unique_ptr<Token[]> tokens_;  // NOLINT(*-avoid-c-arrays): left uninitialised
  std::size_t capacity_ = 0;
  std::size_t count_ = 0;
  std::vector<DocToken> docs_;
  std::vector<LexError> errors_;
};

// The message of a lexical error, without its place (E101, E102).
std::string lex_error_text(const SourceFile& file, const LexError& error);

// What a STRING token stands for. pre: the lexer accepted it; `raw` has its quotes.
std::string string_value(std::string_view raw);

}  // namespace vvm::schema
