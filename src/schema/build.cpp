// The types of an application, the steps that fill them, and the finished AppDef.
#include "schema/build.hpp"

#include <algorithm>
#include <array>

#include "base/check.hpp"
#include "schema/builder.hpp"

namespace vvm::schema {

using appdef::DataKind;
using appdef::TypeKind;

namespace {

constexpr std::string_view sys_path = "voedger.com/packages/sys";
constexpr std::size_t name_max = 255;
constexpr std::size_t stack_first = 64;

TypeKind type_kind(TableKind kind) {
  switch (kind) {
    case TableKind::cdoc:
      return TypeKind::cdoc;
    case TableKind::wdoc:
      return TypeKind::wdoc;
    case TableKind::odoc:
      return TypeKind::odoc;
    case TableKind::crecord:
      return TypeKind::crecord;
    case TableKind::wrecord:
      return TypeKind::wrecord;
    case TableKind::orecord:
      return TypeKind::orecord;
    case TableKind::none:
      break;
  }
  return TypeKind::any;
}

TypeKind type_kind(StmtKind kind) {
  switch (kind) {
    case StmtKind::workspace:
      return TypeKind::workspace;
    case StmtKind::descriptor:
      return TypeKind::cdoc;
    case StmtKind::tag:
      return TypeKind::tag;
    case StmtKind::role:
      return TypeKind::role;
    case StmtKind::rate:
      return TypeKind::rate;
    case StmtKind::limit:
      return TypeKind::limit;
    case StmtKind::type:
      return TypeKind::object;
    case StmtKind::view:
      return TypeKind::view;
    case StmtKind::projector:
      return TypeKind::projector;
    case StmtKind::job:
      return TypeKind::job;
    case StmtKind::command:
      return TypeKind::command;
    case StmtKind::query:
      return TypeKind::query;
    default:
      return TypeKind::any;  // no type
  }
}

// Eight octets of a text as a number that compares as they do; zeros behind its end.
std::uint64_t octets_of(std::string_view text, std::size_t from) {
  std::uint64_t octets = 0;
  for (std::size_t i = from; i < from + 8; ++i) {
    octets = (octets << 8U) | (i < text.size() ? static_cast<unsigned char>(text[i]) : 0U);
  }
  return octets;
}

}  // namespace

std::shared_ptr<const appdef::AppDef> build(Bound* bound, const Variables& variables) {
  return Builder(bound, variables).run();
}

Builder::Builder(Bound* bound, const Variables& variables)
    : bound_(*bound),
      variables_(variables),
      claimed_(bound->names().size()),
      fields_(bound->names().size()),
      containers_(bound->names().size()),
      positions_(bound->names().size()) {
  field_stack_.reserve(stack_first);
  container_stack_.reserve(stack_first);
  rules_.reserve(stack_first);
  for (BoundPackage& package : bound->packages()) {
    by_path_.push_back(&package);
  }
  std::ranges::sort(by_path_, {}, &BoundPackage::path);
}

std::shared_ptr<const appdef::AppDef> Builder::run() {
  make_types();
  step(StmtKind::tag, &Builder::tag);
  step(StmtKind::type, &Builder::object);
  step(StmtKind::rate, &Builder::rate);
  tables();
  if (bound_.report().failed()) {
    return nullptr;
  }
  step(StmtKind::view, &Builder::view);
  step(StmtKind::command, &Builder::command);
  step(StmtKind::projector, &Builder::projector);
  if (bound_.report().failed()) {
    return nullptr;
  }
  step(StmtKind::job, &Builder::job);
  step(StmtKind::role, &Builder::role);
  step(StmtKind::query, &Builder::query);
  for (Ws& ws : bound_.workspaces()) {
    workspace(&ws);
  }
  acl();
  step(StmtKind::limit, &Builder::limit);
  return finish();
}

void Builder::tables() {
  said_.clear();  // of types, whose messages stay as they are
  first_said_ = bound_.report().kept().size();
  noted_ = bound_.report().count();
  for (BoundPackage* package : by_path_) {
    for (const StmtKind kind : {StmtKind::table, StmtKind::descriptor}) {
      for (const Entry& entry : package->entries) {
        if (entry.kind == kind) {
          table(entry.symbol);
        }
      }
    }
  }
  if (!said_.empty()) {
    order_messages();
  }
}

// One statement after the other, by packages in ascending order of paths.
void Builder::step(StmtKind kind, void (Builder::*build)(Symbol*)) {
  for (BoundPackage* package : by_path_) {
    for (const Entry& entry : package->entries) {
      if (entry.kind == kind) {
        (this->*build)(entry.symbol);
      }
    }
  }
}

// --------------------------------------------------------------------------------------- helpers

Symbol* Builder::need(Want want, const QRef& ref, const Scope& here) {
  const Found found = bound_.resolve(want, ref, here);
  if (found.symbol == nullptr) {
    bound_.fail(ref.loc, *found.failure);
  }
  return found.symbol;
}

std::span<const Builder::Type* const> Builder::sorted(Types* types) {
  std::ranges::sort(*types, {}, &Type::name);
  const auto repeated = std::ranges::unique(*types);
  types->erase(repeated.begin(), repeated.end());
  return arena_.copy(std::span<const Type* const>(*types));
}

// lines_, in the arena.
std::span<const appdef::Text> Builder::kept_lines() {
  texts_.clear();
  for (const std::string_view line : lines_) {
    texts_.push_back(arena_.text(line));
  }
  return arena_.copy(std::span<const appdef::Text>(texts_));
}

std::span<const appdef::Text> Builder::comment(const Stmt& stmt, const With* with) {
  if (with == nullptr || !with->comment.present()) {
    return doc(stmt.doc);
  }
  const std::string value = string_value(with->comment.raw);
  lines_.clear();
  std::string_view rest = value;
  while (true) {
    const std::size_t end = rest.find('\n');
    lines_.push_back(rest.substr(0, end));
    if (end == std::string_view::npos) {
      return kept_lines();
    }
    rest.remove_prefix(end + 1);
  }
}

// Is it a type of the workspace, or of one it inherits (5.14)?
bool Builder::visible(const Ws& ws, const Type& type) const {
  const Type* home = type.workspace;
  return home == ws.symbol->type || home == sys_workspace_ ||
         std::ranges::any_of(ws.ancestors,
                             [home](const Ws* each) { return each->symbol->type == home; });
}

void Builder::tags_of(Symbol* symbol, const With& with) {
  Types& tags = types_scratch_;
  tags.clear();
  for (const QRef& ref : with.tags) {
    const Symbol* tag = need(Want::tag, ref, *symbol->scope);
    if (tag == nullptr) {
      continue;
    }
    if (!visible(*symbol->scope->workspace, *tag->type)) {
      error(Rule::e661, ref.loc, "not found: tag " + tag->type->name.str());
    }
    tags.push_back(tag->type);
  }
  symbol->type->tags = sorted(&tags);
}

// ----------------------------------------------------------------------------------------- types

Builder::Type* Builder::make_type(TypeKind kind,
                                  appdef::Text pkg,
                                  appdef::Text entity,
                                  const Type* workspace) {
  Type* type = arena_.make<Type>();
  type->name = {.pkg = pkg, .entity = entity};
  type->kind = kind;
  type->workspace = workspace;
  made_.push_back(type);
  return type;
}

void Builder::make_type_of(Symbol* symbol) {
  const StmtKind stmt_kind = symbol->kind;
  const TypeKind kind = stmt_kind == StmtKind::table ? type_kind(bound_.table_info(symbol).kind)
                                                     : type_kind(stmt_kind);
  const Ws* ws = symbol->scope->workspace;
  if (kind == TypeKind::any || symbol->type != nullptr ||
      (ws == nullptr && kind != TypeKind::workspace)) {
    return;
  }
  const bool is_workspace = kind == TypeKind::workspace;
  symbol->type = make_type(kind,
                           name(symbol->package()->local),
                           name(symbol->stmt->name),
                           is_workspace ? nullptr : ws->symbol->type);
  if (symbol->type->name.entity.size() > name_max) {
    const std::string entity{symbol->type->name.entity};
    error(Rule::e666,
          symbol->stmt->loc,
          "invalid type name «" + symbol->type->name.str() + "»: out of bounds: ident «" + entity +
              "» too long (" + std::to_string(entity.size()) + " runes, max is 255)");
  }
}

void Builder::make_types() {
  made_.reserve(bound_.symbols() + 32);  // and those of sys
  any_ = arena_.make<Type>();
  const NameId sys = bound_.names().find("sys");
  sys_ = sys == 0 ? arena_.text("sys") : name(sys);
  any_->name = {.pkg = sys_, .entity = arena_.text("ANY")};
  make_sys_types();
  // Workspaces first: every other type points at one.
  for (Ws& ws : bound_.workspaces()) {
    if (&ws != bound_.sys_workspace()) {
      make_type_of(ws.symbol);
    }
  }
  bound_.for_each_symbol([this](Symbol* symbol) { make_type_of(symbol); });
  if (bound_.sys() != nullptr) {
    Symbol* blob = bound_.symbol(*bound_.sys(), bound_.names().find("BLOB"));
    blob_ = blob == nullptr ? nullptr : blob->type;
  }
}

void Builder::make_sys_view(std::string_view entity, const std::vector<appdef::Field>& fields) {
  auto* view = arena_.make<appdef::View>();
  const std::span<const appdef::Field> all = arena_.copy(std::span<const appdef::Field>(fields));
  view->partition_key = all.subspan(0, 1);
  view->clustering_columns = all.subspan(1, 1);
  view->value = all.subspan(2);
  make_type(TypeKind::view, sys_, arena_.text(entity), sys_workspace_)->of_kind.view = view;
}

// docs/spec/vsql.md 8.2.
void Builder::make_sys_types() {
  sys_workspace_ = make_type(TypeKind::workspace, sys_, arena_.text("Workspace"), nullptr);
  if (bound_.sys_workspace() != nullptr) {
    bound_.sys_workspace()->symbol->type = sys_workspace_;
  }
  for (unsigned i = 0; i <= static_cast<unsigned>(DataKind::event); ++i) {
    const auto kind = static_cast<DataKind>(i);
    make_type(TypeKind::data, sys_, arena_.text(name_of(kind)), sys_workspace_)->data_kind = kind;
  }
  const auto field = [this](std::string_view name, DataKind kind, bool required) {
    return appdef::Field{.name = arena_.text(name), .kind = kind, .is_required = required};
  };
  const appdef::Field row = system_fields(TypeKind::view)[0];
  make_sys_view("projectionOffsets",
                {field("partition", DataKind::int32, true),
                 field("projector", DataKind::qname, false),
                 row,
                 field("offset", DataKind::int64, true)});
  make_sys_view("NextBaseWSID",
                {field("dummy1", DataKind::int32, true),
                 field("dummy2", DataKind::int32, false),
                 row,
                 field("NextBaseWSID", DataKind::int64, true)});
  Type* descriptor = make_type(TypeKind::cdoc, sys_, arena_.text("sysWS"), sys_workspace_);
  auto* structure = arena_.make<appdef::Structure>();
  structure->fields = system_fields(TypeKind::cdoc);
  descriptor->of_kind.structure = structure;
  auto* info = arena_.make<appdef::WorkspaceInfo>();
  info->descriptor = descriptor;
  sys_workspace_->of_kind.info = info;
  sys_workspace_->is_abstract = true;
}

void Builder::tag(Symbol* symbol) {
  const auto& stmt = *static_cast<const TagStmt*>(symbol->stmt);
  symbol->type->comment = comment(stmt);
  auto* info = arena_.make<appdef::TagInfo>();
  if (stmt.feature.present()) {
    info->feature = arena_.text(string_value(stmt.feature.raw));
  }
  symbol->type->of_kind.tag = info;
}

void Builder::role(Symbol* symbol) {
  const auto& stmt = *static_cast<const RoleStmt*>(symbol->stmt);
  symbol->type->comment = comment(stmt);
  symbol->type->is_published = stmt.is_published;
}

// ------------------------------------------------------------------------------------ workspaces

void Builder::workspace(Ws* ws) {
  Type* type = ws->symbol->type;
  auto* info = arena_.make<appdef::WorkspaceInfo>();
  if (type == sys_workspace_) {
    *info = *type->info();
    type->is_abstract = ws->stmt->is_abstract;
  }
  type->of_kind.info = info;
  type->comment = comment(*ws->stmt);
  type->is_abstract = ws->stmt->is_abstract;
  if (ws->stmt->descriptor != nullptr) {
    const Symbol* descriptor = bound_.symbol(*ws->package(), ws->stmt->descriptor->name);
    info->descriptor = descriptor->type;
  }
  Types& ancestors = types_scratch_;
  ancestors.clear();
  for (const Ws* each : bound_.ancestors(ws)) {
    ancestors.push_back(each->symbol->type);
  }
  if (ancestors.empty() && type != sys_workspace_) {
    ancestors.push_back(sys_workspace_);
  }
  info->ancestors = sorted(&ancestors);
}

// USE WORKSPACE, and workspaces declared in others.
void Builder::uses() {
  std::vector<std::pair<const Type*, const Type*>> pairs;  // user, used
  for (BoundPackage* package : by_path_) {
    for (const Entry& entry : package->entries) {
      const Ws* user = entry.scope->workspace;
      if (user == nullptr) {
        continue;
      }
      if (entry.kind == StmtKind::workspace) {
        pairs.emplace_back(user->symbol->type, entry.symbol->type);
      } else if (entry.kind == StmtKind::use_workspace) {
        const NameRef& target = static_cast<const UseWorkspaceStmt*>(entry.stmt)->target;
        const QRef ref{.qualifier = package->local, .name = target.name, .loc = target.loc};
        const Symbol* used = need(Want::workspace, ref, *entry.scope);
        if (used != nullptr) {
          pairs.emplace_back(user->symbol->type, used->type);
        }
      }
    }
  }
  std::ranges::sort(
      pairs, {}, [](const auto& pair) { return std::pair{pair.first->name, pair.second->name}; });
  for (std::size_t from = 0; from < pairs.size();) {
    Types& used = types_scratch_;
    used.clear();
    std::size_t to = from;
    for (; to < pairs.size() && pairs[to].first == pairs[from].first; ++to) {
      used.push_back(pairs[to].second);
    }
    info_of(pairs[from].first)->uses = sorted(&used);
    from = to;
  }
}

// --------------------------------------------------------------------------------- the finished

std::span<const appdef::Package> Builder::package_map() {
  std::vector<appdef::Package> packages;
  bool has_sys = false;
  for (const BoundPackage* package : by_path_) {
    const appdef::Text local = name(package->local);
    has_sys = has_sys || package->is_sys;
    packages.push_back(
        {.local_name = local, .path = arena_.text(package->is_sys ? sys_path : package->path)});
    if (!package->is_sys && local == "sys") {
      error(Rule::e668,
            0,
            "already exists: package local name «sys» already used for «" + std::string{sys_path} +
                "»");
    }
    if (package->path == sys_path) {
      error(Rule::e668,
            0,
            "already exists: package path «" + std::string{sys_path} + "» already used for «sys»");
    }
  }
  if (!has_sys) {
    packages.push_back({.local_name = sys_, .path = arena_.text(sys_path)});
  }
  std::ranges::sort(packages, {}, &appdef::Package::local_name);
  return arena_.copy(std::span<const appdef::Package>(packages));
}

// The builder made it, and is not done with it.
appdef::WorkspaceInfo* Builder::info_of(const Type* workspace) {
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-const-cast): shared only later
  return const_cast<appdef::WorkspaceInfo*>(workspace->info());
}

