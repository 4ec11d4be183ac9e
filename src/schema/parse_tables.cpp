// Tables, types, views and what stands in them.
#include "schema/parser.hpp"

namespace vvm::schema {

Stmt* Parser::table() {
  const Token& first = *t_;
  return table_rest(first, StmtKind::table);
}

TableStmt* Parser::table_rest(const Token& first, StmtKind stmt_kind) {
  auto* stmt = make<TableStmt>(stmt_kind, first);
  stmt->is_abstract = take(Tok::kw_abstract);
  if (!need(Tok::table) || !give_name(stmt)) {
    return nullptr;
  }
  stmt->has_base = take(Tok::kw_inherits);
  if (stmt->has_base && !qref(&stmt->base)) {
    return nullptr;
  }
  const bool good = need(Tok::open) && table_items(stmt) && with(&stmt->with);
  return good ? stmt : nullptr;
}

Stmt* Parser::type() {
  auto* stmt = make<TableStmt>(StmtKind::type, *t_);
  const bool good = need(Tok::kw_type) && give_name(stmt) && need(Tok::open) && table_items(stmt);
  return good ? stmt : nullptr;
}

bool Parser::table_items(TableStmt* out) {
  const std::uint32_t nested = nested_;
  const std::uint32_t references = references_;
  const bool good = items(&items_, &out->items, &Parser::table_item);
  out->has_nested = nested_ != nested;
  out->has_references = references_ != references;
  return good;
}

// The order of these tests is that of the alternatives of tableItem.
bool Parser::table_item(Item* out) {
  out->loc = loc();
  if (!is_ident(kind())) {
    return fail("field, container, constraint or name of a TYPE");
  }
  const Tok second = next();
  if (second == Tok::table || (second == Tok::kw_abstract && next(2) == Tok::table)) {
    return nested_item(out);
  }
  const bool named = at(Tok::kw_constraint) && is_ident(second) &&
                     (next(2) == Tok::kw_uniquefield || next(2) == Tok::kw_unique ||
                      (next(2) == Tok::kw_check && next(3) == Tok::open));
  if (named || (at(Tok::kw_uniquefield) && is_ident(second)) ||
      ((at(Tok::kw_unique) || at(Tok::kw_check)) && second == Tok::open)) {
    return constraint(out);
  }
  if (second == Tok::kw_ref) {
    return reference(out);
  }
  if (is_ident(second)) {
    return field(out);
  }
  QRef set;
  if (!qref(&set)) {
    return false;
  }
  if (!at(Tok::comma) && !at(Tok::close)) {
    return fail("type, `,` or `)`");
  }
  out->kind = ItemKind::field_set;
  out->name = set.name;
  out->refs = tree_->arena.make<QRef>(set);
  out->count = 1;
  return true;
}

bool Parser::nested_item(Item* out) {
  out->kind = ItemKind::nested_table;
  ++nested_;
  out->name = intern(*t_++);
  out->nested = table_rest(*t_, StmtKind::table);
  return out->nested != nullptr;
}

bool Parser::constraint(Item* out) {
  if (at(Tok::kw_constraint) && is_ident(next()) && !at(Tok::kw_unique)) {
    ++t_;
    out->name = intern(*t_++);
  }
  if (take(Tok::kw_uniquefield)) {
    out->kind = ItemKind::unique_field;
    NameRef field;
    if (!name_ref(&field)) {
      return false;
    }
    out->count = 1;
    out->fields = tree_->arena.make<NameRef>(field);
    return true;
  }
  if (take(Tok::kw_unique)) {
    out->kind = ItemKind::unique;
    List<NameRef> fields;
    if (!paren_names(&fields)) {
      return false;
    }
    out->fields = fields.data();
    out->count = static_cast<std::uint32_t>(fields.size());
    return true;
  }
  out->kind = ItemKind::check;
  ++t_;
  constraint_check_ = t_;
  const bool good = need(Tok::open) && expression() && need(Tok::close);
  constraint_check_ = nullptr;
  return good;
}

bool Parser::reference(Item* out) {
  out->kind = ItemKind::reference;
  ++references_;
  out->name = intern(*t_++);
  out->type_loc = loc();
  ++t_;
  if (!targets(out)) {
    return false;
  }
  out->required = take(Tok::not_null);
  return true;
}

// ( "(" qname,.. ")" )?
bool Parser::targets(Item* out) {
  if (!at(Tok::open)) {
    return true;
  }
  List<QRef> refs;
  const bool good = paren_qrefs(&refs);
  out->refs = refs.data();
  out->count = static_cast<std::uint32_t>(refs.size());
  return good;
}

bool Parser::field(Item* out) {
  out->doc = doc(*t_);
  out->name = intern(*t_++);
  out->type_loc = loc();
  out->kind = ItemKind::field;
  if (!data_type(out)) {
    return false;
  }
  const StringRef** regexp = &out->regexp;
  if (out->type == DataType::none) {
    QRef type;
    if (!qref(&type)) {
      return false;
    }
    auto* named = tree_->arena.make<NamedType>(type);
    out->kind = ItemKind::named_field;
    out->named = named;
    regexp = &named->regexp;
  }
  return at(Tok::comma) || at(Tok::close) || field_options(out, regexp);
}

bool Parser::field_options(Item* out, const StringRef** regexp) {
  out->required = take(Tok::not_null);
  out->verifiable = take(Tok::kw_verifiable);
  if (at(Tok::kw_default) && next() == Tok::integer) {
    ++t_;
    std::int64_t value = 0;
    signed_number(64, &value);
  }
  if (at(Tok::kw_default) && next() == Tok::string) {
    t_ += 2;
  }
  if (at(Tok::kw_check) && next() == Tok::string) {
    ++t_;
    StringRef check;
    string(&check);
    *regexp = tree_->arena.make<StringRef>(check);
  }
  if (at(Tok::kw_check) && next() == Tok::open) {
    t_ += 2;
    if (!expression() || !need(Tok::close)) {
      return false;
    }
  }
  return at(Tok::comma) || at(Tok::close) || fail("`NOT NULL`, another option, `,` or `)`");
}

// Leaves DataType::none, and takes nothing, when what follows is no data type.
bool Parser::data_type(Item* out) {
  const auto is = [this, out](DataType type, int words = 1) {
    out->type = type;
    t_ += words;
    return true;
  };
  switch (kind()) {
    case Tok::kw_tinyint:
    case Tok::kw_int8:
      return is(DataType::int8);
    case Tok::kw_smallint:
    case Tok::kw_int16:
      return is(DataType::int16);
    case Tok::kw_integer:
    case Tok::kw_int:
    case Tok::kw_int32:
      return is(DataType::int32);
    case Tok::kw_bigint:
    case Tok::kw_int64:
      return is(DataType::int64);
    case Tok::kw_real:
    case Tok::kw_float:
    case Tok::kw_float32:
      return is(DataType::float32);
    case Tok::kw_double:
      return next() != Tok::kw_precision || is(DataType::float64, 2);
    case Tok::kw_float64:
      return is(DataType::float64);
    case Tok::kw_varchar:
    case Tok::kw_text:
      return is(DataType::varchar) && length(out);
    case Tok::kw_character:
      return next() != Tok::kw_varying || (is(DataType::varchar, 2) && length(out));
    case Tok::kw_varbinary:
    case Tok::kw_bytes:
      return is(DataType::bytes) && length(out);
    case Tok::kw_binary:
      if (next() == Tok::kw_large && next(2) == Tok::kw_object) {
        return is(DataType::blob, 3);
      }
      return next() != Tok::kw_varying || (is(DataType::bytes, 2) && length(out));
    case Tok::kw_blob:
      return is(DataType::blob);
    case Tok::kw_timestamp:
      return is(DataType::timestamp);
    case Tok::kw_money:
    case Tok::kw_currency:
      return is(DataType::currency);
    case Tok::kw_boolean:
    case Tok::kw_bool:
      return is(DataType::boolean);
    case Tok::kw_qualified:
      return next() != Tok::kw_name || is(DataType::qname, 2);
    case Tok::kw_qname:
      return is(DataType::qname);
    default:
      return true;
  }
}

// ( "(" INT ")" )?
bool Parser::length(Item* out) {
  if (!take(Tok::open)) {
    return true;
  }
  if (!at(Tok::integer)) {
    return fail("length");
  }
  out->has_length = true;
  std::uint64_t length = 0;
  unsigned_number(64, &length);
  out->count = static_cast<std::uint32_t>(std::min<std::uint64_t>(length, ~std::uint32_t{0}));
  return need(Tok::close);
}

bool Parser::with(With* out) {
  if (!take(Tok::kw_with)) {
    return true;
  }
  do {
    if (take(Tok::kw_comment)) {
      if (!need(Tok::equal) || !string(&out->comment)) {
        return false;
      }
    } else if (!at(Tok::kw_tags)) {
      return fail("`Comment` or `Tags`");
    } else if (++t_; !need(Tok::equal) || !paren_qrefs(&out->tags)) {
      return false;
    }
  } while (take(Tok::comma));
  return true;
}

Stmt* Parser::view() {
  auto* stmt = make<ViewStmt>(StmtKind::view, *t_);
  const bool good = need(Tok::kw_view) && give_name(stmt) && need(Tok::open) &&
                    items(&items_, &stmt->items, &Parser::view_item) && need(Tok::kw_as) &&
                    need(Tok::kw_result) && need(Tok::kw_of) && qref(&stmt->result_of) &&
                    with(&stmt->with);
  return good ? stmt : nullptr;
}

bool Parser::view_item(Item* out) {
  out->loc = loc();
  if (at(Tok::primary_key)) {
    return key(out);
  }
  out->doc = doc(*t_);
  if (!name(&out->name)) {
    return false;
  }
  out->type_loc = loc();
  if (take(Tok::kw_ref)) {
    out->kind = ItemKind::reference;
    if (!targets(out)) {
      return false;
    }
  } else if (take(Tok::kw_record)) {
    out->kind = ItemKind::record;
  } else {
    out->kind = ItemKind::field;
    if (!data_type(out)) {
      return false;
    }
    if (out->type == DataType::none) {
      return fail("data type, `ref` or `record`");
    }
  }
  out->required = take(Tok::not_null);
  return true;
}

// ( "(" IDENT,.. ")" )? ( ","? IDENT ( "," IDENT )* )?
bool Parser::key(Item* out) {
  ++t_;
  out->kind = ItemKind::key;
  if (!need(Tok::open)) {
    return false;
  }
  Key parts{.first = loc()};
  if (at(Tok::open) && !paren_names(&parts.partition)) {
    return false;
  }
  take(Tok::comma);
  if (!at(Tok::close) || t_[-1].kind() == Tok::comma) {
    const std::size_t mark = name_refs_.size();
    do {
      NameRef column;
      if (!name_ref(&column)) {
        name_refs_.resize(mark);
        return false;
      }
      name_refs_.push_back(column);
    } while (take(Tok::comma));
    parts.clustering = tree_->arena.copy(std::span<const NameRef>(name_refs_).subspan(mark));
    name_refs_.resize(mark);
  }
  out->key = tree_->arena.make<Key>(parts);
  return take(Tok::close) || fail("`,` or `)`");
}

}  // namespace vvm::schema
