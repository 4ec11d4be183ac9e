// Tokens by their first octet, and the edits.
#include "properties/fuzz/token_mutator.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>

#include "base/check.hpp"
#include "schema/token.hpp"

namespace vvm::fuzz {
namespace {

// Values at which something changes: signs, octal, the limits of each integer type, and texts that
// CHECK, CRON, Comment and IMPORT read.
constexpr std::array<std::string_view, 46> values{"0",
                                                  "1",
                                                  "-1",
                                                  "+7",
                                                  "08",
                                                  "010",
                                                  "255",
                                                  "1024",
                                                  "65535",
                                                  "65536",
                                                  "2147483647",
                                                  "2147483648",
                                                  "-2147483648",
                                                  "4294967295",
                                                  "4294967296",
                                                  "9223372036854775807",
                                                  "-9223372036854775808",
                                                  "18446744073709551615",
                                                  "18446744073709551616",
                                                  "1.5",
                                                  "-0.0",
                                                  "99999999999999999999999999.9",
                                                  "''",
                                                  "'x'",
                                                  "'a''b'",
                                                  "'\\''",
                                                  "'\\\\'",
                                                  "'\\\\d+'",
                                                  "'\\x41\\u00e9\\377'",
                                                  "'\\q'",
                                                  "'^[a-z]{2,8}$'",
                                                  "'(?i:a|b)*?'",
                                                  "'[a'",
                                                  "'a{1001}'",
                                                  "'(a*)*'",
                                                  "'0 0 * * *'",
                                                  "'@every 1h30m'",
                                                  "'@daily'",
                                                  "'a\nb'",
                                                  "'TABLE'",
                                                  "'org/lib'",
                                                  "'example.com/app'",
                                                  "\"Quoted\"",
                                                  "\"TABLE\"",
                                                  "'\xc3\xa9'",
                                                  "'\xff'"};

constexpr std::array<std::string_view, 27> names{"sys.CDoc",
                                                 "sys.WDoc",
                                                 "sys.ODoc",
                                                 "CDoc",
                                                 "CRecord",
                                                 "WSingleton",
                                                 "CSingleton",
                                                 "sys.Record",
                                                 "sys.View",
                                                 "sys.Workspace",
                                                 "AppWorkspaceWS",
                                                 "Profile",
                                                 "sys.Raw",
                                                 "sys.Anyone",
                                                 "sys.ID",
                                                 "sys.QName",
                                                 "BLOB",
                                                 "sys.Http",
                                                 "SendMail",
                                                 "lib.T",
                                                 "lib",
                                                 "sys",
                                                 "T",
                                                 "R",
                                                 "A",
                                                 "sys.BLOB",
                                                 "AppSecret"};

// What stands between tokens: comments that document, others, and where another file begins.
constexpr std::array<std::string_view, 22> gaps{" ",
                                                "\n",
                                                "\r\n",
                                                "\r",
                                                "\t",
                                                "\f",
                                                "\n-- doc\n",
                                                " -- aside\n",
                                                "\r-- doc\r",
                                                "\n--\n",
                                                "\n\n-- one\n\n-- two\n",
                                                "\n/* doc\n * more */",
                                                "/* aside */",
                                                "/**/",
                                                "/*/ aside */",
                                                "\n/*/ doc /* */",
                                                "\n/***/\n",
                                                "/* a */-- b\n/* c */",
                                                "\n-- \xc3\xa9 \xe2\x82\xac \xff\n",
                                                "\n### org/lib/lib.vsql\n",
                                                "\n### example.com/app/b.vsql\n",
                                                "\n### sys/sys.vsql\n"};

bool is_white(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\f'; }

bool is_letter(char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); }

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_separator(std::string_view text, std::size_t at) {
  return text.substr(at).starts_with("### ") && (at == 0 || text[at - 1] == '\n');
}

// Behind white space and comments.
std::size_t skip_gap(std::string_view text, std::size_t at) {
  while (at < text.size()) {
    const std::string_view rest = text.substr(at);
    if (is_white(rest[0])) {
      ++at;
    } else if (rest.starts_with("--")) {
      at = std::min(text.find('\n', at), text.size());
    } else if (rest.starts_with("/*") && rest.find("*/", 2) != std::string_view::npos) {
      at += rest.find("*/", 2) + 2;
    } else {
      break;
    }
  }
  return at;
}

// Behind the token at `at`. pre: there is one.
std::size_t skip_token(std::string_view text, std::size_t at) {
  const char first = text[at];
  if (is_separator(text, at)) {
    return std::min(text.find('\n', at), text.size());
  }
  if (first == '\'' || first == '"') {
    std::size_t end = at + 1;
    while (end < text.size() && text[end] != first) {
      end += first == '\'' && text[end] == '\\' ? 2 : 1;
    }
    return std::min(end + 1, text.size());
  }
  std::size_t end = at + 1;
  const bool number = is_digit(first) ||
                      ((first == '-' || first == '+') && end < text.size() && is_digit(text[end]));
  if (number || is_letter(first)) {
    while (end < text.size() && (is_letter(text[end]) || is_digit(text[end]) || text[end] == '_' ||
                                 (number && text[end] == '.'))) {
      ++end;
    }
  } else if (end < text.size() && text[end] == '=' && (first == '<' || first == '>')) {
    ++end;
  }
  return end;
}

// The octet by which a piece is told: the first behind its gap; 0: it is only a gap.
char head_of(std::string_view piece) {
  const std::size_t at = skip_gap(piece, 0);
  return at < piece.size() ? piece[at] : '\0';
}

constexpr std::size_t pieces_max = 10'000;  // of what one edit adds

class Editor {
 public:
  Editor(std::string_view text, Rng* rng) : rng_(*rng) {
    for (const std::string_view piece : pieces_of(text)) {
      pieces_.emplace_back(piece);
    }
  }

