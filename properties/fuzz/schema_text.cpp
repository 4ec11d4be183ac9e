// Separator lines, in both directions.
#include "properties/fuzz/schema_text.hpp"

#include <algorithm>

namespace vvm::fuzz {
namespace {

using schema::PackageText;

constexpr std::string_view mark = "### ";
constexpr std::string_view app_path = "example.com/app";

constexpr std::string_view sys_text = R"(-- Minimal sys package for examples
ABSTRACT WORKSPACE Workspace (
	ABSTRACT TABLE CRecord();
	ABSTRACT TABLE WRecord();
	ABSTRACT TABLE ORecord();
	ABSTRACT TABLE CDoc INHERITS CRecord();
	ABSTRACT TABLE WDoc INHERITS WRecord();
	ABSTRACT TABLE ODoc INHERITS ORecord();
	ABSTRACT TABLE CSingleton INHERITS CDoc();
	ABSTRACT TABLE WSingleton INHERITS WDoc();
	TABLE BLOB INHERITS WDoc (status int32 NOT NULL);
	TYPE Raw (Body varchar(65535));
	ROLE Anyone;
);
ALTERABLE WORKSPACE AppWorkspaceWS (DESCRIPTOR AppWorkspace (););
ALTERABLE WORKSPACE Profile (DESCRIPTOR UserProfile (DisplayName varchar););
EXTENSION ENGINE BUILTIN (
	STORAGE Record (
		GET SCOPE(COMMANDS, QUERIES, PROJECTORS, JOBS),
		INSERT SCOPE(COMMANDS), UPDATE SCOPE(COMMANDS)
	) ENTITY RECORD;
	STORAGE View (
		GET SCOPE(COMMANDS, QUERIES, PROJECTORS, JOBS), READ SCOPE(QUERIES, PROJECTORS, JOBS),
		INSERT SCOPE(PROJECTORS, JOBS), UPDATE SCOPE(PROJECTORS, JOBS)
	) ENTITY VIEW;
	STORAGE Http (READ SCOPE(QUERIES, PROJECTORS, JOBS));
	STORAGE AppSecret (GET SCOPE(COMMANDS, QUERIES, PROJECTORS, JOBS));
	STORAGE SendMail (INSERT SCOPE(PROJECTORS, JOBS))
);
)";

// Where the next separator begins: its mark, at the start of a line.
std::size_t next_mark(std::string_view text, std::size_t from) {
  if (from == 0 && text.starts_with(mark)) {
    return 0;
  }
  const std::string line_and_mark = "\n" + std::string{mark};
  const std::size_t at = text.find(line_and_mark, from == 0 ? 0 : from - 1);
  return at == std::string_view::npos ? at : at + 1;
}

void add_file(std::vector<PackageText>* packages, std::string_view place, std::string_view text) {
  const std::size_t slash = place.rfind('/');
  const std::string_view path = slash == std::string_view::npos ? "" : place.substr(0, slash);
  const std::string_view name = slash == std::string_view::npos ? place : place.substr(slash + 1);
  auto package = std::ranges::find(*packages, path, &PackageText::path);
  if (package == packages->end()) {
    package = packages->insert(package, {.path = std::string{path}, .files = {}});
  }
  if (name.empty()) {
    return;
  }
  const auto file = std::ranges::find(package->files, name, &schema::SourceText::name);
  if (file == package->files.end()) {
    package->files.push_back({.name = std::string{name}, .text = std::string{text}});
  } else {
    file->text.append("\n").append(text);
  }
}

}  // namespace

std::string_view default_sys() { return sys_text; }

std::vector<PackageText> packages_of(std::string_view text) {
  std::vector<PackageText> packages;
  std::size_t at = next_mark(text, 0);
  if (at != 0) {
    const std::size_t length = at == std::string_view::npos ? text.size() : at - 1;
    add_file(&packages, std::string{app_path} + "/app.vsql", text.substr(0, length));
  }
  while (at != std::string_view::npos) {
    const std::size_t line_end = std::min(text.find('\n', at), text.size());
    const std::string_view place = text.substr(at + mark.size(), line_end - at - mark.size());
    const std::size_t begin = std::min(line_end + 1, text.size());
    at = next_mark(text, begin);
    const std::size_t end = at == std::string_view::npos ? text.size() : at - 1;
    add_file(&packages, place, text.substr(begin, std::max(begin, end) - begin));
  }
  if (std::ranges::none_of(packages, [](const PackageText& p) { return p.path == "sys"; })) {
    packages.insert(packages.begin(),
                    {.path = "sys", .files = {{"sys.vsql", std::string{sys_text}}}});
  }
  return packages;
}

std::string text_of(const std::vector<PackageText>& packages) {
  std::string out;
  const auto separator = [&out](const std::string& place) {
    out.append(out.empty() ? "" : "\n").append(mark).append(place).append("\n");
  };
  for (const PackageText& package : packages) {
    const bool implied = &package == packages.data() && package.path == "sys" &&
                         package.files.size() == 1 && package.files[0].name == "sys.vsql" &&
                         package.files[0].text == sys_text;
    if (implied) {
      continue;
    }
    if (package.files.empty()) {
      separator(package.path + "/");
    }
    for (const schema::SourceText& file : package.files) {
      separator(package.path.empty() ? file.name : package.path + "/" + file.name);
      out.append(file.text);
    }
  }
  return out;
}

}  // namespace vvm::fuzz
