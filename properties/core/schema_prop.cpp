// Properties of the VSQL compiler: whatever the text, it ends with a definition or with messages;
// and its three readers of the grammar agree.
//
// Texts are generated applications with tokens deleted, doubled or swapped, and octets of any kind.
// Owned by properties/core.
#define BOOST_TEST_MODULE schema_prop
#include <algorithm>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>
#include <rapidcheck/boost_test.h>

#include "appdef/dump.hpp"
#include "schema/dump.hpp"
#include "schema/generate.hpp"
#include "schema/parse.hpp"
#include "schema/print.hpp"
#include "schema/recognise.hpp"
#include "schema/render.hpp"
#include "schema/workspace.hpp"

namespace vvm::schema {
namespace {

// Small and dense: everything that the grammar has, so that one token more or less matters.
const std::string rich = R"(IMPORT SCHEMA 'org/lib' AS lib;
APPLICATION shop(USE lib);
DECLARE n int32 DEFAULT -5;
TEMPLATE t OF WORKSPACE Shop SOURCE src;
EXTENSION ENGINE WASM (FUNCTION F(a int32, varchar(5)) RETURNS bool);
ABSTRACT WORKSPACE Base (TABLE B INHERITS sys.CDoc (A int32));
ALTERABLE WORKSPACE Shop INHERITS Base (
	DESCRIPTOR D (X varchar(10) CHECK '^a$');
	TAG Open FEATURE 'x';
	PUBLISHED ROLE R; ROLE S;
	-- doc
	TABLE T INHERITS sys.CDoc (
		A varchar(8) NOT NULL VERIFIABLE DEFAULT 'x' CHECK '^[a-z]+$',
		B int64 DEFAULT 5 CHECK (B > 3 AND NOT(B) OR B BETWEEN 1 AND 2),
		C ref(T, B) NOT NULL, P character varying(7), Q binary large object,
		N TABLE M (Z int32, UNIQUE (Z)),
		CONSTRAINT c UNIQUE (A, B), UNIQUEFIELD A, CHECK (A IN ('a', 'b'))
	) WITH Tags=(Open), Comment='c';
	TYPE Ty (A int32, B Ty, C ref);
	VIEW V (A int32, B int32, C varchar, PRIMARY KEY ((A), B)) AS RESULT OF P WITH Tags=(Open);
	RATE Rt 10 PER 5 MINUTES PER WORKSPACE PER IP;
	LIMIT L1 EXECUTE ON ALL COMMANDS WITH TAG Open WITH RATE Rt;
	LIMIT L2 ON EACH TABLE WITH RATE Rt;
	EXTENSION ENGINE BUILTIN (
		COMMAND C1(Ty, UNLOGGED Ty) STATE(sys.Record(T), sys.View(V)) RETURNS any WITH Tags=(Open);
		QUERY Q1(Ty) RETURNS void;
		SYNC PROJECTOR P AFTER INSERT OR UPDATE ON (T, B) OR AFTER EXECUTE WITH PARAM ON Ty
			INTENTS(sys.View(V)) INCLUDING ERRORS;
	);
	GRANT SELECT(sys.ID, A), INSERT ON TABLE T TO R;
	GRANT ALL ON ALL TABLES WITH TAG Open TO R;
	GRANT R TO S;
	REVOKE EXECUTE ON COMMAND C1 FROM R;
	WORKSPACE Inner (); USE WORKSPACE Shop;
);
ALTER WORKSPACE Base (ROLE Other);
)";

const std::string lib = "ABSTRACT WORKSPACE Common (TYPE Addr (City varchar));";

std::vector<PackageText> around(std::string text) {
  std::vector<PackageText> packages = generate(1, 1);
  packages.pop_back();  // only sys
  packages.push_back({.path = "org/main", .files = {{"main.vsql", std::move(text)}}});
  packages.push_back({.path = "org/lib", .files = {{"lib.vsql", lib}}});
  return packages;
}

std::vector<std::string> words_of(const std::string& text) {
  SourceMap map;
  TokenBuffer buffer;
  const SourceFile& source = map.add("", text);
  buffer.lex(source);
  std::vector<std::string> words;
  std::size_t end = 0;
  for (const Token& token : buffer.tokens()) {
    words.push_back(text.substr(end, token.start + token.length - end));
    end = token.start + token.length;
  }
  return words;
}

struct Edit {
  unsigned what = 0;
  std::size_t at = 0;
  std::size_t other = 0;
};

std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) {
    out += word;
  }
  return out;
}

std::string edited(std::vector<std::string> words, const std::vector<Edit>& edits) {
  for (const Edit& edit : edits) {
    const std::size_t at = edit.at % words.size();
    const std::size_t other = edit.other % words.size();
    switch (edit.what % 4) {
      case 0:
        words[at].clear();
        break;
      case 1:
        words[at] += " " + words[at];
        break;
      case 2:
        std::swap(words[at], words[other]);
        break;
      default:
        words[at] += words[other];
        break;
    }
  }
  return joined(words);
}

