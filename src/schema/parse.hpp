// Parse: the tokens of a file to its syntax tree.
//
// Accepts the language of docs/spec/vsql.md 2 (and what quirk Q8 has it accept) by looking at most
// three tokens ahead, and never recurses further than parentheses nest. After an error it goes on
// at the next item or statement, so that people see all of them; the place that counts canonically
// comes from recognise.hpp, which costs more and is asked only about files that have an error.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "schema/ast.hpp"
#include "schema/diagnostic.hpp"

namespace vvm::schema {

struct Parsed {
  std::unique_ptr<FileTree> tree;
  // For people: all that was found, in source order. Empty exactly when the file is good.
  std::vector<Diagnostic> errors;
  // The one error that counts (E1xx); set exactly when the file is not good.
  std::vector<Diagnostic> canonical;
};

// `buffer` is working memory. Names and comments are kept in `names`; that and `source` outlive the
// tree.
Parsed parse(const SourceFile& source, Names* names, TokenBuffer* buffer);

}  // namespace vvm::schema
