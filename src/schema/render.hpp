// Render: diagnostics for people and for tools.
//
// `vvm schema` prints them. People see the place with the path of the package, the line, a mark
// below what is meant, notes and suggestions; tools get JSON or SARIF 2.1.0. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "schema/diagnostic.hpp"
#include "schema/schema.hpp"

namespace vvm::schema {

struct Look {
  bool colour = false;
  bool notes = true;
};

// Each diagnostic with its line and mark; one empty line behind each.
std::string for_people(const SourceMap& sources,
                       const std::vector<Diagnostic>& diagnostics,
                       Look look);

// {"outcome": "ok"|"error", "stage": ..., "errors": [canonical messages]}, one line.
std::string json_of(const Compiled& compiled);

// One SARIF run with these results.
std::string sarif_of(const SourceMap& sources, const std::vector<Diagnostic>& diagnostics);

// A JSON string with its quotes.
std::string json_text(std::string_view text);

}  // namespace vvm::schema
