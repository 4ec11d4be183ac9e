// Syntax tree of one schema file (docs/spec/vsql.md 2).
//
// The parser makes it, binding, analysis and build read it. Nodes live in the arena of their
// FileTree, hold names and comments as ids and places as Locs, never change, and refer to nothing
// outside the file; so a tree is good for any number of compilations. CHECK expressions and DEFAULT
// values leave no trace: they have no effect (quirk Q10).
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "appdef/arena.hpp"
#include "schema/lexer.hpp"
#include "schema/names.hpp"
#include "schema/source.hpp"

namespace vvm::schema {

// A list that the grammar asks for at least one of, or that may be empty; in the arena.
template <class T>
using List = std::span<const T>;

struct NameRef {
  NameId name = 0;
  Loc loc = 0;
};

struct QRef {
  NameId qualifier = 0;  // 0: none was written
  NameId name = 0;
  Loc loc = 0;  // of its first word
};

// A STRING token; `raw` has the quotes.
struct StringRef {
  std::string_view raw{};
  Loc loc = 0;

  bool present() const { return loc != 0; }
};

enum class StmtKind : std::uint8_t {
  application,
  declare,
  workspace_template,
  engine,
  workspace,
  alter_workspace,
  descriptor,
  use_workspace,
  tag,
  role,
  rate,
  limit,
  grant,
  revoke,
  type,
  table,
  view,
  projector,
  job,
  command,
  query,
  function,
  storage,
};

struct Stmt {
  StmtKind kind{};
  Loc loc = 0;      // its first token
  NameId name = 0;  // 0: none
  DocId doc = 0;    // 0: no comment
};

// Data types as spelled in 6.3, by data kind.
enum class DataType : std::uint8_t {
  none,
  int8,
  int16,
  int32,
  int64,
  float32,
  float64,
  varchar,
  bytes,
  timestamp,
  currency,
  boolean,
  blob,
  qname,
};

// WITH of tables, views, commands and queries.
struct With {
  StringRef comment{};
  List<QRef> tags{};  // of the last Tags item (quirk Q33)
};

// PRIMARY KEY of a view.
struct Key {
  Loc first = 0;  // first token inside its parentheses
  List<NameRef> partition{};
  List<NameRef> clustering{};
};

struct TableStmt;

enum class ItemKind : std::uint8_t {
  field,         // of a data type
  named_field,   // of a table or TYPE: names()[0]
  reference,     // names(): targets
  nested_table,  // `nested`
  unique,        // unique_fields()
  unique_field,  // unique_fields()[0]
  check,
  field_set,  // names()[0]
  record,     // views only
  key,        // views only: `key`
};

// A table or TYPE as the type of a field; `regexp` as with fields, though there it is an error.
struct NamedType {
  QRef name{};
  const StringRef* regexp = nullptr;
};

// A line of a table, type, descriptor or view. Most of a schema is such lines, so they are small.
struct Item {
  ItemKind kind{};
  DataType type = DataType::none;
  bool required = false;
  bool verifiable : 1 = false;
  bool has_length : 1 = false;
  NameId name = 0;  // of the field, container or constraint; 0: unnamed constraint
  Loc loc = 0;      // first token
  Loc type_loc = 0;
  DocId doc = 0;
  std::uint32_t count = 0;  // length of a field, which is no longer than that; or of the list below

  union {
    const QRef* refs = nullptr;  // references and field sets
    const StringRef* regexp;     // fields: CHECK '...'; null: none
    const NamedType* named;      // named fields
    const TableStmt* nested;
    const NameRef* fields;  // uniques
    const Key* key;
  };

  // Of references, field sets and named fields.
  List<QRef> names() const {
    return kind == ItemKind::named_field ? List<QRef>{&named->name, 1} : List<QRef>{refs, count};
  }

  List<NameRef> unique_fields() const { return {fields, count}; }

