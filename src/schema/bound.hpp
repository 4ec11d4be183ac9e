// Bound: the packages of one application with their names resolved.
//
// bind makes it from syntax trees, analysis and build read it. A statement with a name is a Symbol;
// since a package has one namespace (E205), a package and a name give at most one. Where a symbol
// may be seen from is a matter of its Scope (docs/spec/vsql.md 4). Lives for one compilation.
// Limits: chains of INHERITS 256 deep; inherited workspaces 4 M altogether.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "appdef/appdef.hpp"
#include "schema/ast.hpp"
#include "schema/report.hpp"

namespace vvm::schema {

struct BoundPackage;
struct Symbol;
struct Ws;

// Why a name leads nowhere; reported at the place that the rule in question gives.
struct Failure {
  Rule rule{};
  std::string text;
  bool not_found = false;  // E403 or E404 about the very name that was asked for
};

struct Found {
  Symbol* symbol = nullptr;
  const Failure* failure = nullptr;  // of resolve(): set exactly when symbol is not
};

// Where statements stand: at file root, in a workspace body, or in the body of an ALTER.
struct Scope {
  BoundPackage* package = nullptr;
  Ws* workspace = nullptr;  // current workspace; null at root and in an ALTER that leads nowhere
  bool is_body = false;     // of a WORKSPACE statement
  const AlterStmt* alter = nullptr;
  // Of a body: its entries in those of the package, and those of bodies inside.
  std::uint32_t first_entry = 0;
  std::uint32_t entries = 0;
};

enum class TableKind : std::uint8_t { none, cdoc, wdoc, odoc, crecord, wrecord, orecord };

struct TableInfo {
  bool known = false;
  TableKind kind = TableKind::none;
  bool singleton = false;
  Symbol* base = nullptr;
  const Failure* failure = nullptr;  // kind is none then
  std::uint32_t depth = 0;           // bases above it
};

struct Symbol {
  const Stmt* stmt = nullptr;
  Scope* scope = nullptr;
  std::uint32_t next = 0;   // another with this name, of another package
  StmtKind kind{};          // of stmt
  Symbol* outer = nullptr;  // nested tables: the table around
  Ws* ws = nullptr;         // of workspaces
  TableInfo table{};        // of tables
  appdef::Type* type = nullptr;

  BoundPackage* package() const { return scope->package; }
};

// Is it written in a DESCRIPTOR, or nested in one?
inline bool in_descriptor(const Symbol* symbol) {
  while (symbol->outer != nullptr) {
    symbol = symbol->outer;
  }
  return symbol->kind == StmtKind::descriptor;
}

struct Base {
  Ws* ws = nullptr;
  const Failure* failure = nullptr;
};

struct Ws {
  const WorkspaceStmt* stmt = nullptr;
  Scope* around = nullptr;  // where it is declared
  Scope body{};
  Symbol* symbol = nullptr;
  List<Base> bases{};
  // In the order of 4.1 step 3, up to the first INHERITS item that leads nowhere.
  std::vector<Ws*> ancestors;
  std::vector<Ws*> ancestors_sorted;  // for membership, by number
  const Failure* ancestors_failure = nullptr;
  std::uint32_t number = 0;
  std::uint32_t depth = 0;
  enum class State : std::uint8_t { unknown, running, done } state = State::unknown;

  BoundPackage* package() const { return around->package; }

  bool inherits(const Ws& other) const;
};

struct BoundImport {
  const ImportStmt* stmt = nullptr;
  std::string path;
  NameId name = 0;  // alias, or last element of the path
};

// A statement on the way through a package: in source order, one before what it contains.
struct Entry {
  const Stmt* stmt;
  Scope* scope = nullptr;
  Symbol* symbol = nullptr;
  StmtKind kind = stmt->kind;  // here too, since most passes want few kinds
};

struct BoundPackage {
  std::string_view path;
  NameId local = 0;  // 0: not (yet) part of the application
  bool is_sys = false;
  std::vector<const FileTree*> files;  // by name
  std::vector<BoundImport> imports;
  std::vector<Entry> entries;
  Scope root{};

  struct Qualifier {
    BoundPackage* package;
    const Failure* failure;
  };

  std::map<NameId, Qualifier> qualifiers;  // resolved so far
  // The first import with this alias, and with this last element of its path.
  std::map<NameId, const BoundImport*> by_alias;
  std::map<NameId, const BoundImport*> by_last;

  // Also those of bodies inside, which have another scope.
  std::span<const Entry> entries_of(const Scope& body) const {
    return std::span<const Entry>(entries).subspan(body.first_entry, body.entries);
  }
};

// Kinds of statements that a name can ask for.
enum class Want : std::uint8_t {
  table,
  descriptor,
  type,
  view,
  command,
  query,
  role,
  tag,
  rate,
  workspace,
  storage,
  variable,
  job,
  projector,
};

struct PackageTrees {
  std::string_view path;
  std::vector<const FileTree*> files;  // by name
};

class Bound {
 public:
  Bound(const SourceMap& sources, Names* names, Report* report)
      : sources_(sources), names_(names), report_(report) {}

