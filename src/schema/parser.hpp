// Parser: the state that the rules of the grammar share, and those rules.
//
// Inside module schema only; parse.hpp is what others see. The rules are spread over parse_*.cpp
// by the parts of docs/spec/vsql.md 2.2. A rule that returns bool says whether it matched; when it
// did not, an error has been noted and the current token is the one that was not expected.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "schema/ast.hpp"
#include "schema/diagnostic.hpp"

namespace vvm::schema {

struct NumberError {
  std::uint32_t token = 0;
  std::string text;
};

struct SyntaxError {
  std::uint32_t token = 0;
  std::uint32_t counts_at = 0;  // the token that it is canonically about, unless recognise() knows
  std::string expected;
};

class Parser {
 public:
  Parser(FileTree* tree, const TokenBuffer& buffer, Names* names);

  void file();

  const std::vector<SyntaxError>& syntax_errors() const { return syntax_errors_; }

  const std::vector<NumberError>& number_errors() const { return number_errors_; }

 private:
  enum class Level : std::uint8_t { root, workspace, root_engine, workspace_engine };

  // Tokens.
  Tok kind() const { return t_->kind(); }

  bool at(Tok k) const { return kind() == k; }

  Tok next(int ahead = 1) const { return t_ + ahead < end_ ? t_[ahead].kind() : Tok::end; }

  bool take(Tok k) {
    if (kind() != k) {
      return false;
    }
    ++t_;
    return true;
  }

  bool need(Tok k) { return take(k) || fail(k); }

  bool fail(Tok expected);
  bool fail(std::string_view expected);

  std::uint32_t index(const Token* token) const {
    return static_cast<std::uint32_t>(token - first_);
  }

  Loc loc() const { return source_.loc(t_->start); }

  std::string_view text(const Token& token) const {
    return source_.text().substr(token.start, token.length);
  }

  DocId doc(const Token& token) { return token.has_doc == 0 ? 0 : find_doc(token); }

  DocId find_doc(const Token& token);

  // Names, strings, numbers.
  NameId intern(const Token& token);
  bool name(NameId* out);
  bool name_ref(NameRef* out);
  bool qref(QRef* out);
  bool string(StringRef* out);
  bool paren_qrefs(List<QRef>* out);     // "(" qname { "," qname } ")"
  bool paren_names(List<NameRef>* out);  // "(" IDENT { "," IDENT } ")"
  bool unsigned_number(unsigned bits, std::uint64_t* out);
  bool signed_number(unsigned bits, std::int64_t* out);
  void check_float();
  void number_error(std::string_view function, std::string_view reason);

  // Memory.
  template <class T>
  T* make(StmtKind stmt_kind, const Token& first) {
    T* stmt = tree_->arena.make<T>();
    stmt->kind = stmt_kind;
    stmt->loc = source_.loc(first.start);
    stmt->doc = doc(first);
    return stmt;
  }

  bool give_name(Stmt* stmt);

  void count_name() { ++tree_->named; }

  // Lists with recovery.
  List<Stmt*> statements(Level level, Tok closing);
  template <class T, class Rule>
  bool items(std::vector<T>* scratch, List<T>* out, Rule rule);
  void skip_statement(const Token* from);
  bool skip_item(const Token* from);
  void stop();

  // parse.cpp: files and workspaces.
  void imports();
  bool import_stmt(ImportStmt* out);
  Stmt* statement(Level level);
  Stmt* root_stmt();
  Stmt* workspace_stmt();
  Stmt* engine_stmt(Level level);
  Stmt* application();
  bool uses(List<UseStmt>* out);
  Stmt* declare();
  Stmt* workspace_template();
  Stmt* engine(Level inside);
  Stmt* workspace();
  TableStmt* descriptor(const WorkspaceStmt& owner);
  TableStmt* implicit_descriptor(const WorkspaceStmt& owner);
  NameId descriptor_name(NameId workspace);
  Stmt* alter();
  Stmt* use_workspace();
  Stmt* tag();
  Stmt* role();

