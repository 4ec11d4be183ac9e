// A ZIP from its members, octet by octet, with nothing but what the caller says.
//
// pack relies on it; the breakages of testing/ do, too, which is why a member can say one thing in
// the central directory and another in its local header. Pure, deterministic.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "image/zip_directory.hpp"

namespace vvm::image {

struct ZipFields {
  std::string name;
  std::uint16_t flags = 0;
  std::uint16_t method = 0;
  std::uint32_t crc32 = 0;
  std::uint32_t packed_size = 0;
  std::uint32_t size = 0;
};

struct ZipMember {
  ZipFields central;
  std::optional<ZipFields> local{};  // where it differs from `central`
  std::uint32_t attributes = 0100644U << 16U;
  Bytes packed{};
};

// Deflated; stored where that is no gain, or where deflating would look like a bomb to
// read_archive. err: InternalError, when libarchive refuses.
Result<ZipMember> make_member(std::string name, BytesView bytes, const Limits& limits);
// Deflated in any case.
Result<ZipMember> make_deflated(std::string name, BytesView bytes);

// All times are the first that the format knows, 1980-01-01 00:00.
Bytes write_zip(const std::vector<ZipMember>& members);

}  // namespace vvm::image
