// The scanner: dispatch on the class of an octet, then the rules of 1.2 in their order.
#include "schema/lexer.hpp"

#include <array>
#include <bit>
#include <cstring>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "schema/names.hpp"
#include "schema/words.hpp"

namespace vvm::schema {
namespace {

enum class Class : std::uint8_t {
  other,
  space,  // space, TAB
  line,   // CR, LF
  feed,
  letter,
  digit,
  mark,  // a token by itself
  sign,
  slash,
  less,
  greater,
  bang,
  bracket,
  quote,
  double_quote,
};

struct Tables {
  std::array<Class, 256> classes{};
  std::array<bool, 256> word{};  // may stand in an identifier
  std::array<Tok, 256> mark{};
};

constexpr Tables make_tables() {
  Tables t;
  for (unsigned c = 'a'; c <= 'z'; ++c) {
    t.classes[c] = t.classes[c - 32] = Class::letter;
    t.word[c] = t.word[c - 32] = true;
  }
  for (unsigned c = '0'; c <= '9'; ++c) {
    t.classes[c] = Class::digit;
    t.word[c] = true;
  }
  t.word['_'] = true;
  t.classes[' '] = t.classes['\t'] = Class::space;
  t.classes['\r'] = t.classes['\n'] = Class::line;
  t.classes['\f'] = Class::feed;
  t.classes['+'] = t.classes['-'] = Class::sign;
  t.classes['/'] = Class::slash;
  t.classes['<'] = Class::less;
  t.classes['>'] = Class::greater;
  t.classes['!'] = Class::bang;
  t.classes['['] = Class::bracket;
  t.classes['\''] = Class::quote;
  t.classes['"'] = Class::double_quote;
  for (const auto& [octet, kind] : {std::pair{'*', Tok::star},
                                    std::pair{'%', Tok::percent},
                                    std::pair{',', Tok::comma},
                                    std::pair{'(', Tok::open},
                                    std::pair{')', Tok::close},
                                    std::pair{'=', Tok::equal},
                                    std::pair{';', Tok::semicolon},
                                    std::pair{'.', Tok::dot},
                                    std::pair{']', Tok::close_bracket}}) {
    t.classes[static_cast<unsigned char>(octet)] = Class::mark;
    t.mark[static_cast<unsigned char>(octet)] = kind;
  }
  return t;
}

constexpr Tables tables = make_tables();
constexpr std::uint32_t ident_max = 255;

std::size_t at(char c) { return static_cast<unsigned char>(c); }

bool is_word(char c) { return tables.word[at(c)]; }

// The end of the letters, digits and `_` at `p`. Sixteen at a time, since a loop over octets costs
// a mispredicted branch a word. pre: `padding` octets can be read behind the text.
const char* end_of_word(const char* p) {
#ifdef __SSE2__
  static_assert(padding >= 16);
  while (true) {
    const __m128i text = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));  // NOLINT
    const __m128i lower = _mm_or_si128(text, _mm_set1_epi8(0x20));
    // Signed comparisons: octets from 0x80 are below every letter and digit.
    const __m128i letter = _mm_and_si128(_mm_cmpgt_epi8(lower, _mm_set1_epi8('a' - 1)),
                                         _mm_cmplt_epi8(lower, _mm_set1_epi8('z' + 1)));
    const __m128i digit = _mm_and_si128(_mm_cmpgt_epi8(text, _mm_set1_epi8('0' - 1)),
                                        _mm_cmplt_epi8(text, _mm_set1_epi8('9' + 1)));
    const __m128i low_line = _mm_cmpeq_epi8(text, _mm_set1_epi8('_'));
    const auto word = static_cast<std::uint32_t>(
        _mm_movemask_epi8(_mm_or_si128(_mm_or_si128(letter, digit), low_line)));
    if (word != 0xFFFFU) {
      return p + std::countr_one(word);
    }
    p += 16;
  }
#else
  while (is_word(*p)) {
    ++p;
  }
  return p;
#endif
}

bool is_digit(char c) { return tables.classes[at(c)] == Class::digit; }

bool is_blank(char c) {
  return tables.classes[at(c)] == Class::space || tables.classes[at(c)] == Class::line;
}

