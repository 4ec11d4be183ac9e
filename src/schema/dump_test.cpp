// Dumps of the forms between text and AppDef, against small texts.
#include "schema/dump.hpp"

#include <set>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "schema/parse.hpp"
#include "schema/workspace.hpp"

namespace vvm::schema {
namespace {

std::vector<PackageText> files(const std::string& text) {
  return {{.path = "org/pos", .files = {{.name = "pos.vsql", .text = text}}}};
}

std::vector<PackageText> with_sys(const std::string& text, const std::string& lib = "") {
  std::vector<PackageText> packages{
      {.path = "sys",
       .files = {{.name = "sys.vsql",
                  .text = "ABSTRACT WORKSPACE Workspace (ABSTRACT TABLE CRecord();\n"
                          "ABSTRACT TABLE CDoc INHERITS CRecord());\n"}}}};
  packages.push_back(files(text)[0]);
  if (!lib.empty()) {
    packages.push_back({.path = "org/lib", .files = {{.name = "lib.vsql", .text = lib}}});
  }
  return packages;
}

std::string dump_of(Form form, const std::vector<PackageText>& packages) {
  return Workspace{}.dump(packages, form).text;
}

// Without places; empty where the text has errors.
std::string tree_of(const std::string& text) {
  SourceMap map;
  Names names;
  TokenBuffer buffer;
  const Parsed parsed = parse(map.add("a.vsql", text), &names, &buffer);
  return parsed.errors.empty() ? dump_tree(*parsed.tree, names, Places::left_out) : "";
}

BOOST_AUTO_TEST_SUITE(dumps)

BOOST_AUTO_TEST_CASE(tokens_show_place_kind_text_and_documentation) {
  const std::string text = "-- no doc\n-- the \"R\"\nROLE \"R\" ; TAG t FEATURE 'ä''; NOT\tNULL";
  const std::string expected =
      "file org/pos/pos.vsql\n"
      "  kw_role@3:1 \"ROLE\" doc \"\\n-- the \\\"R\\\"\"\n"
      "  quoted_ident@3:6 \"\\\"R\\\"\"\n"
      "  semicolon@3:10 \";\"\n"
      "  kw_tag@3:12 \"TAG\"\n"
      "  ident@3:16 \"t\"\n"
      "  kw_feature@3:18 \"FEATURE\"\n"
      "  string@3:26 \"'ä'\"\n"
      "  error@3:29 bad_text \"'\"\n"
      "  semicolon@3:30 \";\"\n"
      "  not_null@3:32 \"NOT\\tNULL\"\n"
      "  end@3:40\n";
  BOOST_TEST(dump_of(Form::tokens, files(text)) == expected);
}

BOOST_AUTO_TEST_CASE(an_error_at_the_end_of_a_file_is_shown_before_its_end) {
  const std::string expected =
      "file org/pos/pos.vsql\n"
      "  error@1:1 bad_string \"'\\\\q'\"\n"
      "  string@1:1 \"'\\\\q'\"\n"
      "  error@1:6 bad_text \"?\"\n"
      "  end@1:7\n";
  BOOST_TEST(dump_of(Form::tokens, files("'\\q' ?")) == expected);
}

const std::string tables =
    "IMPORT SCHEMA 'org/lib' AS lib;\n"
    "APPLICATION pos(USE lib);\n"
    "DECLARE n int DEFAULT -5;\n"
    "ALTERABLE WORKSPACE W INHERITS A, lib.B (\n"
    "  DESCRIPTOR (X int);\n"
    "  -- Goods\n"
    "  /* sold */\n"
    "  TABLE T INHERITS sys.CDoc (\n"
    "    -- one\n"
    "    -- two\n"
    "    A varchar(8) NOT NULL VERIFIABLE CHECK '^\\\\d$',\n"
    "    B lib.Ty CHECK '', C ref(T, lib.T) NOT NULL,\n"
    "    N TABLE M (UNIQUE (Z, Y), CONSTRAINT c UNIQUEFIELD Z), lib.Set, CHECK (A > 1)\n"
    "  ) WITH Comment='c\n', Tags=(G, H);\n"
    "  VIEW V (A int, B record, PRIMARY KEY ((A), B)) AS RESULT OF P;\n"
    ");\n"
    "ALTER WORKSPACE lib.B (USE WORKSPACE W; PUBLISHED ROLE R)\n";

BOOST_AUTO_TEST_CASE(a_tree_shows_statements_and_items_with_places_and_fields) {
  const std::string expected =
      "file org/pos/pos.vsql\n"
      "  import@1:1 'org/lib'@1:15 as lib\n"
      "  application@2:1 pos\n"
      "    use@2:17 lib\n"
      "  declare@3:1 n -5\n"
      "  workspace@4:1 W alterable inherits (A@4:32, lib.B@4:35)\n"
      "    descriptor@5:14 WDescriptor\n"
      "      field@5:15 X int32\n"
      "    table@8:3 T inherits sys.CDoc@8:20 comment \"'c\\n'\"@14:18 tags (G@15:10, H@15:13)"
      " doc \"sold\"\n"
      "      field@11:5 A varchar 8 check '^\\\\d$'@11:44 not_null verifiable doc \"one\" \"two\"\n"
      "      named_field@12:5 B lib.Ty@12:7 check ''@12:20\n"
      "      reference@12:24 C to (T@12:30, lib.T@12:33) not_null\n"
      "      nested_table@13:5 N\n"
      "        table@13:7 M\n"
      "          unique@13:16 - (Z@13:24, Y@13:27)\n"
      "          unique_field@13:31 c (Z@13:56)\n"
      "      field_set@13:60 Set of lib.Set@13:60\n"
      "      check@13:69 -\n"
      "    view@16:3 V result_of P@16:63\n"
      "      field@16:11 A int32\n"
      "      record@16:18 B\n"
      "      key@16:28 (A@16:42) (B@16:46)\n"
      "  alter@18:1 lib.B@18:17\n"
      "    use@18:24 W@18:38\n"
      "    role@18:41 R published\n";
  BOOST_TEST(dump_of(Form::tree, files(tables)) == expected);
}

BOOST_AUTO_TEST_CASE(a_tree_shows_extensions_rates_limits_and_grants) {
  const std::string expected =
      "file a.vsql\n"
      "  template T\n"
      "  engine wasm\n"
      "    function F\n"
      "    storage S read_by commands jobs written_by projectors of_records\n"
      "  workspace W abstract\n"
      "    tag G feature 'f'\n"
      "    engine builtin\n"
      "      command C param Ty unlogged (any) returns (void) tags (G)\n"
      "        state sys.Record of (T, U)\n"
      "        intent Mail\n"
      "      query Q param x.Ty\n"
      "      projector P sync including_errors\n"
      "        after cron\n"
      "        after insert deactivate on (T)\n"
      "        after execute with_param on (Ty, U)\n"
      "        intent View of (V)\n"
      "      job J '* * * * *'\n"
      "        state Http\n"
      "    rate R 10 per 5 minute per_partition per_ip\n"
      "    rate S x.n per 1 day per_workspace per_subject\n"
      "    limit L one table T rate R\n"
      "      insert\n"
      "      select\n"
      "    limit M each view tagged G rate R\n"
      "    limit N all query rate x.R\n"
      "    grant one table T to R\n"
      "      select\n"
      "        system_column ID\n"
      "        column A\n"
      "      update\n"
      "    grant one table T to R\n"
      "      all\n"
      "        column A\n"
      "    revoke all table tagged G from x.R\n"
      "      all\n"
      "    grant all command to R\n"
      "      execute\n"
      "    grant role Q to R\n";
  const std::string text =
      "TEMPLATE T OF WORKSPACE W SOURCE s;\n"
      "EXTENSION ENGINE WASM (FUNCTION F(a int) RETURNS bool;\n"
      "  STORAGE S (GET SCOPE(COMMANDS), READ SCOPE(JOBS), INSERT SCOPE(PROJECTORS))\n"
      "    ENTITY RECORD);\n"
      "ABSTRACT WORKSPACE W (TAG G FEATURE 'f'; EXTENSION ENGINE BUILTIN (\n"
      "  COMMAND C(Ty, UNLOGGED any) STATE(sys.Record(T, U)) INTENTS(Mail) RETURNS void\n"
      "    WITH Tags=(G);\n"
      "  QUERY Q(x.Ty);\n"
      "  SYNC PROJECTOR P CRON '1' OR AFTER INSERT OR DEACTIVATE ON T\n"
      "    OR AFTER EXECUTE WITH PARAM ON (Ty, U) INTENTS(View(V)) INCLUDING ERRORS;\n"
      "  JOB J '* * * * *' STATE(Http));\n"
      "RATE R 10 PER 5 MINUTES PER APP PARTITION PER IP;\n"
      "RATE S x.n PER DAY PER WORKSPACE PER SUBJECT;\n"
      "LIMIT L INSERT, SELECT ON TABLE T WITH RATE R;\n"
      "LIMIT M ON EACH VIEW WITH TAG G WITH RATE R; LIMIT N ON ALL QUERIES WITH RATE x.R;\n"
      "GRANT SELECT(sys.ID, A), UPDATE ON TABLE T TO R; GRANT ALL(A) ON TABLE T TO R;\n"
      "REVOKE ALL ON ALL TABLES WITH TAG G FROM x.R; GRANT EXECUTE ON ALL COMMANDS TO R;\n"
      "GRANT Q TO R;\n"
      ");\n";
  BOOST_TEST(tree_of(text) == expected);
}

BOOST_AUTO_TEST_CASE(a_file_with_errors_has_the_tree_of_what_could_be_read) {
  Workspace workspace;
  const Dumped dumped = workspace.dump(files("ROLE A;\nROLE;\nROLE B;\n"), Form::tree);
  BOOST_TEST(dumped.text == "file org/pos/pos.vsql\n  role@1:1 A\n  role@3:1 B\n");
  BOOST_TEST((dumped.compiled.stage == Stage::parse));
  BOOST_TEST(workspace.diagnostics().size() == 1U);
  BOOST_TEST(workspace.dump(files("ROLE;"), Form::bound).text.empty());
}

// Goal: no field of a tree is left out. Method: texts that differ in one of them.
BOOST_AUTO_TEST_CASE(trees_that_differ_have_dumps_that_differ) {
  const std::vector<std::string> statements{
      "TAG T",
      "TAG U",
      "\n-- d\nTAG T",
      "\n-- e\nTAG T",
      "TAG T FEATURE 'a'",
      "TAG T FEATURE 'b'",
      "ROLE T",
      "PUBLISHED ROLE T",
      "USE WORKSPACE T",
      "WORKSPACE T ()",
      "WORKSPACE T (DESCRIPTOR ())",
      "ABSTRACT WORKSPACE T ()",
      "ABSTRACT WORKSPACE T (DESCRIPTOR ())",
      "ALTERABLE WORKSPACE T ()",
      "WORKSPACE T INHERITS A ()",
      "WORKSPACE T INHERITS A, B ()",
      "WORKSPACE T INHERITS A.B ()",
      "RATE T 1 PER DAY",
      "RATE T 1 PER YEAR",
      "RATE T 1 PER 2 DAYS",
      "RATE T 2 PER DAY",
      "RATE T v PER DAY",
      "RATE T 1 PER DAY PER IP",
      "RATE T 1 PER DAY PER SUBJECT",
      "RATE T 1 PER DAY PER WORKSPACE",
      "RATE T 1 PER DAY PER APP PARTITION",
      "LIMIT T ON TABLE A WITH RATE R",
      "LIMIT T ON VIEW A WITH RATE R",
      "LIMIT T ON TABLE A WITH RATE S",
      "LIMIT T INSERT ON TABLE A WITH RATE R",
      "LIMIT T ON ALL TABLES WITH RATE R",
      "LIMIT T ON EACH TABLE WITH RATE R",
      "LIMIT T ON EACH TABLE WITH TAG A WITH RATE R",
      "GRANT A TO R",
      "REVOKE A FROM R",
      "GRANT INSERT ON TABLE A TO R",
      "GRANT INSERT ON ALL TABLES TO R",
      "GRANT INSERT ON ALL TABLES WITH TAG A TO R",
      "GRANT ALL ON TABLE A TO R",
      "GRANT ALL(x) ON TABLE A TO R",
      "GRANT INSERT(x) ON TABLE A TO R",
      "GRANT SELECT ON VIEW A TO R",
      "GRANT SELECT ON TABLE A TO R",
      "GRANT SELECT(ID) ON TABLE A TO R",
      "GRANT SELECT(sys.ID) ON TABLE A TO R",
      "TYPE T (A int)",
      "TABLE T (A int)",
      "ABSTRACT TABLE T (A int)",
      "TABLE T INHERITS B (A int)",
      "TABLE T (A int) WITH Comment='a'",
      "TABLE T (A int) WITH Tags=(A)",
      "TABLE T (A bigint)",
      "TABLE T (A int NOT NULL)",
      "TABLE T (A int VERIFIABLE)",
      "TABLE T (A int CHECK 'a')",
      "TABLE T (A varchar)",
      "TABLE T (A varchar(1))",
      "TABLE T (A varchar(2))",
      "TABLE T (A bytes(2))",
      "TABLE T (A X)",
      "TABLE T (A X.X)",
      "TABLE T (A X NOT NULL)",
      "TABLE T (A.X)",
      "TABLE T (X)",
      "TABLE T (A ref)",
      "TABLE T (A ref(B))",
      "TABLE T (A ref(B, C))",
      "TABLE T (A TABLE X ())",
      "TABLE T (A ABSTRACT TABLE X ())",
      "TABLE T (UNIQUE (A))",
      "TABLE T (UNIQUE (A, B))",
      "TABLE T (CONSTRAINT A UNIQUE (A))",
      "TABLE T (UNIQUEFIELD A)",
      "TABLE T (CHECK (A))",
      "VIEW T (PRIMARY KEY ((A), B)) AS RESULT OF P",
      "VIEW T (PRIMARY KEY ((A))) AS RESULT OF P",
      "VIEW T (PRIMARY KEY (A)) AS RESULT OF P",
      "VIEW T (PRIMARY KEY (A, B)) AS RESULT OF P",
      "VIEW T (PRIMARY KEY (A)) AS RESULT OF Q",
      "VIEW T (A record) AS RESULT OF P",
      "VIEW T (A ref) AS RESULT OF P",
      "VIEW T (A int) AS RESULT OF P",
      "VIEW T (A int) AS RESULT OF P WITH Tags=(A)",
  };
  const std::vector<std::string> extensions{
      "COMMAND C",
      "COMMAND C(any)",
      "COMMAND C(void)",
      "COMMAND C(\"any\")",
      "COMMAND C(UNLOGGED A)",
      "COMMAND C(A)",
      "COMMAND C RETURNS A",
      "COMMAND C STATE(A)",
      "COMMAND C STATE(A, B)",
      "COMMAND C STATE(A(B))",
      "COMMAND C INTENTS(A)",
      "COMMAND C WITH Tags=(A)",
      "QUERY C",
      "FUNCTION C() RETURNS A",
      "JOB C",
      "JOB C '1'",
      "JOB C '2'",
      "PROJECTOR C CRON '1'",
      "PROJECTOR C AFTER EXECUTE ON A",
      "PROJECTOR C AFTER EXECUTE ON (A, B)",
      "PROJECTOR C AFTER EXECUTE WITH PARAM ON A",
      "PROJECTOR C AFTER INSERT ON A",
      "PROJECTOR C AFTER INSERT OR UPDATE ON A",
      "PROJECTOR C AFTER INSERT ON A OR AFTER UPDATE ON A",
      "SYNC PROJECTOR C AFTER INSERT ON A",
      "PROJECTOR C AFTER INSERT ON A INCLUDING ERRORS",
  };
  std::vector<std::string> texts;
  for (const std::string& each : statements) {
    texts.push_back("WORKSPACE W (" + each + ");");
  }
  for (const std::string& each : extensions) {
    texts.push_back("WORKSPACE W (EXTENSION ENGINE BUILTIN (" + each + "));");
    texts.push_back("WORKSPACE W (EXTENSION ENGINE WASM (" + each + "));");
  }
  for (const std::string scopes : {"GET SCOPE(JOBS)", "GET SCOPE(QUERIES)", "UPDATE SCOPE(JOBS)"}) {
    for (const std::string entity : {"", " ENTITY RECORD", " ENTITY VIEW"}) {
      texts.push_back("EXTENSION ENGINE BUILTIN (STORAGE S(" + scopes + ")" + entity + ");");
    }
  }
  std::set<std::string> dumped;
  for (const std::string& text : texts) {
    const std::string dump = tree_of(text);
    BOOST_TEST_INFO(text + "\n" + dump);
    BOOST_TEST(dump != "");
    BOOST_TEST_INFO(text + "\n" + dump);
    BOOST_TEST(dumped.insert(dump).second);
  }
}

BOOST_AUTO_TEST_CASE(trees_that_differ_in_places_only_have_equal_dumps_without) {
  BOOST_TEST(tree_of("ROLE R;TABLE") == "");
  BOOST_TEST(tree_of("WORKSPACE W (\n-- d\nROLE R);") ==
             tree_of("\n WORKSPACE\nW ( -- e\n\n   --   d\n ROLE \"R\"\n) ;"));
}

// A path that is given twice is an error of a later stage; until then both of its files count.
BOOST_AUTO_TEST_CASE(files_of_the_same_name_are_both_there) {
  std::vector<PackageText> packages = files("ROLE A;");
  packages.push_back(files("ROLE B; TAG")[0]);
  packages[0].files.push_back({.name = "pos.vsql", .text = "ROLE C;"});
  const std::string expected =
      "file org/pos/pos.vsql\n  role@1:1 A\n"
      "file org/pos/pos.vsql\n  role@1:1 C\n"
      "file org/pos/pos.vsql\n  role@1:1 B\n";
  Workspace workspace;
  BOOST_TEST(workspace.dump(packages, Form::tree).text == expected);
  packages[1].files[0].text = "ROLE B;";
  const Dumped good = workspace.dump(packages, Form::tree);
  BOOST_TEST(good.text == expected);
  BOOST_TEST(good.compiled.errors == std::vector<std::string>{"package org/pos redeclared"},
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(the_bound_form_shows_what_names_lead_to) {
  const std::string text =
      "IMPORT SCHEMA 'org/lib' AS l;\n"
      "APPLICATION pos(USE l);\n"
      "WORKSPACE Shop INHERITS Base, l.Lib (\n"
      "  TABLE T INHERITS B (N TABLE M (A int)));\n"
      "ABSTRACT WORKSPACE Base (ABSTRACT TABLE B INHERITS sys.CDoc (A int));\n"
      "ALTER WORKSPACE l.Alt (ROLE R);\n";
  const std::string expected =
      "application pos.pos at pos.vsql:2:1\n"
      "package sys as sys\n"
      "  workspace@sys.vsql:1:1 Workspace at_root\n"
      "  table@sys.vsql:1:31 CRecord in Workspace kind crecord\n"
      "  table@sys.vsql:2:1 CDoc in Workspace kind cdoc base sys.CRecord\n"
      "package org/pos as pos\n"
      "  import@pos.vsql:1:1 org/lib as l\n"
      "  workspace@pos.vsql:3:1 Shop at_root\n"
      "    base Base@pos.vsql:3:25 is pos.Base\n"
      "    base l.Lib@pos.vsql:3:31 is l.Lib\n"
      "    ancestor pos.Base\n"
      "    ancestor l.Root\n"
      "    ancestor l.Lib\n"
      "  descriptor@pos.vsql:3:1 ShopDescriptor in Shop\n"
      "  table@pos.vsql:4:3 T in Shop kind cdoc base pos.B\n"
      "  table@pos.vsql:4:25 M in Shop nested_in T kind crecord\n"
      "  workspace@pos.vsql:5:1 Base at_root\n"
      "  table@pos.vsql:5:26 B in Base kind cdoc base sys.CDoc\n"
      "  role@pos.vsql:6:24 R in alter l.Alt@pos.vsql:6:17\n"
      "  alter@pos.vsql:6:1 l.Alt@pos.vsql:6:17 is l.Alt\n"
      "package org/lib as l\n"
      "  workspace@lib.vsql:1:1 Lib at_root\n"
      "    base Root@lib.vsql:1:33 is l.Root\n"
      "    ancestor l.Root\n"
      "  workspace@lib.vsql:2:1 Root at_root\n"
      "  workspace@lib.vsql:3:1 Alt at_root\n"
      "  descriptor@lib.vsql:3:1 AltDescriptor in Alt\n";
  Workspace workspace;
  const Dumped dumped = workspace.dump(
      with_sys(text,
               "ABSTRACT WORKSPACE Lib INHERITS Root ();\nABSTRACT WORKSPACE Root ();\n"
               "ALTERABLE WORKSPACE Alt ();"),
      Form::bound);
  BOOST_TEST(dumped.compiled.errors == std::vector<std::string>{},
             boost::test_tools::per_element());
  BOOST_TEST(dumped.text == expected);
}

BOOST_AUTO_TEST_CASE(the_bound_form_shows_what_fails_and_what_is_not_linked) {
  const std::string failing =
      "APPLICATION pos();\n"
      "WORKSPACE Shop INHERITS Nope (TABLE T ());\n";
  BOOST_TEST(
      dump_of(Form::bound, with_sys(failing))
          .ends_with("package org/pos as pos\n"
                     "  workspace@pos.vsql:2:1 Shop at_root\n"
                     "    base Nope@pos.vsql:2:25 fails \"undefined workspace: Nope\"\n"
                     "    ancestors_end fails \"undefined workspace: Nope\"\n"
                     "  descriptor@pos.vsql:2:1 ShopDescriptor in Shop\n"
                     "  table@pos.vsql:2:31 T in Shop kind none fails \"undefined table kind\"\n"));
  // A name that is there twice ends the compilation before anything is linked.
  Workspace workspace;
  const Dumped twice = workspace.dump(
      with_sys("IMPORT SCHEMA 'org/none';\nWORKSPACE S INHERITS S (ROLE A; ROLE A);"), Form::bound);
  BOOST_TEST((twice.compiled.stage == Stage::package));
  BOOST_TEST(
      twice.text.ends_with("package org/pos\n"
                           "  import@pos.vsql:1:1 org/none as none not_supplied\n"
                           "  workspace@pos.vsql:2:1 S at_root\n"
                           "  descriptor@pos.vsql:2:1 SDescriptor in S\n"
                           "  role@pos.vsql:2:25 A in S\n"));
}

BOOST_AUTO_TEST_CASE(asking_for_a_dump_changes_nothing_of_the_result) {
  const auto packages = with_sys("APPLICATION pos();\nWORKSPACE S INHERITS S (ROLE A);\n");
  const Compiled plain = compile(packages);
  for (const Form form : {Form::tokens, Form::tree, Form::bound}) {
    Workspace workspace;
    const Dumped dumped = workspace.dump(packages, form);
    BOOST_TEST(dumped.compiled.errors == plain.errors, boost::test_tools::per_element());
    BOOST_TEST((dumped.compiled.stage == plain.stage));
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace vvm::schema
