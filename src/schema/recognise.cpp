// Reading the grammar, and Appendix B.
#include "schema/recognise.hpp"

#include <array>
#include <cctype>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/check.hpp"
#include "schema/grammar.hpp"

namespace vvm::schema {
namespace {

enum class Form : std::uint8_t { text, token_class, sequence, optional, repeated, choice, rule };

struct Expr {
  Form form = Form::sequence;
  std::string_view word;  // text, class or rule
  Tok token = Tok::end;   // of a class
  std::vector<const Expr*> parts;
};

struct RuleDef {
  const Expr* body = nullptr;
  bool documented = false;  // @D
  bool quiet = false;       // %
};

// The notation of 2.1. pre: the grammar is the one of grammar.hpp; a mistake in it is a broken
// program.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {
    for (blank(); !rest_.empty(); blank()) {
      const std::string_view name = word();
      RuleDef& rule = rules_[name];
      while (!eat("=")) {
        rule.documented = eat("@D") || rule.documented;
        rule.quiet = eat("%") || rule.quiet;
      }
      rule.body = choice();
      CHECK(eat(";"), "grammar: no ; after", name);
    }
  }

  const RuleDef& rule(std::string_view name) const {
    const auto it = rules_.find(name);
    CHECK(it != rules_.end(), "grammar: no rule", name);
    return it->second;
  }

 private:
  void blank() {
    while (!rest_.empty()) {
      if (rest_.starts_with("(*")) {
        rest_.remove_prefix(rest_.find("*)") + 2);
      } else if (std::isspace(static_cast<unsigned char>(rest_[0])) != 0) {
        rest_.remove_prefix(1);
      } else {
        return;
      }
    }
  }

  bool eat(std::string_view mark) {
    blank();
    if (!rest_.starts_with(mark)) {
      return false;
    }
    rest_.remove_prefix(mark.size());
    return true;
  }

  std::string_view word() {
    blank();
    std::size_t length = 0;
    while (length < rest_.size() &&
           (std::isalnum(static_cast<unsigned char>(rest_[length])) != 0 || rest_[length] == '_')) {
      ++length;
    }
    CHECK(length > 0, "grammar: word expected at", rest_.substr(0, 20));
    const std::string_view found = rest_.substr(0, length);
    rest_.remove_prefix(length);
    return found;
  }

  Expr* node(Form form, std::vector<const Expr*> parts = {}) {
    nodes_.push_back(std::make_unique<Expr>());
    nodes_.back()->form = form;
    nodes_.back()->parts = std::move(parts);
    return nodes_.back().get();
  }

  const Expr* text(std::string_view word) {
    Expr* expr = node(Form::text);
    expr->word = word;
    return expr;
  }

  const Expr* choice() {
    std::vector<const Expr*> parts{sequence()};
    while (eat("|")) {
      parts.push_back(sequence());
    }
    return parts.size() == 1 ? parts[0] : node(Form::choice, std::move(parts));
  }

  const Expr* sequence() {
    std::vector<const Expr*> parts;
    for (blank();
         !rest_.empty() && rest_[0] != '|' && rest_[0] != ')' && rest_[0] != ';' && rest_[0] != '>';
         blank()) {
      parts.push_back(suffixed());
    }
    return parts.size() == 1 ? parts[0] : node(Form::sequence, std::move(parts));
  }

  const Expr* suffixed() {
    const Expr* expr = primary();
    if (eat("?")) {
      return node(Form::optional, {expr});
    }
    return eat("*") ? node(Form::repeated, {expr}) : expr;
  }

