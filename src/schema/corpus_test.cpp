// Conformance: the cases of the corpus, which is not part of the repository.
//
// Each case is a list of packages with the errors or the definition that they must give; see the
// README of the corpus. Lists every deviation and ends with `N passed, N failed`; exit 77, which
// meson shows as skipped, where the corpus is absent.
#include <algorithm>
#include <cstdio>
#include <fstream>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include <boost/json.hpp>

#include "appdef/compat.hpp"
#include "appdef/dump.hpp"
#include "schema/schema.hpp"
#include "schema/test_corpus.hpp"

namespace vvm::schema {
namespace {

namespace json = boost::json;

struct Tally {
  int passed = 0;
  int failed = 0;

  void note(const std::string& id, const std::string& deviation) {
    if (deviation.empty()) {
      ++passed;
      return;
    }
    ++failed;
    std::printf("FAILED %s: %s\n", id.c_str(), deviation.c_str());
  }
};

std::string read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::vector<json::value> lines(const std::string& path) {
  std::ifstream file(path);
  std::vector<json::value> values;
  for (std::string line; std::getline(file, line);) {
    values.push_back(json::parse(line));
  }
  return values;
}

// What the spec leaves open about E103.
std::string without_expected(std::string message) {
  const std::size_t at = message.find(" (expected ");
  return message.find("unexpected token") != std::string::npos ? message.substr(0, at) : message;
}

std::vector<std::string> strings(const json::value& list) {
  std::vector<std::string> out;
  for (const json::value& each : list.as_array()) {
    out.push_back(without_expected(std::string{each.as_string()}));
  }
  return out;
}

std::string joined(const std::vector<std::string>& list) {
  std::string out;
  for (const std::string& each : list) {
    out += "\n    " + each;
  }
  return out;
}

std::string first_difference(const json::value& want,
                             const json::value& got,
                             const std::string& path) {
  if (want == got) {
    return {};
  }
  if (want.is_object() && got.is_object()) {
    for (const auto& member : want.as_object()) {
      const json::value* other = got.as_object().if_contains(member.key());
      const std::string place = path + "/" + std::string{member.key()};
      if (other == nullptr) {
        return place + " is missing";
      }
      if (std::string found = first_difference(member.value(), *other, place); !found.empty()) {
        return found;
      }
    }
    return path + " has members too many: " + json::serialize(got);
  }
  if (want.is_array() && got.is_array()) {
    const json::array& a = want.as_array();
    const json::array& b = got.as_array();
    for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
      const std::string place = path + "[" + std::to_string(i) + "]";
      if (std::string found = first_difference(a[i], b[i], place); !found.empty()) {
        return found;
      }
    }
  }
  return path + ": expected " + json::serialize(want) + ", got " + json::serialize(got);
}

std::optional<Stage> stage_of(const json::object& test, const char* member) {
  const json::value* name = test.if_contains(member);
  for (const Stage stage :
       {Stage::parse, Stage::package, Stage::analyse, Stage::build, Stage::validate}) {
    if (name != nullptr && name->as_string() == stage_name(stage)) {
      return stage;
    }
  }
  return std::nullopt;
}

std::string compare_errors(const json::object& test, const Compiled& got) {
  std::vector<std::string> want = strings(test.at("errors"));
  std::vector<std::string> have;
  for (const std::string& error : got.errors) {
    have.push_back(without_expected(error));
  }
  if (stage_of(test, "stage") != got.stage) {
    return "expected stage " + std::string{test.at("stage").as_string()} + ", got " +
           std::string{stage_name(got.stage)} + joined(have);
  }
  if (test.contains("unstable")) {
    std::ranges::sort(want);
    std::ranges::sort(have);
  }
  return want == have ? "" : "expected" + joined(want) + "\n  got" + joined(have);
}

std::string judge(const json::object& test, const std::string& corpus) {
  Options options;
  options.until = stage_of(test, "until");
  if (const json::value* vars = test.if_contains("vars"); vars != nullptr) {
    for (const auto& var : vars->as_object()) {
      options.variables[std::string{var.key()}] =
          static_cast<std::int32_t>(var.value().to_number<std::int64_t>());
    }
  }
  const Compiled got = compile(testing::packages_of(test.at("packages")), options);
  if (test.at("outcome").as_string() == "error") {
    return compare_errors(test, got);
  }
  if (!got.errors.empty()) {
    return "expected no error, got" + joined(got.errors);
  }
  const json::value* golden = test.if_contains("golden");
  if (golden == nullptr) {
    return {};
  }
  std::string name{golden->as_string()};
  name = name.starts_with("golden/") ? name : "golden/" + name;
  return first_difference(
      json::parse(read(corpus + "/" + name)), json::parse(appdef::dump(*got.app_def)), "");
}

std::multiset<std::string> errors_of(const json::value& list) {
  std::multiset<std::string> out;
  for (const json::value& each : list.as_array()) {
    std::string path;
    if (each.at("path").is_array()) {
      for (const json::value& part : each.at("path").as_array()) {
        path += (path.empty() ? "" : "/") + std::string{part.as_string()};
      }
    } else {
      path = std::string{each.at("path").as_string()};
    }
    out.insert(std::string{each.at("type").as_string()} + ": " + path);
  }
  return out;
}

std::string judge_compat(const json::object& test) {
  const Compiled before = compile(testing::packages_of(test.at("old")));
  const Compiled after = compile(testing::packages_of(test.at("new")));
  if (before.app_def == nullptr || after.app_def == nullptr) {
    return "does not compile:" + joined(before.errors) + joined(after.errors);
  }
  std::vector<appdef::CompatError> found = appdef::compare(*before.app_def, *after.app_def);
  // The reference reports it in addition, or not, by chance (docs/spec/vsql.md 9.5).
  const std::string by_chance = "NodeInserted: AppDef/Packages";
  const auto differs = [&found, &by_chance](const json::value& expected) {
    std::multiset<std::string> have;
    for (const appdef::CompatError& error : found) {
      have.insert(error.str());
    }
    std::multiset<std::string> want = errors_of(expected);
    have.erase(by_chance);
    want.erase(by_chance);
    return want == have ? std::string{}
                        : "expected" + joined({want.begin(), want.end()}) + "\n  got" +
                              joined({have.begin(), have.end()});
  };
  if (std::string deviation = differs(test.at("errors")); !deviation.empty()) {
    return deviation;
  }
  if (const json::value* ignore = test.if_contains("ignore"); ignore != nullptr) {
    std::vector<std::string> paths;
    for (const json::value& each : ignore->as_array()) {
      std::string path;
      if (each.is_array()) {
        for (const json::value& part : each.as_array()) {
          path += (path.empty() ? "" : "/") + std::string{part.as_string()};
        }
      } else {
        path = std::string{each.as_string()};
      }
      paths.push_back(path);
    }
    found = appdef::without(std::move(found), paths);
    return differs(test.at("errors_after_ignore"));
  }
  return {};
}

int run(const std::string& corpus) {
  if (!std::ifstream(corpus + "/vsql_cases.jsonl").good()) {
    std::printf("no corpus at %s: skipped\n", corpus.c_str());
    return 77;
  }
  Tally tally;
  for (const json::value& test : lines(corpus + "/vsql_cases.jsonl")) {
    tally.note(std::string{test.at("id").as_string()}, judge(test.as_object(), corpus));
  }
  for (const json::value& test : lines(corpus + "/compat_cases.jsonl")) {
    tally.note(std::string{test.at("id").as_string()}, judge_compat(test.as_object()));
  }
  std::printf("%d passed, %d failed\n", tally.passed, tally.failed);
  return tally.failed == 0 && tally.passed > 0 ? 0 : 1;
}

}  // namespace
}  // namespace vvm::schema

int main(int count, char** arguments) { return count == 2 ? vvm::schema::run(arguments[1]) : 2; }
