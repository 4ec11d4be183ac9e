// The VSQL compiler: packages in memory to an AppDef or to diagnostics (docs/spec/vsql.md).
//
// apppartsctl calls compile_app in ParseAppSchemaFiles, cluster when it takes an image, `vvm
// schema` the rest. Pure: the result is a function of the arguments. Does no I/O and knows no file
// system; a package is what its folder would hold. Limits (docs/spec/vvm.md 8.6): a file 4 MiB, all
// text 32 MiB, nesting 256, 100 messages kept.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "appdef/appdef.hpp"
#include "base/result.hpp"

namespace vvm::schema {

struct SourceText {
  std::string name;  // base name, as messages show it: "pos.vsql"
  std::string text;
};

struct PackageText {
  std::string path;  // "github.com/acme/pos"
  std::vector<SourceText> files;
};

// Where a compilation ended (docs/spec/vsql.md 0.2; S3 to S5 are "analyse").
enum class Stage : std::uint8_t { parse, package, analyse, build, validate };

std::string_view stage_name(Stage stage);

struct Options {
  // Stop after this stage, with no AppDef.
  std::optional<Stage> until;
  // Values for DECLAREd variables by QName ("pos.perHour"), in place of their DEFAULT.
  std::map<std::string, std::int32_t, std::less<>> variables;
};

struct Compiled {
  std::shared_ptr<const appdef::AppDef> app_def;  // null exactly when there are errors
  Stage stage = Stage::validate;                  // the last one that ran
  // Canonical: "pos.vsql:3:12: undefined type: X"; in one line, but where a string of the source is
  // shown as it stands (E528, import paths).
  std::vector<std::string> errors;
  std::optional<Code> code;  // 3xx of docs/spec/vvm.md 8.9 for the first error
};

// The canonical compilation: messages, positions and order are the spec's. Packages count in the
// order given; files are taken in byte order of their names.
Compiled compile(const std::vector<PackageText>& packages, const Options& options = {});

// Is it a schema file by its name (*.vsql, *.sql, whatever the case)?
bool is_schema_file(std::string_view name);

// Supply order of tools (docs/spec/vsql.md 0.3): sys, the application's package, its imports depth
// first, then the rest by path.
std::vector<PackageText> in_supply_order(std::vector<PackageText> packages);

// ParseAppSchemaFiles: packages in any order; the APPLICATION must be called `app_name` (the name
// part of the AppQName). err: NoSchemaFiles, SyntaxError, SemanticError, NoApplication,
// AppNameMismatch, ApplicationRedefined; `what` has the canonical messages, one a line.
Result<std::shared_ptr<const appdef::AppDef>> compile_app(std::vector<PackageText> packages,
                                                          std::string_view app_name);

}  // namespace vvm::schema
