// Commands, queries, projectors, jobs and what they do with storages (docs/spec/vsql.md 5.10).
#include "schema/analyser.hpp"
#include "schema/cron.hpp"

namespace vvm::schema {

void Analyser::command(const FunctionStmt& stmt) {
  command_param(stmt.param);
  command_param(stmt.unlogged);
  command_param(stmt.result);
  tags(stmt.with);
  storages(stmt.state, Clause::state, Caller::commands);
  storages(stmt.intents, Clause::intents, Caller::commands);
}

void Analyser::command_param(const Param& param) {
  if (param.kind != ParamKind::named) {
    return;
  }
  Found found = bound_.resolve(Want::type, param.name, *here_);
  if (found.symbol == nullptr && found.failure->not_found) {
    found = bound_.resolve(Want::table, param.name, *here_);
  }
  if (found.symbol != nullptr) {
    return;
  }
  if (!found.failure->not_found) {
    bound_.fail(param.name.loc, *found.failure);
    return;
  }
  fail(Want::type,
       param.name,
       param.name.loc,
       {.rule = Rule::e560,
        .text = "undefined type or table: " + bound_.written(param.name),
        .not_found = true});
}

void Analyser::query(const FunctionStmt& stmt) {
  if (stmt.param.kind == ParamKind::named) {
    need(Want::type, stmt.param.name);
  }
  if (stmt.result.kind == ParamKind::absent) {
    error(Rule::e561, stmt.loc, "query must have a return type");
  } else if (stmt.result.kind == ParamKind::named) {
    need(Want::type, stmt.result.name);
  }
  tags(stmt.with);
  storages(stmt.state, Clause::state, Caller::queries);
}

void Analyser::projector(const ProjectorStmt& stmt) {
  for (const Trigger& trigger : stmt.triggers) {
    if (trigger.is_cron) {
      error(Rule::e566, stmt.loc, "scheduled projector deprecated; use jobs instead");
    }
    for (const QRef& name : trigger.names) {
      if (!trigger.on_execute) {
        row_trigger(trigger, name);
      } else if (trigger.with_param) {
        param_trigger(name);
      } else {
        need(Want::command, name);
      }
    }
  }
  storages(stmt.state, Clause::state, Caller::projectors);
  storages(stmt.intents, Clause::intents, Caller::projectors);
}

void Analyser::row_trigger(const Trigger& trigger, const QRef& name) {
  const Found descriptor = bound_.find(Want::descriptor, name, *here_);
  if (descriptor.symbol != nullptr) {
    return;
  }
  if (descriptor.failure != nullptr && !descriptor.failure->not_found) {
    bound_.fail(name.loc, *descriptor.failure);
    return;
  }
  Symbol* table = need(Want::table, name);
  if (table == nullptr) {
    return;
  }
  const auto& stmt = *static_cast<const TableStmt*>(table->stmt);
  const std::string_view own_name = bound_.text(stmt.name);
  const bool root_record =
      table->package()->is_sys && (own_name == "CRecord" || own_name == "WRecord");
  if (stmt.is_abstract && !root_record) {
    error(Rule::e563, name.loc, "projector refers to abstract table " + bound_.written(name));
    return;
  }
  if (table->outer != nullptr && !stmt.has_base) {
    error(Rule::e520, name.loc, "undefined table kind");  // quirk Q27
    return;
  }
  const TableInfo& info = bound_.table_info(table);
  if (info.failure != nullptr) {
    bound_.fail(name.loc, *info.failure);
    return;
  }
  const bool only_insert = trigger.ops == 1U << static_cast<unsigned>(Op::insert);
  if ((info.kind == TableKind::odoc || info.kind == TableKind::orecord) && !only_insert) {
    error(Rule::e567, name.loc, "only INSERT allowed for ODoc or ORecord");
  }
}

void Analyser::param_trigger(const QRef& name) {
  const Found type = bound_.find(Want::type, name, *here_);
  if (type.symbol != nullptr) {
    return;
  }
  if (type.failure != nullptr && !type.failure->not_found) {
    bound_.fail(name.loc, *type.failure);
    return;
  }
  const Found table = bound_.find(Want::table, name, *here_);
  if (table.symbol == nullptr || bound_.table_info(table.symbol).kind != TableKind::odoc) {
    fail(Want::type,
         name,
         name.loc,
         {.rule = Rule::e568,
          .text = "undefined type or ODoc: " + bound_.written(name),
          .not_found = table.symbol == nullptr});
  }
}

void Analyser::job(const JobStmt& stmt) {
  const Ws* ws = here_->workspace;
  if (ws == nullptr || !ws->package()->is_sys || bound_.text(ws->stmt->name) != "AppWorkspaceWS") {
    error(Rule::e569, stmt.loc, "JOB is only allowed in AppWorkspaceWS");
  }
  const std::string schedule =
      stmt.schedule.present() ? string_value(stmt.schedule.raw) : std::string{};
  if (schedule.empty()) {
    error(Rule::e570, stmt.loc, "job without cron schedule is not allowed");
    return;
  }
  if (!is_schedule(schedule)) {
    error(Rule::e571, stmt.loc, "invalid cron schedule: " + schedule);
  }
  storages(stmt.state, Clause::state, Caller::jobs);
  storages(stmt.intents, Clause::intents, Caller::jobs);
}

// ------------------------------------------------------------------------------------- storages

void Analyser::storages(List<StorageRef> list, Clause clause, Caller caller) {
  for (const StorageRef& ref : list) {
    const Symbol* symbol = need(Want::storage, ref.storage);
    if (symbol == nullptr) {
      continue;
    }
    const auto& storage = *static_cast<const StorageStmt*>(symbol->stmt);
    if (!entities(ref, storage)) {
      continue;
    }
    const std::uint8_t callers = clause == Clause::state ? storage.readers : storage.writers;
    if ((callers & static_cast<unsigned>(caller)) == 0) {
      const bool state = clause == Clause::state;
      error(state ? Rule::e564 : Rule::e565,
            ref.storage.loc,
            "this kind of extension cannot use storage " + bound_.written(ref.storage) +
                " in the " + (state ? "state" : "intents"));
    }
  }
}

// All faults are reported at the name of the storage, one an item (quirk Q41).
bool Analyser::entities(const StorageRef& ref, const StorageStmt& storage) {
  if (!storage.of_records && !storage.of_views) {
    return true;
  }
  if (ref.entities.empty()) {
    error(
        Rule::e562, ref.storage.loc, "storage " + bound_.written(ref.storage) + " requires entity");
    return false;
  }
  for (const QRef& entity : ref.entities) {
    Symbol* found = need(storage.of_records ? Want::table : Want::view, entity, ref.storage.loc);
    if (found == nullptr) {
      return false;
    }
    if (storage.of_records && static_cast<const TableStmt*>(found->stmt)->is_abstract) {
      error(Rule::e563,
            ref.storage.loc,
            "projector refers to abstract table " + bound_.written(entity));
      return false;
    }
  }
  return true;
}

}  // namespace vvm::schema