  void edit() {
    if (pieces_.empty()) {
      return insert(0, word());
    }
    const std::size_t at = any();
    switch (rng_.below(28)) {
      case 0:
      case 1:
        return erase(at, at + 1 + rng_.below(4));
      case 2:
      case 3:
        return insert(at, pieces_[at]);
      case 4:
      case 5:
        return std::swap(pieces_[at], pieces_[any()]);
      case 6:
      case 7:
        return replace(at, word());
      case 8:
      case 9:
        return insert(at, " " + std::string{word()});
      case 10:
      case 11:
        return replace(at, pieces_[alike(at)]);
      case 12:
      case 13:
        return insert(at, gaps[rng_.below(gaps.size())]);
      case 14:
      case 15:
        return erase(at, clause_end(at));
      case 16:
      case 17:
        return copy(at, clause_end(at), any());
      case 18:
      case 19:
        return move(at, any());
      case 20:
      case 21:
        return replace(near_value(at), values[rng_.below(values.size())]);
      case 22:
      case 23:
        return replace(alike(at), names[rng_.below(names.size())]);
      case 24:
        return repeat(at, at + 1 + rng_.below(3), 1 + rng_.below(400));
      case 25:
        return repeat(at, clause_end(at), 1 + rng_.below(60));
      default:
        return replace(alike(at, 'a'), fresh_name());
    }
  }

  // Puts a part of `other` in, in place of a part of the same kind or beside it.
  void splice(const Editor& other) {
    if (other.pieces_.empty()) {
      return;
    }
    const std::size_t from = rng_.below(other.pieces_.size());
    const std::size_t end =
        rng_.chance({.num = 1, .den = 8}) ? other.pieces_.size() : other.clause_end(from);
    const std::vector<std::string> part = other.slice(from, end);
    std::size_t at = pieces_.empty() ? 0 : any();
    if (!pieces_.empty() && rng_.chance({.num = 1, .den = 2})) {
      at = alike(at, head_of(part.front()));
      erase(at, clause_end(at));
    }
    insert_all(at, part);
  }

  std::string text(std::size_t size_max) const {
    std::string out;
    for (const std::string& piece : pieces_) {
      if (out.size() + piece.size() > size_max) {
        break;
      }
      out.append(piece);
    }
    return out;
  }

 private:
  std::size_t any() { return rng_.below(pieces_.size()); }

  std::string_view word() { return words()[rng_.below(words().size())]; }

  void insert(std::size_t at, std::string_view piece) {
    pieces_.insert(pieces_.begin() + static_cast<std::ptrdiff_t>(at), std::string{piece});
  }

  void insert_all(std::size_t at, const std::vector<std::string>& part) {
    pieces_.insert(pieces_.begin() + static_cast<std::ptrdiff_t>(at), part.begin(), part.end());
  }

  std::vector<std::string> slice(std::size_t from, std::size_t end) const {
    return {pieces_.begin() + static_cast<std::ptrdiff_t>(from),
            pieces_.begin() + static_cast<std::ptrdiff_t>(std::min(end, pieces_.size()))};
  }

  void erase(std::size_t from, std::size_t end) {
    pieces_.erase(pieces_.begin() + static_cast<std::ptrdiff_t>(from),
                  pieces_.begin() + static_cast<std::ptrdiff_t>(std::min(end, pieces_.size())));
  }

  void copy(std::size_t from, std::size_t end, std::size_t to) { insert_all(to, slice(from, end)); }

