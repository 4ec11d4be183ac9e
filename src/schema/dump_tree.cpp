// Syntax trees: a line for each statement, item and clause that has parts of its own.
#include <array>
#include <utility>

#include "base/check.hpp"
#include "schema/dump.hpp"
#include "schema/dump_lines.hpp"

namespace vvm::schema {
namespace {

std::string_view name_of(DataType type) {
  constexpr std::array<std::string_view, 14> names{"none",
                                                   "int8",
                                                   "int16",
                                                   "int32",
                                                   "int64",
                                                   "float32",
                                                   "float64",
                                                   "varchar",
                                                   "bytes",
                                                   "timestamp",
                                                   "currency",
                                                   "boolean",
                                                   "blob",
                                                   "qname"};
  return names.at(static_cast<std::size_t>(type));
}

std::string_view name_of(Op op) {
  constexpr std::array<std::string_view, 6> names{
      "insert", "update", "activate", "deactivate", "select", "execute"};
  return names.at(static_cast<std::size_t>(op));
}

std::string_view name_of(Objects objects) {
  constexpr std::array<std::string_view, 4> names{"command", "query", "view", "table"};
  return names.at(static_cast<std::size_t>(objects));
}

std::string_view name_of(TimeUnit unit) {
  constexpr std::array<std::string_view, 5> names{"second", "minute", "hour", "day", "year"};
  return names.at(static_cast<std::size_t>(unit));
}

std::string_view name_of(ItemKind kind) {
  constexpr std::array<std::string_view, 10> names{"field",
                                                   "named_field",
                                                   "reference",
                                                   "nested_table",
                                                   "unique",
                                                   "unique_field",
                                                   "check",
                                                   "field_set",
                                                   "record",
                                                   "key"};
  return names.at(static_cast<std::size_t>(kind));
}

class TreeDump {
 public:
  TreeDump(const FileTree& tree, const Names& names, DumpLines::Shown shown)
      : tree_(tree), lines_(names, std::move(shown)) {}

  std::string run();

 private:
  // The line of a statement so far: kind, place, name.
  DumpLines& head(const Stmt& stmt);

  // Its end, after what it has of its own.
  void tail(const Stmt& stmt) { lines_.doc(stmt.doc); }

  void statements(List<Stmt*> list);
  void statement(const Stmt& stmt);
  void application(const ApplicationStmt& stmt);
  void workspace(const WorkspaceStmt& stmt);
  void table(const TableStmt& stmt);
  void view(const ViewStmt& stmt);
  void items(List<Item> list);
  void item(const Item& item);
  void item_detail(const Item& item);
  void rate(const RateStmt& stmt);
  void limit(const LimitStmt& stmt);
  void grant(const GrantStmt& stmt);
  void grant_op(std::string_view what, List<Column> columns);
  void projector(const ProjectorStmt& stmt);
  void job(const JobStmt& stmt);
  void function(const FunctionStmt& stmt);
  void storages(const ExtensionStmt& stmt);
  void storage(const StorageStmt& stmt);
  void param(std::string_view label, const Param& param);
  void callers(std::string_view label, std::uint8_t bits);
  void ops(std::uint8_t bits);
  void with(const With& with);

  template <class T>
  static const T& as(const Stmt& stmt) {
    return static_cast<const T&>(stmt);
  }

