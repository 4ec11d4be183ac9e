// Reads the central directory first, then walks the local headers in its order and compares.
#include "image/zip_directory.hpp"

#include <algorithm>
#include <map>
#include <optional>

#include "image/entry_name.hpp"
#include "image/zip_format.hpp"

namespace vvm::image {
namespace {

using zip::read16;
using zip::read32;

constexpr std::uint32_t not_here = 0xFFFFFFFF;  // "look into the ZIP64 record"
constexpr std::uint16_t refused_flags =
    zip::flag_encrypted | zip::flag_patched | zip::flag_strong_encryption | zip::flag_masked;

Error not_a_zip(std::string what) { return {Code::not_a_zip, std::move(what)}; }

Error special(std::string_view name, const std::string& what) {
  return {Code::special_entry, "entry " + shown(name) + " " + what};
}

struct EndRecord {
  std::size_t at = 0;
  std::uint32_t entries = 0;
  std::uint32_t directory_offset = 0;
  std::uint32_t directory_bytes = 0;
};

// A header as it stands, central or local.
struct Header {
  std::uint16_t flags = 0;
  std::uint16_t method = 0;
  std::uint32_t crc32 = 0;
  std::uint32_t packed_size = 0;
  std::uint32_t size = 0;
  std::string_view name{};
  std::size_t end = 0;              // the octet after it
  std::uint32_t attributes = 0;     // central only
  std::uint32_t header_offset = 0;  // central only
  std::uint16_t disk = 0;           // central only
};

// The last place whose comment reaches exactly to the end of the file.
std::optional<std::size_t> find_end(BytesView zip) {
  if (zip.size() < zip::end_bytes) {
    return std::nullopt;
  }
  const std::size_t last = zip.size() - zip::end_bytes;
  const std::size_t first = last - std::min(last, zip::comment_bytes_max);
  for (std::size_t at = last + 1; at-- > first;) {
    if (read32(zip, at) == zip::end_signature &&
        at + zip::end_bytes + read16(zip, at + 20) == zip.size()) {
      return at;
    }
  }
  return std::nullopt;
}

Result<EndRecord> read_end(BytesView zip, const Limits& limits) {
  const std::optional<std::size_t> at = find_end(zip);
  if (!at.has_value()) {
    return not_a_zip("no end record in " + std::to_string(zip.size()) + " octets");
  }
  const std::uint16_t entries = read16(zip, *at + 10);
  if (read16(zip, *at + 4) != 0 || read16(zip, *at + 6) != 0 || read16(zip, *at + 8) != entries) {
    return Error{Code::special_entry, "the archive spans several disks"};
  }
  if (entries > limits.entries_max) {
    return Error{Code::too_many_entries, std::to_string(entries) + " entries"};
  }
  const EndRecord end{.at = *at,
                      .entries = entries,
                      .directory_offset = read32(zip, *at + 16),
                      .directory_bytes = read32(zip, *at + 12)};
  if (std::uint64_t{end.directory_offset} + end.directory_bytes != end.at) {
    return not_a_zip("the central directory does not end at the end record");
  }
  return end;
}

Result<Header> read_central(BytesView zip, std::size_t at, const EndRecord& end) {
  if (end.at - at < zip::central_bytes || read32(zip, at) != zip::central_signature) {
    return not_a_zip("no central directory record at octet " + std::to_string(at));
  }
  Header header{.flags = read16(zip, at + 8),
                .method = read16(zip, at + 10),
                .crc32 = read32(zip, at + 16),
                .packed_size = read32(zip, at + 20),
                .size = read32(zip, at + 24),
                .attributes = read32(zip, at + 38),
                .header_offset = read32(zip, at + 42),
                .disk = read16(zip, at + 34)};
  const std::size_t name_bytes = read16(zip, at + 28);
  const std::size_t tail = name_bytes + read16(zip, at + 30) + read16(zip, at + 32);
  if (end.at - at - zip::central_bytes < tail) {
    return not_a_zip("the central directory record at octet " + std::to_string(at) + " is cut");
  }
  header.name = zip.substr(at + zip::central_bytes, name_bytes);
  header.end = at + zip::central_bytes + tail;
  return header;
}

// pre: at <= limit <= zip.size(), where limit is the start of the central directory.
Result<Header> read_local(BytesView zip, std::size_t at, std::size_t limit) {
  if (limit - at < zip::local_bytes || read32(zip, at) != zip::local_signature) {
    return not_a_zip("no local header at octet " + std::to_string(at));
  }
  Header header{.flags = read16(zip, at + 6),
                .method = read16(zip, at + 8),
                .crc32 = read32(zip, at + 14),
                .packed_size = read32(zip, at + 18),
                .size = read32(zip, at + 22)};
  const std::size_t name_bytes = read16(zip, at + 26);
  const std::size_t tail = name_bytes + read16(zip, at + 28);
  if (limit - at - zip::local_bytes < tail) {
    return not_a_zip("the local header at octet " + std::to_string(at) + " is cut");
  }
  header.name = zip.substr(at + zip::local_bytes, name_bytes);
  header.end = at + zip::local_bytes + tail;
  return header;
}

// Type of a file in the upper half of the external attributes, as UNIX writes it; asked of every
// archive, whatever system it says that it was made on.
constexpr std::uint32_t mode_type = 0170000U << 16U;
constexpr std::uint32_t mode_regular = 0100000U << 16U;
constexpr std::uint32_t mode_folder = 0040000U << 16U;
constexpr std::uint32_t dos_folder = 0x10;

Status check_type(const Header& header, bool is_folder) {
  const std::uint32_t type = header.attributes & mode_type;
  const std::uint32_t expected = is_folder ? mode_folder : mode_regular;
  if (type != 0 && type != expected) {
    return special(header.name, "is neither a regular file nor a folder by its attributes");
  }
  if (!is_folder && (header.attributes & dos_folder) != 0) {
    return special(header.name, "is a folder by its attributes and a file by its name");
  }
  return ok();
}

// pre: the name was accepted.
Status check_central(const Header& header, bool is_folder) {
  if ((header.flags & refused_flags) != 0) {
    return special(header.name, "is encrypted or patched");
  }
  if (header.disk != 0) {
    return special(header.name, "lies on another disk");
  }
  if (header.method != static_cast<std::uint16_t>(ZipMethod::stored) &&
      header.method != static_cast<std::uint16_t>(ZipMethod::deflated)) {
    return special(header.name, "has method " + std::to_string(header.method));
  }
  if (header.packed_size == not_here || header.size == not_here ||
      header.header_offset == not_here) {
    return special(header.name, "needs ZIP64");
  }
  if (is_folder && (header.packed_size != 0 || header.size != 0)) {
    return special(header.name, "is a folder with contents");
  }
  return check_type(header, is_folder);
}

// The sizes and the digest once more, behind the data. Returns the octet after it.
Result<std::size_t> skip_descriptor(BytesView zip,
                                    std::size_t at,
                                    std::size_t limit,
                                    const Header& central) {
  const bool named = limit - at >= 16 && read32(zip, at) == zip::descriptor_signature;
  const std::size_t fields = named ? at + 4 : at;
  if (limit - fields < 12) {
    return not_a_zip("the data descriptor at octet " + std::to_string(at) + " is cut");
  }
  if (read32(zip, fields) != central.crc32 || read32(zip, fields + 4) != central.packed_size ||
      read32(zip, fields + 8) != central.size) {
    return special(central.name, "has a data descriptor that the central directory contradicts");
  }
  return fields + 12;
}

// With a descriptor the local header may leave digest and sizes out, one by one, but not lie.
bool agrees(std::uint32_t local, std::uint32_t central, bool has_descriptor) {
  return local == central || (has_descriptor && local == 0);
}

Status compare(const Header& local, const Header& central) {
  if (local.name != central.name) {
    return special(central.name, "is " + shown(local.name) + " in its local header");
  }
  if (local.method != central.method) {
    return special(central.name, "has another method in its local header");
  }
  constexpr std::uint16_t significant = refused_flags | zip::flag_descriptor;
  if ((local.flags & significant) != (central.flags & significant)) {
    return special(central.name, "has other flags in its local header");
  }
  const bool later = (central.flags & zip::flag_descriptor) != 0;
  if (!agrees(local.packed_size, central.packed_size, later) ||
      !agrees(local.size, central.size, later)) {
    return special(central.name, "has other sizes in its local header");
  }
  if (!agrees(local.crc32, central.crc32, later)) {
    return special(central.name, "has another CRC in its local header");
  }
  return ok();
}

// Walks the local headers; each must begin where the one before it ended.
class LocalWalk {
 public:
  LocalWalk(BytesView zip, std::size_t limit) : zip_(zip), limit_(limit) {}

