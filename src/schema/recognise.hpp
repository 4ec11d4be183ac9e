// Recognise: where exactly does a file break the grammar?
//
// The parser decides whether a file is good. For one that is not, this finds the token that the
// spec says the error is at (docs/spec/vsql.md Appendix B), by doing what Appendix B says, word by
// word, on the grammar text of the spec. Slow (some microseconds a token), and asked only then.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "schema/source.hpp"
#include "schema/token.hpp"

namespace vvm::schema {

// Index of the unexpected token; none when the grammar accepts the file, or when deciding takes
// more steps than any text needs that people write. Numbers are not converted.
std::optional<std::uint32_t> recognise(const SourceFile& source, std::span<const Token> tokens);

}  // namespace vvm::schema
