// Tests of the comparison of two definitions: the examples of docs/spec/vsql.md 10.3, and the one
// difference that docs/spec/vvm.md 8.7 makes.
//
// Unit tests of apppartsctl; pure. Errors are compared as sets (9.5).
#include "appdef/compat.hpp"

#include <algorithm>

#include <boost/test/unit_test.hpp>

#include "apppartsctl/compat.hpp"
#include "schema/schema.hpp"

namespace vvm::apppartsctl {
namespace {

const std::string sys_text = R"(
-- Minimal sys package for examples
ABSTRACT WORKSPACE Workspace (
	ABSTRACT TABLE CRecord();
	ABSTRACT TABLE CDoc INHERITS CRecord();
);
EXTENSION ENGINE BUILTIN (
	STORAGE View (INSERT SCOPE(PROJECTORS)) ENTITY VIEW;
);
)";

std::shared_ptr<const appdef::AppDef> compiled(std::vector<schema::PackageText> packages) {
  packages.push_back({.path = "sys", .files = {{.name = "sys.vsql", .text = sys_text}}});
  const auto result = schema::compile_app(std::move(packages), "shop");
  BOOST_TEST_INFO((result ? std::string{} : result.error().what));
  BOOST_TEST_REQUIRE(result.has_value());
  return result.value();
}

std::shared_ptr<const appdef::AppDef> compiled(const std::string& text) {
  return compiled(
      {{.path = "github.com/company/pkg", .files = {{.name = "file.vsql", .text = text}}}});
}

using Lines = std::vector<std::string>;

Lines sorted(Lines lines) {
  std::ranges::sort(lines);
  return lines;
}

Lines changes(const std::string& older, const std::string& newer) {
  Lines lines;
  for (const appdef::CompatError& change : appdef::compare(*compiled(older), *compiled(newer))) {
    lines.push_back(change.str());
  }
  return sorted(std::move(lines));
}

void check(const std::string& older, const std::string& newer, Lines expected) {
  const Lines wanted = sorted(std::move(expected));
  BOOST_TEST(changes(older, newer) == wanted, boost::test_tools::per_element());
}

// X43
BOOST_AUTO_TEST_CASE(what_old_data_can_bear_is_compatible) {
  const std::string older = R"(APPLICATION shop();
WORKSPACE Shop (
	TABLE T INHERITS sys.CDoc (A varchar(10), B int32, CONSTRAINT u UNIQUE (A, B));
);)";
  const std::string newer = R"(APPLICATION shop();
WORKSPACE Shop (
	TABLE T INHERITS sys.CDoc (A varchar(5) NOT NULL, B int32, C int64, CONSTRAINT u UNIQUE (B, A));
	TABLE New INHERITS sys.CDoc ();
);)";
  check(older, newer, {});
  check(older, older, {});
}

// X44
BOOST_AUTO_TEST_CASE(fields_that_are_inserted_retyped_or_removed_are_not) {
  check(R"(APPLICATION shop();
WORKSPACE Shop (
	TABLE T1 INHERITS sys.CDoc (A int32, B int32);
	TABLE T2 INHERITS sys.CDoc (A int32, B int32);
	TABLE T3 INHERITS sys.CDoc (A int32, B int32, CONSTRAINT u UNIQUE (A));
);)",
        R"(APPLICATION shop();
WORKSPACE Shop (
	TABLE T1 INHERITS sys.CDoc (A int32, X int32, B int64);
	TABLE T2 INHERITS sys.CDoc (B int32, C int32);
	TABLE T3 INHERITS sys.CDoc (B int32, A int32, CONSTRAINT u UNIQUE (A, B));
);)",
        {"NodeInserted: AppDef/Types/pkg.T1/Fields",
         "OrderChanged: AppDef/Types/pkg.T1/Fields/B",
         "ValueChanged: AppDef/Types/pkg.T1/Fields/B",
         "NodeRemoved: AppDef/Types/pkg.T2/Fields/A",
         "NodeModified: AppDef/Types/pkg.T3/Uniques/pkg.T3$uniques$u/UniqueFields",
         "OrderChanged: AppDef/Types/pkg.T3/Fields/A",
         "OrderChanged: AppDef/Types/pkg.T3/Fields/B"});
}

