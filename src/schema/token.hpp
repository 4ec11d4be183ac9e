// Token: a piece of a source file, as the lexer gives it to the parser.
//
// Twelve octets each. Words that the grammar knows have a kind of their own and are identifiers
// too (is_ident); a quoted word never is a keyword. The hash of an identifier is that of its name
// without quotes, so that the parser interns without reading the text again.
#pragma once

#include <cstdint>
#include <string_view>
#include <type_traits>

namespace vvm::schema {

enum class Tok : std::uint8_t {
#define TOKEN(name, shown) name,
#define WORD(name, text) name,
#include "schema/tokens.def"
#undef TOKEN
#undef WORD
};

constexpr bool is_ident(Tok kind) { return kind >= Tok::quoted_ident; }

// The keyword, the mark, or what class of token it is ("identifier"); for messages.
std::string_view token_name(Tok kind);
// Is it a keyword or a mark, whose name is its text?
bool has_fixed_text(Tok kind);

// No initial values: there is room for a token an octet, and what is not written stays untouched.
struct Token {
  std::uint32_t start;  // offset in the file
  std::uint32_t hash;   // of identifiers
  std::uint32_t length : 23;
  std::uint32_t has_doc : 1;  // a documentation comment stands directly before it
  std::uint32_t kind_bits : 8;

  Tok kind() const { return static_cast<Tok>(kind_bits); }
};

static_assert(sizeof(Token) == 12);
static_assert(std::is_trivially_default_constructible_v<Token>);

// A documentation comment (DOC of docs/spec/vsql.md 1.2); only the last before a token is kept.
struct DocToken {
  std::uint32_t start = 0;
  std::uint32_t length = 0;
  std::uint32_t token = 0;  // index of the token after it
};

}  // namespace vvm::schema