void Builder::check_local_name() {
  const std::string_view local = bound_.text(bound_.application_package()->local);
  for (std::size_t i = 0; i < local.size(); ++i) {
    const char c = local[i];
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (!letter && (i == 0 || ((c < '0' || c > '9') && c != '_'))) {
      const std::string pkg{local};
      error(Rule::e667,
            0,
            "invalid type name «" + pkg + "»: not valid: ident «" + pkg + "» has invalid char «" +
                std::string(1, c) + "» at pos " + std::to_string(i));
      return;
    }
  }
}

// By the first octets of a name where those decide: comparing texts all over memory takes longer
// than anything else here.
void Builder::sort_types() {
  struct Key {
    appdef::Text pkg;
    std::uint64_t first;
    std::uint64_t second;
    Type* type;
    std::uint32_t hash;
  };

  std::vector<Key> keys;
  keys.reserve(made_.size());
  for (Type* type : made_) {
    const std::string_view entity = type->name.entity;
    keys.push_back({.pkg = type->name.pkg,
                    .first = octets_of(entity, 0),
                    .second = octets_of(entity, 8),
                    .type = type,
                    .hash = appdef::hash_of(type->name)});
  }
  std::ranges::sort(keys, [](const Key& a, const Key& b) {
    if (a.pkg != b.pkg) {  // almost always the same text
      return a.pkg < b.pkg;
    }
    if (a.first != b.first || a.second != b.second) {
      return std::pair{a.first, a.second} < std::pair{b.first, b.second};
    }
    return a.type->name.entity < b.type->name.entity;
  });
  types_.clear();
  types_.reserve(keys.size());
  hashes_.reserve(keys.size());
  for (std::size_t i = 1; i < keys.size(); ++i) {
    const bool may_clash =
        keys[i].first == keys[i - 1].first && keys[i].second == keys[i - 1].second;
    if (may_clash && keys[i].type->name == keys[i - 1].type->name) {
      error(Rule::e662, 0, "already exists: type «" + keys[i].type->name.str() + "»");
    }
  }
  for (const Key& key : keys) {
    key.type->index = static_cast<std::uint32_t>(types_.size());
    types_.push_back(key.type);
    hashes_.push_back(key.hash);
  }
}

