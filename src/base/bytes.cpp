// Hex and big-endian octets, written out by hand so that neither locale nor host order has a say.
#include "base/bytes.hpp"

#include "base/check.hpp"

namespace vvm {
namespace {

int digit_of(char c) {
  if (c >= '0' && c <= '9') {
    return c - '0';
  }
  if (c >= 'a' && c <= 'f') {
    return c - 'a' + 10;
  }
  if (c >= 'A' && c <= 'F') {
    return c - 'A' + 10;
  }
  return -1;
}

void append_be(Bytes& out, std::uint64_t value, int octets) {
  for (int shift = (octets - 1) * 8; shift >= 0; shift -= 8) {
    out.push_back(static_cast<char>(static_cast<unsigned char>(value >> shift)));
  }
}

}  // namespace

std::string to_hex(BytesView bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  out.reserve(bytes.size() * 2);
  for (const char c : bytes) {
    const auto octet = static_cast<unsigned char>(c);
    out.push_back(digits[octet >> 4U]);
    out.push_back(digits[octet & 15U]);
  }
  return out;
}

std::optional<Bytes> from_hex(std::string_view hex) {
  if (hex.size() % 2 != 0) {
    return std::nullopt;
  }
  Bytes out;
  out.reserve(hex.size() / 2);
  for (std::size_t i = 0; i < hex.size(); i += 2) {
    const int high = digit_of(hex[i]);
    const int low = digit_of(hex[i + 1]);
    if (high < 0 || low < 0) {
      return std::nullopt;
    }
    out.push_back(static_cast<char>(static_cast<unsigned char>(high * 16 + low)));
  }
  return out;
}

void append_be16(Bytes& out, std::uint16_t value) { append_be(out, value, 2); }

void append_be32(Bytes& out, std::uint32_t value) { append_be(out, value, 4); }

void append_be64(Bytes& out, std::uint64_t value) { append_be(out, value, 8); }

std::uint64_t read_be64(BytesView in) {
  CHECK(in.size() >= 8, "read_be64 of", in.size(), "octets");
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < 8; ++i) {
    value = (value << 8U) | static_cast<unsigned char>(in[i]);
  }
  return value;
}

}  // namespace vvm
