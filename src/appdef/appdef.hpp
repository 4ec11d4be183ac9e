// AppDef: the immutable description of one version of an application (docs/spec/vvm.md 9.2,
// docs/spec/vsql.md 8).
//
// schema makes it, partitions and engines read it. Values after construction never change, so that
// any number of threads may share one. Nobody caches "the" AppDef of an application: it comes with
// a version. Everything lies in one arena, texts included; types refer to each other by pointer and
// are sorted by QName, package first, bytewise.
// Limits: 65,536 fields or containers a type, 100 uniques, 256 fields a unique.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "appdef/arena.hpp"
#include "ids/names.hpp"

namespace vvm::appdef {

enum class EngineKind : std::uint8_t { builtin = 1, wasm = 2 };  // numbers of 1.7

enum class ExtensionKind : std::uint8_t { command, query, projector_sync, projector_async, job };

// Code that a schema declares and an engine runs.
struct Extension {
  QName name;
  std::string package_path;
  ExtensionKind kind = ExtensionKind::command;
  EngineKind engine = EngineKind::builtin;
};

// In the order of docs/spec/vsql.md 8.3.
enum class TypeKind : std::uint8_t {
  any,
  tag,
  data,
  gdoc,
  cdoc,
  odoc,
  wdoc,
  grecord,
  crecord,
  orecord,
  wrecord,
  view,
  object,
  query,
  command,
  projector,
  job,
  workspace,
  role,
  rate,
  limit,
};

enum class DataKind : std::uint8_t {
  int8,
  int16,
  int32,
  int64,
  float32,
  float64,
  bytes,
  string,
  qname,
  boolean,
  record_id,
  record,
  event,
};

enum class Operation : std::uint8_t {
  insert,
  update,
  activate,
  deactivate,
  select,
  execute,
  execute_with_param,
  inherits,
};

enum class RateScope : std::uint8_t { app_partition, workspace, user, ip };

// The names of 8.1 and 8.3: "CDoc", "RecordID", "ExecuteWithParam", "AppPartition", "BuiltIn".
std::string_view name_of(TypeKind kind);
std::string_view name_of(DataKind kind);
std::string_view name_of(Operation operation);
std::string_view name_of(RateScope scope);
std::string_view name_of(EngineKind engine);

inline constexpr std::size_t type_kinds = static_cast<std::size_t>(TypeKind::limit) + 1;
inline constexpr std::size_t operations = static_cast<std::size_t>(Operation::inherits) + 1;

// A set of the values of an enum, by bit.
template <class Enum>
struct SetOf {
  std::uint32_t bits = 0;

  constexpr bool has(Enum e) const { return ((bits >> static_cast<unsigned>(e)) & 1U) != 0; }

  constexpr void add(Enum e) { bits |= std::uint32_t{1} << static_cast<unsigned>(e); }

  constexpr bool empty() const { return bits == 0; }

  constexpr bool operator==(const SetOf&) const = default;
};

// CDoc, WDoc, ODoc, GDoc and their records; "R" of docs/spec/vsql.md 7.7.
constexpr bool is_table(TypeKind kind) {
  return kind >= TypeKind::gdoc && kind <= TypeKind::wrecord;
}

constexpr bool is_document(TypeKind kind) {
  return kind >= TypeKind::gdoc && kind <= TypeKind::wdoc;
}

constexpr bool is_extension(TypeKind kind) {
  return kind >= TypeKind::query && kind <= TypeKind::job;
}

// The name of a type: local name of its package, and its own. Refers to text of the AppDef.
struct TypeName {
  std::string_view pkg{};
  std::string_view entity{};

  auto operator<=>(const TypeName&) const = default;

  std::string str() const;

  QName qname() const { return {std::string{pkg}, std::string{entity}}; }
};

template <class T>
using List = std::span<const T>;

struct Type;

struct Field {
  std::string_view name{};
  DataKind kind{};
  bool is_required = false;
  bool is_verifiable = false;    // by EMail
  std::uint32_t length_max = 0;  // MaxLen; 0: no such constraint
  std::optional<std::string_view> pattern{};
  List<const Type*> refs{};  // of a RecordID; empty: any record, or no reference at all
  List<std::string_view> comment{};
};

struct Container {
  std::string_view name{};
  const Type* type = nullptr;
  std::uint32_t occurs_min = 0;
  std::uint32_t occurs_max = 0;
};

struct Unique {
  std::string_view entity{};        // "Article$uniques$01", in the package of its type
  List<std::string_view> fields{};  // in alphabetical order
};

// What a rule, limit or event applies to.
struct Filter {
  enum class Kind : std::uint8_t { names, types, tags, conjunction, disjunction };

