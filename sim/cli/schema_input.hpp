// What `vvm schema` is given: folders and files, as packages in memory.
//
// sim/cli/schema_command relies on it. Every failure is an Error that names the path.
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "schema/schema.hpp"

namespace vvm::cli {

// A DIR that holds packages in folders named by package path (its pkg/ if it has one), or
// PATH=DIR for one package; several may be mixed. In supply order.
Result<std::vector<schema::PackageText>> read_packages(const std::vector<std::string>& arguments);

// Is it a single schema file?
bool is_schema_path(const std::string& argument);

// The paths of an ignore file (docs/spec/vsql.md 9.6).
Result<std::vector<std::string>> read_ignore_file(const std::string& path);

}  // namespace vvm::cli
