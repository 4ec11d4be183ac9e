// Dump: the forms between text and AppDef as text, one line a node (docs/formats/schema-dumps.md).
//
// `vvm schema dump --stage` and tests rely on it; nothing of a compilation does. Deterministic: no
// address and no order of a table shows. Pure, but that a dump of the bound form may ask for
// ancestors that nobody asked for before.
#pragma once

#include <string>

#include "schema/bound.hpp"

namespace vvm::schema {

// Tokens with their documentation comments; lexical errors stand where they were found.
std::string dump_tokens(const SourceFile& source, const TokenBuffer& buffer);

enum class Places : bool { left_out, shown };

// Statements and items with their fields. Without places, two dumps are equal exactly when the
// trees are, places aside.
std::string dump_tree(const FileTree& tree, const Names& names, Places places);

// Packages with their names, imports and symbols; workspaces with what they inherit, tables with
// what they are. What linking has not reached is left out.
std::string dump_bound(Bound* bound);

}  // namespace vvm::schema
