// Tokens with the comments between them, groups in parentheses, and lines.
//
// A comment documents what follows only when a line break comes directly before it (1.7); such a
// one gets a line of its own again, any other stays behind the token before it. In the end the
// result is read back: if its tokens or comments differ, the text is left as it was.
#include "schema/print.hpp"

#include <algorithm>
#include <vector>

#include "schema/comments.hpp"
#include "schema/parse.hpp"

namespace vvm::schema {
namespace {

constexpr std::size_t width_max = 96;
constexpr std::size_t indent_width = 4;

struct Comment {
  std::string_view text;
  bool own_line = false;
  bool blank_before = false;
};

struct Piece {
  std::string text;
  Tok kind{};
  std::vector<Comment> comments;  // between the piece before and this one
  bool blank_before = false;
  std::size_t match = 0;  // of parentheses: the other one
  bool is_call = false;   // of `(`, or `=` of WITH: no space around
  bool is_block = false;  // of `(`: a list of statements
};

bool is_white(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\f'; }

// The comments of a gap, told apart as the lexer does.
void read_gap(std::string_view gap, Piece* piece) {
  std::size_t breaks = 0;
  bool own_line = false;
  const auto push = [&](std::size_t length) {
    std::string_view text = gap.substr(0, length);
    while (!text.empty() && is_white(text.back())) {
      text.remove_suffix(1);
    }
    piece->comments.push_back({.text = text, .own_line = own_line, .blank_before = breaks > 1});
    gap.remove_prefix(length);
    breaks = 0;
  };
  while (!gap.empty()) {
    if (gap.starts_with("--")) {
      push(std::min(gap.find('\n'), gap.size()));
    } else if (gap.starts_with("/*")) {
      push(std::min(gap.find("*/", 2), gap.size() - 2) + 2);  // not that of `/*/`
    } else {
      own_line = gap[0] == '\n' || gap[0] == '\r';
      while (!gap.empty() && is_white(gap[0])) {
        breaks += gap[0] == '\n' ? 1U : 0U;
        gap.remove_prefix(1);
      }
      continue;
    }
    own_line = false;
  }
  piece->blank_before = breaks > 1;
}

std::string with_single_spaces(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (!is_white(c)) {
      out.push_back(c);
    } else if (!out.empty() && out.back() != ' ') {
      out.push_back(' ');
    }
  }
  return out;
}

// COMMAND c(...): the word two before `(`.
bool opens_call(Tok word) {
  return word == Tok::kw_command || word == Tok::kw_query || word == Tok::kw_function ||
         word == Tok::kw_application;
}

std::vector<Piece> pieces_of(const SourceFile& source, const TokenBuffer& buffer) {
  std::vector<Piece> pieces;
  std::vector<std::size_t> open;
  std::vector<bool> has_semicolon;
  std::vector<bool> in_storages;
  std::size_t end = 0;
  for (const Token& token : buffer.tokens()) {
    Piece piece;
    piece.kind = token.kind();
    const std::string_view raw = source.text().substr(token.start, token.length);
    const bool words = piece.kind >= Tok::default_nextval && piece.kind <= Tok::primary_key;
    piece.text = words ? with_single_spaces(raw) : std::string{raw};
    read_gap(source.text().substr(end, token.start - end), &piece);
    end = token.start + token.length;
    const Tok before = pieces.empty() ? Tok::end : pieces.back().kind;
    if (piece.kind == Tok::equal) {
      piece.is_call = before == Tok::kw_comment || before == Tok::kw_tags;
    }
    if (piece.kind == Tok::open) {
      const Tok second = pieces.size() < 2 ? Tok::end : pieces[pieces.size() - 2].kind;
      piece.is_call = (!in_storages.empty() && in_storages.back()) || opens_call(second) ||
                      (before == Tok::equal && second == Tok::kw_tags);
      in_storages.push_back(before == Tok::kw_state || before == Tok::kw_intents);
      open.push_back(pieces.size());
      has_semicolon.push_back(false);
    } else if (piece.kind == Tok::semicolon && !has_semicolon.empty()) {
      has_semicolon.back() = true;
    } else if (piece.kind == Tok::close && !open.empty()) {
      piece.match = open.back();
      pieces[open.back()].match = pieces.size();
      pieces[open.back()].is_block = has_semicolon.back();
      open.pop_back();
      in_storages.pop_back();
      has_semicolon.pop_back();
    }
    pieces.push_back(std::move(piece));
  }
  return pieces;
}

// Between two pieces on one line.
bool space_between(const Piece& a, const Piece& b) {
  if (b.kind == Tok::comma || b.kind == Tok::semicolon || b.kind == Tok::close ||
      b.kind == Tok::dot || a.kind == Tok::open || a.kind == Tok::dot) {
    return false;
  }
  if (a.kind == Tok::equal || b.kind == Tok::equal) {
    return !a.is_call && !b.is_call;
  }
  if (b.kind != Tok::open) {
    return true;
  }
  switch (a.kind) {
    case Tok::kw_ref:
    case Tok::kw_state:
    case Tok::kw_intents:
    case Tok::kw_scope:
    case Tok::kw_varchar:
    case Tok::kw_text:
    case Tok::kw_bytes:
    case Tok::kw_varbinary:
    case Tok::kw_varying:
    case Tok::select:
    case Tok::kw_insert:
    case Tok::kw_update:
    case Tok::kw_all:
      return false;
    default:
      return !b.is_call;
  }
}

class Layout {
 public:
  explicit Layout(std::vector<Piece> pieces) : pieces_(std::move(pieces)) {
    // Widths and comments up to each piece, so that a group is measured without reading it.
    std::size_t width = 0;
    std::size_t comments = 0;
    for (std::size_t i = 0; i < pieces_.size(); ++i) {
      comments += pieces_[i].comments.size();
      width += pieces_[i].text.size() + (i > 0 && spaced(i) ? 1 : 0);
      width_to_.push_back(width);
      comments_to_.push_back(comments);
    }
  }