bool is_s(char c) { return is_blank(c) || c == '\f'; }

class Lexer {
 public:
  Lexer(const SourceFile& file,
        Token* out,
        std::vector<DocToken>* docs,
        std::vector<LexError>* errors)
      : begin_(file.begin()),
        p_(begin_),
        end_(begin_ + file.size),
        first_(out),
        out_(out),
        docs_(docs),
        errors_(errors) {}

  std::size_t run() {
    while (p_ < end_) {
      step();
    }
    p_ = end_;
    put(Tok::end, end_);
    return static_cast<std::size_t>(out_ - first_);
  }

 private:
  void step() {
    const char c = *p_;
    switch (tables.classes[at(c)]) {
      case Class::letter:
        return word();
      case Class::space:
        return blanks();
      case Class::line:
        return line();
      case Class::mark:
        return mark(tables.mark[at(c)]);
      case Class::digit:
        return number(p_);
      case Class::sign:
        return sign();
      case Class::slash:
        return slash();
      case Class::less:
        return two(p_[1] == '>'   ? Tok::not_equal
                   : p_[1] == '=' ? Tok::less_equal
                                  : Tok::less,
                   p_[1] == '>' || p_[1] == '=');
      case Class::greater:
        return two(p_[1] == '=' ? Tok::greater_equal : Tok::greater, p_[1] == '=');
      case Class::bang:
        return p_[1] == '=' ? two(Tok::not_equal_c, true) : bad_text();
      case Class::bracket:
        return two(p_[1] == ']' ? Tok::brackets : Tok::open_bracket, p_[1] == ']');
      case Class::quote:
        return string();
      case Class::double_quote:
        return quoted_word();
      case Class::feed:
        return blanks();
      case Class::other:
        return bad_text();
    }
  }

  // A token from p_ to `to`.
  void put(Tok kind, const char* to) {
    Token& token = *out_++;
    token.start = static_cast<std::uint32_t>(p_ - begin_);
    token.hash = 0;
    token.length = static_cast<std::uint32_t>(to - p_) & 0x7FFFFFU;
    token.has_doc = has_doc_;
    token.kind_bits = static_cast<std::uint8_t>(kind);
    has_doc_ = 0;
    p_ = to;
  }

  void put_word(Tok kind, std::uint32_t hash, const char* to) {
    put(kind, to);
    out_[-1].hash = hash;
  }

  void two(Tok kind, bool both) { put(kind, p_ + (both ? 2 : 1)); }

  void mark(Tok kind) {
    if (kind == Tok::open) {
      if (++depth_ == nesting_max + 1) {
        fail(LexErrorKind::too_deep, p_, p_ + 1);
      }
    } else if (kind == Tok::close && depth_ > 0) {
      --depth_;
    }
    put(kind, p_ + 1);
  }

  void fail(LexErrorKind kind, const char* from, const char* to) {
    if (errors_->size() < messages_max) {
      errors_->push_back({.kind = kind,
                          .start = static_cast<std::uint32_t>(from - begin_),
                          .length = static_cast<std::uint32_t>(to - from)});
    }
  }

  void bad_text() {
    fail(LexErrorKind::bad_text, p_, p_ + 1);
    ++p_;
    // One message for a run of what cannot be read.
    while (p_ < end_ && tables.classes[at(*p_)] == Class::other) {
      ++p_;
    }
  }

  const char* end_of_line(const char* from) const {
    const void* found = std::memchr(from, '\n', static_cast<std::size_t>(end_ - from));
    return found == nullptr ? end_ : static_cast<const char*>(found);
  }

  // The end of the block comment at `from`, or null: it is not closed.
  const char* end_of_block(const char* from) const {
    const std::string_view rest{from + 2, static_cast<std::size_t>(end_ - from) - 2};
    const std::size_t found = rest.find("*/");
    return found == std::string_view::npos ? nullptr : rest.data() + found + 2;
  }

  void skip_remark(const char* dashes) {
    const char* to = end_of_line(dashes);
    const void* cr = std::memchr(dashes, '\r', static_cast<std::size_t>(to - dashes));
    p_ = cr == nullptr ? to : static_cast<const char*>(cr);
  }

