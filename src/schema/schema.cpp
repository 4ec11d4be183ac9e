// The entry points, and the order in which tools supply packages.
#include "schema/schema.hpp"

#include <algorithm>
#include <set>

#include "base/check.hpp"
#include "schema/rules.hpp"
#include "schema/workspace.hpp"

namespace vvm::schema {
namespace {

bool ends_with_folded(std::string_view name, std::string_view lower) {
  return name.size() >= lower.size() &&
         std::ranges::equal(name.substr(name.size() - lower.size()), lower, [](char a, char b) {
           return (a >= 'A' && a <= 'Z' ? static_cast<char>(a + 32) : a) == b;
         });
}

// What in_supply_order needs to know of a package: by tokens, so that errors do not matter.
struct Outline {
  bool has_application = false;
  std::vector<std::string> imports;
};

Outline outline_of(const PackageText& package, TokenBuffer* buffer) {
  Outline outline;
  for (const SourceText& file : package.files) {
    if (file.text.size() > file_bytes_max || !is_schema_file(file.name)) {
      continue;
    }
    SourceMap map;
    const SourceFile& source = map.add(file.name, file.text);
    buffer->lex(source);
    const std::span<const Token> tokens = buffer->tokens();
    for (std::size_t i = 0; i + 2 < tokens.size(); ++i) {
      const Tok kind = tokens[i].kind();
      outline.has_application = outline.has_application ||
                                (kind == Tok::kw_application && is_ident(tokens[i + 1].kind()) &&
                                 tokens[i + 2].kind() == Tok::open);
      if (kind == Tok::kw_import && tokens[i + 2].kind() == Tok::string &&
          buffer->errors().empty()) {
        outline.imports.push_back(
            string_value(source.text().substr(tokens[i + 2].start, tokens[i + 2].length)));
      }
    }
  }
  return outline;
}

}  // namespace

std::string_view stage_name(Stage stage) {
  switch (stage) {
    case Stage::parse:
      return "parse";
    case Stage::package:
      return "package";
    case Stage::analyse:
      return "analyse";
    case Stage::build:
      return "build";
    case Stage::validate:
      return "validate";
  }
  UNREACHABLE();
}

Code code_of(Rule rule) {
  switch (rule) {
    case Rule::too_large:
    case Rule::too_deep:
    case Rule::e101:
    case Rule::e102:
    case Rule::e103:
    case Rule::e104:
      return Code::syntax_error;
    case Rule::e201:
    case Rule::e202:
      return Code::no_schema_files;
    case Rule::e303:
      return Code::application_redefined;
    case Rule::e304:
      return Code::no_application;
    default:
      return Code::semantic_error;
  }
}

bool is_schema_file(std::string_view name) {
  return ends_with_folded(name, ".vsql") || ends_with_folded(name, ".sql");
}

Compiled compile(const std::vector<PackageText>& packages, const Options& options) {
  return Workspace{}.compile(packages, options);
}

std::vector<PackageText> in_supply_order(std::vector<PackageText> packages) {
  std::ranges::sort(packages, {}, &PackageText::path);
  TokenBuffer buffer;
  std::map<std::string_view, std::size_t> by_path;
  std::vector<Outline> outlines;
  for (std::size_t i = 0; i < packages.size(); ++i) {
    by_path.emplace(packages[i].path, i);
    outlines.push_back(outline_of(packages[i], &buffer));
  }
  std::vector<std::size_t> order;
  std::vector<bool> placed(packages.size());
  const auto place = [&order, &placed](std::size_t i) {
    if (!placed[i]) {
      placed[i] = true;
      order.push_back(i);
    }
  };
  if (const auto sys = by_path.find("sys"); sys != by_path.end()) {
    place(sys->second);
  }
  // Depth first over imports, without recursion: the stack has what is still to be placed.
  std::vector<std::size_t> stack;
  for (std::size_t i = packages.size(); i > 0; --i) {
    if (outlines[i - 1].has_application) {
      stack.push_back(i - 1);
    }
  }
  std::vector<bool> opened(packages.size());
  while (!stack.empty()) {
    const std::size_t i = stack.back();
    stack.pop_back();
    place(i);
    if (opened[i]) {
      continue;
    }
    opened[i] = true;
    for (auto it = outlines[i].imports.rbegin(); it != outlines[i].imports.rend(); ++it) {
      if (const auto imported = by_path.find(*it); imported != by_path.end()) {
        stack.push_back(imported->second);
      }
    }
  }
  for (std::size_t i = 0; i < packages.size(); ++i) {
    place(i);
  }
  std::vector<PackageText> ordered;
  ordered.reserve(packages.size());
  for (const std::size_t i : order) {
    ordered.push_back(std::move(packages[i]));
  }
  return ordered;
}

Result<std::shared_ptr<const appdef::AppDef>> compile_app(std::vector<PackageText> packages,
                                                          std::string_view app_name) {
  std::erase_if(packages, [](const PackageText& package) {
    return std::ranges::none_of(package.files,
                                [](const SourceText& file) { return is_schema_file(file.name); });
  });
  if (packages.empty()) {
    return Error{Code::no_schema_files, "no folder with a schema file"};
  }
  Compiled compiled = compile(in_supply_order(std::move(packages)));
  if (compiled.app_def == nullptr) {
    std::string what;
    for (const std::string& error : compiled.errors) {
      what.append(what.empty() ? "" : "\n").append(error);
    }
    return Error{compiled.code.value_or(Code::semantic_error), std::move(what)};
  }
  if (compiled.app_def->application() != app_name) {
    return Error{Code::app_name_mismatch,
                 "the schema's APPLICATION is `" + std::string{compiled.app_def->application()} +
                     "`, the image is for `" + std::string{app_name} + "`"};
  }
  return std::move(compiled.app_def);
}

}  // namespace vvm::schema
