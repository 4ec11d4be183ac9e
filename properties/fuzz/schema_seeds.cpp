// Folders, cases and JSON lines to texts.
#include "properties/fuzz/schema_seeds.hpp"

#include <algorithm>
#include <filesystem>
#include <map>

#include <boost/json.hpp>

#include "properties/fuzz/schema_judge.hpp"
#include "properties/fuzz/schema_text.hpp"
#include "schema/generate.hpp"
#include "schema/test_cases.hpp"
#include "schema/test_corpus.hpp"

namespace vvm::fuzz {
namespace {

namespace files = std::filesystem;
namespace json = boost::json;
using schema::PackageText;
using schema::testing::read_file;

std::vector<files::path> sorted_files(const files::path& folder) {
  std::vector<files::path> found;
  if (files::is_directory(folder)) {
    for (const auto& entry : files::recursive_directory_iterator(folder)) {
      if (entry.is_regular_file()) {
        found.push_back(entry.path());
      }
    }
  }
  std::ranges::sort(found);
  return found;
}

class Collector {
 public:
  // A whole application, or its files if it is too large, each as if it were alone.
  void add(const std::string& name, const std::vector<PackageText>& packages) {
    if (add(name, text_of(packages))) {
      return;
    }
    for (std::size_t i = 0; i < packages.size(); ++i) {
      for (std::size_t k = 0; k < packages[i].files.size(); ++k) {
        PackageText part{.path = packages[i].path, .files = {packages[i].files[k]}};
        add(name + "-" + std::to_string(i) + "-" + std::to_string(k), text_of({std::move(part)}));
      }
    }
  }

  bool add(const std::string& name, std::string text) {
    const bool fits = text.size() <= input_bytes_max;
    if (fits && !text.empty()) {
      seeds_.push_back({.name = name, .text = std::move(text)});
    }
    return fits;
  }

  std::vector<Seed> take() { return std::move(seeds_); }

 private:
  std::vector<Seed> seeds_;
};

// Packages below `folder`, whose relative path is the path of the package.
std::vector<PackageText> packages_below(const files::path& folder) {
  std::map<std::string, PackageText> by_path;
  for (const files::path& file : sorted_files(folder)) {
    const std::string path = files::relative(file.parent_path(), folder).generic_string();
    PackageText& package = by_path[path];
    package.path = path;
    package.files.push_back({.name = file.filename().string(), .text = read_file(file.string())});
  }
  std::vector<PackageText> packages;
  for (auto& [path, package] : by_path) {
    packages.push_back(std::move(package));
  }
  return schema::in_supply_order(std::move(packages));
}

void add_applications(const files::path& root, Collector* out) {
  const files::path apps = root / "scenarios" / "apps";
  std::vector<files::path> folders;
  for (const auto& entry : files::directory_iterator(apps)) {
    folders.push_back(entry.path());
  }
  std::ranges::sort(folders);
  for (const files::path& folder : folders) {
    out->add("scenarios-" + folder.filename().string(), packages_below(folder / "pkg"));
  }
}

void add_cases(const files::path& root, Collector* out) {
  const files::path data = root / "src" / "schema" / "testdata";
  const std::string sys = read_file((data / "sys.vsql").string());
  for (const files::path& file : sorted_files(data)) {
    if (file.extension() != ".txt") {
      continue;
    }
    std::size_t number = 0;
    for (const auto& test : schema::testing::read_cases(read_file(file.string()))) {
      out->add("case-" + file.stem().string() + "-" + std::to_string(++number),
               schema::testing::packages_of(test.text, sys));
    }
  }
}

void add_generated(Collector* out) {
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    out->add("generated-" + std::to_string(seed), schema::generate(1, seed));
  }
}

void add_corpus(const files::path& corpus, Collector* out) {
  for (const char* name : {"vsql_cases.jsonl", "compat_cases.jsonl"}) {
    for (const std::string& line : schema::testing::lines_of(read_file((corpus / name).string()))) {
      const json::value test = json::parse(line);
      for (const char* member : {"packages", "old", "new"}) {
        if (const json::value* list = test.as_object().if_contains(member); list != nullptr) {
          out->add("corpus-" + std::string{test.at("id").as_string()} + "-" + member,
                   schema::testing::packages_of(*list));
        }
      }
    }
  }
}

}  // namespace

std::vector<Seed> seeds(const Origins& origins) {
  Collector out;
  const files::path root = origins.root;
  for (const files::path& file : sorted_files(root / "properties" / "fuzz" / "regress")) {
    out.add("regress-" + file.stem().string(), read_file(file.string()));
  }
  add_applications(root, &out);
  add_cases(root, &out);
  add_generated(&out);
  add_corpus(origins.corpus, &out);
  return out.take();
}

}  // namespace vvm::fuzz
