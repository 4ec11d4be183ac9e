// The parts of `vvm run` that need no simulator: seeds, files, the pool, progress.
#define BOOST_TEST_MODULE cli_campaign
#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <stdexcept>

#include <boost/test/unit_test.hpp>
#include <unistd.h>

#include "sim/cli/perf_files.hpp"
#include "sim/cli/run_plan.hpp"
#include "sim/cli/run_pool.hpp"
#include "sim/cli/run_progress.hpp"

namespace vvm::cli {
namespace {

std::string seeds_error(std::string_view text) {
  const Result<SeedRange> seeds = parse_seeds(text);
  return seeds.has_value() ? std::string{"accepted"} : seeds.error().what;
}

BOOST_AUTO_TEST_SUITE(seeds)

BOOST_AUTO_TEST_CASE(one_seed_or_a_range_with_both_ends) {
  BOOST_TEST((parse_seeds("7").value() == SeedRange{7, 7}));
  BOOST_TEST((parse_seeds("1..200").value() == SeedRange{1, 200}));
  BOOST_TEST((parse_seeds("5..5").value().count() == 1));
  constexpr std::uint64_t last = 18'446'744'073'709'551'615U;
  BOOST_TEST((parse_seeds("18446744073709551615").value() == SeedRange{last, last}));
}

BOOST_AUTO_TEST_CASE(what_is_no_range_is_refused_with_the_reason) {
  const std::string no_number = " is no whole number from 0 to 18446744073709551615";
  BOOST_TEST(seeds_error("") == "seeds ``: a range names both ends: 1..200");
  BOOST_TEST(seeds_error("1..") == "seeds `1..`: a range names both ends: 1..200");
  BOOST_TEST(seeds_error("..9") == "seeds `..9`: a range names both ends: 1..200");
  BOOST_TEST(seeds_error("x") == "seeds `x`: `x`" + no_number);
  BOOST_TEST(seeds_error("-1") == "seeds `-1`: `-1`" + no_number);
  BOOST_TEST(seeds_error("1..2..3") == "seeds `1..2..3`: `2..3`" + no_number);
  BOOST_TEST(seeds_error("1 ..2") == "seeds `1 ..2`: `1 `" + no_number);
  BOOST_TEST(seeds_error("18446744073709551616") ==
             "seeds `18446744073709551616`: `18446744073709551616`" + no_number);
  BOOST_TEST(seeds_error("5..2") == "seeds `5..2`: 5 is greater than 2");
  BOOST_TEST(seeds_error("0..18446744073709551615") ==
             "seeds `0..18446744073709551615`: more than 10000000 seeds at a time");
}

BOOST_AUTO_TEST_SUITE_END()

struct Folder {
  Folder() {
    for (const char* file : {"b.toml", "a/z.toml", "a/y.toml", "a/notes.md", ".hidden/x.toml"}) {
      std::filesystem::create_directories((root() / file).parent_path());
      std::ofstream{root() / file} << "x";
    }
    std::filesystem::create_directories(root() / "empty");
  }

  std::filesystem::path root() const { return folder.value().path(); }

  std::string at(const std::string& name) const { return (root() / name).string(); }