  // CHECK '...' of a field of any type; null: none.
  const StringRef* check() const {
    return kind == ItemKind::named_field ? named->regexp
           : kind == ItemKind::field     ? regexp
                                         : nullptr;
  }
};

static_assert(sizeof(Item) == 32);

struct ImportStmt {
  Loc loc = 0;
  StringRef path{};
  NameId alias = 0;
};

struct UseStmt {
  Loc loc = 0;
  NameId name = 0;
};

struct ApplicationStmt : Stmt {
  List<UseStmt> uses{};
};

struct DeclareStmt : Stmt {
  std::int32_t value = 0;
};

struct EngineStmt : Stmt {
  bool wasm = false;
  List<Stmt*> body{};
};

// TABLE, TYPE and DESCRIPTOR.
struct TableStmt : Stmt {
  bool is_abstract = false;
  bool has_base = false;
  bool implicit = false;  // a descriptor that nobody wrote
  // So that those who look for such items need not read all of them: nested tables, and references,
  // also in nested tables.
  bool has_nested = false;
  bool has_references = false;
  QRef base{};
  List<Item> items{};
  With with{};
};

struct WorkspaceStmt : Stmt {
  bool is_abstract = false;
  bool is_alterable = false;
  List<QRef> bases{};
  TableStmt* descriptor = nullptr;  // null: an abstract workspace without one
  List<Stmt*> body{};
};

struct AlterStmt : Stmt {
  QRef target{};
  List<Stmt*> body{};
};

struct UseWorkspaceStmt : Stmt {
  NameRef target{};
};

struct TagStmt : Stmt {
  StringRef feature{};
};

struct RoleStmt : Stmt {
  bool is_published = false;
};

enum class TimeUnit : std::uint8_t { second, minute, hour, day, year };

struct RateStmt : Stmt {
  bool has_variable = false;
  QRef variable{};
  std::uint32_t count = 0;
  std::uint32_t periods = 1;
  TimeUnit unit{};
  bool per_partition = false;
  bool per_workspace = false;
  bool per_subject = false;
  bool per_ip = false;
};

// Numbers of the operations of 8.3.
enum class Op : std::uint8_t { insert, update, activate, deactivate, select, execute };

struct OpRef {
  Op op{};
  Loc loc = 0;
};

enum class Objects : std::uint8_t { command, query, view, table };

struct LimitStmt : Stmt {
  List<OpRef> ops{};
  Objects objects{};
  bool single = false;  // `target` is one object
  bool each = false;    // ON EACH
  bool has_tag = false;
  QRef target{};  // or the tag
  QRef rate{};
};

struct Column {
  NameId name = 0;
  Loc loc = 0;
  bool system = false;  // sys.<name>
};

struct GrantOp {
  Op op{};
  List<Column> columns{};
};

enum class GrantKind : std::uint8_t { role, single, all, all_with_tag };

// GRANT and REVOKE.
struct GrantStmt : Stmt {
  GrantKind grant{};
  Objects objects{};
  bool all_ops = false;  // ALL; its columns are all_columns
  List<Column> all_columns{};
  List<GrantOp> ops{};
  QRef target{};  // role, object or tag; none with GrantKind::all
  QRef role{};    // TO, FROM
};

struct ViewStmt : Stmt {
  List<Item> items{};
  QRef result_of{};
  With with{};
};

enum class ParamKind : std::uint8_t { absent, nothing, any, named };

struct Param {
  ParamKind kind = ParamKind::absent;
  QRef name{};
};

struct StorageRef {
  QRef storage{};
  List<QRef> entities{};
};

struct Trigger {
  bool is_cron = false;
  bool on_execute = false;
  bool with_param = false;
  std::uint8_t ops = 0;  // bits by Op
  List<QRef> names{};
};

struct ExtensionStmt : Stmt {
  List<StorageRef> state{};
  List<StorageRef> intents{};
  bool wasm = false;  // EXTENSION ENGINE around it
};

struct ProjectorStmt : ExtensionStmt {
  bool is_sync = false;
  bool including_errors = false;
  List<Trigger> triggers{};
};

struct JobStmt : ExtensionStmt {
  StringRef schedule{};
};

// COMMAND and QUERY.
struct FunctionStmt : ExtensionStmt {
  Param param{};
  Param unlogged{};
  Param result{};
  With with{};
};

// Kinds of extensions, as bits of StorageStmt.
enum class Caller : std::uint8_t { commands = 1, queries = 2, projectors = 4, jobs = 8 };

struct StorageStmt : Stmt {
  std::uint8_t readers = 0;  // Caller bits of GET, GETBATCH and READ
  std::uint8_t writers = 0;  // of INSERT and UPDATE
  bool of_records = false;   // ENTITY RECORD
  bool of_views = false;     // ENTITY VIEW
};

struct FileTree {
  const SourceFile* source = nullptr;
  List<ImportStmt> imports{};
  List<Stmt*> statements{};
  std::uint32_t named = 0;  // statements that have a name
  appdef::Arena arena;
};

}  // namespace vvm::schema
