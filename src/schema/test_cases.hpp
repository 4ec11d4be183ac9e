// Cases of the compiler's tests: schema texts with what must come of them.
//
// A case begins with `### fail E401 E402: title` or `### ok E401: title`; its text follows, as one
// file of package github.com/company/pkg unless lines `--- package PATH` and `--- file NAME` say
// otherwise, and package sys from sys.vsql in front (`--- without sys`, `--- sys TEXT` change
// that). `>>>` ends the text of a fail; the canonical messages follow.
#pragma once

#include <cstddef>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "schema/schema.hpp"

namespace vvm::schema::testing {

struct Case {
  bool fails = false;
  std::vector<std::string> rules;
  std::string title;
  std::string text;
  std::vector<std::string> errors;
};

inline std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

inline std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) {
    lines.push_back(line);
  }
  return lines;
}

inline std::vector<Case> read_cases(const std::string& text) {
  std::vector<Case> cases;
  bool in_errors = false;
  for (const std::string& line : lines_of(text)) {
    if (line.starts_with("### ")) {
      Case& added = cases.emplace_back();
      std::istringstream words(line.substr(4, line.find(':') - 4));
      std::string word;
      words >> word;
      added.fails = word == "fail";
      while (words >> word) {
        added.rules.push_back(word);
      }
      added.title = line.substr(line.find(':') + 2);
      in_errors = false;
    } else if (line == ">>>") {
      in_errors = true;
    } else if (in_errors) {
      cases.back().errors.push_back(line);
    } else {
      cases.back().text += line + "\n";
    }
  }
  return cases;
}

// `--- generate fields N`: a table with N fields, which nobody wants to read.
inline std::string many_fields(std::size_t count) {
  std::string text = "APPLICATION shop();\nWORKSPACE Shop (TABLE T INHERITS sys.CDoc (F0 int32";
  for (std::size_t i = 1; i < count; ++i) {
    text += ",F" + std::to_string(i) + " int32";
  }
  return text + "));\n";
}

inline std::vector<PackageText> packages_of(const std::string& text, std::string sys) {
  std::vector<PackageText> packages;
  bool with_sys = true;
  const auto file = [&packages]() -> SourceText& {
    if (packages.empty()) {
      packages.push_back({.path = "github.com/company/pkg", .files = {}});
    }
    if (packages.back().files.empty()) {
      packages.back().files.push_back({.name = "file.vsql", .text = {}});
    }
    return packages.back().files.back();
  };
  for (const std::string& line : lines_of(text)) {
    if (line.starts_with("--- package ")) {
      packages.push_back({.path = line.substr(12), .files = {}});
    } else if (line.starts_with("--- file ")) {
      packages.back().files.push_back({.name = line.substr(9), .text = {}});
    } else if (line == "--- without sys") {
      with_sys = false;
    } else if (line.starts_with("--- sys ")) {
      sys = line.substr(8);
    } else if (line.starts_with("--- generate fields ")) {
      file().text += many_fields(std::stoul(line.substr(20)));
    } else {
      file().text += line + "\n";
    }
  }
  file();
  if (with_sys) {
    packages.insert(packages.begin(), {.path = "sys", .files = {{"sys.vsql", std::move(sys)}}});
  }
  return packages;
}

}  // namespace vvm::schema::testing
