// Names of kinds, filters, and the index by name.
#include "appdef/appdef.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include "base/check.hpp"

namespace vvm::appdef {
namespace {

constexpr int probes_max = 64;  // in the index by name

// Eight octets at a time.
std::uint32_t hash_of(std::string_view pkg, std::string_view entity) {
  constexpr std::uint64_t odd = 0x9E3779B97F4A7C15ULL;
  std::uint64_t hash = pkg.size();
  for (std::string_view part : {pkg, entity}) {
    while (!part.empty()) {
      std::uint64_t word = 0;
      const std::size_t size = std::min<std::size_t>(part.size(), 8);
      std::memcpy(&word, part.data(), size);
      hash = std::rotl((hash ^ word) * odd, 29);
      part.remove_prefix(size);
    }
  }
  hash *= odd;
  return static_cast<std::uint32_t>(hash >> 32U);
}

std::optional<ExtensionKind> extension_kind(const Type& type) {
  switch (type.kind) {
    case TypeKind::command:
      return ExtensionKind::command;
    case TypeKind::query:
      return ExtensionKind::query;
    case TypeKind::projector:
      return type.extension()->is_sync ? ExtensionKind::projector_sync
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
  static constexpr TextLiteral qname_text{"sys.QName"};
  static constexpr TextLiteral id_text{"sys.ID"};
  static constexpr TextLiteral parent_text{"sys.ParentID"};
  static constexpr TextLiteral container_text{"sys.Container"};
  static constexpr TextLiteral active_text{"sys.IsActive"};
  constexpr auto field = [](Text name, DataKind data_kind, bool is_required) {
    return Field{.name = name, .kind = data_kind, .is_required = is_required};
  };
  constexpr Field qname = field(qname_text.text(), DataKind::qname, true);
  constexpr Field id = field(id_text.text(), DataKind::record_id, true);
  constexpr Field parent = field(parent_text.text(), DataKind::record_id, true);
  constexpr Field container = field(container_text.text(), DataKind::string, true);
  constexpr Field active = field(active_text.text(), DataKind::boolean, false);
  static constexpr std::array document{qname, id, active};
  static constexpr std::array odoc{qname, id};
  static constexpr std::array record{qname, id, parent, container, active};
  static constexpr std::array orecord{qname, id, parent, container};
  static constexpr std::array object{qname, field(container_text.text(), DataKind::string, false)};
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

std::uint32_t hash_of(const TypeName& name) { return hash_of(name.pkg, name.entity); }

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

AppDef::AppDef(Arena arena, const Contents& contents, std::shared_ptr<const Arena> texts)
    : arena_(std::move(arena)), texts_(std::move(texts)), contents_(contents) {
  contents_.hashes = {};
  index_.assign(std::bit_ceil(contents_.types.size() * 2 + 1), 0);
  const std::size_t mask = index_.size() - 1;
  std::size_t count = 0;
  for (std::size_t i = 0; i < contents_.types.size(); ++i) {
    const Type& type = *contents_.types[i];
    std::size_t slot = (contents.hashes.empty() ? hash_of(type.name) : contents.hashes[i]) & mask;
    int probe = 0;
    while (index_[slot] != 0 && probe < probes_max) {
      slot = (slot + 1) & mask;
      ++probe;
    }
    // Names that are made to collide are left to the search of find().
    index_[slot] = index_[slot] == 0 ? static_cast<std::uint32_t>(i + 1) : index_[slot];
    count += is_extension(type.kind) ? 1 : 0;
  }
  const std::span<Extension> extensions = arena_.array<Extension>(count);
  count = 0;
  for (const Type* type : contents_.types) {
    if (const auto kind = extension_kind(*type); kind.has_value()) {
      extensions[count++] = {.name = type->name,
                             .package_path = path_of(type->name.pkg),
                             .kind = *kind,
                             .engine = type->extension()->engine};
    }
  }
  extensions_ = extensions;
}

const Type* AppDef::find(std::string_view pkg, std::string_view entity) const {
  const std::size_t mask = index_.size() - 1;
  const auto is_it = [pkg, entity](const Type& type) {
    return type.name.entity == entity && type.name.pkg == pkg;
  };
  std::size_t slot = hash_of(pkg, entity) & mask;
  for (int probe = 0; probe <= probes_max; ++probe) {
    if (index_[slot] == 0) {
      return nullptr;
    }
    const Type* type = contents_.types[index_[slot] - 1];
    if (is_it(*type)) {
      return type;
    }
    slot = (slot + 1) & mask;
  }
  const auto it =
      std::ranges::lower_bound(contents_.types, std::pair{pkg, entity}, {}, [](const Type* type) {
        return std::pair{type->name.pkg.view(), type->name.entity.view()};
      });
  return it != contents_.types.end() && is_it(**it) ? *it : nullptr;
}

const Extension* AppDef::find_extension(std::string_view pkg, std::string_view entity) const {
  const Type* type = find(pkg, entity);
  if (type == nullptr || !is_extension(type->kind)) {
    return nullptr;
  }
  return &*std::ranges::lower_bound(extensions_, type->name, {}, &Extension::name);
}

Text AppDef::path_of(Text local_name) const {
  for (const Package& package : contents_.packages) {
    if (package.local_name == local_name) {
      return package.path;
    }
  }
  return {};
}

}  // namespace vvm::appdef
