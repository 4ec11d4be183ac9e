// libarchive's streaming ZIP reader over headers of our own making.
#include "image/inflate.hpp"

#include <algorithm>

#include <archive.h>
#include <archive_entry.h>

#include "base/check.hpp"
#include "image/entry_name.hpp"
#include "image/zip_format.hpp"

namespace vvm::image {
namespace {

Bytes header_for(const ZipRecord& file) {
  Bytes out;
  zip::append32(out, zip::local_signature);
  zip::append16(out, 20);  // version needed
  zip::append16(out, 0);   // flags
  zip::append16(out, static_cast<std::uint16_t>(file.method));
  zip::append32(out, 0);  // time
  zip::append32(out, file.crc32);
  zip::append32(out, static_cast<std::uint32_t>(file.packed.size()));
  zip::append32(out, file.size);
  zip::append16(out, 1);
  zip::append16(out, 0);
  out.push_back('f');
  return out;
}

}  // namespace

// What libarchive reads: for each file a header, then its packed octets.
struct Inflater::Source {
  explicit Source(const std::vector<ZipRecord>* list) : files(list), reader(archive_read_new()) {
    CHECK(reader != nullptr, "libarchive gives no reader");
    CHECK(archive_read_support_format_zip_streamable(reader) == ARCHIVE_OK, "no ZIP reader");
    CHECK(archive_read_open(reader, this, nullptr, &Source::read, nullptr) == ARCHIVE_OK ||
              files->empty(),
          "libarchive does not open our own stream");
  }

  Source(const Source&) = delete;
  Source& operator=(const Source&) = delete;

  ~Source() { archive_read_free(reader); }

  static la_ssize_t read(archive* /*reader*/, void* self, const void** block) {
    auto* source = static_cast<Source*>(self);
    const BytesView piece = source->next_block();
    *block = piece.data();
    return static_cast<la_ssize_t>(piece.size());
  }

  // Empty at the end, and only there.
  BytesView next_block() {
    if (!data.empty()) {
      return std::exchange(data, {});
    }
    if (at == files->size()) {
      return {};
    }
    const ZipRecord& file = (*files)[at++];
    header = header_for(file);
    data = file.packed;
    return header;
  }

  const std::vector<ZipRecord>* files;
  archive* reader;
  std::size_t at = 0;
  Bytes header;    // lives until the next call
  BytesView data;  // to be given after it
};

Inflater::Inflater(const std::vector<ZipRecord>* files, const Limits& limits)
    : files_(files), limits_(limits), source_(std::make_unique<Source>(files)) {}

Inflater::~Inflater() = default;

Status Inflater::grow(const ZipRecord& file, Bytes* out, BytesView piece) {
  const std::uint64_t size = out->size() + piece.size();
  const std::uint64_t packed = std::max<std::uint64_t>(file.packed.size(), 1);
  if (size > limits_.ratio_from_bytes && size / packed >= limits_.ratio_max &&
      size > packed * limits_.ratio_max) {
    return Error{Code::bomb_ratio,
                 "entry " + shown(file.name) + ": " + std::to_string(file.packed.size()) +
                     " octets inflate to " + std::to_string(size) + " and more"};
  }
  total_ += piece.size();
  if (size > limits_.file_bytes_max || total_ > limits_.unpacked_bytes_max) {
    return Error{Code::bomb_size,
                 "entry " + shown(file.name) + " inflates to " + std::to_string(size) +
                     " octets and more, " + std::to_string(total_) + " in all"};
  }
  out->append(piece);
  return ok();
}

Result<Bytes> Inflater::next() {
  CHECK(at_ < files_->size(), "Inflater::next after the last file");
  const ZipRecord& file = (*files_)[at_++];
  archive_entry* entry = nullptr;
  if (archive_read_next_header(source_->reader, &entry) != ARCHIVE_OK) {
    return Error{Code::not_a_zip, "entry " + shown(file.name) + " cannot be read"};
  }
  Bytes out;
  // A deflate stream grows by at most 1032:1; what is declared beyond that is not believed.
  out.reserve(std::min<std::uint64_t>(
      {file.size, std::uint64_t{file.packed.size()} * 1032, limits_.file_bytes_max}));
  int result = ARCHIVE_OK;
  while (result == ARCHIVE_OK) {
    const void* block = nullptr;
    std::size_t size = 0;
    la_int64_t offset = 0;
    result = archive_read_data_block(source_->reader, &block, &size, &offset);
    if (result == ARCHIVE_OK || result == ARCHIVE_WARN) {
      TRY(grow(file, &out, {static_cast<const char*>(block), size}));
    }
  }
  if (result == ARCHIVE_WARN || (result == ARCHIVE_EOF && out.size() != file.size)) {
    return Error{Code::entry_digest_mismatch,
                 "entry " + shown(file.name) + " does not have its declared size and CRC"};
  }
  if (result != ARCHIVE_EOF) {
    return Error{Code::not_a_zip, "entry " + shown(file.name) + " does not inflate"};
  }
  return out;
}

}  // namespace vvm::image
