// Tokens, and the bound form.
#include "schema/dump.hpp"

#include <array>
#include <map>

#include "base/check.hpp"
#include "schema/dump_lines.hpp"

namespace vvm::schema {
namespace {

std::string_view name_of(Tok kind) {
  constexpr std::array names{
#define TOKEN(name, shown) std::string_view{#name},
#define WORD(name, text) std::string_view{#name},
#include "schema/tokens.def"
#undef TOKEN
#undef WORD
  };
  return names.at(static_cast<std::size_t>(kind));
}

std::string_view name_of(LexErrorKind kind) {
  switch (kind) {
    case LexErrorKind::bad_text:
      return "bad_text";
    case LexErrorKind::bad_string:
      return "bad_string";
    case LexErrorKind::too_deep:
      return "too_deep";
  }
  UNREACHABLE();
}

std::string_view name_of(TableKind kind) {
  constexpr std::array<std::string_view, 7> names{
      "none", "cdoc", "wdoc", "odoc", "crecord", "wrecord", "orecord"};
  return names.at(static_cast<std::size_t>(kind));
}

std::string path_of(const SourceFile& source) {
  return plain_or_quoted(source.package.empty() ? source.name : source.package + "/" + source.name);
}

class BoundDump {
 public:
  explicit BoundDump(Bound* bound)
      : bound_(*bound), lines_(bound->names(), [this](Loc loc) { return place(loc); }) {}

  std::string run();

 private:
  std::string place(Loc loc);
  // As a reference with a qualifier would be written, if the package has a local name.
  std::string full_name(const BoundPackage& package, NameId name) const;

  std::string full_name(const Symbol& symbol) const {
    return full_name(*symbol.package(), symbol.stmt->name);
  }

  std::string full_name(const Ws& ws) const { return full_name(*ws.package(), ws.stmt->name); }

  void package(const BoundPackage& package);
  void import(const BoundImport& import);
  void symbol(Symbol* symbol);
  void scope(const Scope& scope);
  void table(const Symbol& symbol);
  void workspace(Ws* ws);
  void alter(const Entry& entry);
  void failure(const Failure* failure);

