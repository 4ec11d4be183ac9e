// A writer of indented JSON, and the members of each kind of type in their order.
#include "appdef/dump.hpp"

#include <algorithm>
#include <charconv>

#include "base/utf8.hpp"

namespace vvm::appdef {
namespace {

// Objects and arrays open by key or as an element; members that are false or empty are left out by
// the callers.
class Writer {
 public:
  std::string take() {
    out_.push_back('\n');
    return std::move(out_);
  }

  void open(char bracket) {
    element();
    out_.push_back(bracket);
    ++depth_;
    first_ = true;
  }

  void open(std::string_view key, char bracket) {
    this->key(key);
    open(bracket);
  }

  void close(char bracket) {
    --depth_;
    if (!first_) {
      line();
    }
    out_.push_back(bracket);
    first_ = false;
  }

  void key(std::string_view key) {
    element();
    string(key);
    out_.append(": ");
    after_key_ = true;
  }

  void value(std::string_view text) {
    element();
    string(text);
  }

  void number(std::int64_t number) {
    element();
    out_.append(std::to_string(number));
  }

  void member(std::string_view name, std::string_view text) {
    key(name);
    value(text);
  }

  void member(std::string_view name, const TypeName& type) { member(name, type.str()); }

  void member(std::string_view name, Text text) { member(name, text.view()); }

  void flag(std::string_view name, bool set) {
    if (set) {
      key(name);
      element();
      out_.append("true");
    }
  }

 private:
  void line() {
    out_.push_back('\n');
    out_.append(static_cast<std::size_t>(depth_) * 2, ' ');
  }

  // In front of a key or a value.
  void element() {
    if (after_key_) {
      after_key_ = false;
      return;
    }
    if (!first_) {
      out_.push_back(',');
    }
    if (depth_ > 0) {
      line();
    }
    first_ = false;
  }

  // Comments may have octets that are not UTF-8: each becomes U+FFFD.
  void string(std::string_view text) {
    constexpr std::string_view hex = "0123456789abcdef";
    out_.push_back('"');
    for (std::size_t i = 0; i < text.size(); ++i) {
      const char c = text[i];
      const auto octet = static_cast<unsigned char>(c);
      if (octet >= 0x80) {
        char32_t code = 0;
        i += decode_utf8(text.substr(i), &code) - 1;
        append_utf8(&out_, code);
      } else if (c == '"' || c == '\\') {
        out_.push_back('\\');
        out_.push_back(c);
      } else if (c == '\n') {
        out_.append("\\n");
      } else if (octet < 0x20) {
        out_.append("\\u00").append(1, hex[octet >> 4U]).append(1, hex[octet & 15U]);
      } else {
        out_.push_back(c);
      }
    }
    out_.push_back('"');
  }

