// The passes, imports and workspaces.
#include "schema/analyse.hpp"

#include <algorithm>

#include "base/check.hpp"
#include "schema/analyser.hpp"

namespace vvm::schema {
namespace {

bool is_identifier(std::string_view name) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  return !name.empty() && name.size() <= 255 && letter(name[0]) &&
         std::all_of(name.begin(), name.end(), [&letter](char c) {
           return letter(c) || (c >= '0' && c <= '9') || c == '_';
         });
}

}  // namespace

void analyse(Bound* bound, const Variables& variables) { Analyser(bound, variables).run(); }

std::int32_t value_of(const Symbol& variable, Bound* bound, const Variables& variables) {
  const std::string name = std::string{bound->text(variable.package()->local)} + "." +
                           std::string{bound->text(variable.stmt->name)};
  const auto it = variables.find(name);
  return it != variables.end() ? it->second : static_cast<const DeclareStmt*>(variable.stmt)->value;
}

Analyser::Analyser(Bound* bound, const Variables& variables)
    : bound_(*bound),
      variables_(variables),
      stamps_(bound->names().size()),
      positions_(bound->names().size()),
      checked_(bound->workspaces().size() + 1, Ws::State::unknown) {}

void Analyser::run() {
  for (BoundPackage& package : bound_.packages()) {
    pass_1(&package);
  }
  for (BoundPackage& package : bound_.packages()) {
    pass_2(&package);
  }
  for (BoundPackage& package : bound_.packages()) {
    pass_4(&package);
  }
  for (BoundPackage& package : bound_.packages()) {
    pass_6(&package);
  }
}

void Analyser::pass_1(BoundPackage* package) {
  imports(package);
  for (const Entry& entry : package->entries) {
    here_ = entry.scope;
    switch (entry.kind) {
      case StmtKind::command:
        command(*static_cast<const FunctionStmt*>(entry.stmt));
        break;
      case StmtKind::query:
        query(*static_cast<const FunctionStmt*>(entry.stmt));
        break;
      case StmtKind::projector:
        projector(*static_cast<const ProjectorStmt*>(entry.stmt));
        break;
      case StmtKind::job:
        job(*static_cast<const JobStmt*>(entry.stmt));
        break;
      case StmtKind::table:
        table(entry);
        break;
      case StmtKind::type:
        type(entry);
        break;
      case StmtKind::view:
        view(entry);
        break;
      case StmtKind::use_workspace:
        use_workspace(*static_cast<const UseWorkspaceStmt*>(entry.stmt));
        break;
      case StmtKind::storage:
        if (!package->is_sys) {
          error(Rule::e572, entry.stmt->loc, "storages are only declared in sys package");
        }
        break;
      case StmtKind::role:
        if (entry.scope->workspace == nullptr) {
          error(Rule::e650, entry.stmt->loc, "no current workspace");
        }
        break;
      case StmtKind::rate:
        rate(*static_cast<const RateStmt*>(entry.stmt));
        break;
      case StmtKind::limit:
        limit(*static_cast<const LimitStmt*>(entry.stmt));
        break;
      default:
        break;
    }
  }
}

void Analyser::pass_2(BoundPackage* package) {
  for (const Entry& entry : package->entries) {
    if (entry.kind != StmtKind::workspace) {
      continue;
    }
    Ws* ws = entry.symbol->ws;
    if (!ancestry(ws)) {
      continue;
    }
    if (ws->stmt->descriptor != nullptr) {
      here_ = &ws->body;
      descriptor(ws);
    }
    grants_before_revokes(*ws);
  }
}

void Analyser::pass_4(BoundPackage* package) {
  for (const Entry& entry : package->entries) {
    if (entry.kind == StmtKind::workspace) {
      inherits_sys(entry.symbol->ws);
    }
  }
}

void Analyser::pass_6(BoundPackage* package) {
  for (const Entry& entry : package->entries) {
    here_ = entry.scope;
    switch (entry.kind) {
      case StmtKind::grant:
      case StmtKind::revoke:
        grant(*static_cast<const GrantStmt*>(entry.stmt));
        break;
      case StmtKind::table:
      case StmtKind::type: {
        const auto& stmt = *static_cast<const TableStmt*>(entry.stmt);
        if (stmt.has_references) {
          const bool is_table = entry.kind == StmtKind::table;
          references(stmt.items, is_table ? bound_.table_info(entry.symbol).kind : TableKind::none);
        }
        break;
      }
      case StmtKind::view:
        references(static_cast<const ViewStmt*>(entry.stmt)->items, TableKind::none);
        break;
      default:
        break;
    }
  }
}

// --------------------------------------------------------------------------------------- helpers

void Analyser::fail(Want want, const QRef& ref, Loc loc, const Failure& failure) {
  bound_.fail(loc, failure);
  if (failure.not_found && bound_.report().count() <= messages_max) {
    bound_.report().hint_last(bound_.hint(want, ref, *here_));
  }
}

