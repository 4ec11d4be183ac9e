// Bytes and BytesView: octets; hex and big-endian integers over them.
//
// Every layer relies on them. std::string holds octets here because Beast, Boost.JSON and
// libarchive all take it without a copy; nothing assumes text or a terminating NUL.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace vvm {

using Bytes = std::string;
using BytesView = std::string_view;

// Lower-case hexadecimal, two digits an octet.
std::string to_hex(BytesView bytes);
// None unless `hex` has an even number of hexadecimal digits, either case, and nothing else.
std::optional<Bytes> from_hex(std::string_view hex);

void append_be16(Bytes& out, std::uint16_t value);
void append_be32(Bytes& out, std::uint32_t value);
void append_be64(Bytes& out, std::uint64_t value);
// pre: in.size() >= 8.
std::uint64_t read_be64(BytesView in);

}  // namespace vvm
