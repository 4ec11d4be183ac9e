// Commands, queries, projectors, jobs, functions and storages.
#include <array>
#include <utility>

#include "schema/parser.hpp"

namespace vvm::schema {

Stmt* Parser::projector() {
  auto* stmt = make<ProjectorStmt>(StmtKind::projector, *t_);
  stmt->wasm = wasm_;
  stmt->is_sync = take(Tok::kw_sync);
  if (!need(Tok::kw_projector) || !give_name(stmt)) {
    return nullptr;
  }
  triggers_.clear();
  do {
    if (!trigger(&triggers_.emplace_back())) {
      return nullptr;
    }
  } while (take(Tok::kw_or));
  stmt->triggers = tree_->arena.copy(std::span<const Trigger>(triggers_));
  if (!storages(Tok::kw_state, &stmt->state) || !storages(Tok::kw_intents, &stmt->intents)) {
    return nullptr;
  }
  stmt->including_errors = take(Tok::kw_including);
  if (stmt->including_errors && !need(Tok::kw_errors)) {
    return nullptr;
  }
  return stmt;
}

bool Parser::trigger(Trigger* out) {
  if (take(Tok::kw_cron)) {
    out->is_cron = true;
    StringRef schedule;
    return string(&schedule);
  }
  if (!take(Tok::kw_after)) {
    return fail("`AFTER`");
  }
  if (take(Tok::execute)) {
    out->on_execute = true;
    out->with_param = take(Tok::kw_with);
    if (out->with_param && !need(Tok::kw_param)) {
      return false;
    }
  } else {
    do {
      constexpr std::array actions{std::pair{Tok::kw_insert, Op::insert},
                                   std::pair{Tok::kw_update, Op::update},
                                   std::pair{Tok::kw_activate, Op::activate},
                                   std::pair{Tok::kw_deactivate, Op::deactivate}};
      bool found = false;
      for (const auto& [word, op] : actions) {
        if (!found && take(word)) {
          out->ops = static_cast<std::uint8_t>(out->ops | (1U << static_cast<unsigned>(op)));
          found = true;
        }
      }
      if (!found) {
        return fail("`INSERT`, `UPDATE`, `ACTIVATE`, `DEACTIVATE` or `EXECUTE`");
      }
    } while (take(Tok::kw_or));
  }
  if (!need(Tok::kw_on)) {
    return false;
  }
  if (at(Tok::open)) {
    return paren_qrefs(&out->names);
  }
  QRef one;
  if (!qref(&one)) {
    return false;
  }
  out->names = tree_->arena.copy(std::span<const QRef>(&one, 1));
  return true;
}

Stmt* Parser::job() {
  auto* stmt = make<JobStmt>(StmtKind::job, *t_);
  stmt->wasm = wasm_;
  const bool good =
      need(Tok::kw_job) && give_name(stmt) && (!at(Tok::string) || string(&stmt->schedule)) &&
      storages(Tok::kw_state, &stmt->state) && storages(Tok::kw_intents, &stmt->intents);
  return good ? stmt : nullptr;
}

Stmt* Parser::function_like(StmtKind stmt_kind) {
  auto* stmt = make<FunctionStmt>(stmt_kind, *t_++);
  stmt->wasm = wasm_;
  const bool is_command = stmt_kind == StmtKind::command;
  if (!give_name(stmt)) {
    return nullptr;
  }
  if (take(Tok::open)) {
    const bool good = is_command ? command_params(stmt) : at(Tok::close) || param(&stmt->param);
    if (!good || !need(Tok::close)) {
      return nullptr;
    }
  }
  const bool good = storages(Tok::kw_state, &stmt->state) &&
                    (!is_command || storages(Tok::kw_intents, &stmt->intents)) &&
                    (!take(Tok::kw_returns) || param(&stmt->result)) && with(&stmt->with);
  return good ? stmt : nullptr;
}

// param? ( ","? UNLOGGED param )?
bool Parser::command_params(FunctionStmt* out) {
  if (is_ident(kind()) && !param(&out->param)) {
    return false;
  }
  const bool comma = take(Tok::comma);
  if (take(Tok::unlogged)) {
    return param(&out->unlogged);
  }
  return !comma || fail(Tok::unlogged);
}

bool Parser::param(Param* out) {
  if (take(Tok::kw_any)) {
    out->kind = ParamKind::any;
    return true;
  }
  if (take(Tok::kw_void)) {
    out->kind = ParamKind::nothing;
    return true;
  }
  out->kind = ParamKind::named;
  return qref(&out->name);
}

// ( word "(" storageRef,.. ")" )?
bool Parser::storages(Tok word, List<StorageRef>* out) {
  if (!take(word)) {
    return true;
  }
  const std::size_t mark = storages_.size();
  bool good = need(Tok::open);
  while (good) {
    StorageRef ref;
    good = qref(&ref.storage) && (!at(Tok::open) || paren_qrefs(&ref.entities));
    storages_.push_back(ref);
    if (!good || !take(Tok::comma)) {
      break;
    }
  }
  good = good && (take(Tok::close) || fail("`,` or `)`"));
  *out = tree_->arena.copy(std::span<const StorageRef>(storages_).subspan(mark));
  storages_.resize(mark);
  return good;
}

Stmt* Parser::function() {
  auto* stmt = make<Stmt>(StmtKind::function, *t_);
  if (!need(Tok::kw_function) || !give_name(stmt) || !need(Tok::open)) {
    return nullptr;
  }
  bool first = true;
  while (!at(Tok::close)) {
    if (!take(Tok::comma) && !first) {
      fail("`,` or `)`");
      return nullptr;
    }
    first = false;
    if (is_ident(kind()) && is_ident(next())) {
      ++t_;
    }
    if (!type_ref()) {
      return nullptr;
    }
  }
  ++t_;
  return need(Tok::kw_returns) && type_ref() ? stmt : nullptr;
}

bool Parser::type_ref() {
  Item type;
  QRef other;
  return data_type(&type) && (type.type != DataType::none || qref(&other));
}

Stmt* Parser::storage() {
  auto* stmt = make<StorageStmt>(StmtKind::storage, *t_);
  if (!need(Tok::kw_storage) || !give_name(stmt) || !need(Tok::open)) {
    return nullptr;
  }
  do {
    if (!storage_op(stmt)) {
      return nullptr;
    }
  } while (take(Tok::comma));
  if (!take(Tok::close)) {
    fail("`,` or `)`");
    return nullptr;
  }
  if (at(Tok::kw_entity) && next() == Tok::kw_record_upper) {
    t_ += 2;
    stmt->of_records = true;
  }
  if (at(Tok::kw_entity) && next() == Tok::kw_view) {
    t_ += 2;
    stmt->of_views = true;
  }
  return stmt;
}

bool Parser::storage_op(StorageStmt* out) {
  const bool reads = at(Tok::kw_get) || at(Tok::kw_getbatch) || at(Tok::kw_read);
  if (!reads && !at(Tok::kw_insert) && !at(Tok::kw_update)) {
    return fail("`GET`, `GETBATCH`, `READ`, `INSERT` or `UPDATE`");
  }
  ++t_;
  if (!need(Tok::kw_scope) || !need(Tok::open)) {
    return false;
  }
  std::uint8_t* scopes = reads ? &out->readers : &out->writers;
  do {
    Caller caller{};
    if (take(Tok::kw_commands)) {
      caller = Caller::commands;
    } else if (take(Tok::kw_queries)) {
      caller = Caller::queries;
    } else if (take(Tok::kw_projectors)) {
      caller = Caller::projectors;
    } else if (take(Tok::kw_jobs)) {
      caller = Caller::jobs;
    } else {
      return fail("`COMMANDS`, `QUERIES`, `PROJECTORS` or `JOBS`");
    }
    *scopes = static_cast<std::uint8_t>(*scopes | static_cast<unsigned>(caller));
  } while (take(Tok::comma));
  return take(Tok::close) || fail("`,` or `)`");
}

}  // namespace vvm::schema
