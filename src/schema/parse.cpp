// Files, workspaces, lists of statements and the recovery from errors.
#include "schema/parse.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

#include "base/check.hpp"
#include "schema/comments.hpp"
#include "schema/parser.hpp"
#include "schema/recognise.hpp"
#include "schema/suggest.hpp"

namespace vvm::schema {

Parser::Parser(FileTree* tree, const TokenBuffer& buffer, Names* names)
    : tree_(tree),
      source_(*tree->source),
      names_(names),
      docs_(buffer.docs()),
      first_(buffer.tokens().data()),
      end_(first_ + buffer.tokens().size() - 1),
      t_(first_) {
  constexpr std::size_t stack_first = 64;
  stmts_.reserve(stack_first);
  items_.reserve(stack_first);
}

bool Parser::fail(Tok expected) {
  const std::string_view shown = token_name(expected);
  return fail(has_fixed_text(expected) ? "`" + std::string{shown} + "`" : std::string{shown});
}

bool Parser::fail(std::string_view expected) {
  const std::uint32_t token = index(t_);
  if (!syntax_errors_.empty() && syntax_errors_.back().token >= token) {
    return false;  // said already, by a rule further in
  }
  syntax_errors_.push_back({.token = token, .counts_at = token, .expected = std::string{expected}});
  return false;
}

void Parser::stop() { t_ = end_; }

// Asked for in the order of tokens, but for some.
DocId Parser::find_doc(const Token& token) {
  const std::uint32_t at_token = index(&token);
  if (next_doc_ >= docs_.size() || docs_[next_doc_].token != at_token) {
    const auto it = std::ranges::lower_bound(docs_, at_token, {}, &DocToken::token);
    CHECK(it != docs_.end() && it->token == at_token, "a token without its comment", at_token);
    next_doc_ = static_cast<std::size_t>(it - docs_.begin());
  }
  const DocToken& doc = docs_[next_doc_++];
  comment_lines(source_.text().substr(doc.start, doc.length), &lines_);
  return names_->add_doc(lines_);
}

NameId Parser::intern(const Token& token) {
  std::string_view word = text(token);
  if (token.kind() == Tok::quoted_ident) {
    word = word.substr(1, word.size() - 2);
  }
  return names_->intern(word, token.hash);
}

bool Parser::name(NameId* out) {
  if (!is_ident(kind())) {
    return fail("identifier");
  }
  *out = intern(*t_++);
  return true;
}

bool Parser::name_ref(NameRef* out) {
  out->loc = loc();
  return name(&out->name);
}

bool Parser::qref(QRef* out) {
  out->loc = loc();
  if (!name(&out->name)) {
    return false;
  }
  if (!take(Tok::dot)) {
    return true;
  }
  out->qualifier = out->name;
  return name(&out->name);
}

bool Parser::string(StringRef* out) {
  if (!at(Tok::string)) {
    return fail(Tok::string);
  }
  *out = {.raw = text(*t_), .loc = loc()};
  ++t_;
  return true;
}

bool Parser::paren_qrefs(List<QRef>* out) {
  const std::size_t mark = qrefs_.size();
  bool good = need(Tok::open);
  while (good) {
    QRef ref;
    good = qref(&ref);
    qrefs_.push_back(ref);
    if (!good || !take(Tok::comma)) {
      break;
    }
  }
  good = good && (take(Tok::close) || fail("`,` or `)`"));
  *out = tree_->arena.copy(std::span<const QRef>(qrefs_).subspan(mark));
  qrefs_.resize(mark);
  return good;
}

bool Parser::paren_names(List<NameRef>* out) {
  const std::size_t mark = name_refs_.size();
  bool good = need(Tok::open);
  while (good) {
    NameRef ref;
    good = name_ref(&ref);
    name_refs_.push_back(ref);
    if (!good || !take(Tok::comma)) {
      break;
    }
  }
  good = good && (take(Tok::close) || fail("`,` or `)`"));
  *out = tree_->arena.copy(std::span<const NameRef>(name_refs_).subspan(mark));
  name_refs_.resize(mark);
  return good;
}

bool Parser::give_name(Stmt* stmt) {
  count_name();
  return name(&stmt->name);
}

// ------------------------------------------------------------------------------------ recovery

// To the `;` that ends the statement which began at `from`, or to the `)` that ends the list.
// Inside a statement that holds no others, the first `;` is the end even if a `)` is missing.
void Parser::skip_statement(const Token* from) {
  const Tok first = from->kind();
  const bool holds_others =
      first == Tok::kw_workspace || first == Tok::kw_alter || first == Tok::kw_alterable ||
      first == Tok::extension_engine || first == Tok::kw_application || first == Tok::kw_pool ||
      (first == Tok::kw_abstract && from < end_ && from[1].kind() != Tok::table);
  int depth = 0;
  for (const Token* t = from; t < t_; ++t) {
    depth += t->kind() == Tok::open ? 1 : t->kind() == Tok::close ? -1 : 0;
  }
  for (; t_ < end_; ++t_) {
    if (at(Tok::semicolon) && (depth <= 0 || !holds_others)) {
      return;
    }
    if (at(Tok::open)) {
      ++depth;
    } else if (at(Tok::close) && --depth < 0) {
      return;
    }
  }
}

// To the `,` or `)` that ends the item which began at `from`. False: there is none before the
// statement ends.
bool Parser::skip_item(const Token* from) {
  if (syntax_errors_.size() >= messages_max) {
    stop();
    return false;
  }
  int depth = 0;
  for (const Token* t = from; t < t_; ++t) {
    depth += t->kind() == Tok::open ? 1 : t->kind() == Tok::close ? -1 : 0;
  }
  for (; t_ < end_ && !at(Tok::semicolon); ++t_) {
    if (depth <= 0 && (at(Tok::comma) || at(Tok::close))) {
      return true;
    }
    depth += at(Tok::open) ? 1 : at(Tok::close) ? -1 : 0;
  }
  return false;
}

// list<x>: x? (";" x)* ";"?, up to `closing`, which is left.
List<Stmt*> Parser::statements(Level level, Tok closing) {
  const std::size_t mark = stmts_.size();
  bool may_start = true;
  bool separator_spent = false;
  while (t_ < end_ && (!at(Tok::close) || closing == Tok::end)) {
    if (at(Tok::semicolon)) {
      if (separator_spent) {
        fail("statement");
      }
      ++t_;
      may_start = separator_spent = true;
      continue;
    }
    const Token* from = t_;
    Stmt* stmt = nullptr;
    if (may_start) {
      stmt = statement(level);
    } else {
      fail(closing == Tok::end ? "`;`" : "`;` or `)`");
    }
    may_start = separator_spent = false;
    if (stmt != nullptr) {
      stmts_.push_back(stmt);
      continue;
    }
    if (syntax_errors_.size() >= messages_max) {
      stop();
    }
    skip_statement(from);
    if (closing == Tok::end && at(Tok::close)) {
      fail("`;`");
      ++t_;
      may_start = true;
    }
  }
  const List<Stmt*> list = tree_->arena.copy(std::span<Stmt* const>(stmts_).subspan(mark));
  stmts_.resize(mark);
  return list;
}

Stmt* Parser::statement(Level level) {
  switch (level) {
    case Level::root:
      return root_stmt();
    case Level::workspace:
      return workspace_stmt();
    case Level::root_engine:
    case Level::workspace_engine:
      return engine_stmt(level);
  }
  UNREACHABLE();
}

// ---------------------------------------------------------------------------------------- files

void Parser::file() {
  imports();
  tree_->statements = statements(Level::root, Tok::end);
}

void Parser::imports() {
  std::vector<ImportStmt> list;
  if (at(Tok::semicolon) && next() == Tok::kw_import) {
    ++t_;
  }
  while (at(Tok::kw_import)) {
    ImportStmt import;
    const Token* from = t_;
    if (import_stmt(&import)) {
      list.push_back(import);
    } else {
      skip_statement(from);
    }
    if (at(Tok::kw_import)) {
      fail("`;`");
      continue;
    }
    if (!at(Tok::semicolon) || next() != Tok::kw_import) {
      break;
    }
    ++t_;
  }
  take(Tok::semicolon);
  tree_->imports = tree_->arena.copy(std::span<const ImportStmt>(list));
}

bool Parser::import_stmt(ImportStmt* out) {
  out->loc = loc();
  return need(Tok::kw_import) && need(Tok::kw_schema) && string(&out->path) &&
         (!take(Tok::kw_as) || name(&out->alias));
}

Stmt* Parser::root_stmt() {
  switch (kind()) {
    case Tok::kw_template:
      return workspace_template();
    case Tok::kw_published:
    case Tok::kw_role:
      return role();
    case Tok::extension_engine:
      return engine(Level::root_engine);
    case Tok::kw_abstract:
    case Tok::kw_alterable:
    case Tok::kw_pool:
    case Tok::kw_workspace:
      return workspace();
    case Tok::kw_alter:
      return alter();
    case Tok::kw_application:
      return application();
    case Tok::kw_declare:
      return declare();
    case Tok::kw_import:
      fail("statement, since all imports come first");
      return nullptr;
    default:
      fail("`WORKSPACE`, `ALTER WORKSPACE`, `APPLICATION`, `DECLARE` or another root statement");
      return nullptr;
  }
}

Stmt* Parser::workspace_stmt() {
  switch (kind()) {
    case Tok::kw_rate:
      return rate();
    case Tok::kw_view:
      return view();
    case Tok::kw_use:
      return use_workspace();
    case Tok::kw_published:
    case Tok::kw_role:
      return role();
    case Tok::kw_tag:
      return tag();
    case Tok::extension_engine:
      return engine(Level::workspace_engine);
    case Tok::table:
      return table();
    case Tok::kw_abstract:
      return next() == Tok::table ? table() : workspace();
    case Tok::kw_alterable:
    case Tok::kw_pool:
    case Tok::kw_workspace:
      return workspace();
    case Tok::kw_type:
      return type();
    case Tok::kw_limit:
      return limit();
    case Tok::kw_grant:
      return grant(StmtKind::grant);
    case Tok::kw_revoke:
      return grant(StmtKind::revoke);
    default:
      fail("`TABLE`, `TYPE`, `VIEW`, `EXTENSION ENGINE` or another workspace statement");
      return nullptr;
  }
}

Stmt* Parser::engine_stmt(Level level) {
  const bool in_workspace = level == Level::workspace_engine;
  switch (kind()) {
    case Tok::kw_function:
      return function();
    case Tok::kw_storage:
      if (!in_workspace) {
        return storage();
      }
      break;
    case Tok::kw_sync:
    case Tok::kw_projector:
      if (in_workspace) {
        return projector();
      }
      break;
    case Tok::kw_job:
      if (in_workspace) {
        return job();
      }
      break;
    case Tok::kw_command:
      if (in_workspace) {
        return function_like(StmtKind::command);
      }
      break;
    case Tok::kw_query:
      if (in_workspace) {
        return function_like(StmtKind::query);
      }
      break;
    default:
      break;
  }
  fail(in_workspace ? "`COMMAND`, `QUERY`, `PROJECTOR`, `JOB` or `FUNCTION`"
                    : "`FUNCTION` or `STORAGE`");
  return nullptr;
}

Stmt* Parser::application() {
  auto* stmt = make<ApplicationStmt>(StmtKind::application, *t_);
  const bool good = need(Tok::kw_application) && name(&stmt->name) && need(Tok::open) &&
                    uses(&stmt->uses) && need(Tok::close);
  return good ? stmt : nullptr;
}

bool Parser::uses(List<UseStmt>* out) {
  std::vector<UseStmt> list;
  take(Tok::semicolon);
  while (at(Tok::kw_use)) {
    UseStmt use{.loc = loc()};
    ++t_;
    if (!name(&use.name)) {
      return false;
    }
    list.push_back(use);
    if (!take(Tok::semicolon)) {
      break;
    }
  }
  if (!at(Tok::close)) {
    return fail("`;`, `USE` or `)`");
  }
  *out = tree_->arena.copy(std::span<const UseStmt>(list));
  return true;
}

Stmt* Parser::declare() {
  auto* stmt = make<DeclareStmt>(StmtKind::declare, *t_);
  std::int64_t value = 0;
  const bool good = need(Tok::kw_declare) && give_name(stmt) &&
                    (take(Tok::kw_int) || take(Tok::kw_int32) || fail("`int32`")) &&
                    need(Tok::kw_default) && signed_number(32, &value);
  stmt->value = static_cast<std::int32_t>(value);
  return good ? stmt : nullptr;
}

Stmt* Parser::workspace_template() {
  auto* stmt = make<Stmt>(StmtKind::workspace_template, *t_);
  QRef target;
  NameId source = 0;
  const bool good = need(Tok::kw_template) && give_name(stmt) && need(Tok::kw_of) &&
                    need(Tok::kw_workspace) && qref(&target) && need(Tok::kw_source) &&
                    name(&source);
  return good ? stmt : nullptr;
}

Stmt* Parser::engine(Level inside) {
  auto* stmt = make<EngineStmt>(StmtKind::engine, *t_);
  ++t_;
  stmt->wasm = at(Tok::kw_wasm);
  if (!(take(Tok::kw_wasm) || take(Tok::kw_builtin) || fail("`BUILTIN` or `WASM`")) ||
      !need(Tok::open)) {
    return nullptr;
  }
  wasm_ = stmt->wasm;
  stmt->body = statements(inside, Tok::close);
  wasm_ = false;
  return need(Tok::close) ? stmt : nullptr;
}

// --------------------------------------------------------------------------------- workspaces

Stmt* Parser::workspace() {
  auto* stmt = make<WorkspaceStmt>(StmtKind::workspace, *t_);
  stmt->is_abstract = take(Tok::kw_abstract);
  stmt->is_alterable = !stmt->is_abstract && take(Tok::kw_alterable);
  if (take(Tok::kw_pool) && !need(Tok::kw_of)) {
    return nullptr;
  }
  if (!need(Tok::kw_workspace) || !give_name(stmt)) {
    return nullptr;
  }
  if (take(Tok::kw_inherits)) {
    const std::size_t mark = qrefs_.size();
    do {
      QRef base;
      if (!qref(&base)) {
        qrefs_.resize(mark);
        return nullptr;
      }
      qrefs_.push_back(base);
    } while (take(Tok::comma));
    stmt->bases = tree_->arena.copy(std::span<const QRef>(qrefs_).subspan(mark));
    qrefs_.resize(mark);
  }
  if (!need(Tok::open)) {
    return nullptr;
  }
  if (take(Tok::kw_descriptor)) {
    stmt->descriptor = descriptor(*stmt);
    if (stmt->descriptor == nullptr) {
      skip_statement(t_);
    }
  } else if (!stmt->is_abstract) {
    stmt->descriptor = implicit_descriptor(*stmt);
  }
  stmt->body = statements(Level::workspace, Tok::close);
  return need(Tok::close) ? stmt : nullptr;
}

NameId Parser::descriptor_name(NameId workspace) {
  return names_->intern(std::string{names_->text(workspace)} + "Descriptor");
}

TableStmt* Parser::descriptor(const WorkspaceStmt& owner) {
  auto* stmt = make<TableStmt>(StmtKind::descriptor, *t_);
  count_name();
  if (is_ident(kind())) {
    stmt->name = intern(*t_++);
  } else if (!owner.is_abstract) {
    stmt->name = descriptor_name(owner.name);
  }
  return need(Tok::open) && table_items(stmt) ? stmt : nullptr;
}

TableStmt* Parser::implicit_descriptor(const WorkspaceStmt& owner) {
  auto* stmt = tree_->arena.make<TableStmt>();
  stmt->kind = StmtKind::descriptor;
  stmt->loc = owner.loc;
  stmt->implicit = true;
  stmt->name = descriptor_name(owner.name);
  count_name();
  return stmt;
}

Stmt* Parser::alter() {
  auto* stmt = make<AlterStmt>(StmtKind::alter_workspace, *t_);
  if (!need(Tok::kw_alter) || !need(Tok::kw_workspace) || !qref(&stmt->target) ||
      !need(Tok::open)) {
    return nullptr;
  }
  stmt->body = statements(Level::workspace, Tok::close);
  return need(Tok::close) ? stmt : nullptr;
}

Stmt* Parser::use_workspace() {
  auto* stmt = make<UseWorkspaceStmt>(StmtKind::use_workspace, *t_);
  return need(Tok::kw_use) && need(Tok::kw_workspace) && name_ref(&stmt->target) ? stmt : nullptr;
}

Stmt* Parser::tag() {
  auto* stmt = make<TagStmt>(StmtKind::tag, *t_);
  const bool good =
      need(Tok::kw_tag) && give_name(stmt) && (!take(Tok::kw_feature) || string(&stmt->feature));
  return good ? stmt : nullptr;
}

Stmt* Parser::role() {
  auto* stmt = make<RoleStmt>(StmtKind::role, *t_);
  stmt->is_published = take(Tok::kw_published);
  return need(Tok::kw_role) && give_name(stmt) ? stmt : nullptr;
}

// ---------------------------------------------------------------------------------- the result

namespace {

std::string shown_token(const SourceFile& source, const Token& token) {
  if (token.kind() == Tok::end) {
    return quoted("<EOF>");
  }
  const std::string_view raw = source.text().substr(token.start, token.length);
  return quoted(token.kind() == Tok::string ? string_value(raw) : std::string{raw});
}

Diagnostic unexpected(const SourceFile& source, const Token& token, std::string_view expected) {
  Diagnostic d{.rule = Rule::e103, .loc = source.loc(token.start)};
  d.text = "unexpected token " + shown_token(source, token);
  if (!expected.empty()) {
    d.text += " (expected " + std::string{expected} + ")";
  }
  d.length = std::max<std::uint32_t>(token.length, 1);
  return d;
}

Diagnostic lexical(const SourceFile& source, const LexError& error) {
  const Rule rule = error.kind == LexErrorKind::bad_text     ? Rule::e101
                    : error.kind == LexErrorKind::bad_string ? Rule::e102
                                                             : Rule::too_deep;
  return {.rule = rule,
          .loc = source.loc(error.start),
          .text = lex_error_text(source, error),
          .length = error.length,
          .notes = {},
          .hint = {}};
}

bool same_line(const SourceFile& source, std::uint32_t a, std::uint32_t b) {
  const auto [low, high] = std::minmax(a, b);
  return source.text().substr(low, high - low).find('\n') == std::string_view::npos;
}

// Everything for people, in source order; what follows from an unreadable line is left out.
void tell_all(const SourceFile& source,
              const Parser& parser,
              const TokenBuffer& buffer,
              Parsed* out) {
  for (const LexError& error : buffer.errors()) {
    out->errors.push_back(lexical(source, error));
  }
  const auto after_lexical = [&](std::uint32_t start) {
    return std::any_of(buffer.errors().begin(), buffer.errors().end(), [&](const LexError& e) {
      return e.kind != LexErrorKind::bad_string && same_line(source, e.start, start);
    });
  };
  for (const SyntaxError& error : parser.syntax_errors()) {
    const Token& token = buffer.tokens()[error.token];
    if (!after_lexical(token.start)) {
      out->errors.push_back(unexpected(source, token, error.expected));
      out->errors.back().hint =
          keyword_hint(source.text().substr(token.start, token.length), error.expected);
    }
  }
  for (const NumberError& error : parser.number_errors()) {
    const Token& token = buffer.tokens()[error.token];
    out->errors.push_back({.rule = Rule::e104,
                           .loc = source.loc(token.start),
                           .text = error.text,
                           .length = token.length,
                           .notes = {},
                           .hint = {}});
  }
  std::ranges::sort(out->errors, {}, &Diagnostic::loc);
}

// The error that the file has canonically.
Diagnostic the_error(const SourceFile& source, const Parser& parser, const TokenBuffer& buffer) {
  if (!buffer.errors().empty()) {
    return lexical(source, buffer.errors().front());
  }
  const Token* number = nullptr;
  if (!parser.number_errors().empty()) {
    number = &buffer.tokens()[parser.number_errors().front().token];
  }
  if (!parser.syntax_errors().empty()) {
    const SyntaxError& first = parser.syntax_errors().front();
    const std::optional<std::uint32_t> place = recognise(source, buffer.tokens());
    const std::uint32_t index = place.value_or(first.counts_at);
    const Token& token = buffer.tokens()[index];
    if (number == nullptr || number->start >= token.start) {
      const bool same = index == first.token;
      return unexpected(source, token, same ? std::string_view{first.expected} : "");
    }
  }
  CHECK(number != nullptr, "no error in a file that has one");
  return {.rule = Rule::e104,
          .loc = source.loc(number->start),
          .text = parser.number_errors().front().text,
          .length = number->length,
          .notes = {},
          .hint = {}};
}

}  // namespace

Parsed parse(const SourceFile& source, Names* names, TokenBuffer* buffer) {
  Parsed parsed;
  parsed.tree = std::make_unique<FileTree>();
  parsed.tree->source = &source;
  buffer->lex(source);
  Parser parser(parsed.tree.get(), *buffer, names);
  const bool too_deep =
      std::any_of(buffer->errors().begin(), buffer->errors().end(), [](const LexError& error) {
        return error.kind == LexErrorKind::too_deep;
      });
  if (!too_deep) {
    parser.file();
  }
  if (!buffer->errors().empty() || !parser.syntax_errors().empty() ||
      !parser.number_errors().empty()) {
    tell_all(source, parser, *buffer, &parsed);
    parsed.canonical.push_back(the_error(source, parser, *buffer));
  }
  return parsed;
}

}  // namespace vvm::schema
