// CHECK expressions and numbers. Expressions are recognised, and dropped (quirk Q10).
//
// NOT is an ordinary name in them: the reference takes it for one before it would negate (Q9).
#include <charconv>
#include <limits>

#include "schema/parser.hpp"

namespace vvm::schema {
namespace {

constexpr std::string_view bad_syntax = "invalid syntax";
constexpr std::string_view out_of_range = "value out of range";

// Digits with the base that a leading zero gives: octal (quirk Q5). Null: fine.
std::string_view read_digits(std::string_view digits, std::uint64_t most, std::uint64_t* out) {
  const unsigned base = digits.size() > 1 && digits[0] == '0' ? 8 : 10;
  std::uint64_t value = 0;
  bool fits = true;
  for (const char c : digits) {
    const auto digit = static_cast<std::uint64_t>(c - '0');
    if (digit >= base) {
      return bad_syntax;
    }
    fits = fits && value <= (most - digit) / base;
    value = fits ? value * base + digit : 0;
  }
  *out = value;
  return fits ? std::string_view{} : out_of_range;
}

}  // namespace

void Parser::number_error(std::string_view function, std::string_view reason) {
  const std::uint32_t token = index(t_);
  if (constraint_check_ != nullptr) {
    // Canonically the constraint is no constraint then, and its `(` is in the way.
    syntax_errors_.push_back(
        {.token = token, .counts_at = index(constraint_check_), .expected = "number within range"});
    return;
  }
  number_errors_.push_back({.token = token,
                            .text = "failed to conform: strconv." + std::string{function} +
                                    ": parsing " + quoted(text(*t_)) + ": " + std::string{reason}});
}

bool Parser::unsigned_number(unsigned bits, std::uint64_t* out) {
  if (!at(Tok::integer)) {
    return fail("number");
  }
  const std::uint64_t most = ~std::uint64_t{0} >> (64 - bits);
  const std::string_view digits = text(*t_);
  const bool has_sign = digits[0] == '+' || digits[0] == '-';
  const std::string_view bad = has_sign ? bad_syntax : read_digits(digits, most, out);
  if (!bad.empty()) {
    number_error("ParseUint", bad);
  }
  ++t_;
  return true;
}

bool Parser::signed_number(unsigned bits, std::int64_t* out) {
  if (!at(Tok::integer)) {
    return fail("number");
  }
  std::string_view digits = text(*t_);
  const bool negative = digits[0] == '-';
  if (negative || digits[0] == '+') {
    digits.remove_prefix(1);
  }
  const std::uint64_t most = (std::uint64_t{1} << (bits - 1)) - (negative ? 0 : 1);
  std::uint64_t value = 0;
  const std::string_view bad = read_digits(digits, most, &value);
  if (!bad.empty()) {
    number_error("ParseInt", bad);
  }
  *out = static_cast<std::int64_t>(negative ? ~value + 1 : value);
  ++t_;
  return true;
}

// A FLOAT token can only be too large: digits, a point, digits.
void Parser::check_float() {
  std::string_view digits = text(*t_);
  if (digits[0] == '+') {
    digits.remove_prefix(1);
  }
  double value = 0;
  const auto [rest, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  const bool tiny = value == 0 && digits.find_first_of("123456789") > digits.find('.');
  if (error == std::errc::result_out_of_range && !tiny) {
    number_error("ParseFloat", out_of_range);
  }
}

bool Parser::expression() {
  do {
    if (!and_expression()) {
      return false;
    }
  } while (take(Tok::kw_or));
  return true;
}

bool Parser::and_expression() {
  do {
    if (!comparison()) {
      return false;
    }
  } while (take(Tok::kw_and));
  return true;
}

bool Parser::comparison() {
  if (!operand()) {
    return false;
  }
  switch (kind()) {
    case Tok::not_equal:
    case Tok::not_equal_c:
    case Tok::less_equal:
    case Tok::greater_equal:
    case Tok::less:
    case Tok::greater:
    case Tok::equal:
      ++t_;
      return operand();
    case Tok::kw_is:
      ++t_;
      take(Tok::kw_not);
      return need(Tok::kw_null);
    case Tok::kw_between:
      ++t_;
      return operand() && need(Tok::kw_and) && operand();
    case Tok::kw_in:
      ++t_;
      return paren_expressions();
    default:
      return true;
  }
}

bool Parser::operand() {
  if (!factor()) {
    return false;
  }
  return (!take(Tok::plus) && !take(Tok::minus)) || factor();
}

bool Parser::factor() {
  if (!term()) {
    return false;
  }
  return (!take(Tok::star) && !take(Tok::slash) && !take(Tok::percent)) || term();
}

bool Parser::term() {
  switch (kind()) {
    case Tok::integer: {
      std::int64_t value = 0;
      return signed_number(64, &value);
    }
    case Tok::floating:
      check_float();
      ++t_;
      return true;
    case Tok::string:
    case Tok::kw_true:
    case Tok::kw_false:
    case Tok::kw_null:
      ++t_;
      return true;
    case Tok::open:
      ++t_;
      return expression() && need(Tok::close);
    default:
      break;
  }
  if (!is_ident(kind())) {
    return fail("expression");
  }
  ++t_;
  if (take(Tok::dot)) {
    if (!is_ident(kind())) {
      return fail("identifier");
    }
    ++t_;
  }
  return !at(Tok::open) || paren_expressions();
}

bool Parser::paren_expressions() {
  if (!need(Tok::open)) {
    return false;
  }
  do {
    if (!expression()) {
      return false;
    }
  } while (take(Tok::comma));
  return need(Tok::close);
}

}  // namespace vvm::schema
