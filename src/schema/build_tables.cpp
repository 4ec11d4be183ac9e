// Structures: tables, nested tables, descriptors and objects (docs/spec/vsql.md 6).
#include <algorithm>

#include "base/check.hpp"
#include "schema/builder.hpp"

namespace vvm::schema {

using appdef::DataKind;

namespace {

constexpr std::size_t fields_max = 65536;
constexpr std::size_t containers_max = 65536;
constexpr std::size_t uniques_max = 100;
constexpr std::size_t unique_fields_max = 256;
constexpr std::uint32_t occurs_max = 100;

bool is_nested(const Symbol& symbol) { return symbol.outer != nullptr; }

}  // namespace

DataKind data_kind(DataType type) {
  switch (type) {
    case DataType::int8:
      return DataKind::int8;
    case DataType::int16:
      return DataKind::int16;
    case DataType::int32:
      return DataKind::int32;
    case DataType::int64:
    case DataType::timestamp:
    case DataType::currency:
      return DataKind::int64;
    case DataType::float32:
      return DataKind::float32;
    case DataType::float64:
      return DataKind::float64;
    case DataType::varchar:
      return DataKind::string;
    case DataType::bytes:
      return DataKind::bytes;
    case DataType::boolean:
      return DataKind::boolean;
    case DataType::blob:
      return DataKind::record_id;
    case DataType::qname:
      return DataKind::qname;
    case DataType::none:
      break;
  }
  UNREACHABLE();
}

// A definition under construction.
struct Builder::Def {
  Type* type = nullptr;
  TableKind kind = TableKind::none;  // none: an object
  BoundPackage* package = nullptr;   // whose local name it has
  std::uint32_t number = 0;
  std::size_t first_field = 0;  // in field_stack_
  std::size_t first_container = 0;
  std::size_t first_unique = 0;
  appdef::Text unique_field;