  // The packed octets of the entry.
  Result<BytesView> next(const Header& central) {
    if (central.header_offset < at_) {
      return special(central.name, "overlaps the one before it");
    }
    if (central.header_offset != at_) {
      return not_a_zip("octets from " + std::to_string(at_) + " on belong to nothing");
    }
    TRY(const Header local, read_local(zip_, at_, limit_));
    TRY(compare(local, central));
    if (limit_ - local.end < central.packed_size) {
      return not_a_zip("entry " + shown(central.name) + " is cut");
    }
    at_ = local.end + central.packed_size;
    if ((central.flags & zip::flag_descriptor) != 0) {
      TRY(at_, skip_descriptor(zip_, at_, limit_, central));
    }
    return zip_.substr(local.end, central.packed_size);
  }

  bool at_end() const { return at_ == limit_; }

 private:
  BytesView zip_;
  std::size_t limit_;
  std::size_t at_ = 0;
};

// No two names that are equal after case folding, and no file where another entry needs a folder.
Status check_unique(const std::vector<ZipRecord>& records) {
  std::map<std::string, bool> is_folder;
  for (const ZipRecord& record : records) {
    if (!is_folder.emplace(folded(record.name), record.is_folder).second) {
      return Error{Code::duplicate_entry,
                   "entry " + shown(record.name) + " is there twice but for upper case"};
    }
  }
  for (const ZipRecord& record : records) {
    const std::string name = folded(record.name);
    for (std::size_t at = name.find('/'); at != std::string::npos; at = name.find('/', at + 1)) {
      const auto parent = is_folder.find(name.substr(0, at));
      if (parent != is_folder.end() && !parent->second) {
        return Error{Code::duplicate_entry,
                     "entry " + shown(record.name) + " lies in a folder that is also a file"};
      }
    }
  }
  return ok();
}

}  // namespace

Result<std::vector<ZipRecord>> read_directory(BytesView zip, const Limits& limits) {
  TRY(const EndRecord end, read_end(zip, limits));
  std::vector<Header> headers;
  std::vector<ZipRecord> records;
  std::size_t at = end.directory_offset;
  for (std::uint32_t i = 0; i < end.entries; ++i) {
    TRY(const Header header, read_central(zip, at, end));
    at = header.end;
    const bool is_folder = header.name.ends_with('/');
    const std::string_view name = header.name.substr(0, header.name.size() - (is_folder ? 1 : 0));
    TRY(check_entry_name(name, is_folder, limits));
    TRY(check_central(header, is_folder));
    records.push_back({.name = std::string{name},
                       .is_folder = is_folder,
                       .method = static_cast<ZipMethod>(header.method),
                       .crc32 = header.crc32,
                       .size = header.size,
                       .header_offset = header.header_offset});
    headers.push_back(header);
  }
  if (at != end.at) {
    return not_a_zip("the central directory has more than " + std::to_string(end.entries) +
                     " records");
  }
  TRY(check_unique(records));
  LocalWalk walk(zip, end.directory_offset);
  for (std::size_t i = 0; i < records.size(); ++i) {
    TRY(records[i].packed, walk.next(headers[i]));
  }
  if (!walk.at_end()) {
    return not_a_zip("octets between the last entry and the central directory");
  }
  return records;
}

}  // namespace vvm::image
