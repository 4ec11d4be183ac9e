// Rates, limits, grants and revokes (docs/spec/vsql.md 5.11).
#include <algorithm>
#include <array>

#include "base/check.hpp"
#include "schema/analyser.hpp"

namespace vvm::schema {
namespace {

Want want_of(Objects objects) {
  switch (objects) {
    case Objects::command:
      return Want::command;
    case Objects::query:
      return Want::query;
    case Objects::view:
      return Want::view;
    case Objects::table:
      return Want::table;
  }
  UNREACHABLE();
}

bool may_limit(Objects objects, Op op) {
  switch (objects) {
    case Objects::command:
    case Objects::query:
      return op == Op::execute;
    case Objects::view:
      return op == Op::select;
    case Objects::table:
      return op != Op::execute;
  }
  UNREACHABLE();
}

std::string_view keyword(Op op) {
  constexpr std::array<std::string_view, 6> words{
      "INSERT", "UPDATE", "ACTIVATE", "DEACTIVATE", "SELECT", "EXECUTE"};
  return words[static_cast<std::size_t>(op)];
}

}  // namespace

void Analyser::rate(const RateStmt& stmt) {
  if (!stmt.has_variable) {
    return;
  }
  const Symbol* variable = need(Want::variable, stmt.variable);
  if (variable != nullptr && value_of(*variable, &bound_, variables_) <= 0) {
    error(Rule::e580, stmt.variable.loc, "positive value only allowed");
  }
}

void Analyser::limit(const LimitStmt& stmt) {
  need(Want::rate, stmt.rate);
  if (stmt.single) {
    need(want_of(stmt.objects), stmt.target);
  }
  for (const OpRef& op : stmt.ops) {
    if (!may_limit(stmt.objects, op.op)) {
      error(Rule::e581, op.loc, "operation " + std::string{keyword(op.op)} + " not allowed");
    }
  }
  if (stmt.has_tag) {
    need(Want::tag, stmt.target);
  }
}

Symbol* Analyser::grant_object(const GrantStmt& stmt) {
  switch (stmt.grant) {
    case GrantKind::all:
      return nullptr;
    case GrantKind::role:
      return need(Want::role, stmt.target);
    case GrantKind::all_with_tag:
      return need(Want::tag, stmt.target);
    case GrantKind::single:
      break;
  }
  if (stmt.objects != Objects::table) {
    return need(want_of(stmt.objects), stmt.target);
  }
  const Found table = bound_.resolve(Want::table, stmt.target, *here_);
  if (table.symbol != nullptr || !table.failure->not_found) {
    if (table.symbol == nullptr) {
      bound_.fail(stmt.target.loc, *table.failure);
    }
    return table.symbol;
  }
  const Found descriptor = bound_.resolve(Want::descriptor, stmt.target, *here_);
  if (descriptor.symbol == nullptr) {
    fail(Want::table, stmt.target, stmt.target.loc, *descriptor.failure);
  }
  return descriptor.symbol;
}

void Analyser::grant(const GrantStmt& stmt) {
  need(Want::role, stmt.role);
  Symbol* object = grant_object(stmt);
  if (object == nullptr || stmt.grant != GrantKind::single) {
    return;
  }
  if (stmt.objects == Objects::table) {
    table_columns(stmt, object);
  } else if (stmt.objects == Objects::view) {
    view_columns(stmt, object);
  }
}

// The columns of a table, descriptor or view that a grant may name; found once for each.
bool Analyser::has_column(Symbol* owner, NameId name) {
  const auto [it, added] = columns_.try_emplace(owner->stmt);
  std::vector<NameId>& names = it->second;
  if (added) {
    const bool is_view = owner->stmt->kind == StmtKind::view;
    const List<Item> items = is_view ? static_cast<const ViewStmt*>(owner->stmt)->items
                                     : static_cast<const TableStmt*>(owner->stmt)->items;
    for (const Item& item : items) {
      const bool container =
          item.kind == ItemKind::nested_table || item.kind == ItemKind::named_field;
      if (item.kind == ItemKind::field || item.kind == ItemKind::reference ||
          (container && !is_view)) {
        names.push_back(item.name);
      }
    }
    std::ranges::sort(names);
  }
  return std::ranges::binary_search(names, name);
}

// The first column that is not there ends it.
void Analyser::table_columns(const GrantStmt& stmt, Symbol* table) {
  const auto good = [this, table](const Column& column) {
    const bool known = column.system || has_column(table, column.name);
    if (!known) {
      error(Rule::e590, column.loc, "undefined field " + text(column.name));
    }
    return known;
  };
  if (!std::ranges::all_of(stmt.all_columns, good)) {
    return;
  }
  for (const GrantOp& op : stmt.ops) {
    if (!std::ranges::all_of(op.columns, good)) {
      return;
    }
  }
}

void Analyser::view_columns(const GrantStmt& stmt, Symbol* view) {
  for (const GrantOp& op : stmt.ops) {
    for (const Column& column : op.columns) {
      if (!has_column(view, column.name)) {
        error(Rule::e590, column.loc, "undefined field " + text(column.name));
      }
    }
  }
}

}  // namespace vvm::schema
