// What people see of errors, and texts that are out to do harm.
#include "schema/parse.hpp"

#include <string>

#include <boost/test/unit_test.hpp>

#include "schema/print.hpp"
#include "schema/render.hpp"
#include "schema/workspace.hpp"

namespace vvm::schema {
namespace {

const std::string sys =
    "ABSTRACT WORKSPACE Workspace (ABSTRACT TABLE CRecord(); ABSTRACT TABLE CDoc INHERITS "
    "CRecord());";

struct Outcome {
  Workspace workspace;
  Compiled compiled;

  std::vector<std::string> places() const {
    std::vector<std::string> out;
    for (const Diagnostic& d : workspace.diagnostics()) {
      const Place place = workspace.sources().place(d.loc);
      out.push_back(std::to_string(place.line) + ":" + std::to_string(place.column));
    }
    return out;
  }

  std::string shown(bool colour = false) const {
    return for_people(workspace.sources(), workspace.diagnostics(), {.colour = colour});
  }
};

std::unique_ptr<Outcome> outcome_of(const std::string& text) {
  auto outcome = std::make_unique<Outcome>();
  outcome->compiled =
      outcome->workspace.compile({{.path = "sys", .files = {{"sys.vsql", sys}}},
                                  {.path = "org/pos", .files = {{"pos.vsql", text}}}});
  return outcome;
}

std::string repeated(const std::string& text, std::size_t count) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i) {
    out += text;
  }
  return out;
}

void check_fails_with(const std::string& text, const std::string& part) {
  const auto outcome = outcome_of(text);
  BOOST_TEST_REQUIRE(outcome->compiled.errors.size() > 0U);
  BOOST_TEST_CONTEXT(outcome->compiled.errors[0]) {
    BOOST_TEST(outcome->compiled.errors[0].find(part) != std::string::npos);
  }
  BOOST_TEST(outcome->compiled.errors.size() <= messages_max);
}

BOOST_AUTO_TEST_SUITE(errors_for_people)

BOOST_AUTO_TEST_CASE(all_syntax_errors_of_a_file_are_told_and_canonically_one) {
  const auto outcome = outcome_of(
      "APPLICATION pos();\n"
      "WORKSPACE Shop (\n"
      "  TABLE A INHERITS sys.CDoc (X int32 NOT NUL, Y varchar(z), Z int32);\n"
      "  TABEL B ();\n"
      "  ROLE R S;\n"
      "  EXTENSION ENGINE BUILTIN (COMAND C; QUERY Q RETURNS);\n"
      ");\n");
  const std::vector<std::string> expected{"3:38", "3:57", "4:3", "5:10", "6:29", "6:54"};
  BOOST_TEST(outcome->places() == expected, boost::test_tools::per_element());
  BOOST_TEST(outcome->compiled.errors.size() == 1U);
  BOOST_TEST((outcome->compiled.stage == Stage::parse));
  BOOST_TEST((outcome->compiled.code == Code::syntax_error));
}