rc::Gen<std::vector<Edit>> any_edits() {
  return rc::gen::resize(4,
                         rc::gen::container<std::vector<Edit>>(rc::gen::build<Edit>(
                             rc::gen::set(&Edit::what, rc::gen::inRange(0U, 4U)),
                             rc::gen::set(&Edit::at, rc::gen::inRange<std::size_t>(0, 4096)),
                             rc::gen::set(&Edit::other, rc::gen::inRange<std::size_t>(0, 4096)))));
}

// What must hold of any text whatever.
void judge(const std::string& text) {
  Workspace workspace;
  const Compiled compiled = workspace.compile(around(text));
  RC_ASSERT((compiled.app_def == nullptr) == !compiled.errors.empty());
  RC_ASSERT(compiled.errors.empty() == workspace.diagnostics().empty());
  RC_ASSERT(compiled.errors.size() <= messages_max);
  RC_ASSERT(compiled.code.has_value() == !compiled.errors.empty());
  const std::string shown =
      for_people(workspace.sources(), workspace.diagnostics(), {.colour = false});
  RC_ASSERT(shown.empty() == compiled.errors.empty());
}

// The parser accepts what the grammar of the spec accepts; numbers aside, which only it converts,
// and what quirk Q8 has it accept.
void agree(const std::string& text) {
  SourceMap map;
  Names names;
  TokenBuffer buffer;
  const SourceFile& source = map.add("main.vsql", text);
  const Parsed parsed = parse(source, &names, &buffer);
  if (!buffer.errors().empty()) {
    return;
  }
  const bool refused = recognise(source, buffer.tokens()).has_value();
  const bool number = !parsed.canonical.empty() && parsed.canonical[0].rule == Rule::e104;
  RC_CLASSIFY(refused, "refused");
  if (parsed.errors.empty()) {
    RC_ASSERT(!refused);
  } else if (!number) {
    RC_ASSERT(refused);
  }
}

// The tree of a text that has no errors; without places.
std::string tree_of(const std::string& text) {
  SourceMap map;
  Names names;
  TokenBuffer buffer;
  const Parsed parsed = parse(map.add("main.vsql", text), &names, &buffer);
  RC_ASSERT(parsed.errors.empty());
  return dump_tree(*parsed.tree, names, Places::left_out);
}

}  // namespace

RC_BOOST_PROP(an_edited_schema_gives_a_definition_or_messages, ()) {
  judge(edited(words_of(rich), *any_edits()));
}

RC_BOOST_PROP(the_parser_and_the_grammar_of_the_spec_accept_the_same, ()) {
  agree(edited(words_of(rich), *any_edits()));
}

RC_BOOST_PROP(any_octets_give_messages, ()) {
  judge(*rc::gen::container<std::string>(rc::gen::arbitrary<char>()));
}

RC_BOOST_PROP(any_octets_inside_a_schema_give_a_definition_or_messages, ()) {
  std::string text = rich;
  const auto at = *rc::gen::inRange<std::size_t>(0, text.size());
  text.insert(at, *rc::gen::container<std::string>(rc::gen::arbitrary<char>()));
  judge(text);
}

RC_BOOST_PROP(laying_out_a_schema_changes_nothing_of_what_it_means, ()) {
  const std::string text = edited(words_of(rich), *any_edits());
  const std::optional<std::string> printed = format(text);
  const Compiled before = compile(around(text));
  RC_CLASSIFY(printed.has_value(), "laid out");
  if (!printed.has_value()) {
    RC_ASSERT(before.stage == Stage::parse);
    return;
  }
  RC_ASSERT(format(*printed) == printed);
  const Compiled after = compile(around(*printed));
  RC_ASSERT((before.app_def == nullptr) == (after.app_def == nullptr));
  if (before.app_def != nullptr) {
    RC_ASSERT(appdef::dump(*before.app_def) == appdef::dump(*after.app_def));
  }
}

// Which is more than the property above asks: what the AppDef has no room for counts too.
RC_BOOST_PROP(laying_out_a_schema_leaves_its_syntax_tree_as_it_is, ()) {
  const std::string text = edited(words_of(rich), *any_edits());
  const std::optional<std::string> printed = format(text);
  RC_CLASSIFY(printed.has_value() && *printed != text, "laid out anew");
  if (printed.has_value()) {
    RC_ASSERT(tree_of(*printed) == tree_of(text));
  }
}

RC_BOOST_PROP(a_generated_schema_is_valid_and_its_dump_depends_on_nothing_else, ()) {
  const auto bytes = *rc::gen::inRange<std::size_t>(1, 60'000);
  const auto seed = *rc::gen::arbitrary<std::uint64_t>();
  Workspace workspace;
  const Compiled once = workspace.compile(generate(bytes, seed));
  RC_ASSERT(once.errors == std::vector<std::string>{});
  const Compiled again = workspace.compile(generate(bytes, seed));
  RC_ASSERT(workspace.files_parsed() == 0U);
  RC_ASSERT(appdef::dump(*once.app_def) == appdef::dump(*again.app_def));
}

}  // namespace vvm::schema
