// Takes an image apart into its ZIP members, changes one thing, and puts it together again.
#include "image/testing/breakage.hpp"

#include <algorithm>
#include <array>

#include "base/check.hpp"
#include "base/rng.hpp"
#include "image/zip_directory.hpp"
#include "image/zip_format.hpp"
#include "image/zip_writer.hpp"

namespace vvm::image {
namespace {

constexpr std::size_t mib = std::size_t{1} << 20U;

// An image, open for changes. The manifest is written anew at the end.
struct Parts {
  Manifest manifest;
  std::vector<ZipMember> members;  // without the manifest

  static Result<Parts> of(BytesView image) {
    TRY(const Unpacked unpacked, read_archive(image, {}));
    TRY(const std::vector<ZipRecord> records, read_directory(image, {}));
    Parts parts{.manifest = unpacked.manifest, .members = {}};
    for (const ZipRecord& record : records) {
      if (record.is_folder || record.name == manifest_name) {
        continue;
      }
      ZipMember member;
      member.packed = record.packed;
      member.central = {.name = record.name,
                        .method = static_cast<std::uint16_t>(record.method),
                        .crc32 = record.crc32,
                        .packed_size = static_cast<std::uint32_t>(record.packed.size()),
                        .size = record.size};
      parts.members.push_back(std::move(member));
    }
    return parts;
  }

  void list(const std::string& path, BytesView bytes) {
    std::vector<ManifestEntry>& entries = manifest.entries;
    ManifestEntry entry{
        .path = path, .size = bytes.size(), .sha256 = sha256(bytes), .kind = kind_of_path(path)};
    const auto at = std::lower_bound(
        entries.begin(), entries.end(), path, [](const ManifestEntry& e, const std::string& p) {
          return e.path < p;
        });
    entries.insert(at, std::move(entry));
  }

  Status add(const std::string& path, BytesView bytes) {
    TRY(members.emplace_back(), make_deflated(path, bytes));
    list(path, bytes);
    return ok();
  }

  Result<Bytes> write() const {
    std::vector<ZipMember> all;
    TRY(all.emplace_back(), make_member(std::string{manifest_name}, write_manifest(manifest), {}));
    all.insert(all.end(), members.begin(), members.end());
    return write_zip(all);
  }