  // Starts with a space, a TAB or a form feed.
  void blanks() {
    const char* q = p_;
    while (is_blank(*q)) {
      ++q;
    }
    const char* const white_end = q;  // a form feed may stand in front of comments only
    while (is_s(*q)) {
      ++q;
    }
    if (q[0] == '-' && q[1] == '-') {
      return skip_remark(q);
    }
    if (*p_ == '\f') {
      return bad_text();
    }
    p_ = white_end;
  }

  // Starts with a line break: the only place where a documentation comment can begin.
  void line() {
    const char* q = p_;
    while (is_blank(*q)) {
      ++q;
    }
    const char* const white_end = q;
    while (is_s(*q)) {
      ++q;
    }
    if (q[0] == '-' && q[1] == '-') {
      const char* to = end_of_line(q);
      for (const char* next = to; next < end_; next = to) {
        while (is_s(*next)) {
          ++next;
        }
        if (next[0] != '-' || next[1] != '-') {
          break;
        }
        to = end_of_line(next);
      }
      return doc(to);
    }
    if (q[0] == '/' && q[1] == '*') {
      if (const char* to = end_of_block(q); to != nullptr) {
        return doc(to);
      }
    }
    p_ = white_end;
  }

  void doc(const char* to) {
    const DocToken doc{.start = static_cast<std::uint32_t>(p_ - begin_),
                       .length = static_cast<std::uint32_t>(to - p_),
                       .token = static_cast<std::uint32_t>(out_ - first_)};
    if (has_doc_ != 0) {
      docs_->back() = doc;
    } else {
      docs_->push_back(doc);
    }
    has_doc_ = 1;
    p_ = to;
  }

  void slash() {
    if (p_[1] == '*') {
      if (const char* to = end_of_block(p_); to != nullptr) {
        p_ = to;
        return;
      }
    }
    put(Tok::slash, p_ + 1);
  }

  void sign() {
    if (p_[0] == '-' && p_[1] == '-') {
      return skip_remark(p_);
    }
    if (is_digit(p_[1])) {
      return number(p_ + 1);
    }
    put(*p_ == '-' ? Tok::minus : Tok::plus, p_ + 1);
  }

  void number(const char* digits) {
    while (is_digit(*digits)) {
      ++digits;
    }
    if (digits[0] != '.' || !is_digit(digits[1])) {
      return put(Tok::integer, digits);
    }
    ++digits;
    while (is_digit(*digits)) {
      ++digits;
    }
    put(Tok::floating, digits);
  }

  void word() {
    const char* q = end_of_word(p_ + 1);
    if (special_first(*p_) && special_word(static_cast<std::size_t>(q - p_))) {
      return;
    }
    const auto length = std::min<std::size_t>(static_cast<std::size_t>(q - p_), ident_max);
    const std::uint32_t hash = hash_of_name(p_, length);
    put_word(words::kind_of(p_, length, hash), hash, p_ + length);
  }

  void quoted_word() {
    const char* q = p_ + 1;
    const bool letter = tables.classes[at(*q)] == Class::letter;
    while (is_word(*q)) {
      ++q;
    }
    const auto length = static_cast<std::size_t>(q - p_ - 1);
    if (!letter || *q != '"' || length > ident_max) {
      return bad_text();
    }
    put_word(Tok::quoted_ident, hash_of_name(p_ + 1, length), q + 1);
  }

  static bool special_first(char c) {
    // D N U E S O W I T P: first letters of the token classes 9 to 27.
    constexpr std::uint32_t set = (1U << ('D' - 'A')) | (1U << ('N' - 'A')) | (1U << ('U' - 'A')) |
                                  (1U << ('E' - 'A')) | (1U << ('S' - 'A')) | (1U << ('O' - 'A')) |
                                  (1U << ('W' - 'A')) | (1U << ('I' - 'A')) | (1U << ('T' - 'A')) |
                                  (1U << ('P' - 'A'));
    const auto index = static_cast<unsigned char>(c) - unsigned{'A'};
    return index < 26 && ((set >> index) & 1U) != 0;
  }

