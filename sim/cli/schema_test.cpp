// `vvm schema`: exit codes, and what it reads and writes.
#define BOOST_TEST_MODULE cli_schema
#include <cstdio>
#include <filesystem>

#include <CLI/CLI.hpp>
#include <boost/test/unit_test.hpp>
#include <fcntl.h>
#include <unistd.h>

#include "sim/cli/perf_files.hpp"
#include "sim/cli/schema_command.hpp"
#include "sim/cli/schema_input.hpp"

namespace vvm::cli {
namespace {

namespace fs = std::filesystem;

const std::string sys =
    "ABSTRACT WORKSPACE Workspace (ABSTRACT TABLE CRecord(); ABSTRACT TABLE CDoc INHERITS "
    "CRecord());\n";

struct Folder {
  TemporaryFolder folder = TemporaryFolder::make().value();

  std::string path(const std::string& name) const { return folder.path() + "/" + name; }

  std::string put(const std::string& name, const std::string& text) const {
    fs::create_directories(fs::path(path(name)).parent_path());
    BOOST_TEST_REQUIRE(write_text(path(name), text).has_value());
    return path(name);
  }

  // An application in `name`, whose table has these fields.
  std::string app(const std::string& name, const std::string& fields) const {
    put(name + "/sys/sys.vsql", sys);
    put(name + "/org/pos/pos.vsql",
        "APPLICATION pos();\nWORKSPACE Shop (TABLE T INHERITS sys.CDoc (" + fields + "));\n");
    return path(name);
  }
};

int run(std::vector<std::string> arguments) {
  CLI::App root;
  int exit_code = -1;
  add_schema_command(root, exit_code);
  arguments.insert(arguments.begin(), "schema");
  try {
    root.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
  } catch (const CLI::ParseError&) {
    return 3;  // as the program does
  }
  return exit_code;
}

// What goes to standard output until the end of the object, in a file.
class StdoutCapture {
 public:
  explicit StdoutCapture(std::string path) : path_{std::move(path)}, kept_{::dup(STDOUT_FILENO)} {
    std::fflush(stdout);
    const int file = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    BOOST_TEST_REQUIRE(::dup2(file, STDOUT_FILENO) == STDOUT_FILENO);
    ::close(file);
  }

  ~StdoutCapture() {
    std::fflush(stdout);
    ::dup2(kept_, STDOUT_FILENO);
    ::close(kept_);
  }

  StdoutCapture(const StdoutCapture&) = delete;
  StdoutCapture& operator=(const StdoutCapture&) = delete;