  // parse_tables.cpp.
  Stmt* table();
  TableStmt* table_rest(const Token& first, StmtKind stmt_kind);
  Stmt* type();
  bool table_items(TableStmt* out);
  bool table_item(Item* out);
  bool nested_item(Item* out);
  bool constraint(Item* out);
  bool reference(Item* out);
  bool targets(Item* out);
  bool field(Item* out);
  bool field_options(Item* out, const StringRef** regexp);
  bool data_type(Item* out);
  bool length(Item* out);
  bool with(With* out);
  bool tags(With* out);
  Stmt* view();
  bool view_item(Item* out);
  bool key(Item* out);

  // parse_expressions.cpp.
  bool expression();
  bool and_expression();
  bool comparison();
  bool operand();
  bool factor();
  bool term();
  bool paren_expressions();

  // parse_extensions.cpp.
  Stmt* projector();
  bool trigger(Trigger* out);
  Stmt* job();
  Stmt* function_like(StmtKind stmt_kind);
  bool command_params(FunctionStmt* out);
  bool param(Param* out);
  bool storages(Tok word, List<StorageRef>* out);
  Stmt* function();
  bool type_ref();
  Stmt* storage();
  bool storage_op(StorageStmt* out);

  // parse_access.cpp.
  Stmt* rate();
  bool rate_scopes(RateStmt* out);
  Stmt* limit();
  bool limit_target(LimitStmt* out);
  Stmt* grant(StmtKind stmt_kind);
  bool grant_body(GrantStmt* out);
  bool grant_execute(GrantStmt* out);
  bool grant_ops(GrantStmt* out);
  bool grant_objects(GrantStmt* out, bool plain, bool one_select);
  bool columns(List<Column>* out, bool system_allowed);

  FileTree* tree_;
  const SourceFile& source_;
  Names* names_;
  const std::vector<DocToken>& docs_;
  const Token* first_;
  const Token* end_;  // the last token, Tok::end
  const Token* t_;
  bool wasm_ = false;                        // inside EXTENSION ENGINE WASM
  const Token* constraint_check_ = nullptr;  // inside CHECK ( ... ) of a table: its `(`
  std::vector<SyntaxError> syntax_errors_;
  std::vector<NumberError> number_errors_;
  std::uint32_t nested_ = 0;      // tables so far
  std::uint32_t references_ = 0;  // so far
  std::size_t next_doc_ = 0;      // where find_doc() looks first
  std::vector<std::string_view> lines_;
  // Stacks for lists under construction; nested lists share them.
  std::vector<Stmt*> stmts_;
  std::vector<Item> items_;
  std::vector<QRef> qrefs_;
  std::vector<NameRef> name_refs_;
  std::vector<StorageRef> storages_;
  std::vector<Trigger> triggers_;
  std::vector<GrantOp> grant_ops_;
};

// items<x> of docs/spec/vsql.md 2.1 between parentheses, the opening one taken: x? ("," x)* ")".
template <class T, class Rule>
bool Parser::items(std::vector<T>* scratch, List<T>* out, Rule rule) {
  const std::size_t mark = scratch->size();
  bool may_start = true;     // nothing stands before, or a comma does
  bool comma_spent = false;  // the one that may lead, or follow an item
  while (!at(Tok::close)) {
    if (at(Tok::comma)) {
      if (comma_spent) {
        fail("item");
      }
      ++t_;
      may_start = comma_spent = true;
      continue;
    }
    const Token* from = t_;
    if (!may_start) {
      fail("`,` or `)`");
    } else {
      T item{};
      if ((this->*rule)(&item)) {
        scratch->push_back(item);
        may_start = comma_spent = false;
        continue;
      }
    }
    if (!skip_item(from)) {
      scratch->resize(mark);
      return false;
    }
    may_start = comma_spent = false;
  }
  if (comma_spent) {
    fail("item");
  }
  ++t_;
  *out = tree_->arena.copy(std::span<const T>(*scratch).subspan(mark));
  scratch->resize(mark);
  return true;
}

}  // namespace vvm::schema