Symbol* Analyser::need(Want want, const QRef& ref, Loc loc) {
  const Found found = bound_.resolve(want, ref, *here_);
  if (found.symbol == nullptr) {
    fail(want, ref, loc == 0 ? ref.loc : loc, *found.failure);
  }
  return found.symbol;
}

// --------------------------------------------------------------------------------------- imports

void Analyser::imports(BoundPackage* package) {
  std::map<NameId, const BoundImport*> used;
  for (const BoundImport& import : package->imports) {
    const Loc loc = import.stmt->loc;
    const std::string name = text(import.name);
    if (!is_identifier(name)) {
      error(Rule::e501, loc, "invalid local package name " + name);
      continue;
    }
    if (import.name == package->local) {
      error(Rule::e502,
            loc,
            "conflict: local package name " + name + " equal to current package name");
      continue;
    }
    const auto [it, added] = used.emplace(import.name, &import);
    if (!added && it->second->path != import.path) {
      error(
          Rule::e503, loc, "local package name " + name + " already used for " + it->second->path);
    }
  }
}

// ------------------------------------------------------------------------------------ workspaces

void Analyser::use_workspace(const UseWorkspaceStmt& stmt) {
  const QRef ref{
      .qualifier = here_->package->local, .name = stmt.target.name, .loc = stmt.target.loc};
  Symbol* used = need(Want::workspace, ref);
  if (used != nullptr && used->ws->stmt->is_abstract) {
    error(Rule::e516, stmt.target.loc, "use of abstract workspace " + text(stmt.target.name));
  }
}

// Null: `ws` may be an ancestor, as far as it goes. pre: ancestors(ws) have been found, so that
// this goes no deeper than nesting_max.
const Failure* Analyser::why_not_ancestor(Ws* ws) {
  if (!ws->stmt->is_abstract) {
    return bound_.failure(Rule::e511, "base workspace must be abstract");
  }
  Ws::State& state = checked_[ws->number];
  if (state == Ws::State::running) {
    return bound_.failure(Rule::e512, "circular reference in INHERITS");
  }
  if (state == Ws::State::done) {
    return nullptr;
  }
  state = Ws::State::running;
  bound_.ancestors(ws);
  const Failure* failure = nullptr;
  for (const Base& base : ws->bases) {
    failure = base.ws == nullptr ? base.failure : why_not_ancestor(base.ws);
    if (failure != nullptr) {
      break;
    }
  }
  state = failure == nullptr ? Ws::State::done : Ws::State::unknown;
  return failure;
}

// False: the INHERITS list has a fault; only the first is reported.
bool Analyser::ancestry(Ws* ws) {
  bound_.ancestors(ws);
  here_ = ws->around;
  if (ws->ancestors_failure != nullptr && ws->ancestors_failure->rule == Rule::too_deep) {
    bound_.fail(ws->stmt->loc, *ws->ancestors_failure);
    return false;
  }
  for (std::size_t i = 0; i < ws->bases.size(); ++i) {
    const Base& base = ws->bases[i];
    const QRef& item = ws->stmt->bases[i];
    Ws::State& state = checked_[ws->number];
    const Ws::State before = state;
    state = Ws::State::running;
    const Failure* failure = base.ws == nullptr ? base.failure : why_not_ancestor(base.ws);
    state = before;
    if (failure != nullptr) {
      fail(Want::workspace, item, item.loc, *failure);
      return false;
    }
  }
  return true;
}

void Analyser::grants_before_revokes(const Ws& ws) {
  bool revoked = false;
  for (const Entry& entry : ws.package()->entries_of(ws.body)) {
    if (entry.scope != &ws.body) {
      continue;
    }
    revoked = revoked || entry.kind == StmtKind::revoke;
    if (revoked && entry.kind == StmtKind::grant) {
      error(Rule::e515, entry.stmt->loc, "GRANT follows REVOKE in the same container");
    }
  }
}

void Analyser::inherits_sys(Ws* ws) {
  const Loc loc = ws->stmt->loc;
  if (bound_.sys() == nullptr) {
    error(Rule::e402,
          loc,
          "could not import sys. Check if the package is parsed under exactly this name");
    return;
  }
  const auto items_of = [this, loc](Ws* heir) {
    bound_.ancestors(heir);
    for (const Base& base : heir->bases) {
      if (base.ws == nullptr) {
        bound_.fail(loc, *base.failure);
      } else if (base.ws == bound_.sys_workspace()) {
        error(Rule::e513, heir->stmt->loc, "explicit inheritance from sys.Workspace not allowed");
      }
    }
  };
  for (Ws* ancestor : bound_.ancestors(ws)) {
    if (ancestor != bound_.sys_workspace()) {
      items_of(ancestor);
    }
  }
  items_of(ws);
}

}  // namespace vvm::schema
