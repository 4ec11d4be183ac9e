// S2: packages, scopes and symbols; and the resolution of names (docs/spec/vsql.md 4.1).
#include <algorithm>

#include "base/check.hpp"
#include "schema/bound.hpp"
#include "schema/suggest.hpp"

namespace vvm::schema {
namespace {

StmtKind kind_of(Want want) {
  switch (want) {
    case Want::table:
      return StmtKind::table;
    case Want::descriptor:
      return StmtKind::descriptor;
    case Want::type:
      return StmtKind::type;
    case Want::view:
      return StmtKind::view;
    case Want::command:
      return StmtKind::command;
    case Want::query:
      return StmtKind::query;
    case Want::role:
      return StmtKind::role;
    case Want::tag:
      return StmtKind::tag;
    case Want::rate:
      return StmtKind::rate;
    case Want::workspace:
      return StmtKind::workspace;
    case Want::storage:
      return StmtKind::storage;
    case Want::variable:
      return StmtKind::declare;
    case Want::job:
      return StmtKind::job;
    case Want::projector:
      return StmtKind::projector;
  }
  return StmtKind::table;
}

// "undefined table: "; empty: E404, whose text is "%s undefined".
std::string_view not_found_text(Want want) {
  switch (want) {
    case Want::table:
    case Want::descriptor:
      return "undefined table: ";
    case Want::type:
      return "undefined type: ";
    case Want::view:
      return "undefined view: ";
    case Want::command:
      return "undefined command: ";
    case Want::query:
      return "undefined query: ";
    case Want::role:
      return "undefined role: ";
    case Want::tag:
      return "undefined tag: ";
    case Want::rate:
      return "undefined rate: ";
    case Want::workspace:
      return "undefined workspace: ";
    case Want::storage:
    case Want::variable:
    case Want::job:
    case Want::projector:
      break;
  }
  return {};
}

}  // namespace

bool Ws::inherits(const Ws& other) const {
  const auto it =
      std::lower_bound(ancestors_sorted.begin(),
                       ancestors_sorted.end(),
                       other.number,
                       [](const Ws* each, std::uint32_t wanted) { return each->number < wanted; });
  return it != ancestors_sorted.end() && *it == &other;
}

// ------------------------------------------------------------------------------------------- S2

void Bound::collect(const std::vector<PackageTrees>& packages) {
  std::size_t named = 1;
  for (const PackageTrees& trees : packages) {
    for (const FileTree* file : trees.files) {
      named += file->named;
    }
  }
  symbols_.reserve(named);
  symbols_.emplace_back();
  by_name_.assign(names_->size(), 0);
  for (const PackageTrees& trees : packages) {
    BoundPackage& package = packages_.emplace_back();
    package.path = trees.path;
    package.files = trees.files;
    package.is_sys = trees.path == "sys";
    package.root = {.package = &package};
    collect_package(&package);
  }
}

void Bound::collect_package(BoundPackage* package) {
  std::size_t named = 0;
  for (const FileTree* file : package->files) {
    named += file->named;
    for (const ImportStmt& stmt : file->imports) {
      std::string path = string_value(stmt.path.raw);
      if (path.size() >= 2 && path.front() == '"' && path.back() == '"') {
        path = path.substr(1, path.size() - 2);
      }
      const std::string_view last = std::string_view{path}.substr(path.rfind('/') + 1);
      const NameId name = stmt.alias != 0 ? stmt.alias : intern(last);
      package->imports.push_back({.stmt = &stmt, .path = std::move(path), .name = name});
    }
  }
  for (const BoundImport& import : package->imports) {
    const std::string_view path = import.path;
    if (import.stmt->alias != 0) {
      package->by_alias.emplace(import.stmt->alias, &import);
    }
    package->by_last.emplace(intern(path.substr(path.rfind('/') + 1)), &import);
  }
  package->entries.reserve(named + named / 4);
  for (const FileTree* file : package->files) {
    collect_list(file->statements, &package->root);
  }
}

Symbol* Bound::declare(const Stmt& stmt, Scope* scope) {
  if (Symbol* first = symbol(*scope->package, stmt.name); first != nullptr) {
    Diagnostic& error =
        report_->add(Rule::e205, stmt.loc, "redefinition of " + std::string{text(stmt.name)});
    error.notes.push_back({.loc = first->stmt->loc, .text = "first declared here"});
    return first;
  }
  if (stmt.name >= by_name_.size()) {
    by_name_.resize(names_->size(), 0);
  }
  CHECK(symbols_.size() < symbols_.capacity(), "a statement with a name that nobody counted");
  const auto number = static_cast<std::uint32_t>(symbols_.size());
  Symbol& added = symbols_.emplace_back();
  added.stmt = &stmt;
  added.kind = stmt.kind;
  added.scope = scope;
  added.next = by_name_[stmt.name];
  by_name_[stmt.name] = number;
  return &added;
}

// Recurses where statements nest, at most nesting_max deep.
void Bound::collect_list(List<Stmt*> list, Scope* scope) {
  for (const Stmt* stmt : list) {
    switch (stmt->kind) {
      case StmtKind::engine:
        collect_list(static_cast<const EngineStmt*>(stmt)->body, scope);
        continue;
      case StmtKind::alter_workspace: {
        const auto& alter = *static_cast<const AlterStmt*>(stmt);
        Scope& inside = scopes_.emplace_back(Scope{
            .package = scope->package, .workspace = nullptr, .is_body = false, .alter = &alter});
        scope->package->entries.push_back({.stmt = stmt, .scope = &inside, .symbol = nullptr});
        collect_body(alter.body, &inside);
        continue;
      }
      case StmtKind::application:
      case StmtKind::use_workspace:
      case StmtKind::grant:
      case StmtKind::revoke:
      case StmtKind::descriptor:
        scope->package->entries.push_back({.stmt = stmt, .scope = scope, .symbol = nullptr});
        continue;
      default:
        break;
    }
    Symbol* declared = declare(*stmt, scope);
    scope->package->entries.push_back({.stmt = stmt, .scope = scope, .symbol = declared});
    if (stmt->kind == StmtKind::table || stmt->kind == StmtKind::type) {
      collect_nested(*static_cast<const TableStmt*>(stmt), scope, declared);
    } else if (stmt->kind == StmtKind::workspace) {
      collect_workspace(*static_cast<const WorkspaceStmt*>(stmt), scope, declared);
    }
  }
}

void Bound::collect_workspace(const WorkspaceStmt& stmt, Scope* scope, Symbol* symbol_of) {
  Ws& ws = workspaces_.emplace_back();
  ws.stmt = &stmt;
  ws.around = scope;
  ws.symbol = symbol_of;
  ws.number = static_cast<std::uint32_t>(workspaces_.size());
  ws.body = {.package = scope->package, .workspace = &ws, .is_body = true, .alter = nullptr};
  symbol_of->ws = &ws;
  if (scope->package->is_sys && scope == &scope->package->root && text(stmt.name) == "Workspace") {
    sys_workspace_ = &ws;
  }
  if (stmt.descriptor != nullptr) {
    Symbol* descriptor = declare(*stmt.descriptor, &ws.body);
    scope->package->entries.push_back(
        {.stmt = stmt.descriptor, .scope = &ws.body, .symbol = descriptor});
    collect_nested(*stmt.descriptor, &ws.body, descriptor);
  }
  collect_body(stmt.body, &ws.body);
}

void Bound::collect_body(List<Stmt*> list, Scope* scope) {
  const std::vector<Entry>& entries = scope->package->entries;
  scope->first_entry = static_cast<std::uint32_t>(entries.size());
  collect_list(list, scope);
  scope->entries = static_cast<std::uint32_t>(entries.size()) - scope->first_entry;
}

void Bound::collect_nested(const TableStmt& table, Scope* scope, Symbol* outer) {
  if (!table.has_nested) {
    return;
  }
  for (const Item& item : table.items) {
    if (item.kind == ItemKind::nested_table) {
      Symbol* declared = declare(*item.nested, scope);
      declared->outer = outer;
      collect_nested(*item.nested, scope, declared);
    }
  }
}

// ---------------------------------------------------------------------------------- resolution

NameId Bound::intern(std::string_view name) { return names_->intern(name); }

Symbol* Bound::symbol(const BoundPackage& package, NameId name) {
  if (name >= by_name_.size()) {
    return nullptr;
  }
  for (std::uint32_t at = by_name_[name]; at != 0; at = symbols_[at].next) {
    if (symbols_[at].package() == &package) {
      return &symbols_[at];
    }
  }
  return nullptr;
}

std::string Bound::written(const QRef& ref) const {
  std::string out;
  if (ref.qualifier != 0) {
    out.append(text(ref.qualifier)).append(".");
  }
  return out.append(text(ref.name));
}

void Bound::fail(Loc loc, const Failure& failure) { report_->add(failure.rule, loc, failure.text); }

const Failure* Bound::failure(Rule rule, std::string what, bool is_not_found) {
  return &failures_.emplace_back(
      Failure{.rule = rule, .text = std::move(what), .not_found = is_not_found});
}

const Failure* Bound::not_supplied(std::string_view path) {
  return failure(Rule::e402,
                 "could not import " + std::string{path} +
                     ". Check if the package is parsed under exactly this name");
}

const Failure* Bound::not_found(Want want, const QRef& ref) {
  const std::string_view what = not_found_text(want);
  return what.empty() ? failure(Rule::e404, written(ref) + " undefined", true)
                      : failure(Rule::e403, std::string{what} + written(ref), true);
}

BoundPackage* Bound::package_of_path(std::string_view path) {
  const auto it = by_path_.find(path);
  return it == by_path_.end() ? nullptr : it->second;
}

Bound::Target Bound::import_of(NameId qualifier, const BoundPackage& here) {
  const std::string_view q = text(qualifier);
  const auto aliased = here.by_alias.find(qualifier);
  const auto last = here.by_last.find(qualifier);
  const BoundImport* found = aliased != here.by_alias.end() ? aliased->second
                             : last != here.by_last.end()   ? last->second
                                                            : nullptr;
  if (found == nullptr) {
    return {.package = nullptr, .failure = failure(Rule::e401, std::string{q} + " undefined")};
  }
  BoundPackage* package = package_of_path(found->path);
  if (package == nullptr) {
    return {.package = nullptr, .failure = not_supplied(found->path)};
  }
  return {.package = package, .failure = nullptr};
}

Bound::Target Bound::target_of(NameId qualifier, BoundPackage* here) {
  if (qualifier == 0 || qualifier == here->local) {
    return {.package = here, .failure = nullptr};
  }
  if (const auto known = here->qualifiers.find(qualifier); known != here->qualifiers.end()) {
    return {.package = known->second.package, .failure = known->second.failure};
  }
  Target target;
  if (text(qualifier) == "sys") {
    target = {.package = sys_, .failure = sys_ == nullptr ? not_supplied("sys") : nullptr};
  } else {
    target = import_of(qualifier, *here);
  }
  here->qualifiers[qualifier] = {.package = target.package, .failure = target.failure};
  return target;
}

Found Bound::resolve(Want want, const QRef& ref, const Scope& here) {
  Found found = find(want, ref, here);
  if (found.symbol == nullptr && found.failure == nullptr) {
    found.failure = not_found(want, ref);
  }
  return found;
}

Found Bound::find(Want want, const QRef& ref, const Scope& here) {
  const Target target = target_of(ref.qualifier, here.package);
  if (want == Want::tag && target.package != here.package) {
    return {};
  }
  if (target.failure != nullptr) {
    return {.symbol = nullptr, .failure = target.failure};
  }
  const StmtKind kind = kind_of(want);
  Ws* ws = here.workspace;
  const bool from_ancestors = want != Want::workspace && want != Want::tag && ws != nullptr;
  // Step 2. A qualifier must name the package of the workspace (quirk Q12).
  if (ws != nullptr && (ref.qualifier == 0 || target.package == ws->package())) {
    Symbol* own = symbol(*ws->package(), ref.name);
    if (own != nullptr && own->scope == &ws->body && own->kind == kind) {
      return {.symbol = own, .failure = nullptr};
    }
  }
  Symbol* candidate = symbol(*target.package, ref.name);
  if (candidate != nullptr && candidate->kind != kind) {
    candidate = nullptr;
  }
  const bool in_body = candidate != nullptr && candidate->scope->is_body;
  if (from_ancestors) {  // steps 3 and 4
    ancestors(ws);
    if (in_body && ws->inherits(*candidate->scope->workspace)) {
      return {.symbol = candidate, .failure = nullptr};
    }
    if (ws->ancestors_failure != nullptr) {
      return {.symbol = nullptr, .failure = ws->ancestors_failure};
    }
    if (sys_ == nullptr) {
      return {.symbol = nullptr, .failure = not_supplied("sys")};
    }
    if (in_body && candidate->scope->workspace == sys_workspace_) {
      return {.symbol = candidate, .failure = nullptr};
    }
  }
  if (candidate != nullptr && !in_body) {  // step 5
    return {.symbol = candidate, .failure = nullptr};
  }
  return {};
}

// --------------------------------------------------------------------------------- inheritance

// Each list in the scope of its own workspace (quirk Q13).
void Bound::resolve_bases(Ws* ws) {
  const std::span<Base> bases = arena_.array<Base>(ws->stmt->bases.size());
  for (std::size_t i = 0; i < bases.size(); ++i) {
    const Found found = resolve(Want::workspace, ws->stmt->bases[i], *ws->around);
    bases[i] = {.ws = found.symbol == nullptr ? nullptr : found.symbol->ws,
                .failure = found.failure};
  }
  ws->bases = bases;
}

const std::vector<Ws*>& Bound::ancestors(Ws* ws) {
  constexpr std::size_t total_max = std::size_t{1} << 22U;
  if (ws->state != Ws::State::unknown) {
    return ws->ancestors;  // complete, or a cycle, which analysis reports
  }
  ws->state = Ws::State::running;
  resolve_bases(ws);
  std::vector<bool> seen;
  const auto add = [ws, &seen](Ws* each) {
    seen.resize(std::max<std::size_t>(seen.size(), each->number + 1));
    if (each != ws && !seen[each->number]) {
      seen[each->number] = true;
      ws->ancestors.push_back(each);
    }
  };
  for (const Base& base : ws->bases) {
    if (base.ws == nullptr) {
      ws->ancestors_failure = base.failure;
      break;
    }
    // What is above first: its own list has the order of 4.1.
    base.ws->depth = std::max(base.ws->depth, ws->depth + 1);
    if (base.ws->depth > nesting_max || ancestors_total_ > total_max) {
      ws->ancestors_failure = failure(Rule::too_deep, "too many workspaces are inherited");
      break;
    }
    for (Ws* above : ancestors(base.ws)) {
      add(above);
    }
    if (base.ws->ancestors_failure != nullptr) {
      ws->ancestors_failure = base.ws->ancestors_failure;
      break;
    }
    add(base.ws);
  }
  ancestors_total_ += ws->ancestors.size();
  ws->ancestors_sorted = ws->ancestors;
  std::ranges::sort(ws->ancestors_sorted, {}, &Ws::number);
  ws->state = Ws::State::done;
  return ws->ancestors;
}

// -------------------------------------------------------------------------------- suggestions

std::string Bound::hint(Want want, const QRef& ref, const Scope& here) {
  const Target target = target_of(ref.qualifier, here.package);
  if (target.package == nullptr) {
    return {};
  }
  std::vector<std::string_view> candidates;
  const StmtKind kind = kind_of(want);
  for (std::size_t i = 1; i < symbols_.size() && candidates.size() < 5000; ++i) {
    if (symbols_[i].package() == target.package && symbols_[i].kind == kind) {
      candidates.push_back(text(symbols_[i].stmt->name));
    }
  }
  std::ranges::sort(candidates);
  const std::string_view found = closest(text(ref.name), candidates);
  if (found.empty()) {
    return {};
  }
  const std::string prefix =
      ref.qualifier == 0 ? std::string{} : std::string{text(ref.qualifier)} + ".";
  return "did you mean `" + prefix + std::string{found} + "`?";
}

}  // namespace vvm::schema
