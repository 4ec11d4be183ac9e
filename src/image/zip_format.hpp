// The numbers of the ZIP format (PKWARE APPNOTE 6.3.3), for the reader and the writer.
//
// Only this module relies on it. Little-endian, unlike everything else here.
#pragma once

#include <cstdint>

#include "base/bytes.hpp"

namespace vvm::image::zip {

constexpr std::uint32_t local_signature = 0x04034b50;
constexpr std::uint32_t central_signature = 0x02014b50;
constexpr std::uint32_t end_signature = 0x06054b50;
constexpr std::uint32_t descriptor_signature = 0x08074b50;
constexpr std::size_t local_bytes = 30;
constexpr std::size_t central_bytes = 46;
constexpr std::size_t end_bytes = 22;
constexpr std::size_t comment_bytes_max = 0xFFFF;

constexpr std::uint16_t flag_encrypted = 1U << 0U;
constexpr std::uint16_t flag_descriptor = 1U << 3U;  // CRC and sizes follow the data
constexpr std::uint16_t flag_patched = 1U << 5U;
constexpr std::uint16_t flag_strong_encryption = 1U << 6U;
constexpr std::uint16_t flag_masked = 1U << 13U;

// pre: at + 2 (4) <= in.size().
inline std::uint16_t read16(BytesView in, std::size_t at) {
  const auto octet = [&in](std::size_t i) { return static_cast<unsigned char>(in[i]); };
  return static_cast<std::uint16_t>(octet(at) | (octet(at + 1) << 8U));
}

inline std::uint32_t read32(BytesView in, std::size_t at) {
  return read16(in, at) | (static_cast<std::uint32_t>(read16(in, at + 2)) << 16U);
}

inline void append16(Bytes& out, std::uint32_t value) {
  out.push_back(static_cast<char>(value & 0xFFU));
  out.push_back(static_cast<char>((value >> 8U) & 0xFFU));
}

inline void append32(Bytes& out, std::uint32_t value) {
  append16(out, value & 0xFFFFU);
  append16(out, value >> 16U);
}

}  // namespace vvm::image::zip
