// Rates, limits and the rules of GRANT and REVOKE (docs/spec/vsql.md 7.6 to 7.9).
#include <algorithm>
#include <array>

#include "base/check.hpp"
#include "schema/builder.hpp"

namespace vvm::schema {

using appdef::AclRule;
using appdef::Filter;
using appdef::Operation;
using appdef::RateScope;
using appdef::SetOf;
using appdef::TypeKind;

namespace {

Operation operation(Op op) {
  static_assert(static_cast<int>(Op::insert) == static_cast<int>(Operation::insert));
  static_assert(static_cast<int>(Op::execute) == static_cast<int>(Operation::execute));
  return static_cast<Operation>(op);
}

std::int64_t seconds(TimeUnit unit) {
  switch (unit) {
    case TimeUnit::second:
      return 1;
    case TimeUnit::minute:
      return 60;
    case TimeUnit::hour:
      return 3600;
    case TimeUnit::day:
      return 86'400;
    case TimeUnit::year:
      return 31'536'000;
  }
  UNREACHABLE();
}

constexpr std::int64_t period_seconds_max = 9'223'372'036;  // nanoseconds in 63 bits

SetOf<TypeKind> kinds_of(Objects objects) {
  SetOf<TypeKind> kinds;
  switch (objects) {
    case Objects::command:
      kinds.add(TypeKind::command);
      break;
    case Objects::query:
      kinds.add(TypeKind::query);
      break;
    case Objects::view:
      kinds.add(TypeKind::view);
      break;
    case Objects::table:
      for (auto i = static_cast<unsigned>(TypeKind::gdoc);
           i <= static_cast<unsigned>(TypeKind::wrecord);
           ++i) {
        kinds.add(static_cast<TypeKind>(i));
      }
      break;
  }
  return kinds;
}

SetOf<Operation> all_of(std::initializer_list<Operation> list) {
  SetOf<Operation> ops;
  for (const Operation op : list) {
    ops.add(op);
  }
  return ops;
}

SetOf<Operation> default_ops(Objects objects) {
  switch (objects) {
    case Objects::command:
    case Objects::query:
      return all_of({Operation::execute});
    case Objects::view:
      return all_of({Operation::select});
    case Objects::table:
      return all_of({Operation::insert,
                     Operation::update,
                     Operation::activate,
                     Operation::deactivate,
                     Operation::select});
  }
  UNREACHABLE();
}

}  // namespace

void Builder::rate(Symbol* symbol) {
  const auto& stmt = *static_cast<const RateStmt*>(symbol->stmt);
  auto* info = arena_.make<appdef::RateInfo>();
  symbol->type->comment = comment(stmt);
  symbol->type->of_kind.rate = info;
  info->count = stmt.count;
  if (stmt.has_variable) {
    const Symbol* variable = need(Want::variable, stmt.variable, *symbol->scope);
    if (variable != nullptr) {
      info->count = static_cast<std::uint32_t>(value_of(*variable, &bound_, variables_));
    }
  }
  info->period_seconds = seconds(stmt.unit) * stmt.periods;
  if (info->period_seconds > period_seconds_max) {
    error(Rule::e580, stmt.loc, "period of rate " + text(stmt.name) + " is out of range");
  }
  info->scopes.add(stmt.per_workspace ? RateScope::workspace : RateScope::app_partition);
  if (stmt.per_subject) {
    info->scopes.add(RateScope::user);
  }
  if (stmt.per_ip) {
    info->scopes.add(RateScope::ip);
  }
}

Filter Builder::types_filter(Objects objects, const Type* from) {
  return {.kind = Filter::Kind::types, .types = kinds_of(objects), .workspace = from};
}

Filter Builder::names_filter(const Type* type, Filter::Kind kind) {
  return {.kind = kind, .names = arena_.copy(std::span<const Type* const>(&type, 1))};
}

Filter Builder::both(const Filter& a, const Filter& b) {
  const std::array<Filter, 2> parts{a, b};
  return {.kind = Filter::Kind::conjunction, .parts = arena_.copy(std::span<const Filter>(parts))};
}

void Builder::limit(Symbol* symbol) {
  const auto& stmt = *static_cast<const LimitStmt*>(symbol->stmt);
  auto* info = arena_.make<appdef::LimitInfo>();
  symbol->type->comment = comment(stmt);
  symbol->type->of_kind.limit = info;
  for (const OpRef& op : stmt.ops) {
    info->ops.add(operation(op.op));
  }
  if (info->ops.empty()) {
    info->ops = default_ops(stmt.objects);
  }
  info->each = stmt.each;
  info->filter = types_filter(stmt.objects, nullptr);
  const Scope& here = *symbol->scope;
  if (stmt.single) {
    constexpr std::array wants{Want::command, Want::query, Want::view, Want::table};
    const Symbol* target = need(wants[static_cast<std::size_t>(stmt.objects)], stmt.target, here);
    info->filter = target == nullptr
                       ? info->filter
                       : both(info->filter, names_filter(target->type, Filter::Kind::names));
  } else if (stmt.has_tag) {
    const Symbol* tag = need(Want::tag, stmt.target, here);
    info->filter = tag == nullptr ? info->filter
                                  : both(info->filter, names_filter(tag->type, Filter::Kind::tags));
    if (tag != nullptr && !visible(*here.workspace, *tag->type)) {
      error(Rule::e661, stmt.target.loc, "not found: tag " + tag->type->name.str());
    }
  }
  const Symbol* rate = need(Want::rate, stmt.rate, here);
  if (rate != nullptr) {
    info->rate = rate->type;
    if (!visible(*here.workspace, *rate->type)) {
      error(Rule::e661, stmt.rate.loc, "not found: rate «" + rate->type->name.str() + "»");
    }
  }
}

// ------------------------------------------------------------------------------------------- ACL

void Builder::acl() {
  rules_.clear();
  for (Ws& ws : bound_.workspaces()) {
    rules_of(ws.body);
  }
  for (const BoundPackage* package : by_path_) {
    for (const Entry& entry : package->entries) {
      if (entry.kind == StmtKind::alter_workspace) {
        rules_of(*entry.scope);
      }
    }
  }
  // Counted, then put in place, which keeps their order.
  std::vector<std::uint32_t> counts(bound_.workspaces().size() + 1);
  for (const WsRule& each : rules_) {
    ++counts[each.workspace];
  }
  std::vector<AclRule*> ends(counts.size());
  for (const Ws& ws : bound_.workspaces()) {
    const std::span<AclRule> acl = arena_.array<AclRule>(counts[ws.number]);
    ends[ws.number] = acl.data();
    info_of(ws.symbol->type)->acl = acl;
  }
  for (const WsRule& each : rules_) {
    *ends[each.workspace]++ = each.rule;
  }
}

// Of a body: grants, then revokes. By entries, so that other statements need not be fetched.
void Builder::rules_of(const Scope& body) {
  for (const StmtKind kind : {StmtKind::grant, StmtKind::revoke}) {
    for (const Entry& entry : body.package->entries_of(body)) {
      if (entry.kind == kind && entry.scope == &body) {
        grant(*static_cast<const GrantStmt*>(entry.stmt), body);
      }
    }
  }
}

void Builder::grant(const GrantStmt& stmt, const Scope& here) {
  const bool is_grant = stmt.kind == StmtKind::grant;
  const Symbol* role = need(Want::role, stmt.role, here);
  if (role == nullptr) {
    return;
  }
  const auto must_see = [this, &here](const Symbol& symbol, Loc loc) {
    if (!visible(*here.workspace, *symbol.type)) {
      const std::string name = symbol.type->name.str();
      const bool is_tag = symbol.kind == StmtKind::tag;
      error(Rule::e661, loc, "not found: " + (is_tag ? "tag " + name : "role «" + name + "»"));
    }
  };
  must_see(*role, stmt.role.loc);
  WsRule kept{.workspace = here.workspace->number,
              .rule = {.is_allow = is_grant, .role = role->type, .comment = comment(stmt)}};
  AclRule& rule = kept.rule;
  for (const GrantOp& op : stmt.ops) {
    rule.ops.add(operation(op.op));
  }
  if (stmt.all_ops) {
    rule.ops = all_of({Operation::insert, Operation::update, Operation::select});
  }
  switch (stmt.grant) {
    case GrantKind::role: {
      if (!is_grant) {
        error(Rule::e660, stmt.loc, "unsupported operation: REVOKE Inherits");
        return;
      }
      const Symbol* granted = need(Want::role, stmt.target, here);
      if (granted == nullptr) {
        return;
      }
      must_see(*granted, stmt.target.loc);
      rule.ops = all_of({Operation::inherits});
      rule.filter = names_filter(granted->type, Filter::Kind::names);
      break;
    }
    case GrantKind::all:
      rule.filter = types_filter(stmt.objects, here.workspace->symbol->type);
      break;
    case GrantKind::all_with_tag: {
      const Symbol* tag = need(Want::tag, stmt.target, here);
      if (tag == nullptr) {
        return;
      }
      must_see(*tag, stmt.target.loc);
      rule.filter =
          both(types_filter(stmt.objects, nullptr), names_filter(tag->type, Filter::Kind::tags));
      break;
    }
    case GrantKind::single: {
      constexpr std::array wants{Want::command, Want::query, Want::view, Want::table};
      Found found = bound_.find(wants[static_cast<std::size_t>(stmt.objects)], stmt.target, here);
      if (found.symbol == nullptr && stmt.objects == Objects::table) {
        found = bound_.find(Want::descriptor, stmt.target, here);
      }
      CHECK(found.symbol != nullptr, "a grant passed the analysis", bound_.written(stmt.target));
      rule.filter = names_filter(found.symbol->type, Filter::Kind::names);
      table_rules(stmt, kept, *found.symbol->type);
      return;
    }
  }
  rules_.push_back(kept);
}

// One object: a rule for ALL, else one for each distinct operation, in the order of 8.3.
void Builder::table_rules(const GrantStmt& stmt, WsRule rule, const Type& target) {
  if (stmt.all_ops) {
    rule.rule.fields = columns(stmt.all_columns, target);
    rules_.push_back(rule);
    return;
  }
  for (std::size_t i = 0; i < appdef::operations; ++i) {
    const auto op = static_cast<Operation>(i);
    std::vector<Column>& named = columns_;
    named.clear();
    bool found = false;
    for (const GrantOp& each : stmt.ops) {
      if (operation(each.op) != op) {
        continue;
      }
      found = true;
      if (each.columns.empty()) {
        named.clear();  // quirk Q34
      }
      named.insert(named.end(), each.columns.begin(), each.columns.end());
    }
    if (found) {
      rule.rule.ops = all_of({op});
      rule.rule.fields = columns(named, target);
      rules_.push_back(rule);
    }
  }
}

std::span<const appdef::Text> Builder::columns(std::span<const Column> list, const Type& target) {
  std::vector<appdef::Text>& names = texts_;
  names.clear();
  const auto has = [](std::span<const appdef::Field> fields, appdef::Text wanted) {
    return std::ranges::find(fields, wanted, &appdef::Field::name) != fields.end();
  };
  for (const Column& column : list) {
    if (!spend()) {
      return {};
    }
    const appdef::Text known =
        column.system ? arena_.text("sys." + text(column.name)) : name(column.name);
    const appdef::View* view = target.view();
    const bool found = view != nullptr
                           ? has(view->partition_key, known) ||
                                 has(view->clustering_columns, known) || has(view->value, known)
                           : has(target.structure()->fields, known);
    if (!found) {
      error(Rule::e659,
            column.loc,
            "not found: field «" + std::string{known} + "» in " +
                std::string{name_of(target.kind)} + " «" + target.name.str() + "»");
    }
    names.push_back(known);
  }
  return arena_.copy(std::span<const appdef::Text>(names));
}

}  // namespace vvm::schema