 private:
  std::string path_;
  int kept_;
};

BOOST_FIXTURE_TEST_CASE(check_tells_valid_from_broken_and_from_bad_usage, Folder) {
  BOOST_TEST(run({"check", app("good", "A int32")}) == 0);
  BOOST_TEST(run({"check", app("broken", "A int33")}) == 1);
  BOOST_TEST(run({"check", "--syntax", path("broken")}) == 0);
  BOOST_TEST(run({"check", "--json", path("broken")}) == 1);
  BOOST_TEST(run({"check", "--sarif", path("good")}) == 0);
  BOOST_TEST(run({"check", path("absent")}) == 3);
  BOOST_TEST(run({"check", path("good"), "--var", "x"}) == 3);
  BOOST_TEST(run({"check", path("good"), "--nonsense"}) == 3);
  fs::create_directories(path("empty"));
  BOOST_TEST(run({"check", path("empty")}) == 3);
}

BOOST_FIXTURE_TEST_CASE(a_single_file_is_checked_for_its_syntax, Folder) {
  BOOST_TEST(run({"check", put("a.vsql", "WORKSPACE W (TABLE T INHERITS sys.Nope ());\n")}) == 0);
  BOOST_TEST(run({"check", put("b.vsql", "WORKSPACE W (\n")}) == 1);
  BOOST_TEST(run({"check", put("c.vsql", "ROLE A;\nROLE A;\n")}) == 1);
  BOOST_TEST(run({"dump", path("a.vsql")}) == 3);
}

BOOST_FIXTURE_TEST_CASE(dump_prints_any_stage_and_what_was_reached_of_it, Folder) {
  app("good", "A int32");
  app("broken", "A Nope");
  for (const std::string stage : {"tokens", "tree", "bound", "appdef"}) {
    BOOST_TEST(run({"dump", "--stage", stage, path("good")}) == 0);
    BOOST_TEST(run({"dump", "--stage", stage, path("broken")}) == 1);
  }
  BOOST_TEST(run({"dump", "--stage", "bound", put("a.vsql", "ROLE A;\n")}) == 0);
  BOOST_TEST(run({"dump", "--stage", "tree", put("b.vsql", "ROLE (\n")}) == 1);
  BOOST_TEST(run({"dump", "--stage", "nonsense", path("good")}) == 3);
  BOOST_TEST(run({"dump", "--stage", "tree", "--fingerprint", path("good")}) == 3);
  BOOST_TEST(run({"dump", "--stage", "tree", path("absent")}) == 3);
}

BOOST_FIXTURE_TEST_CASE(what_dump_prints_is_the_dump_alone, Folder) {
  const std::string file = put("a.vsql", "ROLE A;\nROLE;\n");
  int code = 0;
  {
    const StdoutCapture captured{path("out")};
    code = run({"dump", "--stage", "tree", file});
  }
  BOOST_TEST(code == 1);
  BOOST_TEST(read_text(path("out")).value() == "file " + file + "\n  role@1:1 A\n");
}

BOOST_FIXTURE_TEST_CASE(packages_come_from_trees_and_from_paths_with_folders, Folder) {
  app("one", "A int32");
  BOOST_TEST(run({"check", "sys=" + path("one/sys"), "org/pos=" + path("one/org/pos")}) == 0);
  BOOST_TEST(run({"check", "org/pos=" + path("one/org/pos")}) == 1);
  fs::create_directories(path("image"));
  fs::rename(path("one"), path("image/pkg"));
  const auto packages = read_packages({path("image")});
  BOOST_TEST_REQUIRE(packages.has_value());
  BOOST_TEST_REQUIRE(packages.value().size() == 2U);
  BOOST_TEST(packages.value()[0].path == "sys");
  BOOST_TEST(packages.value()[1].path == "org/pos");
}

BOOST_FIXTURE_TEST_CASE(compat_compares_and_ignores_what_a_file_says, Folder) {
  const std::string before = app("v1", "A int32, B int32");
  BOOST_TEST(run({"compat", before, app("v2", "A int32, B int32, C int32")}) == 0);
  BOOST_TEST(run({"compat", before, app("v3", "A int32")}) == 1);
  const std::string ignore =
      put("ignore.yml", "Ignore:\n  - AppDef/Types/pos.T/Fields/B  # gone on purpose\n");
  BOOST_TEST(run({"compat", before, path("v3"), "--ignore", ignore, "--json"}) == 0);
  BOOST_TEST(run({"compat", before, path("v3"), "--ignore", put("bad.yml", "x: y\n")}) == 3);
  BOOST_TEST(run({"compat", before, app("v4", "A int33")}) == 3);
}

BOOST_FIXTURE_TEST_CASE(fmt_lays_out_in_place_and_generate_writes_what_check_accepts, Folder) {
  const std::string file = put("a.vsql", "ROLE   R ;");
  BOOST_TEST(run({"fmt", "--check", file}) == 1);
  BOOST_TEST(run({"fmt", file}) == 0);
  BOOST_TEST(read_text(file).value() == "ROLE R;\n");
  BOOST_TEST(run({"fmt", "--check", file}) == 0);
  BOOST_TEST(run({"fmt", put("b.vsql", "ROLE (")}) == 1);
  BOOST_TEST(run({"generate", "--size", "40K", "-o", path("big")}) == 0);
  BOOST_TEST(run({"check", path("big")}) == 0);
  BOOST_TEST(run({"generate", "--size", "40Q", "-o", path("big")}) == 3);
}

}  // namespace
}  // namespace vvm::cli
