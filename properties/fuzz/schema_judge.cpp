// Each check gives what it found wrong, and nothing when all is well; the first one counts.
#include "properties/fuzz/schema_judge.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <tuple>
#include <vector>

#include <boost/json.hpp>

#include "appdef/compat.hpp"
#include "appdef/dump.hpp"
#include "base/utf8.hpp"
#include "properties/fuzz/schema_text.hpp"
#include "schema/print.hpp"
#include "schema/recognise.hpp"
#include "schema/render.hpp"
#include "schema/workspace.hpp"

namespace vvm::fuzz {
namespace {

using schema::Compiled;
using schema::Diagnostic;
using schema::PackageText;
using schema::SourceText;
using schema::Stage;
using schema::Workspace;

// A file of the input, in the order in which the compiler takes them (schema.hpp).
struct File {
  const PackageText* package = nullptr;
  const SourceText* source = nullptr;
};

std::vector<File> files_of(const std::vector<PackageText>& packages) {
  std::vector<File> files;
  for (const PackageText& package : packages) {
    const auto first = static_cast<std::ptrdiff_t>(files.size());
    for (const SourceText& source : package.files) {
      if (schema::is_schema_file(source.name)) {
        files.push_back({.package = &package, .source = &source});
      }
    }
    std::sort(files.begin() + first, files.end(), [](const File& a, const File& b) {
      return a.source->name < b.source->name;
    });
  }
  return files;
}

std::string shown(const std::vector<std::string>& messages) {
  std::string out;
  for (const std::string& message : messages) {
    out.append("\n    ").append(message);
  }
  return out;
}

std::optional<std::uint32_t> take_number(std::string_view* text) {
  std::uint32_t value = 0;
  std::size_t digits = 0;
  while (digits < text->size() && digits < 9 && (*text)[digits] >= '0' && (*text)[digits] <= '9') {
    value = value * 10 + static_cast<std::uint32_t>((*text)[digits++] - '0');
  }
  if (digits == 0 || (*text)[0] == '0') {
    return std::nullopt;
  }
  text->remove_prefix(digits);
  return value;
}

// Has the text such a place? Columns count code points; the end of a line is a place.
bool has_place(std::string_view text, std::uint32_t line, std::uint32_t column) {
  for (; line > 1; --line) {
    const std::size_t at = text.find('\n');
    if (at == std::string_view::npos) {
      return false;
    }
    text.remove_prefix(at + 1);
  }
  text = text.substr(0, text.find('\n'));
  for (; column > 1 && !text.empty(); --column) {
    char32_t c = 0;
    text.remove_prefix(decode_utf8(text, &c));
  }
  return column == 1;
}

// The message behind its place; none when it has no place in `file`.
std::optional<std::string_view> behind_place(std::string_view message, const SourceText& file) {
  if (!message.starts_with(file.name) || !message.substr(file.name.size()).starts_with(':')) {
    return std::nullopt;
  }
  message.remove_prefix(file.name.size() + 1);
  const std::optional<std::uint32_t> line = take_number(&message);
  if (!line.has_value() || !message.starts_with(':')) {
    return std::nullopt;
  }
  message.remove_prefix(1);
  const std::optional<std::uint32_t> column = take_number(&message);
  if (!column.has_value() || !message.starts_with(": ") || !has_place(file.text, *line, *column)) {
    return std::nullopt;
  }
  return message.substr(2);
}

// The message without its place, which is one in some file; whole when it has none.
std::string_view text_of_message(std::string_view message, const std::vector<File>& files) {
  for (const File& file : files) {
    if (const auto text = behind_place(message, *file.source); text.has_value()) {
      return *text;
    }
  }
  return message;
}

std::string judge_outcome(const Compiled& got) {
  const bool failed = !got.errors.empty();
  if (failed == (got.app_def != nullptr)) {
    return failed ? "a definition and errors" + shown(got.errors)
                  : "neither a definition nor an error";
  }
  if (failed != got.code.has_value()) {
    return failed ? "errors without a code" + shown(got.errors) : "a code without errors";
  }
  return got.errors.size() > schema::messages_max ? "more messages than are kept" : "";
}

// S1: at most one error a file, in the order of the files (docs/spec/vsql.md 0.2, 0.3).
std::string judge_syntax_errors(const Compiled& got, const std::vector<File>& files) {
  std::size_t next = 0;
  for (const std::string& message : got.errors) {
    while (next < files.size() && !behind_place(message, *files[next].source).has_value()) {
      ++next;
    }
    if (next++ == files.size()) {
      return "a syntax error without a place of its own, or a second one of a file: " + message;
    }
  }
  return {};
}

std::string judge_messages(const Compiled& got,
                           const std::vector<Diagnostic>& people,
                           const std::vector<File>& files) {
  if (got.stage == Stage::parse && !got.errors.empty()) {
    return judge_syntax_errors(got, files);
  }
  // Whether a message has a place, only what is kept for people says.
  std::map<std::string_view, bool> has_place_of;
  for (const Diagnostic& d : people) {
    has_place_of[d.text] = has_place_of[d.text] || d.loc != 0;
  }
  for (const std::string& message : got.errors) {
    const std::string_view text = text_of_message(message, files);
    const auto known = has_place_of.find(text);
    if (known == has_place_of.end()) {
      return "people do not see: " + message;
    }
    if (text.empty() || known->second != (text.size() < message.size())) {
      return "no text, or no place in any file: " + message;
    }
  }
  return {};
}

std::string judge_people(const Compiled& got,
                         const Workspace& workspace,
                         const std::vector<File>& files) {
  const std::vector<Diagnostic>& people = workspace.diagnostics();
  if (people.empty() != got.errors.empty()) {
    return people.empty() ? "people see no error" : "people see errors where there are none";
  }
  std::set<std::tuple<schema::Loc, std::string_view>> seen;
  std::pair<std::size_t, std::uint32_t> last{};
  for (const Diagnostic& d : people) {
    if (d.text.empty() || !seen.emplace(d.loc, d.text).second) {
      return "people see twice, or see nothing of: " + d.text;
    }
    const schema::SourceFile* source = workspace.sources().file_of(d.loc);
    if (source == nullptr) {
      continue;
    }
    const auto file = std::ranges::find_if(files, [source](const File& each) {
      return each.package->path == source->package && each.source->name == source->name &&
             each.source->text == source->text();
    });
    if (file == files.end()) {
      return "people see a place in a text that was not compiled: " + d.text;
    }
    const std::pair here{static_cast<std::size_t>(file - files.begin()), source->offset(d.loc)};
    if (here.second > source->size || here < last) {
      return "people see an error out of its place in source order: " + d.text;
    }
    last = here;
  }
  return {};
}

std::string people_text(const Workspace& workspace) {
  return schema::for_people(workspace.sources(), workspace.diagnostics(), {.colour = false});
}

bool is_json(const std::string& text) {
  boost::json::error_code error;
  boost::json::parse(text, error);
  return !error;
}

std::string judge_forms(const Compiled& got, const Workspace& workspace) {
  if (!is_json(schema::json_of(got))) {
    return "the messages are no JSON: " + schema::json_of(got);
  }
  const std::string sarif = schema::sarif_of(workspace.sources(), workspace.diagnostics());
  if (!is_json(sarif)) {
    return "the SARIF is no JSON: " + sarif;
  }
  return people_text(workspace).empty() == got.errors.empty() ? "" : "people see nothing";
}

// Empty where there is no definition.
std::string dump_of(const Compiled& compiled) {
  return compiled.app_def == nullptr ? "" : appdef::dump(*compiled.app_def);
}

// The whole compilation of the input as it is, with which others are compared.
struct First {
  Compiled compiled;
  std::string dump;
};

std::string judge_definition(const First& first) {
  const Compiled& got = first.compiled;
  if (got.app_def == nullptr) {
    return {};
  }
  if (!is_json(first.dump)) {
    return "the dump is no JSON: " + first.dump;
  }
  const auto differences = appdef::compare(*got.app_def, *got.app_def);
  return differences.empty() ? "" : "a definition differs from itself: " + differences[0].str();
}

std::string difference(const First& first, const Compiled& b) {
  const Compiled& a = first.compiled;
  if (a.errors != b.errors) {
    return "other messages" + shown(a.errors) + "\n  and" + shown(b.errors);
  }
  if (a.stage != b.stage || a.code != b.code || (a.app_def == nullptr) != (b.app_def == nullptr)) {
    return "another outcome";
  }
  return first.dump == dump_of(b) ? "" : "another dump";
}

// What the workspace may have seen before: each file with the text of the one before it.
std::vector<PackageText> something_else(std::vector<PackageText> packages) {
  std::string carried = "ROLE Carried;";
  for (PackageText& package : packages) {
    for (SourceText& file : package.files) {
      std::swap(carried, file.text);
    }
  }
  return packages;
}

// The same, but for the first file that is not of sys: all others are known by then.
std::vector<PackageText> with_another_start(std::vector<PackageText> packages) {
  for (PackageText& package : packages) {
    if (package.path != "sys" && !package.files.empty()) {
      package.files.front().text.insert(0, "\n");
      break;
    }
  }
  return packages;
}

std::string judge_repetition(const std::vector<PackageText>& packages,
                             const First& first,
                             Workspace* workspace) {
  const std::string seen = people_text(*workspace);
  if (std::string found = difference(first, workspace->compile(packages)); !found.empty()) {
    return "compiled again: " + found;
  }
  if (people_text(*workspace) != seen) {
    return "compiled again: people see something else";
  }
  if (workspace->files_parsed() != 0) {
    return "compiled again: a file that did not change is parsed again";
  }
  Workspace used;
  const Compiled before = used.compile(something_else(packages));
  if (std::string found = judge_outcome(before); !found.empty()) {
    return "of other texts: " + found;
  }
  static_cast<void>(used.compile(with_another_start(packages)));
  if (std::string found = difference(first, used.compile(packages)); !found.empty()) {
    return "compiled after something else: " + found;
  }
  if (people_text(used) != seen) {
    return "compiled after something else: people see\n" + people_text(used) + "and not\n" + seen;
  }
  return {};
}

// A compilation that stops early reports what the whole one reports so far, or nothing.
std::string judge_stops(const std::vector<PackageText>& packages,
                        const Compiled& whole,
                        Workspace* workspace) {
  for (const Stage until : {Stage::parse, Stage::package, Stage::analyse, Stage::build}) {
    if (until != Stage::analyse && until != whole.stage) {
      continue;  // the others say the same and cost time
    }
    schema::Options options;
    options.until = until;
    const Compiled part = workspace->compile(packages, options);
    const bool reached = whole.stage <= until;
    if (part.app_def != nullptr || part.stage != std::min(until, whole.stage) ||
        part.errors != (reached ? whole.errors : std::vector<std::string>{})) {
      return "stopped after " + std::string{schema::stage_name(until)} + ": " + shown(part.errors) +
             "\n  and as a whole" + shown(whole.errors);
    }
  }
  return {};
}

std::string without_white(std::string_view text) {
  std::string out;
  std::ranges::copy_if(text, std::back_inserter(out), [](char c) {
    return c != ' ' && c != '\t' && c != '\r' && c != '\n' && c != '\f';
  });
  return out;
}

bool is_of_number(const Diagnostic& d) {
  return d.rule == schema::Rule::e104 || d.text.ends_with("(expected number within range)");
}

// Where quirk Q8 (docs/spec/vsql.md Appendix A) has the grammar give up and the parser go on.
bool is_of_quirk(const schema::Token& token) {
  return token.kind() == schema::Tok::on_table || token.kind() == schema::Tok::on_all_tables;
}

// The parser accepts what the grammar of the spec accepts; numbers aside, which only it converts,
// and that quirk.
std::string judge_grammar(const SourceText& file, bool accepted) {
  schema::SourceMap map;
  schema::TokenBuffer buffer;
  const schema::SourceFile& source = map.add(file.name, file.text);
  buffer.lex(source);
  if (!buffer.errors().empty()) {
    return accepted ? "a file with a lexical error is laid out" : "";
  }
  if (const auto refused = schema::recognise(source, buffer.tokens()); refused.has_value()) {
    return accepted && !is_of_quirk(buffer.tokens()[*refused])
               ? "the parser accepts what the grammar refuses"
               : "";
  }
  if (accepted) {
    return {};
  }
  schema::Names names;
  const schema::Parsed parsed = schema::parse(source, &names, &buffer);
  return std::ranges::all_of(parsed.errors, is_of_number)
             ? ""
             : "the parser refuses what the grammar accepts: " + parsed.errors[0].text;
}

// Lays the file out, in place; one that has a syntax error stays as it is and is counted.
std::string lay_out(SourceText* file, std::size_t* refused) {
  std::optional<std::string> printed = schema::format(file->text);
  if (std::string found = judge_grammar(*file, printed.has_value()); !found.empty()) {
    return found;
  }
  if (!printed.has_value()) {
    ++*refused;
    return {};
  }
  if (without_white(*printed) != without_white(file->text)) {
    return "laying out changes more than white space:\n" + *printed;
  }
  if (schema::format(*printed) != printed) {
    return "laid out twice is not laid out once:\n" + *printed;
  }
  file->text = std::move(*printed);
  return {};
}

std::string lay_out_all(std::vector<PackageText>* packages, const Compiled& before) {
  std::size_t refused = 0;
  for (PackageText& package : *packages) {
    for (SourceText& file : package.files) {
      if (!schema::is_schema_file(file.name) || file.text == default_sys()) {
        continue;
      }
      if (std::string found = lay_out(&file, &refused); !found.empty()) {
        return found;
      }
    }
  }
  const std::size_t bad = before.stage == Stage::parse ? before.errors.size() : 0;
  return refused == bad || bad == schema::messages_max
             ? ""
             : "a file is laid out although it has an error, or is not although it has none";
}

std::string judge_layout(std::vector<PackageText> packages,
                         const std::vector<File>& files,
                         const First& first) {
  const Compiled& before = first.compiled;
  std::string found = lay_out_all(&packages, before);
  if (!found.empty() || before.stage == Stage::parse) {
    return found;  // the files with errors are what they were
  }
  const Compiled after = schema::compile(packages);
  const std::vector<File> files_after = files_of(packages);
  if (after.errors.size() != before.errors.size()) {
    return "laid out: other messages" + shown(before.errors) + "\n  and" + shown(after.errors);
  }
  for (std::size_t i = 0; i < before.errors.size(); ++i) {
    if (text_of_message(before.errors[i], files) != text_of_message(after.errors[i], files_after)) {
      return "laid out: another message: " + before.errors[i] + "\n  and " + after.errors[i];
    }
  }
  return first.dump == dump_of(after) ? "" : "laid out: another dump";
}

std::vector<std::string> paths_of(const std::vector<PackageText>& packages) {
  std::vector<std::string> paths;
  for (const PackageText& package : packages) {
    paths.push_back(package.path);
  }
  return paths;
}

// Supply order depends on what the packages are, not on how they come.
std::string judge_order(const std::vector<PackageText>& packages) {
  std::vector<std::string> paths = paths_of(packages);
  std::vector<std::string> ordered = paths_of(schema::in_supply_order(packages));
  const std::vector<std::string> other =
      paths_of(schema::in_supply_order({packages.rbegin(), packages.rend()}));
  if (ordered != other) {
    return "the supply order depends on the order of the packages" + shown(ordered) + "\n  and" +
           shown(other);
  }
  std::ranges::sort(paths);
  std::ranges::sort(ordered);
  return ordered == paths ? "" : "packages are lost or added by the supply order";
}

// The way of a VVM to a definition: packages in any order, and the name of the application.
std::string judge_application(std::vector<PackageText> packages, const First& first) {
  const std::vector<std::string> given = paths_of(packages);
  std::erase_if(packages, [](const PackageText& package) { return files_of({package}).empty(); });
  const std::vector<PackageText> ordered = schema::in_supply_order(packages);
  const Compiled canonical = paths_of(ordered) == given ? first.compiled : schema::compile(ordered);
  const std::string name{canonical.app_def == nullptr ? "" : canonical.app_def->application()};
  const auto application = schema::compile_app({packages.rbegin(), packages.rend()}, name);
  if (application.has_error() != (canonical.app_def == nullptr)) {
    return "compile_app succeeds where compile fails, or the other way round";
  }
  if (application.has_error()) {
    const bool same = packages.empty() || application.error().code == canonical.code;
    return same ? "" : "compile_app fails with another code: " + application.error().what;
  }
  return appdef::dump(*application.value()) == dump_of(canonical)
             ? ""
             : "compile_app gives another dump";
}

// As laid out, without the line in the middle of each file but those of sys: a version that mostly
// is valid and differs in one item.
std::vector<PackageText> other_version(std::vector<PackageText> packages) {
  for (PackageText& package : packages) {
    for (SourceText& file : package.files) {
      std::string text = schema::format(file.text).value_or("");
      if (package.path == "sys" || text.empty()) {
        continue;
      }
      const std::size_t begin = text.rfind('\n', text.size() / 2) + 1;  // npos + 1 is the start
      text.erase(begin, text.find('\n', begin) - begin);
      file.text = std::move(text);
    }
  }
  return packages;
}

// Compatibility names what differs, each with a path, and nothing where nothing does.
std::string judge_versions(const std::vector<PackageText>& packages, const First& first) {
  const Compiled& one = first.compiled;
  if (one.app_def == nullptr) {
    return {};
  }
  const Compiled other = schema::compile(other_version(packages));
  if (other.app_def == nullptr) {
    return judge_outcome(other);
  }
  const bool same = first.dump == dump_of(other);
  for (const bool forth : {true, false}) {
    const Compiled& before = forth ? one : other;
    const Compiled& after = forth ? other : one;
    auto differences = appdef::compare(*before.app_def, *after.app_def);
    if (same && !differences.empty()) {
      return "equal dumps differ: " + differences[0].str();
    }
    std::vector<std::string> paths;
    for (const appdef::CompatError& each : differences) {
      if (!each.str().ends_with(": " + each.path_str()) || each.path.empty()) {
        return "a difference without a path: " + each.str();
      }
      paths.push_back(each.path_str());
    }
    if (!appdef::without(std::move(differences), paths).empty()) {
      return "a difference that cannot be ignored by its path";
    }
  }
  return {};
}

}  // namespace

std::string broken(std::string_view text) {
  const std::vector<PackageText> packages = packages_of(text);
  const std::vector<File> files = files_of(packages);
  Workspace workspace;
  First first{.compiled = workspace.compile(packages), .dump = {}};
  const Compiled& compiled = first.compiled;
  std::string found = judge_outcome(compiled);
  if (!found.empty()) {
    return found;
  }
  first.dump = dump_of(compiled);
  const auto also = [&found](auto&& check) {
    if (found.empty()) {
      found = check();
    }
  };
  also([&] { return judge_people(compiled, workspace, files); });
  also([&] { return judge_messages(compiled, workspace.diagnostics(), files); });
  also([&] { return judge_forms(compiled, workspace); });
  also([&] { return judge_definition(first); });
  also([&] { return judge_repetition(packages, first, &workspace); });
  also([&] { return judge_stops(packages, compiled, &workspace); });
  also([&] { return judge_layout(packages, files, first); });
  also([&] { return judge_order(packages); });
  also([&] { return judge_application(packages, first); });
  also([&] { return judge_versions(packages, first); });
  return found;
}

}  // namespace vvm::fuzz
