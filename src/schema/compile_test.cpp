// The entry points of the compiler, what is kept between compilations, and its small parts.
#include <boost/test/unit_test.hpp>

#include "appdef/compat.hpp"
#include "appdef/dump.hpp"
#include "schema/comments.hpp"
#include "schema/cron.hpp"
#include "schema/generate.hpp"
#include "schema/regexp.hpp"
#include "schema/suggest.hpp"
#include "schema/workspace.hpp"

namespace vvm::schema {
namespace {

const PackageText sys{
    .path = "sys",
    .files = {{"sys.vsql",
               "ABSTRACT WORKSPACE Workspace (ABSTRACT TABLE CRecord(); ABSTRACT TABLE CDoc "
               "INHERITS CRecord());"}}};

PackageText package(std::string path, std::string text) {
  return {.path = std::move(path), .files = {{"a.vsql", std::move(text)}}};
}

Code code_of_app(std::vector<PackageText> packages, std::string_view name = "pos") {
  const auto result = compile_app(std::move(packages), name);
  BOOST_TEST_REQUIRE(result.has_error());
  return result.error().code;
}

BOOST_AUTO_TEST_SUITE(entry_points)

BOOST_AUTO_TEST_CASE(an_application_compiles_whatever_the_order_of_its_packages) {
  const PackageText app =
      package("org/pos",
              "IMPORT SCHEMA 'org/lib'; APPLICATION pos(USE lib); WORKSPACE W INHERITS lib.C ();");
  const PackageText lib =
      package("org/lib", "ABSTRACT WORKSPACE C (TABLE T INHERITS sys.CDoc ());");
  const auto one = compile_app({sys, app, lib}, "pos");
  const auto other = compile_app({lib, app, sys}, "pos");
  BOOST_TEST_REQUIRE(one.has_value());
  BOOST_TEST_REQUIRE(other.has_value());
  BOOST_TEST(appdef::dump(*one.value()) == appdef::dump(*other.value()));
  BOOST_TEST((appdef::fingerprint(*one.value()) == appdef::fingerprint(*other.value())));
}

BOOST_AUTO_TEST_CASE(failures_have_the_codes_of_the_control_path) {
  BOOST_TEST((code_of_app({}) == Code::no_schema_files));
  BOOST_TEST(
      (code_of_app({{.path = "org/pos", .files = {{"readme.md", "x"}}}}) == Code::no_schema_files));
  BOOST_TEST((code_of_app({sys, package("org/pos", "APPLICATION pos(")}) == Code::syntax_error));
  BOOST_TEST((code_of_app({sys, package("org/pos", "WORKSPACE W ();")}) == Code::no_application));
  BOOST_TEST((code_of_app({sys, package("org/pos", "APPLICATION pos(); APPLICATION b();")}) ==
              Code::application_redefined));
  BOOST_TEST(
      (code_of_app({sys, package("org/pos", "APPLICATION pos(); WORKSPACE W (TABLE T ());")}) ==
       Code::semantic_error));
  BOOST_TEST(
      (code_of_app({sys, package("org/pos", "APPLICATION cafe();")}) == Code::app_name_mismatch));
}

BOOST_AUTO_TEST_CASE(files_of_a_package_count_by_name_and_only_schemas) {
  const PackageText app{
      .path = "org/pos",
      .files = {
          {"z.SQL", "ROLE R;"}, {"a.vsql", "APPLICATION pos();"}, {"notes.txt", "not ( a schema"}}};
  const Compiled compiled = compile({sys, app});
  BOOST_TEST_REQUIRE(compiled.errors.size() == 1U);
  BOOST_TEST(compiled.errors[0] == "z.SQL:1:1: no current workspace");
}

BOOST_AUTO_TEST_CASE(variables_replace_their_defaults) {
  const PackageText app = package(
      "org/pos", "APPLICATION pos(); DECLARE n int32 DEFAULT 5; WORKSPACE W (RATE R n PER HOUR);");
  const auto count = [&app](const Options& options) {
    return compile({sys, app}, options).app_def->find("pos", "R")->rate()->count;
  };
  BOOST_TEST(count({}) == 5U);
  Options options;
  options.variables["pos.n"] = 7;
  BOOST_TEST(count(options) == 7U);
}

BOOST_AUTO_TEST_CASE(sys_comes_first_then_the_application_then_what_it_imports) {
  const auto ordered =
      in_supply_order({package("a", ""),
                       package("z", ""),
                       package("sys", ""),
                       package("m", "IMPORT SCHEMA 'z'; IMPORT SCHEMA 'b'; APPLICATION x();"),
                       package("b", "")});
  std::string paths;
  for (const PackageText& each : ordered) {
    paths += each.path + " ";
  }
  BOOST_TEST(paths == "sys m z b a ");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(workspace)

BOOST_AUTO_TEST_CASE(only_files_that_changed_are_parsed_again) {
  Workspace workspace;
  std::vector<PackageText> packages = generate(1'200'000, 3);
  const Compiled first = workspace.compile(packages);
  BOOST_TEST(workspace.files_parsed() == packages[1].files.size() + 1);
  BOOST_TEST(packages[1].files.size() > 2U);
  packages[1].files[1].text += "\nWORKSPACE Added ();\n";
  const Compiled second = workspace.compile(packages);
  BOOST_TEST(workspace.files_parsed() == 1U);
  BOOST_TEST(second.app_def->types().size() == first.app_def->types().size() + 2);
  BOOST_TEST(appdef::dump(*second.app_def) == appdef::dump(*compile(packages).app_def));
}

BOOST_AUTO_TEST_CASE(an_error_comes_and_goes_with_its_text) {
  Workspace workspace;
  const auto errors = [&workspace](const std::string& text) {
    return workspace.compile({sys, package("org/pos", "APPLICATION pos(); " + text)}).errors.size();
  };
  BOOST_TEST(errors("WORKSPACE W ();") == 0U);
  BOOST_TEST(errors("WORKSPACE W (") == 1U);
  BOOST_TEST(errors("WORKSPACE W (USE WORKSPACE X);") == 1U);
  BOOST_TEST(errors("WORKSPACE W ();") == 0U);
  BOOST_TEST(workspace.diagnostics().size() == 0U);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(definitions)

BOOST_AUTO_TEST_CASE(every_type_is_found_by_its_name_and_no_other) {
  const Compiled compiled = compile(generate(100'000, 1));
  for (const appdef::Type* type : compiled.app_def->types()) {
    BOOST_TEST((compiled.app_def->find(type->name.pkg, type->name.entity) == type));
    BOOST_TEST((compiled.app_def->types()[type->index] == type));
  }
  BOOST_TEST((compiled.app_def->find("app", "Nope") == nullptr));
  BOOST_TEST((compiled.app_def->find("", "") == nullptr));
}

BOOST_AUTO_TEST_CASE(extensions_carry_the_path_of_their_package) {
  const Compiled compiled =
      compile({sys,
               package("org/pos",
                       "APPLICATION pos(); WORKSPACE W (EXTENSION ENGINE WASM (COMMAND C; QUERY Q "
                       "RETURNS any));")});
  BOOST_TEST_REQUIRE(compiled.app_def->extensions().size() == 2U);
  const appdef::Extension& command = compiled.app_def->extensions()[0];
  BOOST_TEST(command.name.str() == "pos.C");
  BOOST_TEST(command.package_path.view() == "org/pos");
  BOOST_TEST((command.engine == appdef::EngineKind::wasm));
  for (const appdef::Extension& each : compiled.app_def->extensions()) {
    BOOST_TEST(compiled.app_def->find_extension("pos", each.name.entity) == &each);
  }
  BOOST_TEST(compiled.app_def->find_extension("pos", "W") == nullptr);
  BOOST_TEST(compiled.app_def->find_extension("pos", "Nope") == nullptr);
}

BOOST_AUTO_TEST_CASE(a_definition_outlives_the_compilation_and_its_texts) {
  std::shared_ptr<const appdef::AppDef> app_def;
  {
    Workspace workspace;
    app_def = workspace.compile(generate(20'000, 1)).app_def;
  }
  BOOST_TEST(appdef::dump(*app_def) == appdef::dump(*compile(generate(20'000, 1)).app_def));
  BOOST_TEST(appdef::compare(*app_def, *app_def).empty());
}

BOOST_AUTO_TEST_CASE(changes_that_are_ignored_are_left_out) {
  const auto of = [](const std::string& fields) {
    return compile({sys,
                    package("org/pos",
                            "APPLICATION pos(); WORKSPACE W (TABLE T INHERITS "
                            "sys.CDoc (" +
                                fields + "));")})
        .app_def;
  };
  const auto errors = appdef::compare(*of("A int32, B int32"), *of("A int64"));
  BOOST_TEST_REQUIRE(errors.size() == 2U);
  BOOST_TEST(errors[0].str() == "NodeRemoved: AppDef/Types/pos.T/Fields/B");
  BOOST_TEST(errors[1].str() == "ValueChanged: AppDef/Types/pos.T/Fields/A");
  BOOST_TEST(appdef::without(errors, {"AppDef/Types/pos.T/Fields/B"}).size() == 1U);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(small_parts)

BOOST_AUTO_TEST_CASE(regular_expressions_fail_as_the_reference_says) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"^[A-Z0-9]{1,8}$", ""},
      {"(?i:a|b)+?[[:alpha:]^-]\\pL\\p{Greek}\\x{10FFFF}\\Q*\\E\\.", ""},
      {"a{2,1}", "invalid repeat count: `{2,1}`"},
      {"a{1001}", "invalid repeat count: `{1001}`"},
      {"(a{100}){100}", "invalid repeat count: `{100}`"},
      {"a{,2}", ""},
      {"*", "missing argument to repetition operator: `*`"},
      {"(|*)", "missing argument to repetition operator: `*`"},
      {"a**", "invalid nested repetition operator: `**`"},
      {"(abc", "missing closing ): `(abc`"},
      {"abc)", "unexpected ): `abc)`"},
      {"x[a-z", "missing closing ]: `[a-z`"},
      {"[z-a]", "invalid character class range: `z-a`"},
      {"[[:nope:]]", "invalid character class range: `[:nope:]`"},
      {"abc\\", "trailing backslash at end of expression: ``"},
      {"\\y", "invalid escape sequence: `\\y`"},
      {"\\8", "invalid escape sequence: `\\8`"},
      {"(?=a)", "invalid or unsupported Perl syntax: `(?=`"},
      {"(?P<n>a)(?<m>b)", ""},
      {"(?P<>a)", "invalid named capture: `(?P<>`"},
      {"\xff", "invalid UTF-8: `\xff`"}};
  for (const auto& [pattern, error] : cases) {
    BOOST_TEST_CONTEXT(pattern) { BOOST_TEST(regexp_error(pattern) == error); }
  }
  BOOST_TEST(regexp_error(std::string(100'000, '(')).starts_with("expression nests too deeply"));
}

BOOST_AUTO_TEST_CASE(schedules_are_read_as_the_spec_says) {
  for (const std::string_view good : {"* * * * *",
                                      "0 0 1-5,10/2 JAN-mar sun",
                                      "59 23 31 12 6",
                                      "*/5 ? * * *",
                                      "0 15 2 * * *",
                                      "@yearly",
                                      "@every 1h30m",
                                      "@every 1.5h",
                                      "TZ=Europe/Paris 0 1 * * *",
                                      ", , , , ,"}) {
    BOOST_TEST_CONTEXT(good) { BOOST_TEST(is_schedule(good)); }
  }
  for (const std::string_view bad : {"",
                                     "* * * *",
                                     "60 * * * *",
                                     "* 24 * * *",
                                     "* * 0 * *",
                                     "* * * 13 *",
                                     "* * * * 7",
                                     "5-1 * * * *",
                                     "*/0 * * * *",
                                     "1-2-3 * * * *",
                                     "a * * * *",
                                     "@never",
                                     "@every x",
                                     "@every 1",
                                     "TZ=UTC",
                                     "* * * * * * *"}) {
    BOOST_TEST_CONTEXT(bad) { BOOST_TEST(!is_schedule(bad)); }
  }
  BOOST_TEST(schedule_fields("TZ=UTC 1 2 3 4 5").size() == 5U);
}

BOOST_AUTO_TEST_CASE(comments_lose_their_marks) {
  using Lines = std::vector<std::string_view>;
  BOOST_TEST((comment_lines("\n-- a\n\n  --b \r") == Lines{"a", "b"}));
  BOOST_TEST((comment_lines("\n/* a\n * b\n\n*/") == Lines{"a", "* b"}));
  BOOST_TEST((comment_lines("\n--") == Lines{}));
}

// Hashes are public: a schema may have names that all collide.
BOOST_AUTO_TEST_CASE(names_with_one_hash_stay_apart) {
  Names names;
  std::vector<NameId> ids;
  std::vector<std::string> texts;
  for (int i = 0; i < 5000; ++i) {
    texts.push_back("name" + std::to_string(i) + std::string(padding, '\0'));
  }
  const auto text = [&texts](std::size_t i) {
    return std::string_view{texts[i]}.substr(0, texts[i].size() - padding);
  };
  for (std::size_t i = 0; i < texts.size(); ++i) {
    ids.push_back(names.intern(text(i), 7));
  }
  for (std::size_t i = 0; i < texts.size(); ++i) {
    BOOST_TEST(names.intern(text(i), 7) == ids[i]);
    BOOST_TEST(names.text(ids[i]).view() == text(i));
  }
  BOOST_TEST(names.size() == texts.size() + 1);
}

BOOST_AUTO_TEST_CASE(guesses_are_near_or_not_made) {
  BOOST_TEST(closest("Artcle", {"Order", "Article", "Articles"}) == "Article");
  BOOST_TEST(closest("int321", {"int32", "int64"}) == "int32");
  BOOST_TEST(closest("Zip", {"Order", "Article"}) == "");
  BOOST_TEST(edit_distance("TABEL", "TABLE", 3) == 1U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace vvm::schema