  // The last file: every image that is worth breaking has one.
  Result<ZipMember*> last() {
    if (members.empty()) {
      return Error{Code::bad_input, "the image has no file"};
    }
    return &members.back();
  }
};

// Deflates about 57:1: of 4096 octets 64 are random.
Bytes half_random(std::size_t size) {
  Bytes out(size, '\0');
  Rng rng(1);
  for (std::size_t at = 0; at < size; ++at) {
    if (at % 4096 < 64) {
      out[at] = static_cast<char>(rng.below(256));
    }
  }
  return out;
}

constexpr std::string_view extra_path = "pkg/extra.bin";

}  // namespace

Bytes truncate_at(BytesView image, std::uint64_t n) { return Bytes{image.substr(0, n)}; }

Bytes flip_bit(BytesView image, std::uint64_t bit) {
  CHECK(bit / 8 < image.size(), "no such bit", bit);
  Bytes out{image};
  char& octet = out[bit / 8];
  octet = static_cast<char>(static_cast<unsigned char>(octet) ^ (1U << (bit % 8)));
  return out;
}

Bytes not_a_zip(std::uint64_t size) {
  Bytes out;
  for (std::uint64_t i = 0; i < size; ++i) {
    out.push_back(static_cast<char>('a' + i % 26));
  }
  return out;
}

Result<Bytes> zip_slip(BytesView image, const std::string& name) {
  TRY(Parts parts, Parts::of(image));
  TRY(parts.add(name, "escaped"));
  return parts.write();
}

Result<Bytes> ratio_bomb(BytesView image) {
  TRY(Parts parts, Parts::of(image));
  TRY(parts.add(std::string{extra_path}, Bytes(2 * mib, '\0')));
  return parts.write();
}

Result<Bytes> size_bomb(BytesView image) {
  TRY(Parts parts, Parts::of(image));
  TRY(parts.add(std::string{extra_path}, half_random(65 * mib)));
  return parts.write();
}

Result<Bytes> total_bomb(BytesView image) {
  TRY(Parts parts, Parts::of(image));
  const Bytes content = half_random(60 * mib);
  TRY(const ZipMember member, make_deflated("", content));
  for (const char digit : {'1', '2', '3', '4'}) {
    ZipMember copy = member;
    copy.central.name = "pkg/extra" + std::string(1, digit) + ".bin";
    parts.list(copy.central.name, content);
    parts.members.push_back(std::move(copy));
  }
  return parts.write();
}

Result<Bytes> lying_bomb(BytesView image) {
  TRY(Parts parts, Parts::of(image));
  TRY(parts.add(std::string{extra_path}, Bytes(128 * mib, '\0')));
  parts.members.back().central.size = 1;
  return parts.write();
}

Result<Bytes> many_entries(BytesView image) {
  TRY(Parts parts, Parts::of(image));
  const Limits limits;
  for (std::uint32_t i = 0; i < limits.entries_max; ++i) {
    ZipMember empty;
    empty.central.name = "pkg/extra" + std::to_string(i);
    parts.members.push_back(std::move(empty));
  }
  return parts.write();
}

Result<Bytes> wrong_sha(BytesView image) {
  TRY(Parts parts, Parts::of(image));
  TRY(parts.last());
  parts.manifest.entries.back().sha256.octets[0] ^= 1U;
  return parts.write();
}

Result<Bytes> drop_entry(BytesView image) {
  TRY(Parts parts, Parts::of(image));
  TRY(parts.last());
  parts.members.pop_back();
  return parts.write();
}

Result<Bytes> unlisted_entry(BytesView image) {
  TRY(Parts parts, Parts::of(image));
  TRY(parts.members.emplace_back(), make_deflated(std::string{extra_path}, "unlisted"));
  return parts.write();
}

Result<Bytes> duplicate_by_case(BytesView image) {
  TRY(Parts parts, Parts::of(image));
  TRY(const ZipMember* last, parts.last());
  std::string name = last->central.name;
  for (char& c : name) {
    if (c >= 'a' && c <= 'z') {
      c = static_cast<char>(c - 'a' + 'A');
    }
  }
  // Only the file's own name changes, so that nothing but the folding can refuse it.
  const std::size_t folder = name.rfind('/') + 1;
  name.replace(0, folder, last->central.name, 0, folder);
  TRY(parts.add(name, "the other one"));
  return parts.write();
}

Result<Bytes> symlink_entry(BytesView image) {
  TRY(Parts parts, Parts::of(image));
  TRY(parts.add(std::string{extra_path}, "/etc/passwd"));
  parts.members.back().attributes = 0120777U << 16U;
  return parts.write();
}

Result<Bytes> encrypted_entry(BytesView image) {
  TRY(Parts parts, Parts::of(image));
  TRY(ZipMember * last, parts.last());
  last->central.flags = zip::flag_encrypted;
  return parts.write();
}

Result<Bytes> two_names(BytesView image) {
  TRY(Parts parts, Parts::of(image));
  TRY(ZipMember * last, parts.last());
  last->local = last->central;
  last->local->name = "pkg/../../other";
  return parts.write();
}

Result<Bytes> drop_manifest(BytesView image) {
  TRY(const Parts parts, Parts::of(image));
  return write_zip(parts.members);
}

Result<Bytes> wrong_app(BytesView image, AppQName app) {
  TRY(Parts parts, Parts::of(image));
  parts.manifest.app = std::move(app);
  return parts.write();
}

namespace {

using Breaker = Result<Bytes> (*)(BytesView image, std::uint64_t argument);

struct Named {
  std::string_view name;
  Breaker breaker;
};

template <Result<Bytes> (*breaker)(BytesView)>
Result<Bytes> without_argument(BytesView image, std::uint64_t /*argument*/) {
  return breaker(image);
}

constexpr auto breakers = std::to_array<Named>({
    {"truncate_at",
     [](BytesView image, std::uint64_t n) { return Result<Bytes>(truncate_at(image, n)); }},
    {"flip_bit",
     [](BytesView image, std::uint64_t bit) {
       return Result<Bytes>(flip_bit(image, bit % (image.size() * 8)));
     }},
    {"not_a_zip",
     [](BytesView image, std::uint64_t) { return Result<Bytes>(not_a_zip(image.size())); }},
    {"zip_slip",
     [](BytesView image, std::uint64_t) { return zip_slip(image, "pkg/../../escape.vsql"); }},
    {"bomb", without_argument<ratio_bomb>},
    {"ratio_bomb", without_argument<ratio_bomb>},
    {"size_bomb", without_argument<size_bomb>},
    {"total_bomb", without_argument<total_bomb>},
    {"lying_bomb", without_argument<lying_bomb>},
    {"many_entries", without_argument<many_entries>},
    {"wrong_sha", without_argument<wrong_sha>},
    {"drop_entry", without_argument<drop_entry>},
    {"unlisted_entry", without_argument<unlisted_entry>},
    {"duplicate_by_case", without_argument<duplicate_by_case>},
    {"symlink_entry", without_argument<symlink_entry>},
    {"encrypted_entry", without_argument<encrypted_entry>},
    {"two_names", without_argument<two_names>},
    {"drop_manifest", without_argument<drop_manifest>},
    {"wrong_app",
     [](BytesView image, std::uint64_t) {
       return wrong_app(image, {.owner = "other", .name = "app"});
     }},
});

}  // namespace

Result<Bytes> apply_breakage(BytesView image, std::string_view name, std::uint64_t argument) {
  for (const Named& named : breakers) {
    if (named.name == name) {
      return named.breaker(image, argument);
    }
  }
  return Error{Code::bad_input, "no breakage is called `" + std::string{name} + "`"};
}

std::vector<std::string_view> breakage_names() {
  std::vector<std::string_view> names;
  names.reserve(breakers.size());
  for (const Named& named : breakers) {
    names.push_back(named.name);
  }
  return names;
}

}  // namespace vvm::image
