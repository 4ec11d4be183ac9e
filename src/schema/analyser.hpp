// Analyser: what the rules of the analysis share. Inside module schema only; see analyse.hpp.
//
// One function a statement, in analyse_*.cpp; each checks in the order of docs/spec/vsql.md 5.2.
#pragma once

#include <string>
#include <vector>

#include "schema/analyse.hpp"

namespace vvm::schema {

class Analyser {
 public:
  Analyser(Bound* bound, const Variables& variables);

  void run();

 private:
  // The six passes; 3 and 5 find nothing.
  void pass_1(BoundPackage* package);
  void pass_2(BoundPackage* package);
  void pass_4(BoundPackage* package);
  void pass_6(BoundPackage* package);

  // analyse.cpp.
  void imports(BoundPackage* package);
  void use_workspace(const UseWorkspaceStmt& stmt);
  bool ancestry(Ws* ws);
  const Failure* why_not_ancestor(Ws* ws);
  void grants_before_revokes(const Ws& ws);
  void inherits_sys(Ws* ws);

  void error(Rule rule, Loc loc, std::string text) {
    bound_.report().add(rule, loc, std::move(text));
  }

  void fail(Want want, const QRef& ref, Loc loc, const Failure& failure);
  // The symbol; else the failure is reported at `loc`, or at the name.
  Symbol* need(Want want, const QRef& ref, Loc loc = 0);

  std::string text(NameId name) const { return std::string{bound_.text(name)}; }

  // analyse_tables.cpp.
  void table(const Entry& entry);
  void type(const Entry& entry);
  void descriptor(Ws* ws);
  bool nested_tables(List<Item> items, TableKind outer);
  const Failure* why_not_nested(Symbol* nested, TableKind outer);
  void field_sets(List<Item> items);
  void items(List<Item> items, bool is_table);
  void field(const Item& item, bool is_table);
  void named_field(const Item& item, bool is_table);
  void pattern(const Item& item);
  void data_type(const Item& item, bool blobs);
  void constraint(List<Item> items, const Item& item);
  bool has_field(List<Item> items, NameId name, int depth);
  void mark_names(List<Item> items);
  void references(List<Item> items, TableKind from);
  void tags(const With& with);
  bool spend(std::size_t steps);

  // analyse_views.cpp.
  void view(const Entry& entry);
  void view_items(const ViewStmt& stmt, const Key** key);
  void partition_key(const ViewStmt& stmt, const Key& key);
  void clustering_columns(const ViewStmt& stmt, const Key& key);
  const Item* key_item(const ViewStmt& stmt, const NameRef& column);
  bool result_of(const ViewStmt& stmt);
  bool intends(const ExtensionStmt& maker, const Scope& scope, const ViewStmt& view);

  // analyse_extensions.cpp.
  void command(const FunctionStmt& stmt);
  void command_param(const Param& param);
  void query(const FunctionStmt& stmt);
  void projector(const ProjectorStmt& stmt);
  void row_trigger(const Trigger& trigger, const QRef& name);
  void param_trigger(const QRef& name);
  void job(const JobStmt& stmt);
  enum class Clause : std::uint8_t { state, intents };
  void storages(List<StorageRef> list, Clause clause, Caller caller);
  bool entities(const StorageRef& ref, const StorageStmt& storage);

  // analyse_access.cpp.
  void rate(const RateStmt& stmt);
  void limit(const LimitStmt& stmt);
  void grant(const GrantStmt& stmt);
  Symbol* grant_object(const GrantStmt& stmt);
  void table_columns(const GrantStmt& stmt, Symbol* table);
  void view_columns(const GrantStmt& stmt, Symbol* view);
  bool has_column(Symbol* owner, NameId name);

  Bound& bound_;
  const Variables& variables_;
  const Scope* here_ = nullptr;  // of the statement under analysis
  // Names of a list of items or view: stamped with its number, so that asking costs nothing.
  std::vector<std::uint32_t> stamps_;
  std::vector<std::uint32_t> positions_;
  std::uint32_t stamp_ = 0;
  std::vector<NameId> in_uniques_;  // of this list of items and those around it
  std::size_t first_in_uniques_ = 0;
  std::map<const Stmt*, std::vector<NameId>> columns_;  // tidy-ok: looked up only
  std::vector<Ws::State> checked_;                      // by Ws::number: ancestry without fault
  std::uint64_t budget_ = std::uint64_t{1} << 26U;      // steps through constraints, in all
};

}  // namespace vvm::schema
