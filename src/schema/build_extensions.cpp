// Views, commands, queries, projectors and jobs (docs/spec/vsql.md 7.1 to 7.5).
#include <algorithm>
#include <array>

#include "base/check.hpp"
#include "schema/builder.hpp"

namespace vvm::schema {

using appdef::DataKind;
using appdef::Filter;
using appdef::Operation;
using appdef::TypeKind;

namespace {

// Of a field of a view's value; a reference there names targets instead of a data type.
DataKind view_data_kind(const Item& item) {
  if (item.kind == ItemKind::record) {
    return DataKind::record;
  }
  return item.type == DataType::none ? DataKind::record_id : data_kind(item.type);
}

}  // namespace

void Builder::view(Symbol* symbol) {
  const auto& stmt = *static_cast<const ViewStmt*>(symbol->stmt);
  symbol->type->comment = comment(stmt, &stmt.with);
  tags_of(symbol, stmt.with);
  const std::uint32_t number = ++def_number_;
  const Key* key = nullptr;
  std::vector<appdef::Field>& fields = field_stack_;  // no structure is under construction
  fields.clear();
  for (const Item& item : stmt.items) {
    if (item.kind == ItemKind::key) {
      key = item.key;
      continue;
    }
    if (!spend()) {
      return;
    }
    appdef::Field field;
    field.name = name(item.name);
    field.kind = view_data_kind(item);
    field.is_required = item.required;
    length_of(item, &field.length_max);
    if (item.kind != ItemKind::record && item.doc != 0) {
      field.details = kept({.comment = doc(item.doc)});
    }
    if (fields_[item.name] == number) {
      error(Rule::e658, item.loc, "already exists: field «" + text(item.name) + "»");
      continue;
    }
    fields_[item.name] = number;
    positions_[item.name] = static_cast<std::uint32_t>(fields.size());
    fields.push_back(field);
  }
  CHECK(key != nullptr, "a view without key passed the analysis");
  const auto key_fields = [&](std::span<const NameRef> columns, bool required) {
    std::vector<appdef::Field>& part = key_;
    part.clear();
    for (const NameRef& column : columns) {
      if (claimed_[column.name] == number) {
        error(Rule::e658, column.loc, "already exists: field «" + text(column.name) + "»");
        continue;
      }
      claimed_[column.name] = number;
      part.push_back(fields[positions_[column.name]]);
      part.back().is_required = required;
    }
    return arena_.copy(std::span<const appdef::Field>(part));
  };
  auto* view = arena_.make<appdef::View>();
  view->partition_key = key_fields(key->partition, true);
  view->clustering_columns = key_fields(key->clustering, false);
  std::vector<appdef::Field>& value = key_;
  value.assign(1, appdef::system_fields(TypeKind::view)[0]);
  for (const Item& item : stmt.items) {
    if (item.kind != ItemKind::key && claimed_[item.name] != number) {
      value.push_back(fields[positions_[item.name]]);
    }
  }
  view->value = arena_.copy(std::span<const appdef::Field>(value));
  symbol->type->of_kind.view = view;
  fields.clear();
}

// ------------------------------------------------------------------------------------ extensions

appdef::ExtensionInfo* Builder::extension(Symbol* symbol) {
  const auto& stmt = *static_cast<const ExtensionStmt*>(symbol->stmt);
  auto* info = arena_.make<appdef::ExtensionInfo>();
  symbol->type->of_kind.extension = info;
  info->engine = stmt.wasm ? appdef::EngineKind::wasm : appdef::EngineKind::builtin;
  info->states = storages(stmt.state, *symbol->scope);
  info->intents = storages(stmt.intents, *symbol->scope);
  return info;
}

const Builder::Type* Builder::param(const Param& param, const Scope& here) {
  if (param.kind == ParamKind::any) {
    return any_;
  }
  if (param.kind != ParamKind::named) {
    return nullptr;
  }
  Found found = bound_.find(Want::type, param.name, here);
  if (found.symbol == nullptr) {
    found = bound_.find(Want::table, param.name, here);
  }
  CHECK(found.symbol != nullptr, "a parameter passed the analysis", bound_.written(param.name));
  return found.symbol->type;
}

void Builder::command(Symbol* symbol) {
  const auto& stmt = *static_cast<const FunctionStmt*>(symbol->stmt);
  symbol->type->comment = comment(stmt, &stmt.with);
  tags_of(symbol, stmt.with);
  appdef::ExtensionInfo* info = extension(symbol);
  info->param = param(stmt.param, *symbol->scope);
  info->unlogged_param = param(stmt.unlogged, *symbol->scope);
  info->result = param(stmt.result, *symbol->scope);
}

void Builder::query(Symbol* symbol) { command(symbol); }

void Builder::job(Symbol* symbol) {
  const auto& stmt = *static_cast<const JobStmt*>(symbol->stmt);
  symbol->type->comment = comment(stmt);
  extension(symbol)->schedule = arena_.text(string_value(stmt.schedule.raw));
}

void Builder::projector(Symbol* symbol) {
  const auto& stmt = *static_cast<const ProjectorStmt*>(symbol->stmt);
  symbol->type->comment = comment(stmt);
  appdef::ExtensionInfo* info = extension(symbol);
  info->is_sync = stmt.is_sync;
  info->wants_errors = stmt.including_errors;
  events_.clear();
  for (const Trigger& trigger : stmt.triggers) {
    events_.push_back(event(trigger, *symbol->scope));
  }
  info->events = arena_.copy(std::span<const appdef::Event>(events_));
}

appdef::Event Builder::event(const Trigger& trigger, const Scope& here) {
  appdef::Event event;
  Types& types = types_scratch_;
  types.clear();
  appdef::SetOf<TypeKind> kinds;
  if (trigger.on_execute) {
    event.ops.add(trigger.with_param ? Operation::execute_with_param : Operation::execute);
  } else {
    event.ops.bits = trigger.ops;  // the numbers of Op are those of Operation
  }
  for (const QRef& ref : trigger.names) {
    Found found;
    if (!trigger.on_execute) {
      found = bound_.find(Want::descriptor, ref, here);
    } else {
      found = bound_.find(trigger.with_param ? Want::type : Want::command, ref, here);
    }
    if (found.symbol == nullptr) {
      found = bound_.find(Want::table, ref, here);
    }
    CHECK(found.symbol != nullptr, "a trigger passed the analysis", bound_.written(ref));
    const Type* type = found.symbol->type;
    const bool is_sys = found.symbol->package()->is_sys;
    if (is_sys && type->name.entity == "CRecord") {
      kinds.add(TypeKind::cdoc);
      kinds.add(TypeKind::crecord);
    } else if (is_sys && type->name.entity == "WRecord") {
      kinds.add(TypeKind::wdoc);
      kinds.add(TypeKind::wrecord);
    } else if (is_sys && type->name.entity == "ODoc") {
      kinds.add(TypeKind::odoc);
    } else {
      types.push_back(type);
    }
  }
  const Filter by_kind{.kind = Filter::Kind::types, .types = kinds};
  const Filter by_name{.kind = Filter::Kind::names, .names = sorted(&types)};
  if (kinds.empty() || by_name.names.empty()) {
    event.filter = kinds.empty() ? by_name : by_kind;
  } else {
    const std::array<Filter, 2> parts{by_name, by_kind};
    event.filter.kind = Filter::Kind::disjunction;
    event.filter.parts = arena_.copy(std::span<const Filter>(parts));
  }
  return event;
}

// Uses of one storage are one, whatever the number of clauses.
std::span<const appdef::StorageUse> Builder::storages(std::span<const StorageRef> list,
                                                      const Scope& here) {
  uses_.clear();
  used_entities_.clear();
  for (const StorageRef& ref : list) {
    const Symbol* symbol = need(Want::storage, ref.storage, here);
    if (symbol == nullptr) {
      continue;
    }
    const auto& storage = *static_cast<const StorageStmt*>(symbol->stmt);
    const appdef::TypeName used{.pkg = name(symbol->package()->local),
                                .entity = name(storage.name)};
    auto use = std::ranges::find(uses_, used, &appdef::StorageUse::storage);
    if (use == uses_.end()) {
      use = uses_.insert(use, {.storage = used});
    }
    if (!storage.of_records && !storage.of_views) {
      continue;  // quirk Q41
    }
    for (const QRef& entity : ref.entities) {
      const Symbol* found = need(storage.of_records ? Want::table : Want::view, entity, here);
      if (found != nullptr) {
        used_entities_.emplace_back(use - uses_.begin(), found->type);
      }
    }
  }
  for (std::size_t i = 0; i < uses_.size(); ++i) {
    types_scratch_.clear();
    for (const auto& [of, entity] : used_entities_) {
      if (of == i) {
        types_scratch_.push_back(entity);
      }
    }
    uses_[i].entities = sorted(&types_scratch_);
  }
  std::ranges::sort(uses_, {}, &appdef::StorageUse::storage);
  return arena_.copy(std::span<const appdef::StorageUse>(uses_));
}

}  // namespace vvm::schema
