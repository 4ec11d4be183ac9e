// Rates, limits, grants and revokes.
#include <optional>

#include "schema/parser.hpp"

namespace vvm::schema {
namespace {

std::optional<Op> op_of(Tok word) {
  switch (word) {
    case Tok::kw_insert:
      return Op::insert;
    case Tok::kw_update:
      return Op::update;
    case Tok::kw_activate:
      return Op::activate;
    case Tok::kw_deactivate:
      return Op::deactivate;
    case Tok::select:
      return Op::select;
    case Tok::execute:
      return Op::execute;
    default:
      return std::nullopt;
  }
}

std::optional<TimeUnit> unit_of(Tok word) {
  switch (word) {
    case Tok::kw_second:
    case Tok::kw_seconds:
      return TimeUnit::second;
    case Tok::kw_minute:
    case Tok::kw_minutes:
      return TimeUnit::minute;
    case Tok::kw_hour:
    case Tok::kw_hours:
      return TimeUnit::hour;
    case Tok::kw_day:
    case Tok::kw_days:
      return TimeUnit::day;
    case Tok::kw_year:
    case Tok::kw_years:
      return TimeUnit::year;
    default:
      return std::nullopt;
  }
}

}  // namespace

Stmt* Parser::rate() {
  auto* stmt = make<RateStmt>(StmtKind::rate, *t_);
  std::uint64_t number = 0;
  if (!need(Tok::kw_rate) || !give_name(stmt)) {
    return nullptr;
  }
  if (at(Tok::integer)) {
    unsigned_number(32, &number);
    stmt->count = static_cast<std::uint32_t>(number);
  } else if (is_ident(kind())) {
    stmt->has_variable = true;
    if (!qref(&stmt->variable)) {
      return nullptr;
    }
  } else {
    fail("number or variable");
    return nullptr;
  }
  if (!need(Tok::kw_per)) {
    return nullptr;
  }
  if (at(Tok::integer)) {
    unsigned_number(32, &number);
    stmt->periods = static_cast<std::uint32_t>(number);
  }
  const std::optional<TimeUnit> unit = unit_of(kind());
  if (!unit.has_value()) {
    fail("`SECOND`, `MINUTE`, `HOUR`, `DAY` or `YEAR`");
    return nullptr;
  }
  stmt->unit = *unit;
  ++t_;
  return rate_scopes(stmt) ? stmt : nullptr;
}

// ( PER APP PARTITION | PER WORKSPACE )? ( PER SUBJECT | PER IP )?
bool Parser::rate_scopes(RateStmt* out) {
  if (at(Tok::kw_per) && next() == Tok::kw_app) {
    t_ += 2;
    out->per_partition = need(Tok::kw_partition);
    if (!out->per_partition) {
      return false;
    }
  } else if (at(Tok::kw_per) && next() == Tok::kw_workspace) {
    t_ += 2;
    out->per_workspace = true;
  }
  if (take(Tok::kw_per)) {
    out->per_subject = take(Tok::kw_subject);
    out->per_ip = !out->per_subject && take(Tok::kw_ip);
    return out->per_subject || out->per_ip || fail("`SUBJECT` or `IP`");
  }
  return true;
}

Stmt* Parser::limit() {
  auto* stmt = make<LimitStmt>(StmtKind::limit, *t_);
  if (!need(Tok::kw_limit) || !give_name(stmt)) {
    return nullptr;
  }
  std::vector<OpRef> ops;
  while (op_of(kind()).has_value()) {
    ops.push_back({.op = *op_of(kind()), .loc = loc()});
    ++t_;
    if (!take(Tok::comma)) {
      break;
    }
    if (!op_of(kind()).has_value()) {
      fail("operation");
      return nullptr;
    }
  }
  stmt->ops = tree_->arena.copy(std::span<const OpRef>(ops));
  const bool good =
      limit_target(stmt) && need(Tok::kw_with) && need(Tok::kw_rate) && qref(&stmt->rate);
  return good ? stmt : nullptr;
}

bool Parser::limit_target(LimitStmt* out) {
  const auto is = [this, out](Objects objects, bool single, bool each) {
    out->objects = objects;
    out->single = single;
    out->each = each || single;
    ++t_;
    return true;
  };
  bool found = false;
  switch (kind()) {
    case Tok::on_command:
      found = is(Objects::command, true, false);
      break;
    case Tok::on_query:
      found = is(Objects::query, true, false);
      break;
    case Tok::on_table:
      found = is(Objects::table, true, false);
      break;
    case Tok::on_view:
      found = is(Objects::view, true, false);
      break;
    case Tok::on_all_commands:
      found = is(Objects::command, false, false);
      break;
    case Tok::on_all_queries:
      found = is(Objects::query, false, false);
      break;
    case Tok::on_all_tables:
      found = is(Objects::table, false, false);
      break;
    case Tok::on_all_views:
      found = is(Objects::view, false, false);
      break;
    default:
      break;
  }
  if (!found) {
    if (!need(Tok::kw_on) || !need(Tok::kw_each)) {
      return false;
    }
    found = (at(Tok::kw_command) && is(Objects::command, false, true)) ||
            (at(Tok::kw_query) && is(Objects::query, false, true)) ||
            (at(Tok::table) && is(Objects::table, false, true)) ||
            (at(Tok::kw_view) && is(Objects::view, false, true)) ||
            fail("`COMMAND`, `QUERY`, `TABLE` or `VIEW`");
  }
  if (!found || out->single) {
    return found && qref(&out->target);
  }
  out->has_tag = take(Tok::with_tag);
  return !out->has_tag || qref(&out->target);
}

Stmt* Parser::grant(StmtKind stmt_kind) {
  auto* stmt = make<GrantStmt>(stmt_kind, *t_++);
  const bool good = grant_body(stmt) &&
                    need(stmt_kind == StmtKind::grant ? Tok::kw_to : Tok::kw_from) &&
                    qref(&stmt->role);
  return good ? stmt : nullptr;
}

bool Parser::grant_body(GrantStmt* out) {
  if (at(Tok::execute)) {
    ++t_;
    return grant_execute(out);
  }
  const Tok second = next();
  const bool operation = at(Tok::kw_all) || op_of(kind()).has_value();
  // A role may be called like an operation.
  const bool operation_follows = second == Tok::open || second == Tok::comma ||
                                 second == Tok::on_table || second == Tok::on_all_tables ||
                                 at(Tok::select);
  if (operation && operation_follows) {
    return grant_ops(out);
  }
  if (!is_ident(kind())) {
    return fail("operation or role");
  }
  out->grant = GrantKind::role;
  return qref(&out->target);
}

bool Parser::grant_execute(GrantStmt* out) {
  const GrantOp execute{.op = Op::execute};
  out->ops = tree_->arena.copy(std::span<const GrantOp>(&execute, 1));
  const bool queries = at(Tok::on_query) || at(Tok::on_all_queries);
  out->objects = queries ? Objects::query : Objects::command;
  if (take(Tok::on_command) || take(Tok::on_query)) {
    out->grant = GrantKind::single;
    return qref(&out->target);
  }
  if (!take(Tok::on_all_commands) && !take(Tok::on_all_queries)) {
    return fail("`ON COMMAND`, `ON QUERY`, `ON ALL COMMANDS` or `ON ALL QUERIES`");
  }
  out->grant = GrantKind::all;
  if (take(Tok::with_tag)) {
    out->grant = GrantKind::all_with_tag;
    return qref(&out->target);
  }
  return true;
}

bool Parser::grant_ops(GrantStmt* out) {
  if (take(Tok::kw_all)) {
    out->all_ops = true;
    const bool plain = !at(Tok::open);
    return (plain || columns(&out->all_columns, false)) && grant_objects(out, plain, false);
  }
  std::vector<GrantOp>& ops = grant_ops_;
  ops.clear();
  bool plain = true;
  bool system = false;
  do {
    const std::optional<Op> op = op_of(kind());
    if (!op.has_value() || *op == Op::execute) {
      return fail("`SELECT`, `INSERT`, `UPDATE`, `ACTIVATE` or `DEACTIVATE`");
    }
    ++t_;
    GrantOp& added = ops.emplace_back(GrantOp{.op = *op});
    if (at(Tok::open)) {
      plain = false;
      if (!columns(&added.columns, true)) {
        return false;
      }
      for (const Column& column : added.columns) {
        system = system || column.system;
      }
    }
  } while (take(Tok::comma));
  out->ops = tree_->arena.copy(std::span<const GrantOp>(ops));
  const bool one_select = ops.size() == 1 && ops[0].op == Op::select && !system;
  return grant_objects(out, plain, one_select);
}

// `plain`: no operation has columns. `one_select`: views are possible too.
bool Parser::grant_objects(GrantStmt* out, bool plain, bool one_select) {
  out->objects = at(Tok::on_view) || at(Tok::on_all_views) ? Objects::view : Objects::table;
  if (take(Tok::on_table) || (one_select && take(Tok::on_view))) {
    out->grant = GrantKind::single;
    return qref(&out->target);
  }
  if (plain && (take(Tok::on_all_tables) || (one_select && take(Tok::on_all_views)))) {
    out->grant = GrantKind::all;
    if (take(Tok::with_tag)) {
      out->grant = GrantKind::all_with_tag;
      return qref(&out->target);
    }
    return true;
  }
  return fail(one_select ? "`ON TABLE`, `ON VIEW` or `ON ALL ...`" : "`ON TABLE`");
}

bool Parser::columns(List<Column>* out, bool system_allowed) {
  std::vector<Column> list;
  if (!need(Tok::open)) {
    return false;
  }
  do {
    Column column{.name = 0, .loc = loc(), .system = false};
    if (system_allowed && at(Tok::kw_sys) && next() == Tok::dot) {
      t_ += 2;
      column.system = true;
      if (!at(Tok::kw_id) && !at(Tok::kw_parent_id) && !at(Tok::kw_is_active) &&
          !at(Tok::kw_qname_column) && !at(Tok::kw_container)) {
        return fail("`ID`, `ParentID`, `IsActive`, `QName` or `Container`");
      }
    }
    if (!name(&column.name)) {
      return false;
    }
    list.push_back(column);
  } while (take(Tok::comma));
  *out = tree_->arena.copy(std::span<const Column>(list));
  return take(Tok::close) || fail("`,` or `)`");
}

}  // namespace vvm::schema
