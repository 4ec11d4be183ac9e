// Builder: an AppDef under construction. Inside module schema only; see build.hpp.
//
// First every symbol that becomes a type gets its Type, so that types can refer to each other; then
// the steps of 8.6 fill them. The AppDef shares the texts of names, and keeps nothing of the
// sources alive. Limit: definitions have 4 M fields and containers altogether, inherited ones
// counted.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "schema/analyse.hpp"
#include "schema/build.hpp"

namespace vvm::schema {

// What values of a data type are in an AppDef. pre: not `none`.
appdef::DataKind data_kind(DataType type);

class Builder {
 public:
  Builder(Bound* bound, const Variables& variables);

  std::shared_ptr<const appdef::AppDef> run();

 private:
  template <class T>
  using List = std::span<const T>;
  using Type = appdef::Type;
  using Types = std::vector<const Type*>;

  // build.cpp: types, steps, workspaces, the whole.
  void make_types();
  Type* make_type(appdef::TypeKind kind,
                  appdef::Text pkg,
                  appdef::Text entity,
                  const Type* workspace);
  void make_type_of(Symbol* symbol);
  void make_sys_types();
  void make_sys_view(std::string_view name, const std::vector<appdef::Field>& fields);
  void step(StmtKind kind, void (Builder::*build)(Symbol*));
  void tables();
  void tag(Symbol* symbol);
  void role(Symbol* symbol);
  void workspace(Ws* ws);
  void uses();
  std::shared_ptr<const appdef::AppDef> finish();
  List<appdef::Package> package_map();
  void own_types();
  static appdef::WorkspaceInfo* info_of(const Type* workspace);
  void sort_types();
  void check_local_name();
  bool visible(const Ws& ws, const Type& type) const;
  List<const Type*> sorted(Types* types);

  void error(Rule rule, Loc loc, std::string text) {
    bound_.report().add(rule, loc, std::move(text));
  }

  // In the texts that the AppDef shares.
  appdef::Text name(NameId id) const { return bound_.text(id); }

  std::string text(NameId id) const { return std::string{bound_.text(id)}; }

  Symbol* need(Want want, const QRef& ref, const Scope& here);
  List<appdef::Text> comment(const Stmt& stmt, const With* with = nullptr);

  List<appdef::Text> doc(DocId id) const { return bound_.names().doc(id); }

  List<appdef::Text> kept_lines();
  void tags_of(Symbol* symbol, const With& with);

  // build_tables.cpp.
  struct Def;
  void object(Symbol* symbol);
  void table(Symbol* symbol);
  void nested_tables();
  void structure(Type* type, Symbol* symbol, TableKind kind, BoundPackage* package);
  void add_bases(Def* def, Symbol* symbol);
  void add_items(Def* def, std::span<const Item> items, Symbol* owner, int depth);
  bool claim(Def* def, const Item& item);
  void add_field(Def* def, const Item& item, Symbol* owner);
  const appdef::FieldDetails* kept(const appdef::FieldDetails& details);
  void add_reference(Def* def, const Item& item, Symbol* owner);
  void add_nested(Def* def, const Item& item, Symbol* owner);
  void add_named(Def* def, const Item& item, Symbol* owner, int depth);
  void add_set(Def* def, const Item& item, Symbol* owner, int depth);
  void add_unique(Def* def, const Item& item, int* unnamed);
  bool check_unique(const Def& def, const appdef::Unique& unique, const Item& item);

  struct Occurs {
    std::uint32_t low = 0;
    std::uint32_t high = 0;
  };

  void add_container(Def* def, NameId id, Loc loc, const Type* type, Occurs occurs);
  Type* inherited_nested(BoundPackage* package, Symbol* nested);
  bool spend();
  bool length_of(const Item& item, std::uint32_t* out);

  // build_order.cpp.
  // What has been said since the last call was about the item at hand.
  void note_messages() {
    if (bound_.report().count() != noted_) {
      note_new_messages();
    }
  }

  void note_new_messages();
  void order_messages();
  class Demand;

  // build_extensions.cpp.
  void view(Symbol* symbol);
  void command(Symbol* symbol);
  void query(Symbol* symbol);
  void projector(Symbol* symbol);
  void job(Symbol* symbol);
  appdef::ExtensionInfo* extension(Symbol* symbol);
  const Type* param(const Param& param, const Scope& here);
  List<appdef::StorageUse> storages(std::span<const StorageRef> list, const Scope& here);
  appdef::Event event(const Trigger& trigger, const Scope& here);

  // build_access.cpp.
  struct WsRule {
    std::uint32_t workspace;  // Ws::number
    appdef::AclRule rule;
  };

  void rate(Symbol* symbol);
  void limit(Symbol* symbol);
  void acl();
  void rules_of(const Scope& body);
  void grant(const GrantStmt& stmt, const Scope& here);
  void table_rules(const GrantStmt& stmt, WsRule rule, const Type& target);
  List<appdef::Text> columns(std::span<const Column> columns, const Type& target);
  appdef::Filter types_filter(Objects objects, const Type* from);
  appdef::Filter names_filter(const Type* type, appdef::Filter::Kind kind);
  appdef::Filter both(const appdef::Filter& a, const appdef::Filter& b);

  Bound& bound_;
  const Variables& variables_;
  appdef::Arena arena_;
  std::vector<BoundPackage*> by_path_;  // packages in ascending order of paths
  std::vector<Type*> made_;             // in the order of making
  Types types_;                         // sorted, in the end
  std::vector<std::uint32_t> hashes_;   // of their names
  appdef::Text sys_;
  Type* any_ = nullptr;
  Type* sys_workspace_ = nullptr;
  const Type* blob_ = nullptr;
  std::map<std::pair<NameId, const Stmt*>, Type*> inherited_;  // tidy-ok: looked up only (Q23)

  struct Pending {
    Type* type;
    Symbol* symbol;
    BoundPackage* package;
  };

  std::vector<Pending> pending_;  // nested tables without structure

  // Where tables have failed: the item at hand, counted over all items of its definition (0: before
  // them), and that of each message kept, from number first_said_ on.
  struct Said {
    const Type* type = nullptr;
    std::uint32_t item = 0;
  };

  Said at_;
  std::size_t first_said_ = 0;
  std::size_t noted_ = 0;  // Report::count() then
  std::vector<Said> said_;
  std::vector<std::uint32_t> claimed_;     // by NameId: number of the Def that has such an item
  std::vector<std::uint32_t> fields_;      // the same, for fields only
  std::vector<std::uint32_t> containers_;  // the same, for containers only
  std::uint32_t def_number_ = 0;
  std::uint32_t budget_ = std::uint32_t{1} << 22U;
  // Stacks for lists under construction, and lists that are used again: so none costs an
  // allocation.
  std::vector<appdef::Field> field_stack_;
  std::vector<appdef::Container> container_stack_;
  std::vector<appdef::Unique> unique_stack_;
  std::vector<appdef::Event> events_;
  std::vector<appdef::StorageUse> uses_;
  std::vector<std::pair<std::size_t, const Type*>> used_entities_;  // by number in uses_
  std::vector<appdef::Field> key_;
  std::vector<Symbol*> chain_;
  std::vector<Column> columns_;
  std::vector<WsRule> rules_;
  std::string entity_;
  Types types_scratch_;
  std::vector<std::string_view> lines_;
  std::vector<appdef::Text> texts_;
  std::vector<std::uint32_t> positions_;  // by NameId: of a field in the view at hand
};

}  // namespace vvm::schema
