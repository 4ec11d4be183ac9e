// Names of kinds, filters, and the index by name.
#include "appdef/appdef.hpp"

#include <algorithm>
#include <array>
#include <bit>

#include "base/check.hpp"

namespace vvm::appdef {
namespace {

constexpr int probes_max = 64;  // in the index by name

std::uint32_t hash_of(std::string_view pkg, std::string_view entity) {
  std::uint64_t hash = 0xCBF29CE484222325ULL;
  for (const std::string_view part : {pkg, entity}) {
    for (const char c : part) {
      hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3ULL;
    }
    hash = (hash ^ '.') * 0x100000001B3ULL;
  }
  return static_cast<std::uint32_t>(hash ^ (hash >> 32U));
}

std::optional<ExtensionKind> extension_kind(const Type& type) {
  switch (type.kind) {
    case TypeKind::command:
      return ExtensionKind::command;
    case TypeKind::query:
      return ExtensionKind::query;
    case TypeKind::projector:
      return type.extension->is_sync ? ExtensionKind::projector_sync
                                     : ExtensionKind::projector_async;
    case TypeKind::job:
      return ExtensionKind::job;
    default:
      return std::nullopt;
  }
}

void join(std::string* out, std::string_view separator, std::string_view part, bool first) {
  if (!first) {
    out->append(separator);
  }
  out->append(part);
}

std::string names_text(std::string_view what, List<const Type*> names) {
  std::string out{what};
  for (std::size_t i = 0; i < names.size(); ++i) {
    join(&out, ", ", names[i]->name.str(), i == 0);
  }
  return out + ")";
}

}  // namespace

std::string_view name_of(TypeKind kind) {
  constexpr std::array<std::string_view, type_kinds> names{
      "Any",     "Tag",       "Data",    "GDoc",      "CDoc",       "ODoc",   "WDoc",
      "GRecord", "CRecord",   "ORecord", "WRecord",   "ViewRecord", "Object", "Query",
      "Command", "Projector", "Job",     "Workspace", "Role",       "Rate",   "Limit"};
  return names[static_cast<std::size_t>(kind)];
}

std::string_view name_of(DataKind kind) {
  constexpr std::array<std::string_view, 13> names{"int8",
                                                   "int16",
                                                   "int32",
                                                   "int64",
                                                   "float32",
                                                   "float64",
                                                   "bytes",
                                                   "string",
                                                   "QName",
                                                   "bool",
                                                   "RecordID",
                                                   "Record",
                                                   "Event"};
  return names[static_cast<std::size_t>(kind)];
}

std::string_view name_of(Operation operation) {
  constexpr std::array<std::string_view, operations> names{"Insert",
                                                           "Update",
                                                           "Activate",
                                                           "Deactivate",
                                                           "Select",
                                                           "Execute",
                                                           "ExecuteWithParam",
                                                           "Inherits"};
  return names[static_cast<std::size_t>(operation)];
}

std::string_view name_of(RateScope scope) {
  constexpr std::array<std::string_view, 4> names{"AppPartition", "Workspace", "User", "IP"};
  return names[static_cast<std::size_t>(scope)];
}

std::string_view name_of(EngineKind engine) {
  return engine == EngineKind::builtin ? "BuiltIn" : "WASM";
}

List<Field> system_fields(TypeKind kind) {
  constexpr Field qname{.name = "sys.QName", .kind = DataKind::qname, .is_required = true};
  constexpr Field id{.name = "sys.ID", .kind = DataKind::record_id, .is_required = true};
  constexpr Field parent{.name = "sys.ParentID", .kind = DataKind::record_id, .is_required = true};
  constexpr Field container{.name = "sys.Container", .kind = DataKind::string, .is_required = true};
  constexpr Field active{.name = "sys.IsActive", .kind = DataKind::boolean};
  static constexpr std::array document{qname, id, active};
  static constexpr std::array odoc{qname, id};
  static constexpr std::array record{qname, id, parent, container, active};
  static constexpr std::array orecord{qname, id, parent, container};
  static constexpr std::array object{qname,
                                     Field{.name = "sys.Container", .kind = DataKind::string}};
  static constexpr std::array view{qname};
  switch (kind) {
    case TypeKind::gdoc:
    case TypeKind::cdoc:
    case TypeKind::wdoc:
      return document;
    case TypeKind::odoc:
      return odoc;
    case TypeKind::grecord:
    case TypeKind::crecord:
    case TypeKind::wrecord:
      return record;
    case TypeKind::orecord:
      return orecord;
    case TypeKind::object:
      return object;
    case TypeKind::view:
      return view;
    default:
      return {};
  }
}

std::string TypeName::str() const {
  std::string out;
  out.reserve(pkg.size() + entity.size() + 1);
  return out.append(pkg).append(".").append(entity);
}

bool Filter::matches(const Type& type) const {
  const auto is_type = [&type](const Type* each) { return each == &type; };
  switch (kind) {
    case Kind::names:
      return std::any_of(names.begin(), names.end(), is_type);
    case Kind::types:
      return types.has(type.kind) && (workspace == nullptr || type.workspace == workspace);
    case Kind::tags:
      return std::any_of(type.tags.begin(), type.tags.end(), [this](const Type* tag) {
        return std::find(names.begin(), names.end(), tag) != names.end();
      });
    case Kind::conjunction:
      return std::all_of(
          parts.begin(), parts.end(), [&type](const Filter& part) { return part.matches(type); });
    case Kind::disjunction:
      return std::any_of(
          parts.begin(), parts.end(), [&type](const Filter& part) { return part.matches(type); });
  }
  UNREACHABLE();
}

std::string Filter::str() const {
  switch (kind) {
    case Kind::names:
      return names_text("QNAMES(", names);
    case Kind::tags:
      return names_text("TAGS(", names);
    case Kind::types: {
      std::string out{"TYPES("};
      bool first = true;
      for (std::size_t i = 0; i < type_kinds; ++i) {
        if (types.has(static_cast<TypeKind>(i))) {
          join(&out, ", ", name_of(static_cast<TypeKind>(i)), first);
          first = false;
        }
      }
      out += ")";
      return workspace == nullptr ? out : out + " FROM " + workspace->name.str();
    }
    case Kind::conjunction:
    case Kind::disjunction:
      break;
  }
  std::string out;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const bool nested = parts[i].kind == Kind::conjunction || parts[i].kind == Kind::disjunction;
    const std::string part = parts[i].str();
    join(&out,
         kind == Kind::conjunction ? " AND " : " OR ",
         nested ? "(" + part + ")" : part,
         i == 0);
  }
  return out;
}

