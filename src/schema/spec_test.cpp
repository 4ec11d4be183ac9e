// The worked examples of docs/spec/vsql.md section 10, read from the document itself.
//
// usage: spec_test SPEC. An example is a heading, packages, and what comes of them: errors, or
// extracts of the dump. X40 shows a quirk (Q13) whose recommended treatment accepts the text.
#include <algorithm>
#include <cstdio>
#include <map>

#include <boost/json.hpp>

#include "appdef/compat.hpp"
#include "appdef/dump.hpp"
#include "schema/grammar.hpp"
#include "schema/test_cases.hpp"

namespace vvm::schema {
namespace {

namespace json = boost::json;

struct Block {
  std::string before;  // the line of text above it
  std::string text;
};

struct Example {
  std::string name;  // "X17"
  std::vector<Block> blocks;
  std::string prose;
};

std::vector<Example> examples_of(const std::string& spec, std::string* sys) {
  std::vector<Example> examples;
  const std::vector<std::string> lines = testing::lines_of(spec);
  bool in_section = false;
  bool in_block = false;
  std::string last;
  for (const std::string& line : lines) {
    in_section = in_section || line.starts_with("## 10.");
    if (line.starts_with("## Appendix")) {
      break;
    }
    if (!in_section) {
      continue;
    }
    if (line.starts_with("```")) {
      in_block = !in_block;
      if (!in_block && !examples.empty() && !examples.back().blocks.back().text.empty()) {
        examples.back().blocks.back().text.pop_back();  // sources end without a line break
      }
      if (in_block && !examples.empty()) {
        examples.back().blocks.push_back({.before = last, .text = {}});
      }
      continue;
    }
    if (in_block) {
      (examples.empty() ? *sys : examples.back().blocks.back().text) += line + "\n";
    } else if (line.starts_with("**X")) {
      examples.push_back({.name = line.substr(2, line.find('.') - 2), .blocks = {}, .prose = {}});
      last.clear();
    } else if (!line.empty()) {
      last = line;
      if (!examples.empty()) {
        examples.back().prose += line + "\n";
      }
    }
  }
  return examples;
}

// "package `org/main`, file `main.vsql`:"
std::vector<std::string> in_back_ticks(const std::string& line) {
  std::vector<std::string> out;
  for (std::size_t at = line.find('`'); at != std::string::npos; at = line.find('`', at + 1)) {
    const std::size_t end = line.find('`', at + 1);
    out.push_back(line.substr(at + 1, end - at - 1));
    at = end;
  }
  return out;
}

PackageText single(const std::string& text) {
  return {.path = "github.com/company/pkg", .files = {{"file.vsql", text}}};
}

std::string joined(const std::vector<std::string>& lines) {
  std::string out;
  for (const std::string& line : lines) {
    out += line + "\n";
  }
  return out;
}

// The dump without what extracts leave out.
json::value as_extract(json::value type) {
  json::object& object = type.as_object();
  for (const char* member : {"fields", "value"}) {
    json::value* list = object.if_contains(member);
    if (list == nullptr) {
      continue;
    }
    json::array kept;
    for (const json::value& field : list->as_array()) {
      if (!field.at("name").as_string().starts_with("sys.")) {
        kept.push_back(field);
      }
    }
    if (kept.empty()) {
      object.erase(member);
    } else {
      *list = std::move(kept);
    }
  }
  return type;
}

std::string judge_extracts(const std::string& extracts, const appdef::AppDef& app_def) {
  std::map<std::string, json::value> types;
  const json::value dump = json::parse(appdef::dump(app_def));
  for (const json::value& type : dump.at("types").as_array()) {
    types.emplace(type.at("name").as_string(), as_extract(type));
  }
  std::string one;
  for (const std::string& line : testing::lines_of(extracts + "\n{\n")) {
    if (line.starts_with("{") && !one.empty()) {
      const json::value want = json::parse(one);
      const std::string name{want.at("name").as_string()};
      if (!types.contains(name) || types.at(name) != want) {
        return "expected " + json::serialize(want) + "\n  got " +
               (types.contains(name) ? json::serialize(types.at(name)) : "nothing");
      }
      one.clear();
    }
    one += line;
  }
  return {};
}

std::string judge_compat(const Example& example, const PackageText& sys) {
  const Compiled before = compile({sys, single(example.blocks.at(0).text)});
  const Compiled after = compile({sys, single(example.blocks.at(1).text)});
  if (before.app_def == nullptr || after.app_def == nullptr) {
    return "does not compile: " + joined(before.errors) + joined(after.errors);
  }
  std::string got;
  for (const appdef::CompatError& error : appdef::compare(*before.app_def, *after.app_def)) {
    got += error.str() + "\n";
  }
  const std::string want = example.blocks.size() > 2 ? example.blocks[2].text + "\n" : "";
  return got == want ? "" : "expected\n" + want + "got\n" + got;
}

std::string judge(const Example& example, const PackageText& sys) {
  if (example.prose.find("Old:") != std::string::npos) {
    return judge_compat(example, sys);
  }
  std::vector<PackageText> packages{sys};
  std::string errors;
  std::string extracts;
  bool has_errors = false;
  for (const Block& block : example.blocks) {
    if (block.before.starts_with("package `")) {
      const std::vector<std::string> names = in_back_ticks(block.before);
      if (packages.back().path != names[0]) {
        packages.push_back({.path = names[0], .files = {}});
      }
      packages.back().files.push_back({names[1], block.text});
    } else if (block.before.starts_with("Errors")) {
      errors = block.text + "\n";
      has_errors = true;
    } else if (block.before.find("xtract") != std::string::npos) {
      extracts = block.text;
    } else {
      packages.push_back(single(block.text));
    }
  }
  const Compiled got = compile(packages);
  if (example.name == "X40") {
    return got.errors.empty() ? "" : "Q13 is to be accepted, got " + joined(got.errors);
  }
  if (example.name == "X42") {  // the reference aborts: only the text counts
    const bool good = got.errors.size() == 1 &&
                      got.errors[0].ends_with("already exists: unique «pkg.T$uniques$01»");
    return good ? "" : "got " + joined(got.errors);
  }
  std::string have;
  for (std::string error : got.errors) {
    if (error.find("unexpected token") != std::string::npos) {
      error = error.substr(0, error.find(" (expected "));
    }
    have += error + "\n";
  }
  if (has_errors || got.app_def == nullptr) {
    return have == errors ? "" : "expected\n" + errors + "got\n" + have;
  }
  return judge_extracts(extracts, *got.app_def);
}

std::string without_white(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c != ' ' && c != '\n') {
      out.push_back(c);
    }
  }
  return out;
}

int run(const std::string& path) {
  const std::string spec = testing::read_file(path);
  std::string sys;
  int passed = 0;
  int failed = 0;
  const auto note = [&passed, &failed](const std::string& name, const std::string& deviation) {
    ++(deviation.empty() ? passed : failed);
    if (!deviation.empty()) {
      std::printf("FAILED %s: %s\n", name.c_str(), deviation.c_str());
    }
  };
  for (const Example& example : examples_of(spec, &sys)) {
    note(example.name, judge(example, {.path = "sys", .files = {{"sys.vsql", sys}}}));
  }
  // What recognise.cpp reads is what the document says.
  note("grammar",
       without_white(spec).find(without_white(grammar)) != std::string::npos
           ? ""
           : "schema/grammar.hpp is not the grammar of the document");
  std::printf("%d passed, %d failed\n", passed, failed);
  return failed == 0 && passed > 40 ? 0 : 1;
}

}  // namespace
}  // namespace vvm::schema

int main(int count, char** arguments) { return count == 2 ? vvm::schema::run(arguments[1]) : 2; }
