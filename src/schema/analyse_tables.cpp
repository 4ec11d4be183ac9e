// Tables, types and descriptors (docs/spec/vsql.md 5.8).
#include <algorithm>

#include "schema/analyser.hpp"
#include "schema/regexp.hpp"

namespace vvm::schema {
namespace {

constexpr std::uint64_t length_max = 65535;

}  // namespace

void Analyser::table(const Entry& entry) {
  const auto& stmt = *static_cast<const TableStmt*>(entry.stmt);
  tags(stmt.with);
  nested_tables(stmt.items, bound_.table_info(entry.symbol).kind);
  field_sets(stmt.items);
  items(stmt.items, true);
  if (stmt.has_base) {
    const Found base = bound_.resolve(Want::table, stmt.base, *here_);
    if (base.symbol == nullptr) {
      // Only a root table of sys gets here: the base of another decides its kind.
      fail(Want::table, stmt.base, stmt.base.loc, *base.failure);
    } else if (!static_cast<const TableStmt*>(base.symbol->stmt)->is_abstract) {
      error(Rule::e521, stmt.base.loc, "base table must be abstract");
    }
  }
}

void Analyser::type(const Entry& entry) {
  const auto& stmt = *static_cast<const TableStmt*>(entry.stmt);
  for (const Item& item : stmt.items) {
    if (item.kind == ItemKind::nested_table) {
      error(Rule::e524, item.loc, "nested tables not supported in types");
    }
  }
  field_sets(stmt.items);
  items(stmt.items, false);
}

void Analyser::descriptor(Ws* ws) {
  const TableStmt& stmt = *ws->stmt->descriptor;
  if (ws->stmt->is_abstract) {
    error(Rule::e514, stmt.loc, "abstract workspace cannot have a descriptor");
  }
  nested_tables(stmt.items, TableKind::cdoc);
  items(stmt.items, true);
  field_sets(stmt.items);
}

void Analyser::tags(const With& with) {
  for (const QRef& tag : with.tags) {
    need(Want::tag, tag);
  }
}

// False: this application asks for more work than any that people write.
bool Analyser::spend(std::size_t steps) {
  if (budget_ >= steps) {
    budget_ -= steps;
    return true;
  }
  if (budget_ != 0) {
    error(Rule::too_deep, 0, "constraints and field sets take too many steps to analyse");
  }
  budget_ = 0;
  return false;
}

// ------------------------------------------------------------------------------- nested tables

const Failure* Analyser::why_not_nested(Symbol* nested, TableKind outer) {
  const auto& stmt = *static_cast<const TableStmt*>(nested->stmt);
  const TableKind expected = nested_kind(outer);
  if (stmt.is_abstract) {
    return bound_.failure(Rule::e522, "nested abstract table " + text(stmt.name));
  }
  if (!stmt.has_base) {
    nested->table = {.known = true, .kind = expected};
    return expected == TableKind::none ? bound_.failure(Rule::e520, "undefined table kind")
                                       : nullptr;
  }
  const TableInfo& info = bound_.table_info(nested);
  if (info.failure != nullptr) {
    return info.failure;
  }
  return info.kind == expected ? nullptr
                               : bound_.failure(Rule::e523, "incorrect nested table kind");
}

// Depth first; the first fault stops the rest of its list.
bool Analyser::nested_tables(List<Item> items, TableKind outer) {
  for (const Item& item : items) {
    if (item.kind != ItemKind::nested_table) {
      continue;
    }
    Symbol* nested = bound_.symbol(*here_->package, item.nested->name);
    const Failure* failure = why_not_nested(nested, outer);
    if (failure != nullptr) {
      bound_.fail(item.loc, *failure);
      return false;
    }
    tags(item.nested->with);
    nested_tables(item.nested->items, outer);
  }
  return true;
}

void Analyser::field_sets(List<Item> items) {
  for (const Item& item : items) {
    if (item.kind == ItemKind::field_set) {
      need(Want::type, item.names()[0]);
    } else if (item.kind == ItemKind::nested_table) {
      field_sets(item.nested->items);
    }
  }
}

// --------------------------------------------------------------------------------------- items

void Analyser::mark_names(List<Item> items) {
  ++stamp_;
  spend(items.size());
  for (const Item& item : items) {
    if (item.kind == ItemKind::field || item.kind == ItemKind::named_field ||
        item.kind == ItemKind::reference || item.kind == ItemKind::nested_table) {
      stamps_[item.name] = stamp_;
    }
  }
}

void Analyser::items(List<Item> items, bool is_table) {
  std::vector<NameId> names;
  bool marked = false;
  std::uint32_t own_stamp = 0;
  const std::size_t first_in_uniques = in_uniques_.size();
  for (const Item& item : items) {
    switch (item.kind) {
      case ItemKind::field:
        field(item, is_table);
        break;
      case ItemKind::named_field:
        named_field(item, is_table);
        break;
      case ItemKind::nested_table:
        this->items(item.nested->items, true);
        break;
      case ItemKind::unique:
      case ItemKind::unique_field:
      case ItemKind::check:
        if (item.name != 0) {
          if (!spend(names.size())) {
            return;
          }
          if (std::ranges::find(names, item.name) != names.end()) {
            error(Rule::e531, item.loc, "redefinition of " + text(item.name));
            break;
          }
          names.push_back(item.name);
        }
        if (!marked || own_stamp != stamp_) {
          mark_names(items);
          marked = true;
          own_stamp = stamp_;
        }
        first_in_uniques_ = first_in_uniques;
        constraint(items, item);
        break;
      default:
        break;
    }
  }
  in_uniques_.resize(first_in_uniques);
}

void Analyser::pattern(const Item& item) {
  if (item.type != DataType::varchar) {
    error(Rule::e527, item.check()->loc, "regexp CHECK only available for varchar field");
    return;
  }
  const std::string reason = regexp_error(string_value(item.check()->raw));
  if (!reason.empty()) {
    error(Rule::e528, item.check()->loc, "CHECK regexp error:  error parsing regexp: " + reason);
  }
}

void Analyser::data_type(const Item& item, bool blobs) {
  if (item.count > length_max) {
    error(Rule::e529, item.type_loc, "maximum field length is 65535");
  }
  if (item.type == DataType::blob && !blobs) {
    error(Rule::e530, item.type_loc, "BLOB field only allowed in table");
  }
}

void Analyser::field(const Item& item, bool is_table) {
  if (item.check() != nullptr) {
    pattern(item);
  }
  data_type(item, is_table);
}

void Analyser::named_field(const Item& item, bool is_table) {
  if (item.check() != nullptr) {
    pattern(item);
  }
  const QRef& ref = item.names()[0];
  if (!is_table) {
    need(Want::type, ref);
    return;
  }
  const Found found = bound_.resolve(Want::table, ref, *here_);
  if (found.symbol == nullptr) {
    if (!found.failure->not_found) {
      bound_.fail(ref.loc, *found.failure);
      return;
    }
    fail(Want::table,
         ref,
         ref.loc,
         {.rule = Rule::e526,
          .text = "undefined data type or table: " + bound_.written(ref),
          .not_found = true});
    return;
  }
  if (static_cast<const TableStmt*>(found.symbol->stmt)->is_abstract) {
    error(Rule::e522, ref.loc, "nested abstract table " + bound_.written(ref));
    return;
  }
  // A nested table is what it is wherever it is analysed (quirk Q26).
  if (!is_record(bound_.table_info(found.symbol).kind) && found.symbol->outer == nullptr) {
    error(Rule::e525, ref.loc, bound_.written(ref) + " type not supported");
  }
}

// ---------------------------------------------------------------------------------- constraints

// In the field sets of a list, which the caller has looked at itself.
bool Analyser::has_field(List<Item> items, NameId name, int depth) {
  bool found = false;
  for (const Item& item : items) {
    if (!spend(1)) {
      return true;
    }
    const bool named = item.kind == ItemKind::field || item.kind == ItemKind::named_field ||
                       item.kind == ItemKind::reference || item.kind == ItemKind::nested_table;
    if (depth > 0 && named && item.name == name) {
      return true;
    }
    if (item.kind != ItemKind::field_set || found || depth > 64) {
      continue;
    }
    const Found set = bound_.resolve(Want::type, item.names()[0], *here_);
    if (set.symbol == nullptr) {
      fail(Want::type, item.names()[0], item.names()[0].loc, *set.failure);
      continue;
    }
    found = has_field(static_cast<const TableStmt*>(set.symbol->stmt)->items, name, depth + 1);
  }
  return found;
}

void Analyser::constraint(List<Item> items, const Item& item) {
  if (item.kind == ItemKind::check) {
    return;
  }
  for (const NameRef& field : item.unique_fields()) {
    const std::span<const NameId> in_uniques =
        std::span<const NameId>(in_uniques_).subspan(first_in_uniques_);
    if (!spend(in_uniques.size())) {
      return;
    }
    if (item.kind == ItemKind::unique) {
      for (const NameId earlier : in_uniques) {
        if (earlier == field.name) {
          error(
              Rule::e533, item.loc, "field " + text(field.name) + " already in unique constraint");
        }
      }
    }
    if (stamps_[field.name] != stamp_ && !has_field(items, field.name, 0)) {
      error(Rule::e532, item.loc, "undefined field " + text(field.name));
      continue;
    }
    if (item.kind == ItemKind::unique) {
      in_uniques_.push_back(field.name);
    }
  }
}

// ----------------------------------------------------------------------------------- references

void Analyser::references(List<Item> items, TableKind from) {
  for (const Item& item : items) {
    if (item.kind == ItemKind::nested_table) {
      references(item.nested->items, from);
      continue;
    }
    if (item.kind != ItemKind::reference) {
      continue;
    }
    for (const QRef& ref : item.names()) {
      Symbol* target = need(Want::table, ref);
      if (target == nullptr) {
        continue;
      }
      if (static_cast<const TableStmt*>(target->stmt)->is_abstract) {
        error(Rule::e534, ref.loc, "reference to abstract table " + bound_.written(ref));
        continue;
      }
      const TableKind to = bound_.table_info(target).kind;
      if ((from == TableKind::cdoc || from == TableKind::crecord) &&
          (to == TableKind::wdoc || to == TableKind::wrecord)) {
        error(Rule::e535, ref.loc, bound_.written(ref) + ": reference to WDoc/WRecord");
      }
    }
  }
}

}  // namespace vvm::schema