AppDef::AppDef(Arena arena, const Contents& contents)
    : arena_(std::move(arena)), contents_(contents) {
  index_.assign(std::bit_ceil(contents_.types.size() * 2 + 1), 0);
  const std::size_t mask = index_.size() - 1;
  for (std::size_t i = 0; i < contents_.types.size(); ++i) {
    const Type& type = *contents_.types[i];
    std::size_t slot = hash_of(type.name.pkg, type.name.entity) & mask;
    int probe = 0;
    while (index_[slot] != 0 && probe < probes_max) {
      slot = (slot + 1) & mask;
      ++probe;
    }
    // Names that are made to collide are left to the search of find().
    index_[slot] = index_[slot] == 0 ? static_cast<std::uint32_t>(i + 1) : index_[slot];
    if (const auto kind = extension_kind(type); kind.has_value()) {
      extensions_.push_back({.name = type.name.qname(),
                             .package_path = std::string{path_of(type.name.pkg)},
                             .kind = *kind,
                             .engine = type.extension->engine});
    }
  }
}

const Type* AppDef::find(std::string_view pkg, std::string_view entity) const {
  if (index_.empty()) {
    return nullptr;
  }
  const std::size_t mask = index_.size() - 1;
  const TypeName wanted{.pkg = pkg, .entity = entity};
  std::size_t slot = hash_of(pkg, entity) & mask;
  for (int probe = 0; probe <= probes_max; ++probe) {
    if (index_[slot] == 0) {
      return nullptr;
    }
    const Type* type = contents_.types[index_[slot] - 1];
    if (type->name == wanted) {
      return type;
    }
    slot = (slot + 1) & mask;
  }
  const auto it = std::ranges::lower_bound(contents_.types, wanted, {}, &Type::name);
  return it != contents_.types.end() && (*it)->name == wanted ? *it : nullptr;
}

std::string_view AppDef::path_of(std::string_view local_name) const {
  for (const Package& package : contents_.packages) {
    if (package.local_name == local_name) {
      return package.path;
    }
  }
  return {};
}

}  // namespace vvm::appdef
