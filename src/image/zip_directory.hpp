// The structure of a ZIP: end record, central directory and local headers, read and compared.
//
// The archive reader relies on it, and so do tools that list a ZIP and tests that rebuild one.
// Pure, allocates in proportion to the octets it is given. Our own reader, because a library
// believes either the central directory or the local headers, and what it does not believe is what
// an attacker shows to somebody else. Accepts only archives whose entries follow each other without
// gap or overlap from octet 0 to the central directory, in its order, so that every octet of the
// file has exactly one meaning. No ZIP64: an image of 20 MiB and 10,000 entries needs none.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "image/limits.hpp"

namespace vvm::image {

enum class ZipMethod : std::uint16_t { stored = 0, deflated = 8 };

struct ZipRecord {
  std::string name;  // of a folder: without the trailing '/'
  bool is_folder = false;
  ZipMethod method = ZipMethod::stored;
  std::uint32_t crc32 = 0;
  std::uint32_t size = 0;  // as declared, not as inflated
  std::uint32_t header_offset = 0;
  BytesView packed{};  // into the archive
};

// Everything of 6.5 that can be said without inflating. err: NotAZip, TooManyEntries, PathEscape,
// SpecialEntry, DuplicateEntry.
Result<std::vector<ZipRecord>> read_directory(BytesView zip, const Limits& limits);

}  // namespace vvm::image