BOOST_AUTO_TEST_CASE(an_error_shows_its_line_with_a_mark_and_what_was_meant) {
  const auto outcome = outcome_of("APPLICATION pos();\nWORKSPACE Shop (\n\tTABEL B ();\n);\n");
  const std::string expected =
      "org/pos/pos.vsql:3:2: error: unexpected token \"TABEL\" (expected `TABLE`, `TYPE`, `VIEW`, "
      "`EXTENSION ENGINE` or another workspace statement) [E103]\n"
      "    3 | \tTABEL B ();\n"
      "      | \t^^^^^\n"
      "  help: did you mean `TABLE`?\n\n";
  BOOST_TEST(outcome->shown() == expected);
  BOOST_TEST(outcome->shown(true).find("\x1b[") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_misspelt_name_is_guessed_and_the_first_declaration_shown) {
  const auto outcome = outcome_of(
      "APPLICATION pos();\nWORKSPACE Shop (\n  TABLE Article INHERITS sys.CDoc (A "
      "ref(Artcle));\n);\n");
  BOOST_TEST(outcome->shown().find("did you mean `Article`?") != std::string::npos);
  const auto twice = outcome_of("APPLICATION pos();\nWORKSPACE Shop (\n  ROLE A;\n  TAG A;\n);\n");
  BOOST_TEST(twice->shown().find("note: first declared here: org/pos/pos.vsql:3:3") !=
             std::string::npos);
}

BOOST_AUTO_TEST_CASE(nothing_is_told_twice) {
  const auto outcome = outcome_of(
      "APPLICATION pos();\nABSTRACT WORKSPACE A INHERITS sys.Workspace ();\n"
      "WORKSPACE B INHERITS A ();\n");
  BOOST_TEST(outcome->compiled.errors.size() == 2U);
  BOOST_TEST(outcome->workspace.diagnostics().size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_missing_parenthesis_costs_one_message) {
  const auto outcome = outcome_of(
      "APPLICATION pos();\nWORKSPACE Shop (\n"
      "  TABLE A INHERITS sys.CDoc (X int32, N TABLE B (Y int32);\n"
      "  TABLE C INHERITS sys.CDoc (X int32);\n);\n");
  BOOST_TEST(outcome->workspace.diagnostics().size() == 1U);
}

BOOST_AUTO_TEST_CASE(machines_get_json_and_sarif_that_are_well_formed) {
  const auto outcome = outcome_of("APPLICATION pos();\nROLE \"x\ty\";\n");
  const std::string json = json_of(outcome->compiled);
  BOOST_TEST(json.starts_with("{\"outcome\": \"error\", \"stage\": \"parse\", \"errors\": ["));
  BOOST_TEST(json.find('\t') == std::string::npos);
  const std::string sarif =
      sarif_of(outcome->workspace.sources(), outcome->workspace.diagnostics());
  BOOST_TEST(sarif.find("\"ruleId\": \"E101\"") != std::string::npos);
  BOOST_TEST(sarif.find("\"uri\": \"org/pos/pos.vsql\"") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(hostile_texts)

BOOST_AUTO_TEST_CASE(parentheses_beyond_the_limit_are_refused) {
  const auto nested = [](std::size_t depth) {
    return "APPLICATION pos(); WORKSPACE W (TABLE T INHERITS sys.CDoc (A int32 CHECK (" +
           repeated("(", depth) + "1" + repeated(")", depth) + ")));";
  };
  BOOST_TEST(outcome_of(nested(nesting_max - 3))->compiled.errors.size() == 0U);
  check_fails_with(nested(nesting_max - 2), "nesting deeper than 256");
  check_fails_with(repeated("(", 1'000'000), "nesting deeper than 256");
}

BOOST_AUTO_TEST_CASE(a_broken_expression_deep_inside_is_found_in_time) {
  check_fails_with("APPLICATION pos(); WORKSPACE W (TABLE T INHERITS sys.CDoc (A int32 CHECK (" +
                       repeated("NOT (", 200) + "*" + repeated(")", 200) + ")));",
                   "unexpected token \"*\"");
}

BOOST_AUTO_TEST_CASE(files_and_applications_have_limits_of_size) {
  check_fails_with(std::string(file_bytes_max + 1, ' '), "a schema file has at most 4194304");
  PackageText many{.path = "org/pos", .files = {}};
  for (int i = 0; i < 9; ++i) {
    many.files.push_back({"f" + std::to_string(i) + ".vsql", std::string(file_bytes_max, ' ')});
  }
  const Compiled compiled = compile({many});
  BOOST_TEST_REQUIRE(compiled.errors.size() == 1U);
  BOOST_TEST(compiled.errors[0].find("an application has at most 33554432") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_hundred_messages_are_kept) {
  std::string text = "APPLICATION pos(); WORKSPACE W (";
  for (int i = 0; i < 300; ++i) {
    text += "ROLE R; ";
  }
  BOOST_TEST(outcome_of(text + ");")->compiled.errors.size() == messages_max);
  BOOST_TEST(outcome_of(repeated("x;", 500))->workspace.diagnostics().size() == messages_max);
}

BOOST_AUTO_TEST_CASE(long_chains_of_workspaces_and_tables_end) {
  std::string workspaces = "APPLICATION pos(); ABSTRACT WORKSPACE W0 ();";
  std::string tables =
      "APPLICATION pos(); WORKSPACE W (ABSTRACT TABLE T0 INHERITS sys.CDoc (F0 int32);";
  for (int i = 1; i < 3000; ++i) {
    const std::string n = std::to_string(i);
    const std::string base = std::to_string(i - 1);
    workspaces += "ABSTRACT WORKSPACE W" + n + " INHERITS W" + base + " ();";
    tables += "ABSTRACT TABLE T" + n + " INHERITS T" + base + " (F" + n + " int32);";
  }
  check_fails_with(tables + ");", "tables inherit from each other");
  outcome_of(workspaces);
  std::string backwards = "APPLICATION pos();";
  for (int i = 3000; i > 0; --i) {
    backwards +=
        "ABSTRACT WORKSPACE W" + std::to_string(i) + " INHERITS W" + std::to_string(i - 1) + " ();";
  }
  check_fails_with(backwards + "ABSTRACT WORKSPACE W0 ();", "too many workspaces are inherited");
}

BOOST_AUTO_TEST_CASE(field_sets_that_double_end) {
  std::string text = "APPLICATION pos(); WORKSPACE W (TYPE S0 (F int32);";
  for (int i = 1; i < 60; ++i) {
    const std::string base = "S" + std::to_string(i - 1);
    text += "TYPE S" + std::to_string(i) + " (" + base + ", " + base + ", UNIQUE (F));";
  }
  BOOST_TEST(outcome_of(text + ");")->compiled.errors.size() > 0U);
}

BOOST_AUTO_TEST_CASE(one_base_with_many_fields_and_many_heirs_ends) {
  std::string text = "APPLICATION pos(); WORKSPACE W (ABSTRACT TABLE B INHERITS sys.CDoc (F int32";
  for (int i = 0; i < 5000; ++i) {
    text += ",F" + std::to_string(i) + " int32";
  }
  text += ");";
  for (int i = 0; i < 2000; ++i) {
    text += "TABLE T" + std::to_string(i) + " INHERITS B ();";
  }
  check_fails_with(text + ");", "too many fields altogether");
}

BOOST_AUTO_TEST_CASE(uniques_without_end_end) {
  std::string text =
      "APPLICATION pos(); WORKSPACE W (TABLE T INHERITS sys.CDoc (A int32, UNIQUE (A";
  text += repeated(",A", 100'000) + ")));";
  BOOST_TEST(outcome_of(text)->compiled.errors.size() == messages_max);
}

BOOST_AUTO_TEST_CASE(control_characters_do_not_reach_the_terminal) {
  const auto outcome = outcome_of("APPLICATION pos();\nROLE \x1b[31m;\n");
  BOOST_TEST(outcome->shown().find('\x1b') == std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(layout)

BOOST_AUTO_TEST_CASE(a_file_is_laid_out_with_its_comments) {
  const std::string text =
      "APPLICATION   pos( ) ;\n-- The shop\nWORKSPACE Shop(TAG G;\n\n\n  -- Goods\n"
      "  TABLE A INHERITS sys . CDoc(X int32 NOT\n NULL, -- remark\n   Y varchar( 5 ))WITH "
      "Tags=(G); /* end */ );";
  const std::string expected =
      "APPLICATION pos();\n"
      "-- The shop\n"
      "WORKSPACE Shop (\n"
      "    TAG G;\n"
      "\n"
      "    -- Goods\n"
      "    TABLE A INHERITS sys.CDoc (\n"
      "        X int32 NOT NULL, -- remark\n"
      "        Y varchar(5)\n"
      "    ) WITH Tags=(G); /* end */\n"
      ");\n";
  BOOST_TEST(format(text).value() == expected);
  BOOST_TEST(format(expected).value() == expected);
}

BOOST_AUTO_TEST_CASE(a_file_with_errors_is_not_laid_out) {
  BOOST_TEST(!format("APPLICATION pos(").has_value());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace vvm::schema