  std::span<appdef::Unique> uniques(std::vector<appdef::Unique>* stack) const {
    return std::span<appdef::Unique>(*stack).subspan(first_unique);
  }
};

bool Builder::spend() {
  if (budget_ > 1) {
    --budget_;
    return true;
  }
  if (budget_ == 1) {
    error(Rule::too_deep, 0, "definitions have too many fields altogether, inherited ones counted");
    budget_ = 0;
  }
  return false;
}

void Builder::object(Symbol* symbol) {
  symbol->type->comment = comment(*symbol->stmt);
  structure(symbol->type, symbol, TableKind::none, symbol->package());
}

void Builder::table(Symbol* symbol) {
  const auto& stmt = *static_cast<const TableStmt*>(symbol->stmt);
  const bool is_descriptor = stmt.kind == StmtKind::descriptor;
  symbol->type->comment = comment(stmt, &stmt.with);
  symbol->type->is_abstract = stmt.is_abstract;
  at_ = {.type = symbol->type};
  tags_of(symbol, stmt.with);
  structure(symbol->type,
            symbol,
            is_descriptor ? TableKind::cdoc : bound_.table_info(symbol).kind,
            symbol->package());
  nested_tables();
}

// Nested tables come after the table around them, since stamps are for one definition at a time;
// their messages get the order that they have in the text in the end.
void Builder::nested_tables() {
  while (!pending_.empty()) {
    const Pending next = pending_.back();
    pending_.pop_back();
    at_ = {.type = next.type};
    if (next.type == next.symbol->type) {
      tags_of(next.symbol, static_cast<const TableStmt*>(next.symbol->stmt)->with);
    }
    structure(next.type, next.symbol, next.symbol->table.kind, next.package);
  }
}

void Builder::structure(Type* type, Symbol* symbol, TableKind kind, BoundPackage* package) {
  auto* structure = arena_.make<appdef::Structure>();
  type->of_kind.structure = structure;
  Def def;
  def.type = type;
  def.kind = kind;
  def.package = package;
  def.number = ++def_number_;
  def.first_field = field_stack_.size();
  def.first_container = container_stack_.size();
  def.first_unique = unique_stack_.size();
  at_ = {.type = type};
  note_messages();  // about tags
  const std::span<const appdef::Field> system = appdef::system_fields(type->kind);
  field_stack_.insert(field_stack_.end(), system.begin(), system.end());
  const auto& stmt = *static_cast<const TableStmt*>(symbol->stmt);
  if (!is_nested(*symbol) && symbol->table.base != nullptr) {
    add_bases(&def, symbol->table.base);
  }
  add_items(&def, stmt.items, symbol, 0);
  structure->fields =
      arena_.copy(std::span<const appdef::Field>(field_stack_).subspan(def.first_field));
  structure->containers = arena_.copy(
      std::span<const appdef::Container>(container_stack_).subspan(def.first_container));
  field_stack_.resize(def.first_field);
  container_stack_.resize(def.first_container);
  const std::span<appdef::Unique> uniques = def.uniques(&unique_stack_);
  std::ranges::sort(uniques, {}, &appdef::Unique::entity);
  structure->uniques = arena_.copy(std::span<const appdef::Unique>(uniques));
  unique_stack_.resize(def.first_unique);
  structure->unique_field = def.unique_field;
  structure->is_singleton = stmt.kind == StmtKind::descriptor || symbol->table.singleton;
  if (structure->fields.size() > fields_max) {
    error(Rule::e657, stmt.loc, "too many: fields, maximum is 65536");
  }
  if (structure->containers.size() > containers_max) {
    error(Rule::e657, stmt.loc, "too many: containers, maximum is 65536");
  }
  ++at_.item;
  note_messages();
}

// From the root down; chains are at most nesting_max long.
void Builder::add_bases(Def* def, Symbol* symbol) {
  chain_.clear();
  for (Symbol* at = symbol; at != nullptr; at = at->table.base) {
    bound_.table_info(at);
    chain_.push_back(at);
  }
  for (auto it = chain_.rbegin(); it != chain_.rend(); ++it) {
    add_items(def, static_cast<const TableStmt*>((*it)->stmt)->items, *it, 0);
  }
}

// `owner` is the statement that the items are written in.
void Builder::add_items(Def* def, std::span<const Item> items, Symbol* owner, int depth) {
  int unnamed = 0;
  for (const Item& item : items) {
    if (!spend()) {
      return;
    }
    ++at_.item;
    switch (item.kind) {
      case ItemKind::field:
        add_field(def, item, owner);
        break;
      case ItemKind::named_field:
        add_named(def, item, owner, depth);
        break;
      case ItemKind::reference:
        add_reference(def, item, owner);
        break;
      case ItemKind::nested_table:
        add_nested(def, item, owner);
        break;
      case ItemKind::field_set:
        add_set(def, item, owner, depth);
        break;
      case ItemKind::unique:
      case ItemKind::unique_field:
        add_unique(def, item, &unnamed);
        break;
      case ItemKind::check:
      case ItemKind::record:
      case ItemKind::key:
        break;
    }
    note_messages();
  }
}

// False: the name is taken by a field, reference or nested table (E601).
bool Builder::claim(Def* def, const Item& item) {
  if (claimed_[item.name] == def->number) {
    error(Rule::e601, item.loc, "redefinition of " + text(item.name));
    return false;
  }
  claimed_[item.name] = def->number;
  return true;
}

bool Builder::length_of(const Item& item, std::uint32_t* out) {
  if (item.has_length && item.count == 0) {
    error(Rule::e652, item.type_loc, "out of bounds: maximum field length value is zero");
    return false;
  }
  *out = item.has_length ? static_cast<std::uint32_t>(item.count) : 0;
  return true;
}

void Builder::add_field(Def* def, const Item& item, Symbol* owner) {
  if (!claim(def, item)) {
    return;
  }
  fields_[item.name] = def->number;
  appdef::Field& field = field_stack_.emplace_back();
  field.name = name(item.name);
  field.kind = data_kind(item.type);
  field.is_required = item.required;
  field.is_verifiable = item.verifiable;
  length_of(item, &field.length_max);
  appdef::FieldDetails details;
  if (item.check() != nullptr) {
    details.pattern = arena_.text(string_value(item.check()->raw));
  }
  if (item.type == DataType::blob) {
    // Validation reports a blob without sys.BLOB (E710).
    const Type* const target = blob_ == nullptr ? any_ : blob_;
    details.refs = arena_.copy(std::span<const Type* const>(&target, 1));
  }
  // Elsewhere comments are lost (quirk Q6).
  if (item.doc != 0 && owner->stmt->kind == StmtKind::table && !is_nested(*owner)) {
    details.comment = doc(item.doc);
  }
  field.details = kept(details);
}

// Null when there is nothing in it.
const appdef::FieldDetails* Builder::kept(const appdef::FieldDetails& details) {
  const bool some =
      details.pattern.has_value() || !details.refs.empty() || !details.comment.empty();
  return some ? arena_.make<appdef::FieldDetails>(details) : nullptr;
}

void Builder::add_reference(Def* def, const Item& item, Symbol* owner) {
  if (!claim(def, item)) {
    return;
  }
  fields_[item.name] = def->number;
  Types& targets = types_scratch_;
  targets.clear();
  // Those of descriptors refer to anything (quirk Q24).
  if (!in_descriptor(owner)) {
    for (const QRef& ref : item.names()) {
      const Symbol* target = need(Want::table, ref, *owner->scope);
      if (target == nullptr) {
        continue;
      }
      const bool from_odoc = def->kind == TableKind::odoc || def->kind == TableKind::orecord;
      const bool to_odoc =
          target->table.kind == TableKind::odoc || target->table.kind == TableKind::orecord;
      if (def->kind != TableKind::none && !from_odoc && to_odoc) {
        error(Rule::e602,
              item.loc,
              "table " + def->type->name.str() + " can not reference to " +
                  std::string{name_of(target->type->kind)} + " «" + target->type->name.str() + "»");
      }
      targets.push_back(target->type);
    }
  }
  appdef::Field& field = field_stack_.emplace_back();
  field.name = name(item.name);
  field.kind = DataKind::record_id;
  field.is_required = item.required;
  field.details = kept({.refs = sorted(&targets)});
}

void Builder::add_container(Def* def, NameId id, Loc loc, const Type* type, Occurs occurs) {
  if (containers_[id] == def->number) {
    error(Rule::e653, loc, "already exists: container «" + text(id) + "»");
    return;
  }
  containers_[id] = def->number;
  container_stack_.push_back(
      {.name = name(id), .type = type, .occurs_min = occurs.low, .occurs_max = occurs.high});
}

void Builder::add_nested(Def* def, const Item& item, Symbol* owner) {
  if (!claim(def, item)) {
    return;
  }
  Symbol* symbol = bound_.symbol(*owner->package(), item.nested->name);
  const bool own = owner->package() == def->package;
  Type* type = own ? symbol->type : inherited_nested(def->package, symbol);
  if (own && def->type == owner->type) {
    pending_.push_back({.type = type, .symbol = symbol, .package = def->package});
  }
  add_container(def, item.name, item.loc, type, {.low = 0, .high = occurs_max});
}

// A nested table of a base of another package is made again under the name of the heir's (Q23).
Builder::Type* Builder::inherited_nested(BoundPackage* package, Symbol* symbol) {
  const auto [it, added] = inherited_.try_emplace(std::pair{package->local, symbol->stmt}, nullptr);
  if (!added) {
    return it->second;
  }
  const Symbol* same_name = bound_.symbol(*package, symbol->stmt->name);
  if (same_name != nullptr && same_name->type != nullptr &&
      same_name->type->kind == symbol->type->kind) {
    it->second = same_name->type;
    return it->second;
  }
  it->second = make_type(
      symbol->type->kind, name(package->local), name(symbol->stmt->name), symbol->type->workspace);
  it->second->tags = symbol->type->tags;
  pending_.push_back({.type = it->second, .symbol = symbol, .package = package});
  return it->second;
}

void Builder::add_named(Def* def, const Item& item, Symbol* owner, int depth) {
  const QRef& ref = item.names()[0];
  if (owner->stmt->kind == StmtKind::type) {
    if (def->kind != TableKind::none && depth > 0) {
      error(Rule::e664,
            item.loc,
            "object field " + text(item.name) + " of a type used as field set of a table");
      return;
    }
    const Symbol* object = need(Want::type, ref, *owner->scope);
    if (object != nullptr) {
      add_container(
          def, item.name, item.loc, object->type, {.low = item.required ? 1U : 0U, .high = 1});
    }
    return;
  }
  const Symbol* record = need(Want::table, ref, *owner->scope);
  if (record == nullptr) {
    return;
  }
  if (record->table.kind != nested_kind(def->kind)) {
    error(Rule::e604, 0, "incorrect nested table kind");
    return;
  }
  add_container(def, item.name, item.loc, record->type, {.low = 0, .high = occurs_max});
}

void Builder::add_set(Def* def, const Item& item, Symbol* owner, int depth) {
  if (depth > static_cast<int>(nesting_max)) {
    error(Rule::e663, item.loc, "TYPE " + text(owner->stmt->name) + " includes itself");
    budget_ = 0;  // one message; there would be no end of them
    return;
  }
  Symbol* set = need(Want::type, item.names()[0], *owner->scope);
  if (set != nullptr) {
    add_items(def, static_cast<const TableStmt*>(set->stmt)->items, set, depth + 1);
  }
}

// --------------------------------------------------------------------------------------- uniques

void Builder::add_unique(Def* def, const Item& item, int* unnamed) {
  std::vector<appdef::Text>& fields = texts_;
  fields.clear();
  for (const NameRef& field : item.unique_fields()) {
    if (fields_[field.name] != def->number) {
      error(Rule::e603, item.loc, "undefined field " + text(field.name));
      return;
    }
    fields.push_back(name(field.name));
  }
  if (item.kind == ItemKind::unique_field) {
    def->unique_field = fields[0];
    return;
  }
  std::string& entity = entity_;
  entity.assign(def->type->name.entity).append("$uniques$");
  if (item.name != 0) {
    entity += bound_.text(item.name);
  } else {
    ++*unnamed;
    entity.append(*unnamed < 10 ? "0" : "").append(std::to_string(*unnamed));
  }
  std::ranges::sort(fields);
  const appdef::Unique unique{.entity = arena_.text(entity),
                              .fields = arena_.copy(std::span<const appdef::Text>(fields))};
  if (check_unique(*def, unique, item)) {
    unique_stack_.push_back(unique);
  }
}

bool Builder::check_unique(const Def& def, const appdef::Unique& unique, const Item& item) {
  const auto qname = [&def](std::string_view entity) {
    return std::string{def.type->name.pkg} + "." + std::string{entity};
  };
  if (unique.entity.size() > 255) {
    error(Rule::e666,
          item.loc,
          "unique name «" + qname(unique.entity) + "» is invalid: out of bounds: ident «" +
              std::string{unique.entity} + "» too long (" + std::to_string(unique.entity.size()) +
              " runes, max is 255)");
    return false;
  }
  if (unique.fields.size() > unique_fields_max) {
    error(Rule::e656,
          item.loc,
          "too many: fields in unique «" + qname(unique.entity) + "», maximum is 256");
    return false;
  }
  const std::span<const appdef::Unique> others = def.uniques(&unique_stack_);
  for (const appdef::Unique& other : others) {
    if (other.entity == unique.entity) {
      error(Rule::e654, item.loc, "already exists: unique «" + qname(unique.entity) + "»");
      return false;
    }
    if (std::ranges::includes(other.fields, unique.fields) ||
        std::ranges::includes(unique.fields, other.fields)) {
      error(Rule::e655,
            item.loc,
            "already exists: type already has unique «" + qname(other.entity) +
                "» which fields overlaps new unique fields");
      return false;
    }
  }
  if (others.size() >= uniques_max) {
    error(Rule::e656, item.loc, "too many: uniques, maximum is 100");
    return false;
  }
  return true;
}

}  // namespace vvm::schema