  Bound& bound_;
  std::map<Loc, Columns> columns_;  // by base of the file
  DumpLines lines_;
};

std::string BoundDump::run() {
  lines_.node("application");
  if (const ApplicationStmt* stmt = bound_.application(); stmt != nullptr) {
    lines_.word(full_name(*bound_.application_package(), stmt->name));
    lines_.word("at").word(place(stmt->loc));
  } else {
    lines_.word("-");
  }
  for (const BoundPackage& each : bound_.packages()) {
    package(each);
  }
  return lines_.take();
}

std::string BoundDump::place(Loc loc) {
  const SourceFile* file = bound_.sources().file_of(loc);
  CHECK(file != nullptr, "a place in no file", loc);
  const auto [columns, added] = columns_.try_emplace(file->base, *file);
  static_cast<void>(added);
  return plain_or_quoted(file->name) + ":" + columns->second.at(loc);
}

std::string BoundDump::full_name(const BoundPackage& package, NameId name) const {
  std::string out = package.local == 0 ? plain_or_quoted(package.path)
                                       : std::string{bound_.text(package.local).view()};
  return out.append(".").append(name == 0 ? "-" : bound_.text(name).view());
}

void BoundDump::package(const BoundPackage& package) {
  lines_.node("package").word(plain_or_quoted(package.path));
  if (package.local != 0) {
    lines_.word("as").name(package.local);
  }
  lines_.in();
  for (const BoundImport& each : package.imports) {
    import(each);
  }
  bound_.for_each_symbol([this, &package](Symbol* each) {
    if (each->package() == &package) {
      symbol(each);
    }
  });
  for (const Entry& entry : package.entries) {
    if (entry.kind == StmtKind::alter_workspace) {
      alter(entry);
    }
  }
  lines_.out();
}

void BoundDump::import(const BoundImport& import) {
  lines_.node("import", import.stmt->loc).word(plain_or_quoted(import.path));
  lines_.word("as").name(import.name);
  lines_.flag(bound_.package_of_path(import.path) == nullptr, "not_supplied");
}

void BoundDump::symbol(Symbol* symbol) {
  lines_.node(kind_name(symbol->stmt->kind), symbol->stmt->loc).name(symbol->stmt->name);
  scope(*symbol->scope);
  if (symbol->outer != nullptr) {
    lines_.word("nested_in").name(symbol->outer->stmt->name);
  }
  if (symbol->stmt->kind == StmtKind::table) {
    table(*symbol);
  } else if (symbol->ws != nullptr) {
    workspace(symbol->ws);
  }
}

void BoundDump::scope(const Scope& scope) {
  if (scope.alter != nullptr) {
    lines_.word("in").word("alter").ref(scope.alter->target);
  } else if (scope.workspace != nullptr) {
    lines_.word("in").name(scope.workspace->stmt->name);
  } else {
    lines_.word("at_root");
  }
}

void BoundDump::table(const Symbol& symbol) {
  const TableInfo& info = symbol.table;
  if (!info.known) {
    return;
  }
  lines_.word("kind").word(name_of(info.kind)).flag(info.singleton, "singleton");
  if (info.base != nullptr) {
    lines_.word("base").word(full_name(*info.base));
  }
  failure(info.failure);
}

void BoundDump::workspace(Ws* ws) {
  // Before packages are linked, qualifiers lead nowhere, and an answer would be kept.
  if (ws->state == Ws::State::unknown && bound_.application_package() == nullptr) {
    return;
  }
  const std::vector<Ws*>& ancestors = bound_.ancestors(ws);
  lines_.in();
  for (std::size_t i = 0; i < ws->bases.size(); ++i) {
    lines_.node("base").ref(ws->stmt->bases[i]);
    if (ws->bases[i].ws != nullptr) {
      lines_.word("is").word(full_name(*ws->bases[i].ws));
    }
    failure(ws->bases[i].failure);
  }
  for (const Ws* ancestor : ancestors) {
    lines_.node("ancestor").word(full_name(*ancestor));
  }
  if (ws->ancestors_failure != nullptr) {
    lines_.node("ancestors_end");
    failure(ws->ancestors_failure);
  }
  lines_.out();
}

void BoundDump::alter(const Entry& entry) {
  lines_.node(kind_name(entry.kind), entry.stmt->loc)
      .ref(static_cast<const AlterStmt*>(entry.stmt)->target);
  if (entry.scope->workspace != nullptr) {
    lines_.word("is").word(full_name(*entry.scope->workspace));
  }
}

void BoundDump::failure(const Failure* failure) {
  if (failure != nullptr) {
    lines_.word("fails").word(quoted(failure->text));
  }
}

}  // namespace

std::string dump_tokens(const SourceFile& source, const TokenBuffer& buffer) {
  Columns columns(source);
  const Names no_names;
  DumpLines lines(no_names, [&columns](Loc loc) { return columns.at(loc); });
  lines.node("file").word(path_of(source));
  lines.in();
  std::size_t error = 0;
  const auto errors_until = [&](std::uint32_t offset) {
    for (; error < buffer.errors().size() && buffer.errors()[error].start <= offset; ++error) {
      const LexError& each = buffer.errors()[error];
      lines.node("error", source.loc(each.start)).word(name_of(each.kind));
      lines.word(quoted(source.text().substr(each.start, each.length)));
    }
  };
  std::size_t doc = 0;
  for (const Token& token : buffer.tokens()) {
    errors_until(token.start);
    lines.node(name_of(token.kind()), source.loc(token.start));
    if (token.kind() != Tok::end) {
      lines.word(quoted(source.text().substr(token.start, token.length)));
    }
    if (token.has_doc != 0) {
      const DocToken& comment = buffer.docs()[doc++];
      lines.word("doc").word(quoted(source.text().substr(comment.start, comment.length)));
    }
  }
  errors_until(UINT32_MAX);
  return lines.take();
}

std::string dump_bound(Bound* bound) { return BoundDump(bound).run(); }

}  // namespace vvm::schema
