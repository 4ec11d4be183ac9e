// Tests of the program around its commands, and of what every command owes its user.
#define BOOST_TEST_MODULE cli program
#include "sim/cli/program.hpp"

#include <cstdlib>
#include <stdexcept>
#include <vector>

#include <CLI/CLI.hpp>
#include <boost/test/unit_test.hpp>

namespace vvm::cli {
namespace {

// A stream that keeps what is printed to it.
class Kept {
 public:
  Kept() : file_(open_memstream(&data_, &size_)) {}

  Kept(const Kept&) = delete;
  Kept& operator=(const Kept&) = delete;

  ~Kept() {
    std::fclose(file_);
    std::free(data_);
  }

  std::FILE* file() const { return file_; }

  std::string text() const {
    std::fflush(file_);
    return {data_, size_};
  }

 private:
  char* data_ = nullptr;
  std::size_t size_ = 0;
  std::FILE* file_;
};

struct Ran {
  int code;
  std::string out;
  std::string err;
};

// Commands that end in every way there is.
void add_test_commands(CLI::App& root, int& exit_code) {
  CLI::App* end = root.add_subcommand("end", "ends with a code");
  end->add_option("CODE", exit_code, "exit code")->required();
  root.add_subcommand("break", "throws")->callback([] { throw std::runtime_error("it broke"); });
  root.add_subcommand("odd", "throws no exception")->callback([] { throw 7; });
  CLI::App* group = root.add_subcommand("report", "a group");
  group->require_subcommand(1);
  CLI::App* compare = group->add_subcommand("compare", "one of the group");
  compare->add_flag("--markdown")->description("an option");
  group->add_subcommand("pair", "another");
}

Ran run(const std::vector<std::string>& args, const AddCommands& add = add_test_commands) {
  const Kept out;
  const Kept err;
  const int code = run_program(args, add, {.out = out.file(), .err = err.file()});
  return {code, out.text(), err.text()};
}

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

BOOST_AUTO_TEST_CASE(the_exit_code_is_that_of_the_command) {
  for (const int code : {0, 1, 2, 3, 4}) {
    BOOST_TEST(run({"end", std::to_string(code)}).code == code);
  }
}

BOOST_AUTO_TEST_CASE(help_goes_to_standard_output_and_is_no_failure) {
  const Ran root = run({"--help"});
  BOOST_TEST(root.code == 0);
  BOOST_TEST(has(root.out, "Exit codes"));
  BOOST_TEST(root.err == "");
  const Ran inner = run({"report", "compare", "--help"});
  BOOST_TEST(inner.code == 0);
  BOOST_TEST(has(inner.out, "--markdown"));
  BOOST_TEST(has(inner.out, "Usage: vvm report compare"));
  BOOST_TEST(!has(run({"report", "--help"}).out, "Exit codes"));
}

BOOST_AUTO_TEST_CASE(without_a_command_the_help_goes_to_standard_error) {
  const Ran ran = run({});
  BOOST_TEST(ran.code == 3);
  BOOST_TEST(ran.out == "");
  BOOST_TEST(has(ran.err, "Exit codes"));
}

BOOST_AUTO_TEST_CASE(the_version_names_commit_and_build) {
  const Ran ran = run({"--version"});
  BOOST_TEST(ran.code == 0);
  BOOST_TEST(ran.out.starts_with("vvm "));
  BOOST_TEST(has(ran.out, "clang"));
}

BOOST_AUTO_TEST_CASE(an_unknown_command_is_refused_with_the_nearest_name) {
  const Ran ran = run({"braek"});
  BOOST_TEST(ran.code == 3);
  BOOST_TEST(ran.out == "");
  BOOST_TEST(ran.err == "vvm: no command `braek`; did you mean `break`?\nvvm: see `vvm --help`\n");
  const Ran inner = run({"report", "compair"});
  BOOST_TEST(inner.code == 3);
  BOOST_TEST(has(inner.err, "vvm report: no command `compair`; did you mean `compare`?"));
}

BOOST_AUTO_TEST_CASE(a_name_that_is_near_to_none_gets_no_suggestion) {
  const Ran ran = run({"qqqqqq"});
  BOOST_TEST(ran.code == 3);
  BOOST_TEST(has(ran.err, "no command `qqqqqq`\n"));
}

BOOST_AUTO_TEST_CASE(an_unknown_option_is_refused_with_the_nearest_name) {
  const Ran ran = run({"report", "compare", "--markdwon=1"});
  BOOST_TEST(ran.code == 3);
  BOOST_TEST(
      has(ran.err, "vvm report compare: no option `--markdwon`; did you mean `--markdown`?"));
}

BOOST_AUTO_TEST_CASE(bad_arguments_are_usage_errors_that_name_the_command) {
  const Ran missing = run({"end"});
  BOOST_TEST(missing.code == 3);
  BOOST_TEST(has(missing.err, "vvm end: CODE is required"));
  BOOST_TEST(has(missing.err, "see `vvm end --help`"));
  BOOST_TEST(run({"end", "many"}).code == 3);
  BOOST_TEST(run({"end", "1", "2"}).code == 3);
  BOOST_TEST(run({"report"}).code == 3);
}

BOOST_AUTO_TEST_CASE(an_exception_is_an_internal_error_with_its_text) {
  const Ran ran = run({"break"});
  BOOST_TEST(ran.code == 4);
  BOOST_TEST(ran.err == "vvm: internal error: it broke\n");
  BOOST_TEST(run({"odd"}).code == 4);
}

BOOST_AUTO_TEST_CASE(an_output_that_cannot_be_written_is_an_internal_error) {
  std::FILE* full = std::fopen("/dev/full", "w");
  BOOST_REQUIRE(full != nullptr);
  const Kept err;
  const std::vector<std::string> args{"--help"};
  BOOST_TEST(run_program(args, add_test_commands, {.out = full, .err = err.file()}) == 4);
  std::fclose(full);
}

BOOST_AUTO_TEST_CASE(nearest_name_prefers_the_fewest_edits_and_the_earlier_name) {
  const std::vector<std::string> names{"run", "report", "replay", "up"};
  BOOST_TEST(nearest_name("rnu", names) == "run");
  BOOST_TEST(nearest_name("rep", names) == "report");
  BOOST_TEST(nearest_name("replya", names) == "replay");
  BOOST_TEST(nearest_name("u", names) == "up");
  BOOST_TEST(nearest_name("xyz", names) == "");
}

// Walks the real commands: no command without a description, no leaf without an example.
void check_texts(const CLI::App& app) {
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    BOOST_TEST_CONTEXT("command " << command->get_name()) {
      BOOST_TEST(command->get_description() != "");
      const bool leaf = command->get_subcommands([](const CLI::App*) { return true; }).empty();
      if (leaf) {
        BOOST_TEST(has(command->get_footer(), "Example"));
        BOOST_TEST(has(command->get_footer(), "vvm "));
      }
    }
    check_texts(*command);
  }
}

BOOST_AUTO_TEST_CASE(every_command_has_a_description_and_an_example) {
  CLI::App root;
  int exit_code = 0;
  add_all_commands(root, exit_code);
  check_texts(root);
  for (const char* name : {"bench", "report", "image"}) {
    BOOST_CHECK_NO_THROW(root.get_subcommand(name));
  }
}

BOOST_AUTO_TEST_CASE(the_real_commands_run) {
  BOOST_TEST(run({"image", "inspect", "/nowhere"}, add_all_commands).code == 3);
  BOOST_TEST(run({"report", "compare", "/nowhere", "/nowhere"}, add_all_commands).code == 3);
  BOOST_TEST(run({"bench", "--list", "no such benchmark"}, add_all_commands).code == 3);
}

}  // namespace
}  // namespace vvm::cli
