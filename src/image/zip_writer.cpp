// Headers are written here; deflate streams come from libarchive's gzip filter without their frame.
#include "image/zip_writer.hpp"

#include <memory>

#include <archive.h>
#include <archive_entry.h>

#include "image/zip_format.hpp"

namespace vvm::image {
namespace {

constexpr std::size_t gzip_header_bytes = 10;  // no name, no time: nothing optional follows
constexpr std::size_t gzip_trailer_bytes = 8;  // CRC-32 and size

struct WriteEnd {
  void operator()(archive* writer) const { archive_write_free(writer); }
};

struct EntryEnd {
  void operator()(archive_entry* entry) const { archive_entry_free(entry); }
};

la_ssize_t append_block(archive* /*writer*/, void* out, const void* block, std::size_t size) {
  static_cast<Bytes*>(out)->append(static_cast<const char*>(block), size);
  return static_cast<la_ssize_t>(size);
}

bool gzip_into(Bytes* out, BytesView bytes) {
  const std::unique_ptr<archive, WriteEnd> writer(archive_write_new());
  const std::unique_ptr<archive_entry, EntryEnd> entry(archive_entry_new());
  if (writer == nullptr || entry == nullptr) {
    return false;
  }
  archive* const w = writer.get();
  archive_entry_set_pathname(entry.get(), "f");
  archive_entry_set_filetype(entry.get(), AE_IFREG);
  // An empty value switches an option off: no time in the header.
  return archive_write_set_format_raw(w) == ARCHIVE_OK &&
         archive_write_add_filter_gzip(w) == ARCHIVE_OK &&
         archive_write_set_filter_option(w, "gzip", "timestamp", nullptr) == ARCHIVE_OK &&
         archive_write_set_filter_option(w, "gzip", "compression-level", "9") == ARCHIVE_OK &&
         archive_write_set_bytes_in_last_block(w, 1) == ARCHIVE_OK &&
         archive_write_open(w, out, nullptr, append_block, nullptr) == ARCHIVE_OK &&
         archive_write_header(w, entry.get()) == ARCHIVE_OK &&
         archive_write_data(w, bytes.data(), bytes.size()) ==
             static_cast<la_ssize_t>(bytes.size()) &&
         archive_write_close(w) == ARCHIVE_OK;
}

void append_fields(Bytes& out, const ZipFields& fields) {
  zip::append16(out, 20);  // version needed
  zip::append16(out, fields.flags);
  zip::append16(out, fields.method);
  zip::append16(out, 0);     // time
  zip::append16(out, 0x21);  // date: 1980-01-01
  zip::append32(out, fields.crc32);
  zip::append32(out, fields.packed_size);
  zip::append32(out, fields.size);
  zip::append16(out, static_cast<std::uint32_t>(fields.name.size()));
  zip::append16(out, 0);  // extra
}

}  // namespace

Result<ZipMember> make_deflated(std::string name, BytesView bytes) {
  Bytes gzip;
  if (!gzip_into(&gzip, bytes) || gzip.size() < gzip_header_bytes + gzip_trailer_bytes) {
    return Error{Code::internal_error, "libarchive does not deflate " + name};
  }
  const std::size_t trailer = gzip.size() - gzip_trailer_bytes;
  ZipMember member;
  member.packed = gzip.substr(gzip_header_bytes, trailer - gzip_header_bytes);
  member.central = {.name = std::move(name),
                    .method = static_cast<std::uint16_t>(ZipMethod::deflated),
                    .crc32 = zip::read32(gzip, trailer),
                    .packed_size = static_cast<std::uint32_t>(member.packed.size()),
                    .size = static_cast<std::uint32_t>(bytes.size())};
  return member;
}

Result<ZipMember> make_member(std::string name, BytesView bytes, const Limits& limits) {
  TRY(ZipMember member, make_deflated(std::move(name), bytes));
  const bool bomb = bytes.size() > limits.ratio_from_bytes &&
                    bytes.size() > member.packed.size() * limits.ratio_max;
  if (bomb || member.packed.size() >= bytes.size()) {
    member.packed = bytes;
    member.central.method = static_cast<std::uint16_t>(ZipMethod::stored);
    member.central.packed_size = member.central.size;
  }
  return member;
}

Bytes write_zip(const std::vector<ZipMember>& members) {
  Bytes out;
  Bytes directory;
  for (const ZipMember& member : members) {
    const std::size_t offset = out.size();
    const ZipFields& local = member.local.has_value() ? *member.local : member.central;
    zip::append32(out, zip::local_signature);
    append_fields(out, local);
    out.append(local.name);
    out.append(member.packed);
    zip::append32(directory, zip::central_signature);
    zip::append16(directory, 0x0314);  // made on UNIX by version 2.0
    append_fields(directory, member.central);
    zip::append16(directory, 0);  // comment
    zip::append16(directory, 0);  // disk
    zip::append16(directory, 0);  // internal attributes
    zip::append32(directory, member.attributes);
    zip::append32(directory, static_cast<std::uint32_t>(offset));
    directory.append(member.central.name);
  }
  const std::size_t directory_offset = out.size();
  out.append(directory);
  zip::append32(out, zip::end_signature);
  zip::append32(out, 0);  // this disk, disk of the directory
  zip::append16(out, static_cast<std::uint32_t>(members.size()));
  zip::append16(out, static_cast<std::uint32_t>(members.size()));
  zip::append32(out, static_cast<std::uint32_t>(directory.size()));
  zip::append32(out, static_cast<std::uint32_t>(directory_offset));
  zip::append16(out, 0);  // comment
  return out;
}

}  // namespace vvm::image