  // Behind `from`: white space, then `word`, which may go on. Null if that is not there.
  const char* then(const char* from, std::string_view word) const {
    if (from == nullptr || !is_blank(*from)) {
      return nullptr;
    }
    while (is_blank(*from)) {
      ++from;
    }
    if (static_cast<std::size_t>(end_ - from) < word.size() ||
        std::memcmp(from, word.data(), word.size()) != 0) {
      return nullptr;
    }
    return from + word.size();
  }

  bool put_if(Tok kind, const char* to) {
    if (to != nullptr) {
      put(kind, to);
    }
    return to != nullptr;
  }

  bool starts(std::size_t length, std::string_view word) const {
    return length >= word.size() && std::memcmp(p_, word.data(), word.size()) == 0;
  }

  const char* whole(std::size_t length, std::string_view word) const {
    return length == word.size() && std::memcmp(p_, word.data(), length) == 0 ? p_ + length
                                                                              : nullptr;
  }

  // Classes 9 to 27, for the `length` word octets at p_. Those without white space inside need no
  // end of the word behind them.
  bool special_word(std::size_t length) {
    switch (*p_) {
      case 'T':
        return starts(length, "TABLE") && put_if(Tok::table, p_ + 5);
      case 'S':
        return starts(length, "SELECT") && put_if(Tok::select, p_ + 6);
      case 'U':
        return starts(length, "UNLOGGED") && put_if(Tok::unlogged, p_ + 8);
      case 'E':
        return (starts(length, "EXECUTE") && put_if(Tok::execute, p_ + 7)) ||
               put_if(Tok::extension_engine, then(whole(length, "EXTENSION"), "ENGINE"));
      case 'N':
        return put_if(Tok::not_null, then(whole(length, "NOT"), "NULL"));
      case 'P':
        return put_if(Tok::primary_key, then(whole(length, "PRIMARY"), "KEY"));
      case 'D':
        return put_if(Tok::default_nextval, then(whole(length, "DEFAULT"), "NEXTVAL"));
      case 'W':
        return put_if(Tok::with_tag, then(whole(length, "WITH"), "TAG"));
      case 'O':
        return on_word(whole(length, "ON"));
      default:
        return insert_word(whole(length, "INSERT"));
    }
  }

  bool on_word(const char* on) {
    if (on == nullptr) {
      return false;
    }
    const char* all = then(on, "ALL");
    return put_if(Tok::on_command, then(on, "COMMAND")) ||
           put_if(Tok::on_all_commands, then(all, "COMMANDS")) ||
           put_if(Tok::on_query, then(on, "QUERY")) ||
           put_if(Tok::on_all_queries, then(all, "QUERIES")) ||
           put_if(Tok::on_view, then(on, "VIEW")) ||
           put_if(Tok::on_all_views, then(all, "VIEWS")) ||
           put_if(Tok::on_all_tables, then(all, "TABLES")) ||
           put_if(Tok::on_table, then(on, "TABLE"));
  }

  bool insert_word(const char* insert) {
    const char* on = then(insert, "ON");
    const char* workspaces = then(then(on, "ALL"), "WORKSPACES");
    return put_if(Tok::insert_on_workspace, then(on, "WORKSPACE")) ||
           put_if(Tok::insert_on_all_workspaces_with_tag, then(then(workspaces, "WITH"), "TAG"));
  }

  // Leftmost first with backtracking: \' is tried as a quote that does not close; if no other
  // closes later, the last such one does after all.
  void string() {
    const char* q = p_ + 1;
    const char* last_chance = nullptr;
    bool escapes = false;
    while (q < end_ && *q != '\'') {
      if (*q == '\\') {
        escapes = true;
        if (q + 1 < end_ && q[1] == '\'') {
          last_chance = q + 1;
          ++q;
        }
      }
      ++q;
    }
    if (q >= end_) {
      q = last_chance;
    }
    if (q == nullptr) {
      return bad_text();
    }
    if (escapes && !escapes_are_good({p_ + 1, static_cast<std::size_t>(q - p_) - 1})) {
      fail(LexErrorKind::bad_string, p_, q + 1);
    }
    put(Tok::string, q + 1);
  }

  static bool escapes_are_good(std::string_view text);

  const char* begin_;
  const char* p_;
  const char* end_;
  Token* first_;
  Token* out_;
  std::vector<DocToken>* docs_;
  std::vector<LexError>* errors_;
  std::uint32_t depth_ = 0;
  std::uint32_t has_doc_ : 1 = 0;
};