  Result<TemporaryFolder> folder = TemporaryFolder::make();
};

BOOST_FIXTURE_TEST_SUITE(files, Folder)

BOOST_AUTO_TEST_CASE(a_folder_gives_its_scenarios_in_order_and_nothing_hidden) {
  const std::vector<std::string> expected{at("a/y.toml"), at("a/z.toml"), at("b.toml")};
  BOOST_TEST((find_scenarios({root().string()}).value() == expected));
  BOOST_TEST((find_scenarios({root().string() + "/"}).value() == expected));
}

BOOST_AUTO_TEST_CASE(files_come_as_named_and_once) {
  const std::vector<std::string> expected{at("b.toml"), at("a/y.toml"), at("a/z.toml")};
  BOOST_TEST((find_scenarios({at("b.toml"), root().string(), at("a/y.toml")}).value() == expected));
  // A file is taken whatever it is called.
  BOOST_TEST(find_scenarios({at("a/notes.md")}).value().size() == 1U);
}

BOOST_AUTO_TEST_CASE(what_is_not_there_is_said) {
  BOOST_TEST(find_scenarios({at("none")}).error().what == at("none") + ": no such file or folder");
  BOOST_TEST(find_scenarios({at("empty")}).error().what ==
             at("empty") + ": no scenario file (*.toml) below it");
  BOOST_TEST(find_scenarios({"/dev/null"}).error().what ==
             "/dev/null: neither a file nor a folder");
}

BOOST_AUTO_TEST_CASE(pages_get_names_that_any_system_takes) {
  BOOST_TEST(page_name("scenarios/smoke/first.toml", 7) == "scenarios_smoke_first-seed-7.html");
  BOOST_TEST(page_name("../a b\"<>/\xc3\xa9.toml", 1) == "a_b______-seed-1.html");
  BOOST_TEST(page_name("...", 1) == "run-seed-1.html");
  BOOST_TEST(page_name(std::string(500, 'a'), 1).size() < 160U);
}

BOOST_AUTO_TEST_SUITE_END()

std::map<std::size_t, PoolAnswer> answers_of(std::size_t units,
                                             const PoolOptions& options,
                                             const std::function<std::string(std::size_t)>& work) {
  std::map<std::size_t, PoolAnswer> out;
  const Result<PoolEnd> end = run_pool(units, options, work, [&](PoolAnswer answer) {
    BOOST_TEST(!out.contains(answer.unit));
    out[answer.unit] = std::move(answer);
  });
  BOOST_REQUIRE(end.has_value());
  BOOST_TEST(!end.value().interrupted);
  return out;
}

BOOST_AUTO_TEST_SUITE(pool)

BOOST_AUTO_TEST_CASE(every_unit_is_answered_once_whatever_the_number_of_workers) {
  for (const int jobs : {1, 2, 5, 100}) {
    const auto answers = answers_of(
        40, {.jobs = jobs}, [](std::size_t unit) { return "unit " + std::to_string(unit); });
    BOOST_REQUIRE(answers.size() == 40U);
    for (const auto& [unit, answer] : answers) {
      BOOST_TEST(answer.text == "unit " + std::to_string(unit));
      BOOST_TEST(answer.broken == "");
    }
  }
  BOOST_TEST(answers_of(0, {.jobs = 2}, [](std::size_t) { return ""; }).empty());
}

BOOST_AUTO_TEST_CASE(large_answers_come_whole) {
  const auto answers = answers_of(
      6, {.jobs = 2}, [](std::size_t unit) { return std::string(3'000'000 + unit, 'x'); });
  for (const auto& [unit, answer] : answers) {
    BOOST_TEST(answer.text.size() == 3'000'000 + unit);
  }
}

BOOST_AUTO_TEST_CASE(a_worker_that_dies_costs_its_unit_and_no_other) {
  const auto answers = answers_of(20, {.jobs = 2}, [](std::size_t unit) {
    if (unit == 3) {
      const std::string_view last = "CHECK failed: the last words\n";
      BOOST_TEST_REQUIRE(::write(STDERR_FILENO, last.data(), last.size()) > 0);
      std::signal(SIGABRT, SIG_DFL);
      std::abort();
    }
    if (unit == 11) {
      ::_exit(9);
    }
    return std::to_string(unit);
  });
  BOOST_REQUIRE(answers.size() == 20U);
  for (const auto& [unit, answer] : answers) {
    BOOST_TEST(answer.broken.empty() == (unit != 3 && unit != 11));
  }
  BOOST_TEST(answers.at(3).broken ==
             "the process ended by signal 6 (Aborted)\nCHECK failed: the last words\n");
  BOOST_TEST(answers.at(11).broken == "the process ended with code 9");
}

BOOST_AUTO_TEST_CASE(an_exception_is_an_end_with_its_text) {
  const auto answers = answers_of(1, {}, [](std::size_t) -> std::string {
    std::signal(SIGABRT, SIG_DFL);
    throw std::runtime_error{"out of luck"};
  });
  BOOST_TEST(answers.at(0).broken.starts_with("the process ended by signal 6 (Aborted)"));
  BOOST_TEST(answers.at(0).broken.find("out of luck") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_worker_that_never_answers_is_ended) {
  const PoolOptions options{
      .jobs = 2, .unit_max = milliseconds(50), .tick = milliseconds(5), .on_tick = {}};
  const auto answers = answers_of(4, options, [](std::size_t unit) {
    if (unit == 2) {
      ::pause();  // the pool blocks every signal that would end it
    }
    return std::string{"done"};
  });
  BOOST_TEST(answers.at(2).broken == "no result after 0 s");
  BOOST_TEST(answers.at(3).text == "done");
}

BOOST_AUTO_TEST_CASE(an_interrupt_ends_the_campaign_and_nothing_else) {
  std::size_t answered = 0;
  const Result<PoolEnd> end = run_pool(
      1'000,
      {.jobs = 1},
      [](std::size_t unit) {
        if (unit == 2) {
          ::kill(::getppid(), SIGINT);
          ::pause();
        }
        return std::string{};
      },
      [&](const PoolAnswer&) { ++answered; });
  BOOST_REQUIRE(end.has_value());
  BOOST_TEST(end.value().interrupted);
  BOOST_TEST(answered == 2U);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(progress)

BOOST_AUTO_TEST_CASE(the_line_says_how_much_how_fast_and_what_is_wrong) {
  ProgressState state{.done = 0, .all = 1'600};
  BOOST_TEST(progress_text(state, 100) == "0/1,600 runs");
  state.done = 400;
  state.elapsed_ns = 10'000'000'000;
  BOOST_TEST(progress_text(state, 100) == "400/1,600 runs, 40 runs/s, 30.0 s left");
  state.bad = 2;
  state.first_bad = "a.toml seed 4: I-S12\x1b[31m";
  BOOST_TEST(progress_text(state, 100) ==
             "400/1,600 runs, 2 bad, 40 runs/s, 30.0 s left; first: a.toml seed 4: I-S12\\x1b[31m");
  BOOST_TEST(progress_text(state, 30) == "400/1,600 runs, 2 bad, 40 ru..");
  state.done = state.all;
  BOOST_TEST(progress_text(state, 40).find("left") == std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace vvm::cli