  std::string out_;
  int depth_ = 0;
  bool first_ = true;
  bool after_key_ = false;
};

void texts(Writer* w, std::string_view key, List<Text> list) {
  if (list.empty()) {
    return;
  }
  w->open(key, '[');
  for (const Text text : list) {
    w->value(text);
  }
  w->close(']');
}

void names(Writer* w, std::string_view key, List<const Type*> list) {
  if (list.empty()) {
    return;
  }
  w->open(key, '[');
  for (const Type* type : list) {
    w->value(type->name.str());
  }
  w->close(']');
}

template <class Enum>
void set(Writer* w, std::string_view key, SetOf<Enum> values, std::size_t count) {
  w->open(key, '[');
  for (std::size_t i = 0; i < count; ++i) {
    if (values.has(static_cast<Enum>(i))) {
      w->value(name_of(static_cast<Enum>(i)));
    }
  }
  w->close(']');
}

void field(Writer* w, const Field& field) {
  w->open('{');
  w->member("name", field.name);
  w->member("kind", name_of(field.kind));
  w->flag("required", field.is_required);
  if (field.is_verifiable) {
    w->open("verify", '[');
    w->value("EMail");
    w->close(']');
  }
  names(w, "refs", field.refs());
  if (field.length_max > 0 || field.pattern().has_value()) {
    w->open("constraints", '{');
    if (field.length_max > 0) {
      w->key("MaxLen");
      w->number(field.length_max);
    }
    if (field.pattern().has_value()) {
      w->member("Pattern", *field.pattern());
    }
    w->close('}');
  }
  texts(w, "comment", field.comment());
  w->close('}');
}

void fields(Writer* w, std::string_view key, List<Field> list) {
  w->open(key, '[');
  for (const Field& each : list) {
    field(w, each);
  }
  w->close(']');
}

void filter(Writer* w, const Filter& f) {
  w->open('{');
  switch (f.kind) {
    case Filter::Kind::names:
      names(w, "qnames", f.names);
      break;
    case Filter::Kind::tags:
      names(w, "tags", f.names);
      break;
    case Filter::Kind::types:
      set(w, "types", f.types, type_kinds);
      if (f.workspace != nullptr) {
        w->member("workspace", f.workspace->name);
      }
      break;
    case Filter::Kind::conjunction:
    case Filter::Kind::disjunction:
      w->open(f.kind == Filter::Kind::conjunction ? "and" : "or", '[');
      for (const Filter& part : f.parts) {
        filter(w, part);
      }
      w->close(']');
      break;
  }
  w->close('}');
}

void structure(Writer* w, const Type& type) {
  const Structure& s = *type.structure();
  w->flag("singleton", s.is_singleton);
  fields(w, "fields", s.fields);
  if (!s.containers.empty()) {
    w->open("containers", '[');
    for (const Container& container : s.containers) {
      w->open('{');
      w->member("name", container.name);
      w->member("type", container.type->name);
      w->key("min");
      w->number(container.occurs_min);
      w->key("max");
      w->number(container.occurs_max);
      w->close('}');
    }
    w->close(']');
  }
  if (!s.uniques.empty()) {
    w->open("uniques", '[');
    for (const Unique& unique : s.uniques) {
      w->open('{');
      w->member("name", TypeName{.pkg = type.name.pkg, .entity = unique.entity});
      texts(w, "fields", unique.fields);
      w->close('}');
    }
    w->close(']');
  }
  if (!s.unique_field.empty()) {
    w->member("uniqueField", s.unique_field);
  }
}

void storages(Writer* w, std::string_view key, List<StorageUse> list) {
  if (list.empty()) {
    return;
  }
  w->open(key, '[');
  for (const StorageUse& use : list) {
    w->open('{');
    w->member("storage", use.storage);
    names(w, "entities", use.entities);
    w->close('}');
  }
  w->close(']');
}

void extension(Writer* w, const Type& type) {
  const ExtensionInfo& e = *type.extension();
  w->member("entry", type.name.entity);
  w->member("engine", name_of(e.engine));
  if (e.param != nullptr) {
    w->member("param", e.param->name);
  }
  if (e.unlogged_param != nullptr) {
    w->member("unloggedParam", e.unlogged_param->name);
  }
  if (e.result != nullptr) {
    w->member("result", e.result->name);
  }
  w->flag("sync", e.is_sync);
  w->flag("wantErrors", e.wants_errors);
  if (type.kind == TypeKind::projector) {
    w->open("events", '[');
    for (const Event& event : e.events) {
      w->open('{');
      set(w, "ops", event.ops, operations);
      w->key("filter");
      filter(w, event.filter);
      w->close('}');
    }
    w->close(']');
  }
  if (type.kind == TypeKind::job) {
    w->member("cron", e.schedule);
  }
  storages(w, "states", e.states);
  storages(w, "intents", e.intents);
}

void workspace(Writer* w, const WorkspaceInfo& info) {
  if (info.descriptor != nullptr) {
    w->member("descriptor", info.descriptor->name);
  }
  names(w, "ancestors", info.ancestors);
  names(w, "uses", info.uses);
  names(w, "types", info.types);
  if (info.acl.empty()) {
    return;
  }
  w->open("acl", '[');
  for (const AclRule& rule : info.acl) {
    w->open('{');
    w->member("policy", rule.is_allow ? "Allow" : "Deny");
    set(w, "ops", rule.ops, operations);
    w->key("filter");
    filter(w, rule.filter);
    texts(w, "fields", rule.fields);
    w->member("role", rule.role->name);
    texts(w, "comment", rule.comment);
    w->close('}');
  }
  w->close(']');
}

void by_kind(Writer* w, const Type& type) {
  if (type.structure() != nullptr) {
    structure(w, type);
  } else if (type.view() != nullptr) {
    fields(w, "partKey", type.view()->partition_key);
    fields(w, "clustCols", type.view()->clustering_columns);
    fields(w, "value", type.view()->value);
  } else if (type.extension() != nullptr) {
    extension(w, type);
  } else if (type.info() != nullptr) {
    workspace(w, *type.info());
  } else if (type.rate() != nullptr) {
    w->key("count");
    w->number(type.rate()->count);
    w->key("periodSec");
    w->number(type.rate()->period_seconds);
    set(w, "scopes", type.rate()->scopes, 4);
  } else if (type.limit() != nullptr) {
    set(w, "ops", type.limit()->ops, operations);
    w->member("option", type.limit()->each ? "EACH" : "ALL");
    w->key("filter");
    filter(w, type.limit()->filter);
    w->member("rate", type.limit()->rate->name);
  } else if (type.kind == TypeKind::data) {
    w->member("dataKind", name_of(type.data_kind));
  } else if (type.kind == TypeKind::tag && !type.tag()->feature.empty()) {
    w->member("feature", type.tag()->feature);
  }
  w->flag("published", type.is_published);
}

}  // namespace

std::string dump(const AppDef& app_def) {
  Writer w;
  w.open('{');
  w.member("format", "vsql-appdef/1");
  w.member("application", app_def.application());
  w.open("packages", '{');
  for (const Package& package : app_def.packages()) {
    w.member(package.local_name, package.path);
  }
  w.close('}');
  w.open("types", '[');
  for (const Type* type : app_def.types()) {
    w.open('{');
    w.member("name", type->name);
    w.member("kind", name_of(type->kind));
    if (type->workspace != nullptr) {
      w.member("workspace", type->workspace->name);
    }
    texts(&w, "comment", type->comment);
    names(&w, "tags", type->tags);
    w.flag("abstract", type->is_abstract);
    by_kind(&w, *type);
    w.close('}');
  }
  w.close(']');
  w.close('}');
  return w.take();
}

Sha256 fingerprint(const AppDef& app_def) { return sha256(dump(app_def)); }

}  // namespace vvm::appdef