struct Escape {
  char32_t value = 0;
  std::size_t length = 0;  // of what follows the backslash; 0: not an escape
};

Escape number_escape(std::string_view digits, std::size_t skip, std::size_t count, unsigned base) {
  char32_t value = 0;
  if (digits.size() < skip + count) {
    return {};
  }
  for (const char c : digits.substr(skip, count)) {
    const unsigned digit = c >= '0' && c <= '9'   ? static_cast<unsigned>(c - '0')
                           : c >= 'a' && c <= 'f' ? static_cast<unsigned>(c - 'a') + 10
                           : c >= 'A' && c <= 'F' ? static_cast<unsigned>(c - 'A') + 10
                                                  : 99;
    if (digit >= base) {
      return {};
    }
    value = value * base + digit;
  }
  const bool octal_too_big = base == 8 && value > 255;
  const bool surrogate = value >= 0xD800 && value < 0xE000;
  if (octal_too_big || surrogate || value > 0x10FFFF) {
    return {};
  }
  return {.value = value, .length = skip + count};
}

// pre: `rest` is what follows a backslash.
Escape escape_at(std::string_view rest) {
  if (rest.empty()) {
    return {};
  }
  constexpr std::string_view letters = "abfnrtv\\'";
  constexpr std::string_view values = "\a\b\f\n\r\t\v\\'";
  if (const std::size_t found = letters.find(rest[0]); found != std::string_view::npos) {
    return {.value = static_cast<unsigned char>(values[found]), .length = 1};
  }
  switch (rest[0]) {
    case 'x':
      return number_escape(rest, 1, 2, 16);
    case 'u':
      return number_escape(rest, 1, 4, 16);
    case 'U':
      return number_escape(rest, 1, 8, 16);
    default:
      return number_escape(rest, 0, 3, 8);
  }
}

bool Lexer::escapes_are_good(std::string_view text) {
  for (std::size_t i = text.find('\\'); i != std::string_view::npos; i = text.find('\\', i)) {
    const Escape escape = escape_at(text.substr(i + 1));
    if (escape.length == 0) {
      return false;
    }
    i += 1 + escape.length;
  }
  return true;
}

}  // namespace

void TokenBuffer::lex(const SourceFile& file) {
  const std::size_t most = std::size_t{file.size} + 1;
  if (capacity_ < most) {
    tokens_ = std::make_unique_for_overwrite<Token[]>(most);  // NOLINT(*-avoid-c-arrays)
    capacity_ = most;
  }
  docs_.clear();
  docs_.reserve(most / 256);
  errors_.clear();
  count_ = Lexer(file, tokens_.get(), &docs_, &errors_).run();
}

std::string lex_error_text(const SourceFile& file, const LexError& error) {
  const std::string_view text = file.text();
  switch (error.kind) {
    case LexErrorKind::bad_string:
      return "invalid quoted string " + quoted(text.substr(error.start, error.length)) +
             ": invalid syntax";
    case LexErrorKind::too_deep:
      return "nesting deeper than " + std::to_string(nesting_max);
    case LexErrorKind::bad_text:
      break;
  }
  std::string_view rest = text.substr(error.start);
  std::size_t shown = 0;
  for (int i = 0; i < 16 && shown < rest.size(); ++i) {
    char32_t c = 0;
    shown += decode_utf8(rest.substr(shown), &c);
  }
  std::string what{rest.substr(0, shown)};
  if (shown < rest.size()) {
    what.append("...");
  }
  return "lexer: invalid input text " + quoted(what);
}

std::string string_value(std::string_view raw) {
  std::string_view rest = raw.substr(1, raw.size() - 2);
  std::string out;
  out.reserve(rest.size());
  while (!rest.empty()) {
    if (rest[0] == '\\') {
      const Escape escape = escape_at(rest.substr(1));
      append_utf8(&out, escape.value);
      rest.remove_prefix(1 + escape.length);
      continue;
    }
    char32_t c = 0;
    const std::size_t length = decode_utf8(rest, &c);
    append_utf8(&out, c);
    rest.remove_prefix(length);
  }
  return out;
}

}  // namespace vvm::schema
