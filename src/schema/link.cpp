// S3 and S4: the application and its packages, targets of ALTER, kinds of tables.
#include <algorithm>
#include <array>
#include <set>

#include "base/check.hpp"
#include "schema/bound.hpp"

namespace vvm::schema {
namespace {

struct KindName {
  std::string_view name;
  TableKind kind;
  bool singleton;
};

// docs/spec/vsql.md 6.1.
constexpr std::array<KindName, 8> kinds{{{"CDoc", TableKind::cdoc, false},
                                         {"WDoc", TableKind::wdoc, false},
                                         {"ODoc", TableKind::odoc, false},
                                         {"CSingleton", TableKind::cdoc, true},
                                         {"WSingleton", TableKind::wdoc, true},
                                         {"CRecord", TableKind::crecord, false},
                                         {"WRecord", TableKind::wrecord, false},
                                         {"ORecord", TableKind::orecord, false}}};

}  // namespace

void Bound::link() {
  check_paths();
  if (report_->failed()) {
    return;  // E301 stands alone
  }
  check_import_names();
  find_application();
  if (application_ != nullptr) {
    use_packages();
  }
  for (BoundPackage& package : packages_) {
    link_package(&package);
  }
}

void Bound::check_paths() {
  for (BoundPackage& package : packages_) {
    if (!by_path_.emplace(package.path, &package).second) {
      report_->add(Rule::e301, 0, "package " + std::string{package.path} + " redeclared");
      return;
    }
    if (package.is_sys) {
      sys_ = &package;
      package.local = intern("sys");
    }
  }
}

void Bound::check_import_names() {
  std::map<std::string_view, const BoundImport*> first;
  for (const BoundPackage& package : packages_) {
    for (const BoundImport& import : package.imports) {
      const auto [it, added] = first.emplace(import.path, &import);
      if (!added && it->second->name != import.name) {
        Diagnostic& error =
            report_->add(Rule::e302,
                         import.stmt->loc,
                         "local package name " + std::string{text(it->second->name)} +
                             " was redeclared as " + std::string{text(import.name)});
        error.notes.push_back({.loc = it->second->stmt->loc, .text = "first imported here"});
      }
    }
  }
}

void Bound::find_application() {
  for (BoundPackage& package : packages_) {
    for (const Entry& entry : package.entries) {
      if (entry.kind != StmtKind::application) {
        continue;
      }
      if (application_package_ == nullptr) {
        application_package_ = &package;
        application_ = static_cast<const ApplicationStmt*>(entry.stmt);
        if (!package.is_sys) {
          package.local = intern(package.path.substr(package.path.rfind('/') + 1));
        }
        continue;
      }
      Diagnostic& error = report_->add(Rule::e303, entry.stmt->loc, "redefinition of application");
      if (application_ != nullptr) {
        error.notes.push_back({.loc = application_->loc, .text = "first declared here"});
      }
      application_ = nullptr;
    }
  }
  if (application_package_ == nullptr) {
    report_->add(Rule::e304, 0, "application not defined");
  }
}

void Bound::use_packages() {
  std::set<NameId> used{application_package_->local};
  for (const UseStmt& use : application_->uses) {
    if (!used.insert(use.name).second) {
      report_->add(
          Rule::e305, use.loc, "package with the same name already included in application");
      continue;
    }
    Target target = import_of(use.name, *application_package_);
    if (target.package == nullptr && text(use.name) == "sys" && sys_ != nullptr) {
      target = {.package = sys_, .failure = nullptr};
    }
    if (target.package == nullptr) {
      const bool unknown = target.failure->rule == Rule::e401;
      report_->add(unknown ? Rule::e306 : Rule::e307, use.loc, target.failure->text);
      continue;
    }
    if (!target.package->is_sys && target.package != application_package_) {
      target.package->local = use.name;
    }
  }
  for (const BoundPackage& package : packages_) {
    if (package.local == 0) {
      report_->add(Rule::e308,
                   0,
                   "application does not define use of package " + std::string{package.path} +
                       ". Check if the package is defined in IMPORT SCHEMA and parsed under the "
                       "same name");
    }
  }
}

// ------------------------------------------------------------------------------------------- S4

void Bound::link_package(BoundPackage* package) {
  for (Entry& entry : package->entries) {
    if (entry.kind == StmtKind::alter_workspace) {
      link_alter(*static_cast<const AlterStmt*>(entry.stmt), entry.scope, package->root);
    } else if (entry.kind == StmtKind::table) {
      const TableInfo& info = table_info(entry.symbol);
      if (info.failure != nullptr) {
        fail(entry.stmt->loc, *info.failure);
      }
    }
  }
}

void Bound::link_alter(const AlterStmt& stmt, Scope* inside, const Scope& scope) {
  const Found found = resolve(Want::workspace, stmt.target, scope);
  if (found.symbol == nullptr) {
    fail(stmt.target.loc, *found.failure);
    if (found.failure->not_found) {
      report_->hint_last(hint(Want::workspace, stmt.target, scope));
    }
    return;
  }
  Ws* ws = found.symbol->ws;
  inside->workspace = ws;
  if (ws->package() != scope.package && !ws->stmt->is_alterable) {
    report_->add(
        Rule::e510, stmt.target.loc, "workspace " + written(stmt.target) + " is not alterable");
  }
}

// What one table says by itself: its kind if it is one of the roots in sys, else its base.
TableInfo Bound::step_of_chain(Symbol* table) {
  TableInfo info;
  const auto& stmt = *static_cast<const TableStmt*>(table->stmt);
  if (table->package()->is_sys && table->outer == nullptr) {
    for (const KindName& known : kinds) {
      if (text(stmt.name) == known.name) {
        info.kind = known.kind;
        info.singleton = known.singleton;
        info.known = true;
      }
    }
  }
  if (stmt.has_base) {
    const Found found = resolve(Want::table, stmt.base, *table->scope);
    info.base = found.symbol;
    if (found.symbol == nullptr && !info.known) {
      info.failure = found.failure->not_found ? nullptr : found.failure;
    }
  }
  if (!info.known && info.base == nullptr && info.failure == nullptr) {
    info.failure = failure(Rule::e520, "undefined table kind");
  }
  return info;
}

// Up the chain until something is known, then down again: chains may be as long as the text allows,
// so this does not recurse.
void Bound::walk_chain(Symbol* table) {
  std::vector<Symbol*>& chain = chain_;
  chain.clear();
  const Failure* failed = nullptr;
  Symbol* at = table;
  while (!at->table.known) {
    if (std::find(chain.begin(), chain.end(), at) != chain.end()) {
      failed = failure(Rule::e512, "circular reference in INHERITS");
      break;
    }
    if (chain.size() >= nesting_max) {
      failed =
          failure(Rule::too_deep,
                  "more than " + std::to_string(nesting_max) + " tables inherit from each other");
      break;
    }
    chain.push_back(at);
    at->table = step_of_chain(at);
    if (at->table.known) {
      chain.pop_back();
      at->table.depth = 0;
      break;
    }
    if (at->table.failure != nullptr) {
      failed = at->table.failure;
      break;
    }
    at = at->table.base;
  }
  for (auto it = chain.rbegin(); it != chain.rend(); ++it) {
    TableInfo& info = (*it)->table;
    info.known = true;
    if (failed != nullptr) {
      info.failure = failed;
      continue;
    }
    const TableInfo& base = info.base->table;
    info.kind = base.kind;
    info.singleton = base.singleton;
    info.failure = base.failure;
    info.depth = base.depth + 1;
    if (info.depth > nesting_max && info.failure == nullptr) {
      info.failure =
          failure(Rule::too_deep,
                  "more than " + std::to_string(nesting_max) + " tables inherit from each other");
    }
    if (info.failure != nullptr) {
      info.kind = TableKind::none;
    }
  }
}

const TableInfo& Bound::table_info(Symbol* table) {
  if (!table->table.known) {
    walk_chain(table);
  }
  return table->table;
}

}  // namespace vvm::schema