  const Expr* primary() {
    if (eat("(")) {
      const Expr* inner = choice();
      CHECK(eat(")"), "grammar: no ) at", rest_.substr(0, 20));
      return inner;
    }
    if (eat("\"")) {
      const std::size_t close = rest_.find('"');
      const Expr* expr = text(rest_.substr(0, close));
      rest_.remove_prefix(close + 1);
      return expr;
    }
    const std::string_view name = word();
    if (name == "list" || name == "items") {
      return separated(name == "list" ? ";" : ",", name == "list");
    }
    const bool is_class = std::isupper(static_cast<unsigned char>(name[0])) != 0;
    Expr* expr = node(is_class ? Form::token_class : Form::rule);
    expr->word = name;
    if (is_class) {
      expr->token = class_of(name);
    }
    return expr;
  }

  // list<x>, items<x>: x? ( mark x )* and perhaps mark?
  const Expr* separated(std::string_view mark, bool may_end) {
    CHECK(eat("<"), "grammar: no < at", rest_.substr(0, 20));
    const Expr* item = choice();
    CHECK(eat(">"), "grammar: no > at", rest_.substr(0, 20));
    const Expr* more = node(Form::repeated, {node(Form::sequence, {text(mark), item})});
    std::vector<const Expr*> parts{node(Form::optional, {item}), more};
    if (may_end) {
      parts.push_back(node(Form::optional, {text(mark)}));
    }
    return node(Form::sequence, std::move(parts));
  }

  static Tok class_of(std::string_view name) {
    if (name == "IDENT") {
      return Tok::ident;
    }
    if (name == "STRING") {
      return Tok::string;
    }
    if (name == "INT") {
      return Tok::integer;
    }
    if (name == "FLOAT") {
      return Tok::floating;
    }
    std::string spaced{name};
    for (char& c : spaced) {
      c = c == '_' ? ' ' : c;
    }
    for (auto kind = static_cast<std::uint8_t>(Tok::default_nextval);
         kind <= static_cast<std::uint8_t>(Tok::primary_key);
         ++kind) {
      if (token_name(static_cast<Tok>(kind)) == spaced) {
        return static_cast<Tok>(kind);
      }
    }
    CHECK(false, "grammar: no token class", name);
    return Tok::end;
  }

  std::string_view rest_;
  std::map<std::string_view, RuleDef> rules_;
  std::vector<std::unique_ptr<Expr>> nodes_;
};

// Read once: a constant, like the text that it is made of.
const Reader& rules_of_grammar() {
  static const Reader rules(grammar);
  return rules;
}

constexpr std::uint32_t no_error = UINT32_MAX;
constexpr std::uint32_t commitment = 10;  // Appendix B

// Appendix B: a cursor, and the error that went furthest.
struct Context {
  std::uint32_t cursor = 0;
  std::uint32_t depth = 0;
  std::uint32_t deepest = no_error;

  void note(std::uint32_t error) {
    if (cursor >= depth) {
      deepest = error;
      depth = cursor;
    }
  }

  void accept(const Context& branch) {
    cursor = branch.cursor;
    if (branch.depth >= depth) {
      deepest = branch.deepest;
      depth = branch.depth;
    }
  }

  bool stop(std::uint32_t error, const Context& branch) {
    if (branch.depth > depth) {
      deepest = branch.deepest;
      depth = branch.depth;
    } else if (branch.cursor >= depth) {
      deepest = error;
      depth = std::max(branch.cursor, branch.depth);
    }
    if (branch.cursor > cursor + commitment) {
      accept(branch);
      return true;
    }
    return false;
  }
};

enum class Outcome : std::uint8_t { match, no_match, error };