  Kind kind{};
  List<const Type*> names{};  // or tags; sorted
  SetOf<TypeKind> types{};
  const Type* workspace = nullptr;  // of types: only those of this one
  List<Filter> parts{};

  // Does it match this type, seen by itself?
  bool matches(const Type& type) const;
  // As messages print it: "TYPES(Query) FROM pkg.W".
  std::string str() const;
};

struct AclRule {
  bool is_allow = true;
  SetOf<Operation> ops{};
  Filter filter{};
  List<std::string_view> fields{};
  const Type* role = nullptr;
  List<std::string_view> comment{};
};

struct StorageUse {
  TypeName storage{};
  List<const Type*> entities{};
};

struct Event {
  SetOf<Operation> ops{};
  Filter filter{};
};

// Tables and objects.
struct Structure {
  List<Field> fields{};  // system fields first
  List<Container> containers{};
  List<Unique> uniques{};  // sorted by name
  std::string_view unique_field{};
  bool is_singleton = false;
};

struct View {
  List<Field> partition_key{};
  List<Field> clustering_columns{};
  List<Field> value{};
};

struct ExtensionInfo {
  EngineKind engine = EngineKind::builtin;
  const Type* param = nullptr;  // null: none; of kind `any`: sys.ANY
  const Type* unlogged_param = nullptr;
  const Type* result = nullptr;
  List<StorageUse> states{};  // sorted by storage
  List<StorageUse> intents{};
  List<Event> events{};  // of projectors
  bool is_sync = false;
  bool wants_errors = false;
  std::string_view schedule{};  // of jobs
};

struct WorkspaceInfo {
  const Type* descriptor = nullptr;
  List<const Type*> ancestors{};  // all of them (quirk Q46), sorted
  List<const Type*> uses{};       // sorted
  List<const Type*> types{};      // its own, sorted
  List<AclRule> acl{};
};

struct RateInfo {
  std::uint32_t count = 0;
  std::int64_t period_seconds = 0;
  SetOf<RateScope> scopes{};
};

struct LimitInfo {
  SetOf<Operation> ops{};
  bool each = false;
  Filter filter{};
  const Type* rate = nullptr;
};

struct Type {
  TypeName name{};
  std::uint32_t index = 0;  // in AppDef::types(), so that tables by type are arrays
  TypeKind kind{};
  DataKind data_kind{};  // of Data
  bool is_abstract = false;
  bool is_published = false;        // of roles
  const Type* workspace = nullptr;  // null: it is one
  List<std::string_view> comment{};
  List<const Type*> tags{};    // sorted
  std::string_view feature{};  // of tags
  // What the kind calls for; the others are null.
  const Structure* structure = nullptr;
  const View* view = nullptr;
  const ExtensionInfo* extension = nullptr;
  const WorkspaceInfo* info = nullptr;
  const RateInfo* rate = nullptr;
  const LimitInfo* limit = nullptr;
};

struct Package {
  std::string_view local_name{};
  std::string_view path{};
};

// The system fields of a definition of this kind (docs/spec/vsql.md 8.2), in their order; constant.
List<Field> system_fields(TypeKind kind);

// What an AppDef is made of; all of it in the arena that comes with it.
struct Contents {
  std::string_view application{};
  List<Package> packages{};   // sorted by local name
  List<const Type*> types{};  // sorted by name
};

class AppDef {
 public:
  // Just extensions: for tests of what needs no more.
  explicit AppDef(std::vector<Extension> extensions) : extensions_(std::move(extensions)) {}

  AppDef(Arena arena, const Contents& contents);
  AppDef(const AppDef&) = delete;
  AppDef& operator=(const AppDef&) = delete;
  ~AppDef() = default;

  // The name in the APPLICATION statement.
  std::string_view application() const { return contents_.application; }

  List<Package> packages() const { return contents_.packages; }

  List<const Type*> types() const { return contents_.types; }

  std::span<const Extension> extensions() const { return extensions_; }

  // Null when there is none.
  const Type* find(std::string_view pkg, std::string_view entity) const;

  std::size_t bytes() const { return arena_.bytes(); }

 private:
  std::string_view path_of(std::string_view local_name) const;

  Arena arena_;
  Contents contents_;
  std::vector<std::uint32_t> index_;  // 1 + position in types, by hash of the name
  std::vector<Extension> extensions_;
};

}  // namespace vvm::appdef