  Bound(const Bound&) = delete;
  Bound& operator=(const Bound&) = delete;
  ~Bound() = default;

  // S2, for all packages: one namespace each.
  void collect(const std::vector<PackageTrees>& packages);
  // S3 and S4: the application, targets of ALTER, kinds of tables.
  void link();

  // docs/spec/vsql.md 4.1.
  Found resolve(Want want, const QRef& ref, const Scope& here);
  // The same, for those who ask for something else then: a name that is merely not there has no
  // failure, which would cost its text.
  Found find(Want want, const QRef& ref, const Scope& here);

  std::size_t symbols() const { return symbols_.size() - 1; }

  // The symbol of a name in a package, wherever it stands; null: none.
  Symbol* symbol(const BoundPackage& package, NameId name);

  template <class F>
  void for_each_symbol(F each) {
    for (std::size_t i = 1; i < symbols_.size(); ++i) {
      each(&symbols_[i]);
    }
  }

  // Tables: the chain of INHERITS, and what nested tables in it are.
  const TableInfo& table_info(Symbol* table);
  const std::vector<Ws*>& ancestors(Ws* ws);

  std::deque<BoundPackage>& packages() { return packages_; }

  std::deque<Ws>& workspaces() { return workspaces_; }

  BoundPackage* sys() { return sys_; }

  Ws* sys_workspace() { return sys_workspace_; }

  BoundPackage* application_package() { return application_package_; }

  const ApplicationStmt* application() const { return application_; }

  BoundPackage* package_of_path(std::string_view path);

  Names& names() { return *names_; }

  appdef::Text text(NameId name) const { return names_->text(name); }

  std::string written(const QRef& ref) const;

  const SourceMap& sources() const { return sources_; }

  Report& report() { return *report_; }

  void fail(Loc loc, const Failure& failure);
  const Failure* failure(Rule rule, std::string text, bool not_found = false);
  NameId intern(std::string_view text);

  appdef::Arena& arena() { return arena_; }

  // Closest name of this kind that can be seen from here; empty if nothing is close.
  std::string hint(Want want, const QRef& ref, const Scope& here);

 private:
  void collect_package(BoundPackage* package);
  void collect_list(List<Stmt*> list, Scope* scope);
  void collect_body(List<Stmt*> list, Scope* scope);
  void collect_workspace(const WorkspaceStmt& stmt, Scope* scope, Symbol* symbol);
  void collect_nested(const TableStmt& table, Scope* scope, Symbol* outer);
  Symbol* declare(const Stmt& stmt, Scope* scope);

  void check_paths();
  void check_import_names();
  void find_application();
  void use_packages();
  void link_package(BoundPackage* package);
  void link_alter(const AlterStmt& stmt, Scope* inside, const Scope& scope);

  struct Target {
    BoundPackage* package = nullptr;
    const Failure* failure = nullptr;
  };

  Target target_of(NameId qualifier, BoundPackage* here);
  Target import_of(NameId qualifier, const BoundPackage& here);
  const Failure* not_supplied(std::string_view path);
  const Failure* not_found(Want want, const QRef& ref);
  void resolve_bases(Ws* ws);
  void walk_chain(Symbol* table);
  TableInfo step_of_chain(Symbol* table);

  const SourceMap& sources_;
  Names* names_;
  Report* report_;
  appdef::Arena arena_;
  std::deque<BoundPackage> packages_;
  std::deque<Scope> scopes_;
  std::deque<Ws> workspaces_;
  std::deque<Failure> failures_;
  std::vector<Symbol> symbols_;         // from 1; reserved in whole, since others point at them
  std::vector<std::uint32_t> by_name_;  // NameId to symbol
  std::map<std::string_view, BoundPackage*> by_path_;
  std::size_t ancestors_total_ = 0;
  std::vector<Symbol*> chain_;  // of walk_chain
  BoundPackage* sys_ = nullptr;
  Ws* sys_workspace_ = nullptr;
  BoundPackage* application_package_ = nullptr;
  const ApplicationStmt* application_ = nullptr;
};

// What nested tables of a table of this kind are.
constexpr TableKind nested_kind(TableKind outer) {
  switch (outer) {
    case TableKind::cdoc:
    case TableKind::crecord:
      return TableKind::crecord;
    case TableKind::wdoc:
    case TableKind::wrecord:
      return TableKind::wrecord;
    case TableKind::odoc:
    case TableKind::orecord:
      return TableKind::orecord;
    case TableKind::none:
      break;
  }
  return TableKind::none;
}

constexpr bool is_record(TableKind kind) { return kind >= TableKind::crecord; }

}  // namespace vvm::schema