class Recogniser {
 public:
  Recogniser(const SourceFile& source, std::span<const Token> tokens)
      : reader_(rules_of_grammar()),
        source_(source),
        tokens_(tokens),
        steps_(10'000 + 500 * tokens.size()) {}

  std::optional<std::uint32_t> run() {
    Context context;
    const Outcome outcome = rule("file", &context);
    if (steps_ == 0) {
      return std::nullopt;
    }
    if (outcome == Outcome::error) {
      return error_;
    }
    if (context.cursor + 1 == tokens_.size()) {
      return std::nullopt;
    }
    const bool further = context.cursor < context.depth && context.deepest != no_error;
    return further ? context.deepest : context.cursor;
  }

 private:
  Outcome parse(const Expr& expr, Context* c) {
    if (steps_ == 0) {
      return fail(c->cursor);  // gives up; run() sees why
    }
    --steps_;
    switch (expr.form) {
      case Form::text:
      case Form::token_class:
        return token(expr, c);
      case Form::sequence:
        return sequence(expr, c);
      case Form::optional:
      case Form::repeated:
        return repeat(expr, c);
      case Form::choice:
        return choice(expr, c);
      case Form::rule:
        return rule(expr.word, c);
    }
    UNREACHABLE();
  }

  Outcome fail(std::uint32_t token_index) {
    error_ = token_index;
    return Outcome::error;
  }

  Outcome token(const Expr& expr, Context* c) {
    const Token& next = tokens_[c->cursor];
    const Tok kind = next.kind();
    bool matches = false;
    if (expr.form == Form::token_class) {
      matches = expr.token == Tok::ident ? is_ident(kind) : kind == expr.token;
    } else {
      const std::string_view text = source_.text().substr(next.start, next.length);
      matches =
          kind != Tok::string && kind != Tok::quoted_ident && kind != Tok::end && text == expr.word;
    }
    if (!matches) {
      return Outcome::no_match;
    }
    ++c->cursor;
    return Outcome::match;
  }

  Outcome sequence(const Expr& expr, Context* c) {
    for (std::size_t i = 0; i < expr.parts.size(); ++i) {
      const Outcome outcome = parse(*expr.parts[i], c);
      if (outcome == Outcome::no_match) {
        return i == 0 ? outcome : fail(c->cursor);
      }
      if (outcome == Outcome::error) {
        return outcome;
      }
    }
    return Outcome::match;
  }

  Outcome repeat(const Expr& expr, Context* c) {
    do {
      Context branch = *c;
      const Outcome outcome = parse(*expr.parts[0], &branch);
      if (outcome == Outcome::error) {
        const std::uint32_t error = error_;
        c->note(error);
        if (c->stop(error, branch)) {
          return fail(error);
        }
        break;
      }
      const bool moved = branch.cursor != c->cursor;
      c->accept(branch);
      if (outcome == Outcome::no_match || !moved) {
        break;
      }
    } while (expr.form == Form::repeated);
    return Outcome::match;
  }

  Outcome choice(const Expr& expr, Context* c) {
    std::uint32_t remembered = no_error;
    std::uint32_t best = 0;
    for (const Expr* part : expr.parts) {
      Context branch = *c;
      const Outcome outcome = parse(*part, &branch);
      if (outcome == Outcome::match) {
        c->accept(branch);
        return outcome;
      }
      if (outcome == Outcome::error) {
        const std::uint32_t error = error_;
        if (c->stop(error, branch)) {
          return fail(error);
        }
        if (branch.cursor >= best) {
          remembered = error;
          best = branch.cursor;
        }
      }
    }
    if (remembered == no_error) {
      return Outcome::no_match;
    }
    c->note(remembered);
    return fail(remembered);
  }

  Outcome rule(std::string_view name, Context* c) {
    const RuleDef& def = reader_.rule(name);
    Outcome outcome = parse(*def.body, c);
    if (outcome == Outcome::no_match && def.documented) {
      outcome = fail(c->cursor);
    }
    if (outcome == Outcome::error && !def.quiet) {
      const std::uint32_t error = error_;
      c->note(error);
      error_ = error;
    }
    return outcome;
  }

  const Reader& reader_;
  const SourceFile& source_;
  std::span<const Token> tokens_;
  std::uint64_t steps_;
  std::uint32_t error_ = no_error;
};

}  // namespace

std::optional<std::uint32_t> recognise(const SourceFile& source, std::span<const Token> tokens) {
  return Recogniser(source, tokens).run();
}

}  // namespace vvm::schema
