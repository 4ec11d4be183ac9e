// The fuzz target's code without libFuzzer: so that it cannot rot, and so that what was once found
// stays fixed.
//
// usage: schema_fuzz_plain test ROOT CORPUS CASES LAST   all seeds, then CASES mutations of them;
//                                                        the input at work stands in file LAST
//        schema_fuzz_plain seeds ROOT CORPUS FOLDER      writes each seed to a file
//        schema_fuzz_plain dictionary ROOT [--update]    is vsql.dict what the lexer knows?
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "properties/fuzz/schema_judge.hpp"
#include "properties/fuzz/schema_seeds.hpp"
#include "properties/fuzz/schema_text.hpp"
#include "properties/fuzz/token_mutator.hpp"
#include "schema/test_cases.hpp"

namespace vvm::fuzz {
namespace {

using schema::testing::read_file;

void write_file(const std::string& path, std::string_view text) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << text;
}

// The input at work, in a file, for whoever looks for it after the process died. Written in place:
// a file that is emptied and filled again makes some file systems wait for the disk.
class AtWork {
 public:
  explicit AtWork(std::string path)
      : path_(std::move(path)), file_(path_, std::ios::binary | std::ios::trunc) {}

  void show(const std::string& text) {
    file_.seekp(0);
    file_ << text << std::flush;
    std::filesystem::resize_file(path_, text.size());
  }

  void remove() { std::filesystem::remove(path_); }

  const std::string& path() const { return path_; }

 private:
  std::string path_;
  std::ofstream file_;
};

// The judge's verdict; the input stays in the file if it does not hold.
bool holds(const std::string& text, const std::string& name, AtWork* at_work) {
  at_work->show(text);
  const std::string found = broken(text);
  if (found.empty()) {
    return true;
  }
  std::printf("FAILED %s: %s\n  replay it: ./dev fuzz-schema %s\n",
              name.c_str(),
              found.c_str(),
              at_work->path().c_str());
  return false;
}

int test(const Origins& origins, std::uint64_t cases, const std::string& last) {
  const std::string sys = read_file(origins.root + "/src/schema/testdata/sys.vsql");
  if (sys != default_sys()) {
    std::printf("FAILED default_sys() is not src/schema/testdata/sys.vsql\n");
    return 1;
  }
  const std::vector<Seed> all = seeds(origins);
  if (all.empty()) {
    std::printf("FAILED no seeds below %s\n", origins.root.c_str());
    return 1;
  }
  AtWork at_work(last);
  for (const Seed& seed : all) {
    if (!holds(seed.text, seed.name, &at_work)) {
      return 1;
    }
  }
  Rng rng(1);
  for (std::uint64_t i = 0; i < cases; ++i) {
    const Seed& seed = all[rng.below(all.size())];
    const std::string& other = all[rng.below(all.size())].text;
    const std::string text = rng.chance({.num = 1, .den = 4})
                                 ? crossed(seed.text, other, input_bytes_max, &rng)
                                 : mutated(seed.text, input_bytes_max, &rng);
    if (!holds(text, "mutation " + std::to_string(i) + " of " + seed.name, &at_work)) {
      return 1;
    }
  }
  at_work.remove();
  std::printf(
      "%zu seeds and %llu mutations hold\n", all.size(), static_cast<unsigned long long>(cases));
  return 0;
}

int write_seeds(const Origins& origins, const std::string& folder) {
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  for (const Seed& seed : seeds(origins)) {
    write_file(folder + "/" + seed.name + ".vsql", seed.text);
  }
  return 0;
}

// libFuzzer's form; keywords and marks have no octet that needs an escape.
std::string dictionary() {
  std::string out =
      "# Every keyword and mark of the lexer (src/schema/tokens.def), for libFuzzer's own\n"
      "# mutations; made by `schema_fuzz_plain dictionary ROOT --update`, and a test compares.\n";
  for (const std::string& word : words()) {
    out.append("\"").append(word).append("\"\n");
  }
  return out;
}

int judge_dictionary(const std::string& root, bool update) {
  const std::string path = root + "/properties/fuzz/vsql.dict";
  if (update) {
    write_file(path, dictionary());
  }
  if (read_file(path) != dictionary()) {
    std::printf("FAILED %s is not what the lexer knows; --update writes it\n", path.c_str());
    return 1;
  }
  return 0;
}

int run(const std::vector<std::string>& arguments) {
  const auto is = [&arguments](std::string_view verb, std::size_t count) {
    return !arguments.empty() && arguments[0] == verb && arguments.size() == count;
  };
  if (is("test", 5)) {
    return test(
        {.root = arguments[1], .corpus = arguments[2]}, std::stoull(arguments[3]), arguments[4]);
  }
  if (is("seeds", 4)) {
    return write_seeds({.root = arguments[1], .corpus = arguments[2]}, arguments[3]);
  }
  if (is("dictionary", 2) || (is("dictionary", 3) && arguments[2] == "--update")) {
    return judge_dictionary(arguments[1], arguments.size() == 3);
  }
  std::fprintf(stderr, "usage: schema_fuzz_plain test|seeds|dictionary ROOT ...\n");
  return 3;
}

}  // namespace
}  // namespace vvm::fuzz

int main(int count, char** arguments) { return vvm::fuzz::run({arguments + 1, arguments + count}); }