  std::string run() {
    for (std::size_t i = 0; i < pieces_.size(); ++i) {
      piece(i);
    }
    while (!out_.empty() && is_white(out_.back())) {
      out_.pop_back();
    }
    return out_.empty() ? out_ : out_ + "\n";
  }

 private:
  struct Group {
    std::size_t close;
    bool broken;
    bool is_block;
  };

  bool spaced(std::size_t i) const { return space_between(pieces_[i - 1], pieces_[i]); }

  // The end of what belongs on one line with the group that closes at `close`.
  std::size_t tail(std::size_t close) const {
    std::size_t i = close;
    while (i + 1 < pieces_.size()) {
      const Piece& next = pieces_[i + 1];
      if (next.kind == Tok::comma || next.kind == Tok::semicolon || next.kind == Tok::close ||
          next.kind == Tok::end) {
        break;
      }
      i = next.kind == Tok::open && next.match > i ? next.match : i + 1;
    }
    return i;
  }

  void line_break(bool blank) {
    if (out_.empty()) {
      return;
    }
    out_.append(blank ? "\n\n" : "\n");
    column_ = depth_ * indent_width;
    out_.append(column_, ' ');
    fresh_ = true;
  }

  void put(std::string_view text) {
    out_.append(text);
    const std::size_t last = text.rfind('\n');
    column_ = last == std::string_view::npos ? column_ + text.size() : text.size() - last - 1;
    fresh_ = false;
  }

  // True: the next thing needs a new line.
  bool comments(const Piece& piece, bool at_start, bool may_blank) {
    bool needs_line = at_start;
    for (const Comment& comment : piece.comments) {
      if (comment.own_line) {
        line_break(comment.blank_before && may_blank);
        needs_line = true;
      } else if (!out_.empty() && !fresh_) {
        put(" ");
      }
      put(comment.text);
      may_blank = true;
      needs_line = needs_line || comment.text.starts_with("--");
    }
    return needs_line;
  }