// What each workspace declares: counted, then put in place in one go, so that it is sorted.
void Builder::own_types() {
  std::vector<std::uint32_t> counts(types_.size());
  for (const Type* type : types_) {
    if (type->workspace != nullptr) {
      ++counts[type->workspace->index];
    }
  }
  std::vector<const Type**> ends(types_.size());
  for (const Type* type : types_) {
    if (type->kind == TypeKind::workspace) {
      const std::span<const Type*> own = arena_.array<const Type*>(counts[type->index]);
      ends[type->index] = own.data();
      info_of(type)->types = own;
    }
  }
  for (const Type* type : types_) {
    if (type->workspace != nullptr) {
      *ends[type->workspace->index]++ = type;
    }
  }
}

std::shared_ptr<const appdef::AppDef> Builder::finish() {
  uses();
  sort_types();
  check_local_name();
  own_types();
  const appdef::Contents contents{.application = name(bound_.application()->name),
                                  .packages = package_map(),
                                  .types = arena_.copy(std::span<const Type* const>(types_)),
                                  .hashes = hashes_};
  if (bound_.report().failed()) {
    return nullptr;
  }
  return std::make_shared<const appdef::AppDef>(
      std::move(arena_), contents, bound_.names().texts());
}

}  // namespace vvm::schema