// X45
BOOST_AUTO_TEST_CASE(the_key_of_a_view_may_not_change) {
  check(R"(APPLICATION shop();
WORKSPACE Shop (
	TABLE X INHERITS sys.CDoc ();
	VIEW V (A int32, B int32, C int32, D int32, PRIMARY KEY ((A), B)) AS RESULT OF P;
	EXTENSION ENGINE BUILTIN (PROJECTOR P AFTER INSERT ON X INTENTS(sys.View(V)));
);)",
        R"(APPLICATION shop();
WORKSPACE Shop (
	TABLE X INHERITS sys.CDoc ();
	VIEW V (A int32, B int64, C int32, D int32, E int32, PRIMARY KEY ((A), B, C)) AS RESULT OF P;
	EXTENSION ENGINE BUILTIN (PROJECTOR P AFTER INSERT ON X INTENTS(sys.View(V)));
);)",
        {"NodeModified: AppDef/Types/pkg.V/ClustColsFields",
         "ValueChanged: AppDef/Types/pkg.V/ClustColsFields/B",
         "NodeRemoved: AppDef/Types/pkg.V/Fields/C"});
}

// X46
BOOST_AUTO_TEST_CASE(types_and_what_functions_take_and_give_must_stay) {
  check(R"(APPLICATION shop();
ABSTRACT WORKSPACE Base (ROLE R;);
WORKSPACE Shop INHERITS Base (
	TYPE A (X int32); TYPE B (X int64);
	EXTENSION ENGINE BUILTIN (COMMAND C(A, UNLOGGED A); QUERY Q(A) RETURNS A);
);)",
        R"(APPLICATION shop();
ABSTRACT WORKSPACE Base ();
WORKSPACE Shop INHERITS Base (
	DESCRIPTOR Store ();
	TYPE A (X int32); TYPE B (X int64);
	EXTENSION ENGINE BUILTIN (COMMAND C(B) RETURNS any; QUERY Q(B) RETURNS any);
);)",
        {"NodeRemoved: AppDef/Types/pkg.R",
         "NodeRemoved: AppDef/Types/pkg.ShopDescriptor",
         "NodeRemoved: AppDef/Types/pkg.Base/Types/pkg.R",
         "ValueChanged: AppDef/Types/pkg.C/CommandArgs",
         "ValueChanged: AppDef/Types/pkg.C/UnloggedArgs",
         "ValueChanged: AppDef/Types/pkg.C/CommandResult",
         "ValueChanged: AppDef/Types/pkg.Q/QueryArgs/X",
         "NodeRemoved: AppDef/Types/pkg.Shop/Types/pkg.R",
         "NodeRemoved: AppDef/Types/pkg.Shop/Types/pkg.ShopDescriptor",
         "ValueChanged: AppDef/Types/pkg.Shop/Descriptor"});
}

BOOST_AUTO_TEST_CASE(a_vvm_may_switch_to_a_version_with_more_packages_and_not_with_fewer) {
  const schema::PackageText menu{
      .path = "github.com/company/menu",
      .files = {{.name = "menu.vsql", .text = "ABSTRACT WORKSPACE Menu ();\n"}}};
  const auto shop = [](const std::string& head) {
    return schema::PackageText{
        .path = "github.com/company/pkg",
        .files = {{.name = "file.vsql", .text = head + "WORKSPACE Shop ();\n"}}};
  };
  const auto one = compiled({shop("APPLICATION shop();\n")});
  const auto two = compiled(
      {shop("IMPORT SCHEMA 'github.com/company/menu';\nAPPLICATION shop(USE menu;);\n"), menu});
  const SchemaCompat compat;
  BOOST_TEST(compat.check(*one, *two).has_value());
  BOOST_TEST(!appdef::compare(*one, *two).empty());
  const Status fewer = compat.check(*two, *one);
  BOOST_TEST((fewer.error().code == Code::incompatible));
  BOOST_TEST(fewer.error().what.starts_with("NodeRemoved: AppDef/Types/menu.Menu"));
}

}  // namespace
}  // namespace vvm::apppartsctl
