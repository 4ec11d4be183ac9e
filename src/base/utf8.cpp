// Lead and continuation octets; overlong forms and surrogates are not UTF-8.
#include "base/utf8.hpp"

#include <array>

namespace vvm {
namespace {

bool continues(char octet) { return (static_cast<unsigned char>(octet) & 0xC0U) == 0x80U; }

}  // namespace

std::size_t decode_utf8(std::string_view text, char32_t* value) {
  const auto lead = static_cast<unsigned char>(text[0]);
  if (lead < 0x80) {
    *value = lead;
    return 1;
  }
  const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  char32_t code = lead & (length == 4 ? 0x07U : length == 3 ? 0x0FU : 0x1FU);
  bool good = lead >= 0xC2 && lead <= 0xF4 && text.size() >= length;
  for (std::size_t i = 1; good && i < length; ++i) {
    good = continues(text[i]);
    code = (code << 6U) | (static_cast<unsigned char>(text[i]) & 0x3FU);
  }
  constexpr std::array<char32_t, 5> least{0, 0, 0x80, 0x800, 0x10000};
  if (!good || code < least[length] || code > 0x10FFFF || (code >= 0xD800 && code < 0xE000)) {
    *value = 0xFFFD;
    return 1;
  }
  *value = code;
  return length;
}

void append_utf8(std::string* out, char32_t value) {
  const auto put = [out](char32_t octet) { out->push_back(static_cast<char>(octet)); };
  if (value < 0x80) {
    put(value);
  } else if (value < 0x800) {
    put(0xC0U | (value >> 6U));
    put(0x80U | (value & 0x3FU));
  } else if (value < 0x10000) {
    put(0xE0U | (value >> 12U));
    put(0x80U | ((value >> 6U) & 0x3FU));
    put(0x80U | (value & 0x3FU));
  } else {
    put(0xF0U | (value >> 18U));
    put(0x80U | ((value >> 12U) & 0x3FU));
    put(0x80U | ((value >> 6U) & 0x3FU));
    put(0x80U | (value & 0x3FU));
  }
}

}  // namespace vvm
