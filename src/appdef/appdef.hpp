// AppDef: the immutable description of one version of an application (docs/spec/vvm.md 9.2,
// docs/spec/vsql.md 8).
//
// schema makes it, partitions and engines read it. Values after construction never change, so that
// any number of threads may share one. Nobody caches "the" AppDef of an application: it comes with
// a version. Everything lies in one arena, texts included; types refer to each other by pointer and
// are sorted by QName, package first, bytewise.
// Limits: 65,536 fields or containers a type, 100 uniques, 256 fields a unique. A field takes 24
// octets, a type 72, with what most of them lack set aside: large applications have a million
// fields, and what does not fit a cache is what their builds wait for.
#pragma once

#include <compare>
#include <cstdint>
#include <memory>
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
  Text pkg{};
  Text entity{};

  auto operator<=>(const TypeName&) const = default;

  std::string str() const;

  QName qname() const { return {std::string{pkg}, std::string{entity}}; }
};

// Code that a schema declares and an engine runs.
struct Extension {
  TypeName name{};
  Text package_path{};
  ExtensionKind kind = ExtensionKind::command;
  EngineKind engine = EngineKind::builtin;
};

template <class T>
using List = std::span<const T>;

struct Type;

// What few fields have.
struct FieldDetails {
  std::optional<Text> pattern{};
  List<const Type*> refs{};
  List<Text> comment{};
};

struct Field {
  Text name{};
  const FieldDetails* details = nullptr;  // null: it has none of those
  std::uint32_t length_max = 0;           // MaxLen; 0: no such constraint
  DataKind kind{};
  bool is_required = false;
  bool is_verifiable = false;  // by EMail

  std::optional<Text> pattern() const {
    return details == nullptr ? std::nullopt : details->pattern;
  }

  // Of a RecordID; empty: any record, or no reference at all.
  List<const Type*> refs() const {
    return details == nullptr ? List<const Type*>{} : details->refs;
  }

  List<Text> comment() const { return details == nullptr ? List<Text>{} : details->comment; }
};

struct Container {
  Text name{};
  const Type* type = nullptr;
  std::uint32_t occurs_min = 0;
  std::uint32_t occurs_max = 0;
};

struct Unique {
  Text entity{};        // "Article$uniques$01", in the package of its type
  List<Text> fields{};  // in alphabetical order
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
  List<Text> fields{};
  const Type* role = nullptr;
  List<Text> comment{};
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
  Text unique_field{};
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
  Text schedule{};  // of jobs
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

struct TagInfo {
  Text feature{};
};

struct Type {
  TypeName name{};
  std::uint32_t index = 0;  // in AppDef::types(), so that tables by type are arrays
  TypeKind kind{};
  DataKind data_kind{};  // of Data
  bool is_abstract = false;
  bool is_published = false;        // of roles
  const Type* workspace = nullptr;  // null: it is one
  List<Text> comment{};
  List<const Type*> tags{};  // sorted

  // What the kind calls for; null where it calls for something else.
  const Structure* structure() const {
    return is_table(kind) || kind == TypeKind::object ? of_kind.structure : nullptr;
  }

  const View* view() const { return kind == TypeKind::view ? of_kind.view : nullptr; }

  const ExtensionInfo* extension() const {
    return is_extension(kind) ? of_kind.extension : nullptr;
  }

  const WorkspaceInfo* info() const { return kind == TypeKind::workspace ? of_kind.info : nullptr; }

  const RateInfo* rate() const { return kind == TypeKind::rate ? of_kind.rate : nullptr; }

  const LimitInfo* limit() const { return kind == TypeKind::limit ? of_kind.limit : nullptr; }

  const TagInfo* tag() const { return kind == TypeKind::tag ? of_kind.tag : nullptr; }

  // For whoever makes it.
  union {
    const Structure* structure = nullptr;
    const View* view;
    const ExtensionInfo* extension;
    const WorkspaceInfo* info;
    const RateInfo* rate;
    const LimitInfo* limit;
    const TagInfo* tag;
  } of_kind;
};

struct Package {
  Text local_name{};
  Text path{};
};

// The system fields of a definition of this kind (docs/spec/vsql.md 8.2), in their order; constant.
List<Field> system_fields(TypeKind kind);

// What an AppDef is made of; all of it in the arena that comes with it.
struct Contents {
  Text application{};
  List<Package> packages{};   // sorted by local name
  List<const Type*> types{};  // sorted by name
  // hash_of() their names; empty: to be computed. Not kept.
  List<std::uint32_t> hashes{};
};

// For Contents: whoever has a name at hand saves the AppDef from reading it again.
std::uint32_t hash_of(const TypeName& name);

class AppDef {
 public:
  // `texts`: another arena that texts in `contents` lie in, and that nobody takes them from.
  AppDef(Arena arena, const Contents& contents, std::shared_ptr<const Arena> texts = nullptr);
  AppDef(const AppDef&) = delete;
  AppDef& operator=(const AppDef&) = delete;
  ~AppDef() = default;

  // The name in the APPLICATION statement.
  std::string_view application() const { return contents_.application; }

  List<Package> packages() const { return contents_.packages; }

  List<const Type*> types() const { return contents_.types; }

  // In the order of their names.
  List<Extension> extensions() const { return extensions_; }

  // Null when there is none.
  const Type* find(std::string_view pkg, std::string_view entity) const;

  // The same of an extension.
  const Extension* find_extension(std::string_view pkg, std::string_view entity) const;

  // Of its arenas.
  std::size_t bytes() const { return arena_.bytes() + (texts_ == nullptr ? 0 : texts_->bytes()); }

 private:
  Text path_of(Text local_name) const;

  Arena arena_;
  std::shared_ptr<const Arena> texts_;
  Contents contents_;
  std::vector<std::uint32_t> index_;  // 1 + position in types, by hash of the name
  List<Extension> extensions_;
};

}  // namespace vvm::appdef