  // What is long or deep: the same again and again, with other names where it begins with one.
  void repeat(std::size_t from, std::size_t end, std::uint64_t times) {
    std::vector<std::string> part = slice(from, end);
    std::vector<std::string> all;
    const std::string first = part.front();
    const bool named = is_letter(head_of(first)) && rng_.chance({.num = 1, .den = 2});
    for (std::uint64_t i = 0; i < times && all.size() < pieces_max; ++i) {
      part.front() = named ? first + std::to_string(i) : first;
      all.insert(all.end(), part.begin(), part.end());
    }
    insert_all(from, all);
  }

  std::string fresh_name() { return "N" + std::to_string(rng_.below(8)); }

  void move(std::size_t from, std::size_t to) {
    const std::vector<std::string> part = slice(from, clause_end(from));
    erase(from, from + part.size());
    insert_all(std::min(to, pieces_.size()), part);
  }

  // Another token in place of that of the piece; what stands in front of it stays.
  void replace(std::size_t at, std::string_view piece) {
    std::string& old = pieces_[at];
    old.resize(skip_gap(old, 0));
    if (old.empty()) {
      old.push_back(' ');
    }
    old.append(piece.substr(skip_gap(piece, 0)));
  }

  // The first piece at or behind a random one that begins like the one at `at`.
  std::size_t alike(std::size_t at) { return alike(at, head_of(pieces_[at])); }

  std::size_t alike(std::size_t at, char head) {
    const auto same = [head](char other) {
      return other == head || (is_letter(head) && is_letter(other)) ||
             (is_digit(head) && is_digit(other));
    };
    return first_where(at, same);
  }

  std::size_t near_value(std::size_t at) {
    return first_where(at, [](char c) { return is_digit(c) || c == '\'' || c == '-'; });
  }

  template <class Test>
  std::size_t first_where(std::size_t otherwise, const Test& test) {
    const std::size_t from = any();
    for (std::size_t i = 0; i < pieces_.size(); ++i) {
      const std::size_t at = (from + i) % pieces_.size();
      if (test(head_of(pieces_[at]))) {
        return at;
      }
    }
    return otherwise;
  }

  // Behind the `,` or `;` that ends what begins at `from`, or in front of the `)` around it.
  std::size_t clause_end(std::size_t from) const {
    std::size_t depth = 0;
    for (std::size_t i = from; i < pieces_.size(); ++i) {
      const char head = head_of(pieces_[i]);
      if (head == '(') {
        ++depth;
      } else if (head == ')' && depth == 0) {
        return std::max(i, from + 1);
      } else if (head == ')') {
        --depth;
      } else if (depth == 0 && (head == ',' || head == ';')) {
        return i + 1;
      }
    }
    return pieces_.size();
  }

  std::vector<std::string> pieces_;
  Rng& rng_;
};

std::vector<std::string> words_of_lexer() {
  constexpr std::array all{
#define TOKEN(name, shown) schema::Tok::name,
#define WORD(name, text) schema::Tok::name,
#include "schema/tokens.def"
#undef TOKEN
#undef WORD
  };
  std::vector<std::string> out;
  for (const schema::Tok kind : all) {
    if (kind != schema::Tok::end && schema::has_fixed_text(kind)) {
      out.emplace_back(schema::token_name(kind));
    }
  }
  return out;
}

}  // namespace

const std::vector<std::string>& words() {
  static const std::vector<std::string> all = words_of_lexer();
  return all;
}

std::vector<std::string_view> pieces_of(std::string_view text) {
  std::vector<std::string_view> pieces;
  std::size_t begin = 0;
  while (begin < text.size()) {
    const std::size_t token = skip_gap(text, begin);
    const std::size_t end = token < text.size() ? skip_token(text, token) : token;
    CHECK(end > begin, "a piece is not empty");
    pieces.push_back(text.substr(begin, end - begin));
    begin = end;
  }
  return pieces;
}

std::string mutated(std::string_view text, std::size_t size_max, Rng* rng) {
  Editor editor(text, rng);
  // Mostly one edit: what it does is then seen by itself.
  const std::uint64_t count = rng->chance({.num = 1, .den = 2}) ? 1 : 1 + rng->below(6);
  for (std::uint64_t i = 0; i < count; ++i) {
    editor.edit();
  }
  return editor.text(size_max);
}

std::string crossed(std::string_view text, std::string_view other, std::size_t size_max, Rng* rng) {
  Editor editor(text, rng);
  editor.splice(Editor(other, rng));
  if (rng->chance({.num = 1, .den = 4})) {
    editor.edit();
  }
  return editor.text(size_max);
}

}  // namespace vvm::fuzz
