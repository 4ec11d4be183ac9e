// Every rule of docs/spec/vsql.md 5: a schema that breaks it, with the exact messages, and one that
// does not although it comes near.
//
// usage: rules_test [--update] TESTDATA SPEC. Counts the rules against the tables of the spec, so
// that none goes untested; --update writes the messages anew, for somebody to read the difference.
#include <algorithm>
#include <cstdio>
#include <map>
#include <set>

#include "schema/test_cases.hpp"
#include "schema/workspace.hpp"

namespace vvm::schema {
namespace {

using testing::Case;

constexpr std::string_view files[] = {"build.txt",
                                      "extensions.txt",
                                      "names.txt",
                                      "packages.txt",
                                      "syntax.txt",
                                      "tables.txt",
                                      "validate.txt",
                                      "views.txt",
                                      "workspaces.txt"};

// Rules that no schema text can break, or that are not the compiler's to check.
const std::map<std::string, std::string> exempt{
    {"E204", "reading folders is the caller's"},
    {"E605", "unreachable after S5 (U3)"},
    {"E606", "unreachable after S5 (U3)"},
    {"E665", "unreachable after E604 (U3)"},
    {"E704", "parameters carry the real local name (Q37)"},
    {"E712", "no schema produces it (U3)"},
    {"E713", "no schema produces it (U3)"},
    {"E714", "E548 comes first (U3)"}};

struct Tally {
  int passed = 0;
  int failed = 0;
  std::set<std::string> broken;  // rules with a case that breaks them
  std::set<std::string> kept;
};

std::string id_of(Rule rule) { return "E" + std::to_string(static_cast<unsigned>(rule)); }

void complain(Tally* tally, const Case& test, const std::string& what) {
  ++tally->failed;
  std::printf("FAILED %s: %s\n", test.title.c_str(), what.c_str());
}

void judge(Case* test, const std::string& sys, bool update, Tally* tally) {
  Workspace workspace;
  const Compiled got = workspace.compile(testing::packages_of(test->text, sys));
  if (test->fails && update) {
    test->errors = got.errors;
  }
  std::string shown;
  for (const std::string& error : got.errors) {
    shown += "\n    " + error;
  }
  if (got.errors != test->errors) {
    return complain(tally, *test, "got" + shown);
  }
  if (test->fails != (got.app_def == nullptr)) {
    return complain(tally, *test, "neither a definition nor an error");
  }
  for (const std::string& rule : test->rules) {
    const bool found = std::ranges::any_of(
        workspace.diagnostics(), [&rule](const Diagnostic& d) { return id_of(d.rule) == rule; });
    if (found != test->fails) {
      return complain(tally, *test, rule + " is not among" + shown);
    }
    (test->fails ? tally->broken : tally->kept).insert(rule);
  }
  ++tally->passed;
}

void write(const std::string& path, const std::vector<Case>& cases) {
  std::ofstream out(path, std::ios::binary);
  for (const Case& test : cases) {
    out << "### " << (test.fails ? "fail" : "ok");
    for (const std::string& rule : test.rules) {
      out << " " << rule;
    }
    out << ": " << test.title << "\n" << test.text;
    if (test.fails) {
      out << ">>>\n";
    }
    for (const std::string& error : test.errors) {
      out << error << "\n";
    }
  }
}

// The ids in the first column of the tables.
std::set<std::string> rules_of(const std::string& spec) {
  std::set<std::string> rules;
  for (const std::string& line : testing::lines_of(spec)) {
    if (line.starts_with("| E") && line.size() > 7 && line.substr(6, 2) == " |") {
      rules.insert(line.substr(2, 4));
    }
  }
  return rules;
}

int run(const std::string& testdata, const std::string& spec, bool update) {
  Tally tally;
  const std::string sys = testing::read_file(testdata + "/sys.vsql");
  for (const std::string_view name : files) {
    const std::string path = testdata + "/" + std::string{name};
    std::vector<Case> cases = testing::read_cases(testing::read_file(path));
    for (Case& test : cases) {
      judge(&test, sys, update, &tally);
    }
    if (update) {
      write(path, cases);
    }
  }
  const std::set<std::string> rules = rules_of(testing::read_file(spec));
  for (const std::string& rule : rules) {
    const bool tested = tally.broken.contains(rule) && tally.kept.contains(rule);
    if (tested == exempt.contains(rule)) {
      ++tally.failed;
      std::printf(
          "FAILED %s: %s\n", rule.c_str(), tested ? "tested and exempt" : "not tested both ways");
    }
  }
  std::printf("%zu rules, %d passed, %d failed\n", rules.size(), tally.passed, tally.failed);
  return tally.failed == 0 && tally.passed > 0 && !rules.empty() ? 0 : 1;
}

}  // namespace
}  // namespace vvm::schema

int main(int count, char** arguments) {
  const bool update = count > 1 && std::string_view{arguments[1]} == "--update";
  const int first = update ? 2 : 1;
  return count == first + 2 ? vvm::schema::run(arguments[first], arguments[first + 1], update) : 2;
}