  void piece(std::size_t i) {
    const Piece& p = pieces_[i];
    const bool closes = p.kind == Tok::close && !groups_.empty() && groups_.back().close == i;
    const bool broken_close = closes && groups_.back().broken;
    const bool after_open = i > 0 && pieces_[i - 1].kind == Tok::open;
    bool starts = line_wanted_ || broken_close;
    line_wanted_ = false;
    const bool had_comments = !p.comments.empty();
    if (had_comments) {
      starts = comments(p, starts, !after_open) || starts;
    }
    if (broken_close) {
      --depth_;
    }
    if (closes) {
      groups_.pop_back();
    }
    if (starts) {
      const bool blank = p.blank_before && !after_open && !broken_close &&
                         (!had_comments || !p.comments.back().own_line);
      line_break(blank);
    } else if (i > 0 && (had_comments || spaced(i)) && !out_.empty() && !fresh_) {
      put(" ");
    }
    if (p.kind != Tok::end) {
      put(p.text);
    }
    if (p.kind == Tok::open) {
      open(i);
    } else if (p.kind == Tok::comma || p.kind == Tok::semicolon) {
      const bool in_block = groups_.empty() || groups_.back().is_block;
      line_wanted_ =
          in_block ? p.kind == Tok::semicolon : groups_.back().broken && p.kind == Tok::comma;
    }
  }

  void open(std::size_t i) {
    const std::size_t close = pieces_[i].match;
    if (close <= i) {
      return;
    }
    const bool empty = close == i + 1 && pieces_[close].comments.empty();
    const std::size_t flat = width_to_[tail(close)] - width_to_[i];
    const bool commented = comments_to_[close] != comments_to_[i];
    const bool fits = column_ + flat + 2 <= width_max;
    const bool broken = !empty && (pieces_[i].is_block || commented || !fits);
    groups_.push_back({.close = close, .broken = broken, .is_block = pieces_[i].is_block});
    if (broken) {
      ++depth_;
      line_wanted_ = true;
    }
  }

  std::vector<Piece> pieces_;
  std::vector<std::size_t> width_to_;
  std::vector<std::size_t> comments_to_;
  std::vector<Group> groups_;
  std::string out_;
  std::size_t column_ = 0;
  std::size_t depth_ = 0;
  bool line_wanted_ = false;
  bool fresh_ = false;  // only indentation on this line so far
};

// What must not change: tokens, and what their comments say.
std::vector<std::string> meaning(std::string_view text) {
  SourceMap map;
  TokenBuffer buffer;
  const SourceFile& source = map.add("", text);
  buffer.lex(source);
  std::vector<std::string> out;
  std::size_t doc = 0;
  for (const Token& token : buffer.tokens()) {
    std::string each = token.kind() == Tok::string
                           ? std::string{source.text().substr(token.start, token.length)}
                           : with_single_spaces(source.text().substr(token.start, token.length));
    if (token.has_doc != 0) {
      const DocToken& comment = buffer.docs()[doc++];
      for (const std::string_view line :
           comment_lines(source.text().substr(comment.start, comment.length))) {
        each.append("\n").append(line);
      }
    }
    out.push_back(std::move(each));
  }
  return out;
}

}  // namespace

std::optional<std::string> format(std::string_view text) {
  if (text.size() > file_bytes_max) {
    return std::nullopt;
  }
  SourceMap map;
  Names names;
  TokenBuffer buffer;
  const SourceFile& source = map.add("", text);
  if (!parse(source, &names, &buffer).errors.empty()) {
    return std::nullopt;
  }
  std::string printed = Layout(pieces_of(source, buffer)).run();
  if (printed.size() > file_bytes_max || meaning(printed) != meaning(text)) {
    return std::string{text};
  }
  return printed;
}

}  // namespace vvm::schema