  const FileTree& tree_;
  DumpLines lines_;
};

std::string TreeDump::run() {
  std::string path = tree_.source->package;
  path.append(path.empty() ? "" : "/").append(tree_.source->name);
  lines_.node("file").word(plain_or_quoted(path));
  lines_.in();
  for (const ImportStmt& stmt : tree_.imports) {
    lines_.node("import", stmt.loc).string(stmt.path).flag(stmt.alias != 0, "as");
    if (stmt.alias != 0) {
      lines_.name(stmt.alias);
    }
  }
  statements(tree_.statements);
  lines_.out();
  return lines_.take();
}

DumpLines& TreeDump::head(const Stmt& stmt) {
  lines_.node(kind_name(stmt.kind), stmt.loc);
  const bool never_named = stmt.kind == StmtKind::engine ||
                           stmt.kind == StmtKind::alter_workspace ||
                           stmt.kind == StmtKind::use_workspace || stmt.kind == StmtKind::grant ||
                           stmt.kind == StmtKind::revoke;
  return never_named ? lines_ : lines_.name(stmt.name);
}

void TreeDump::statements(List<Stmt*> list) {
  for (const Stmt* stmt : list) {
    statement(*stmt);
  }
}

// Recurses where statements nest, at most nesting_max deep.
void TreeDump::statement(const Stmt& stmt) {
  switch (stmt.kind) {
    case StmtKind::application:
      return application(as<ApplicationStmt>(stmt));
    case StmtKind::workspace:
      return workspace(as<WorkspaceStmt>(stmt));
    case StmtKind::type:
    case StmtKind::table:
    case StmtKind::descriptor:
      return table(as<TableStmt>(stmt));
    case StmtKind::view:
      return view(as<ViewStmt>(stmt));
    case StmtKind::rate:
      return rate(as<RateStmt>(stmt));
    case StmtKind::limit:
      return limit(as<LimitStmt>(stmt));
    case StmtKind::grant:
    case StmtKind::revoke:
      return grant(as<GrantStmt>(stmt));
    case StmtKind::projector:
      return projector(as<ProjectorStmt>(stmt));
    case StmtKind::job:
      return job(as<JobStmt>(stmt));
    case StmtKind::command:
    case StmtKind::query:
      return function(as<FunctionStmt>(stmt));
    case StmtKind::storage:
      return storage(as<StorageStmt>(stmt));
    case StmtKind::declare:
      head(stmt).word(std::to_string(as<DeclareStmt>(stmt).value));
      return tail(stmt);
    case StmtKind::use_workspace:
      head(stmt).ref(as<UseWorkspaceStmt>(stmt).target);
      return tail(stmt);
    case StmtKind::tag:
      head(stmt);
      if (as<TagStmt>(stmt).feature.present()) {
        lines_.word("feature").string(as<TagStmt>(stmt).feature);
      }
      return tail(stmt);
    case StmtKind::role:
      head(stmt).flag(as<RoleStmt>(stmt).is_published, "published");
      return tail(stmt);
    case StmtKind::workspace_template:
    case StmtKind::function:
      head(stmt);
      return tail(stmt);
    case StmtKind::engine:
      head(stmt).word(as<EngineStmt>(stmt).wasm ? "wasm" : "builtin");
      tail(stmt);
      lines_.in();
      statements(as<EngineStmt>(stmt).body);
      return lines_.out();
    case StmtKind::alter_workspace:
      head(stmt).ref(as<AlterStmt>(stmt).target);
      tail(stmt);
      lines_.in();
      statements(as<AlterStmt>(stmt).body);
      return lines_.out();
  }
  UNREACHABLE();
}

void TreeDump::application(const ApplicationStmt& stmt) {
  head(stmt);
  tail(stmt);
  lines_.in();
  for (const UseStmt& use : stmt.uses) {
    lines_.node("use", use.loc).name(use.name);
  }
  lines_.out();
}

void TreeDump::workspace(const WorkspaceStmt& stmt) {
  head(stmt)
      .flag(stmt.is_abstract, "abstract")
      .flag(stmt.is_alterable, "alterable")
      .list("inherits", stmt.bases);
  tail(stmt);
  lines_.in();
  if (stmt.descriptor != nullptr) {
    table(*stmt.descriptor);
  }
  statements(stmt.body);
  lines_.out();
}

void TreeDump::table(const TableStmt& stmt) {
  head(stmt).flag(stmt.implicit, "implicit").flag(stmt.is_abstract, "abstract");
  if (stmt.has_base) {
    lines_.word("inherits").ref(stmt.base);
  }
  with(stmt.with);
  tail(stmt);
  items(stmt.items);
}

void TreeDump::view(const ViewStmt& stmt) {
  head(stmt).word("result_of").ref(stmt.result_of);
  with(stmt.with);
  tail(stmt);
  items(stmt.items);
}

void TreeDump::items(List<Item> list) {
  lines_.in();
  for (const Item& each : list) {
    item(each);
  }
  lines_.out();
}

// Recurses where tables nest, at most nesting_max deep.
void TreeDump::item(const Item& item) {
  lines_.node(name_of(item.kind), item.loc);
  if (item.kind != ItemKind::key) {
    lines_.name(item.name);
  }
  item_detail(item);
  lines_.flag(item.required, "not_null").flag(item.verifiable, "verifiable").doc(item.doc);
  if (item.kind == ItemKind::nested_table) {
    lines_.in();
    table(*item.nested);
    lines_.out();
  }
}

void TreeDump::item_detail(const Item& item) {
  switch (item.kind) {
    case ItemKind::field:
    case ItemKind::named_field:
      if (item.kind == ItemKind::named_field) {
        lines_.ref(item.names()[0]);
      } else {
        lines_.word(name_of(item.type));
      }
      if (item.has_length) {
        lines_.number(item.count);
      }
      if (item.check() != nullptr) {
        lines_.word("check").string(*item.check());
      }
      return;
    case ItemKind::reference:
      lines_.list("to", item.names());
      return;
    case ItemKind::unique:
    case ItemKind::unique_field:
      lines_.list("", item.unique_fields());
      return;
    case ItemKind::field_set:
      lines_.word("of").ref(item.names()[0]);
      return;
    case ItemKind::key:
      lines_.list("", item.key->partition).list("", item.key->clustering);
      return;
    case ItemKind::nested_table:
    case ItemKind::check:
    case ItemKind::record:
      return;
  }
  UNREACHABLE();
}

void TreeDump::rate(const RateStmt& stmt) {
  head(stmt);
  if (stmt.has_variable) {
    lines_.ref(stmt.variable);
  } else {
    lines_.number(stmt.count);
  }
  lines_.word("per")
      .number(stmt.periods)
      .word(name_of(stmt.unit))
      .flag(stmt.per_partition, "per_partition")
      .flag(stmt.per_workspace, "per_workspace")
      .flag(stmt.per_subject, "per_subject")
      .flag(stmt.per_ip, "per_ip");
  tail(stmt);
}

void TreeDump::limit(const LimitStmt& stmt) {
  head(stmt)
      .word(stmt.single ? "one"
            : stmt.each ? "each"
                        : "all")
      .word(name_of(stmt.objects))
      .flag(stmt.has_tag, "tagged");
  if (stmt.single || stmt.has_tag) {
    lines_.ref(stmt.target);
  }
  lines_.word("rate").ref(stmt.rate);
  tail(stmt);
  lines_.in();
  for (const OpRef& each : stmt.ops) {
    lines_.node(name_of(each.op), each.loc);
  }
  lines_.out();
}

void TreeDump::grant(const GrantStmt& stmt) {
  head(stmt);
  switch (stmt.grant) {
    case GrantKind::role:
      lines_.word("role").ref(stmt.target);
      break;
    case GrantKind::single:
      lines_.word("one").word(name_of(stmt.objects)).ref(stmt.target);
      break;
    case GrantKind::all:
      lines_.word("all").word(name_of(stmt.objects));
      break;
    case GrantKind::all_with_tag:
      lines_.word("all").word(name_of(stmt.objects)).word("tagged").ref(stmt.target);
      break;
  }
  lines_.word(stmt.kind == StmtKind::grant ? "to" : "from").ref(stmt.role);
  tail(stmt);
  lines_.in();
  if (stmt.all_ops) {
    grant_op("all", stmt.all_columns);
  }
  for (const GrantOp& each : stmt.ops) {
    grant_op(name_of(each.op), each.columns);
  }
  lines_.out();
}

void TreeDump::grant_op(std::string_view what, List<Column> columns) {
  lines_.node(what);
  lines_.in();
  for (const Column& column : columns) {
    lines_.node(column.system ? "system_column" : "column", column.loc).name(column.name);
  }
  lines_.out();
}

void TreeDump::projector(const ProjectorStmt& stmt) {
  head(stmt)
      .flag(stmt.wasm, "wasm")
      .flag(stmt.is_sync, "sync")
      .flag(stmt.including_errors, "including_errors");
  tail(stmt);
  lines_.in();
  for (const Trigger& trigger : stmt.triggers) {
    lines_.node("after")
        .flag(trigger.is_cron, "cron")
        .flag(trigger.on_execute, "execute")
        .flag(trigger.with_param, "with_param");
    ops(trigger.ops);
    lines_.list("on", trigger.names);
  }
  storages(stmt);
  lines_.out();
}

void TreeDump::job(const JobStmt& stmt) {
  head(stmt).flag(stmt.wasm, "wasm");
  if (stmt.schedule.present()) {
    lines_.string(stmt.schedule);
  }
  tail(stmt);
  lines_.in();
  storages(stmt);
  lines_.out();
}

void TreeDump::function(const FunctionStmt& stmt) {
  head(stmt).flag(stmt.wasm, "wasm");
  param("param", stmt.param);
  param("unlogged", stmt.unlogged);
  param("returns", stmt.result);
  with(stmt.with);
  tail(stmt);
  lines_.in();
  storages(stmt);
  lines_.out();
}

void TreeDump::storages(const ExtensionStmt& stmt) {
  for (const StorageRef& each : stmt.state) {
    lines_.node("state").ref(each.storage).list("of", each.entities);
  }
  for (const StorageRef& each : stmt.intents) {
    lines_.node("intent").ref(each.storage).list("of", each.entities);
  }
}

void TreeDump::storage(const StorageStmt& stmt) {
  head(stmt);
  callers("read_by", stmt.readers);
  callers("written_by", stmt.writers);
  lines_.flag(stmt.of_records, "of_records").flag(stmt.of_views, "of_views");
  tail(stmt);
}

void TreeDump::param(std::string_view label, const Param& param) {
  switch (param.kind) {
    case ParamKind::absent:
      return;
    case ParamKind::nothing:
      lines_.word(label).word("(void)");
      return;
    case ParamKind::any:
      lines_.word(label).word("(any)");
      return;
    case ParamKind::named:
      lines_.word(label).ref(param.name);
      return;
  }
  UNREACHABLE();
}

void TreeDump::callers(std::string_view label, std::uint8_t bits) {
  constexpr std::array<std::string_view, 4> names{"commands", "queries", "projectors", "jobs"};
  lines_.flag(bits != 0, label);
  for (std::size_t i = 0; i < names.size(); ++i) {
    lines_.flag((bits & (1U << i)) != 0, names.at(i));
  }
}

void TreeDump::ops(std::uint8_t bits) {
  for (std::uint8_t i = 0; i <= static_cast<std::uint8_t>(Op::execute); ++i) {
    lines_.flag((bits & (1U << i)) != 0, name_of(static_cast<Op>(i)));
  }
}

void TreeDump::with(const With& with) {
  if (with.comment.present()) {
    lines_.word("comment").string(with.comment);
  }
  lines_.list("tags", with.tags);
}

}  // namespace

std::string dump_tree(const FileTree& tree, const Names& names, Places places) {
  Columns columns(*tree.source);
  DumpLines::Shown shown;
  if (places == Places::shown) {
    shown = [&columns](Loc loc) { return columns.at(loc); };
  }
  return TreeDump(tree, names, std::move(shown)).run();
}

}  // namespace vvm::schema
