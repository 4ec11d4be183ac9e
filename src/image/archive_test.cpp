// The acceptance rules of images (docs/spec/vvm.md 6.5): every rule with an image that only it
// refuses, every octet and every length of a small image, and names from outside.
#define BOOST_TEST_MODULE image
#include "image/archive.hpp"

#include <map>

#include <boost/test/unit_test.hpp>

#include "image/pack.hpp"
#include "image/testing/breakage.hpp"
#include "image/zip_directory.hpp"
#include "image/zip_format.hpp"
#include "image/zip_writer.hpp"

namespace vvm::image {
namespace {

const AppQName pos{.owner = "acme", .name = "pos"};

Bytes small_image() {
  std::string schema;
  for (int i = 0; i < 40; ++i) {
    schema += "TABLE Orders" + std::to_string(i) + " INHERITS sys.CDoc (Total int32);\n";
  }
  return pack({.app = pos,
               .files = {{"pkg/acme/pos/pos.vsql", schema},
                         {"pkg/acme/pos/pos.wasm", "asm-and-so-on"},
                         {"pkg/sys/sys.vsql", "SCHEMA sys;"}}})
      .value();
}

// The name of the refusal, or "ok".
std::string verdict(const Result<Bytes>& image, const Limits& limits = {}) {
  BOOST_REQUIRE(image.has_value());
  const Result<Unpacked> unpacked = read_archive(image.value(), limits);
  return unpacked.has_value() ? "ok" : std::string{code_name(unpacked.error().code)};
}

ZipMember deflated(const std::string& name, BytesView bytes) {
  return make_deflated(name, bytes).value();
}

// An archive that is right but for what `members` say; taken as a legacy image.
std::string legacy_verdict(const std::vector<ZipMember>& members) {
  Limits limits;
  limits.legacy_app = pos;
  return verdict(write_zip(members), limits);
}

std::string verdict_of_name(const std::string& name) {
  return legacy_verdict({deflated("pkg/a.vsql", "a"), deflated(name, "b")});
}

bool is_control_path_error(Code code) {
  const auto number = static_cast<int>(code);
  return number >= 100 && number < 300;
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_packed_image_reads_back_as_it_was) {
  const Unpacked unpacked = read_archive(small_image(), {}).value();
  BOOST_TEST(unpacked.entries.size() == 3U);
  BOOST_TEST(unpacked.entries[0].path == "pkg/acme/pos/pos.vsql");
  BOOST_TEST(unpacked.entries[2].bytes == "SCHEMA sys;");
  BOOST_TEST(unpacked.manifest.app.str() == "acme/pos");
  BOOST_TEST(unpacked.manifest.packages.size() == 2U);
  BOOST_TEST(unpacked.manifest.packages[0].wasm.value() == "pkg/acme/pos/pos.wasm");
  BOOST_TEST(parse_manifest(unpacked.manifest_json).value().entries.size() == 3U);
}

BOOST_AUTO_TEST_CASE(each_breakage_is_refused_with_the_code_of_its_rule) {
  const Bytes image = small_image();
  const std::map<std::string_view, std::string> expected{{"truncate_at", "NotAZip"},
                                                         {"not_a_zip", "NotAZip"},
                                                         {"zip_slip", "PathEscape"},
                                                         {"bomb", "BombRatio"},
                                                         {"ratio_bomb", "BombRatio"},
                                                         {"size_bomb", "BombSize"},
                                                         {"total_bomb", "BombSize"},
                                                         {"lying_bomb", "BombRatio"},
                                                         {"many_entries", "TooManyEntries"},
                                                         {"wrong_sha", "EntryDigestMismatch"},
                                                         {"drop_entry", "EntryDigestMismatch"},
                                                         {"unlisted_entry", "UnlistedEntry"},
                                                         {"duplicate_by_case", "DuplicateEntry"},
                                                         {"symlink_entry", "SpecialEntry"},
                                                         {"encrypted_entry", "SpecialEntry"},
                                                         {"two_names", "SpecialEntry"},
                                                         {"drop_manifest", "ManifestMissing"},
                                                         {"wrong_app", "ok"}};
  for (const std::string_view name : breakage_names()) {
    if (name == "flip_bit") {
      continue;  // every bit has a test of its own
    }
    BOOST_TEST_CONTEXT(name) {
      const auto it = expected.find(name);
      BOOST_REQUIRE(it != expected.end());
      const Result<Bytes> broken = apply_breakage(image, name, image.size() / 2);
      BOOST_TEST(verdict(broken) == it->second);
      BOOST_TEST(broken.value().size() <= Limits{}.image_bytes_max);
    }
  }
}

BOOST_AUTO_TEST_CASE(an_image_for_another_application_is_an_invalid_manifest) {
  const Bytes other = wrong_app(small_image(), {.owner = "acme", .name = "shop"}).value();
  const Manifest manifest = read_archive(other, {}).value().manifest;
  BOOST_TEST((check_app(manifest, pos).error().code == Code::manifest_invalid));
  BOOST_TEST(check_app(manifest, {.owner = "acme", .name = "shop"}).has_value());
}

BOOST_AUTO_TEST_CASE(names_that_lead_out_of_the_folder_are_refused) {
  // T-FS-1, and what else people have thought of.
  const std::vector<std::string> names{"../x",
                                       "/x",
                                       "a/../../x",
                                       "C:\\x",
                                       "a\\..\\x",
                                       "pkg/../x",
                                       "pkg/..",
                                       "pkg/./x",
                                       "pkg//x",
                                       "pkg/a/../../../x",
                                       "pkg/..\\x",
                                       "pkg/C:x",
                                       "pkg/x y",
                                       std::string("pkg/x\0.vsql", 11),
                                       "pkg/\xC0\xAE\xC0\xAE/x",
                                       "x",
                                       "pkg",
                                       "PKG/x",
                                       "manifest.json/x",
                                       "manifest.jso",
                                       "pkgs/x",
                                       "",
                                       "/",
                                       "pkg/" + std::string(256, 'a'),
                                       "../"};
  for (const std::string& name : names) {
    BOOST_TEST_CONTEXT(name) { BOOST_TEST(verdict_of_name(name) == "PathEscape"); }
  }
}

BOOST_AUTO_TEST_CASE(the_limits_of_names_are_exact) {
  BOOST_TEST(verdict_of_name("pkg/" + std::string(255, 'a')) == "ok");
  std::string deep = "pkg";
  for (int i = 1; i < 32; ++i) {
    deep += "/a";
  }
  BOOST_TEST(verdict_of_name(deep) == "ok");
  BOOST_TEST(verdict_of_name(deep + "/a") == "PathEscape");
  std::string wide = "pkg";
  while (wide.size() + 200 < 1024) {
    wide += "/" + std::string(199, 'a');
  }
  wide += "/" + std::string(1023 - wide.size(), 'b');
  BOOST_TEST(wide.size() == 1024U);
  BOOST_TEST(verdict_of_name(wide) == "ok");
  BOOST_TEST(verdict_of_name(wide + "b") == "PathEscape");
}

BOOST_AUTO_TEST_CASE(what_is_not_a_plain_file_is_refused) {
  ZipMember device = deflated("pkg/dev", "x");
  device.attributes = 0020666U << 16U;
  BOOST_TEST(legacy_verdict({device}) == "SpecialEntry");
  ZipMember disguised = deflated("pkg/file", "x");
  disguised.attributes = (0040755U << 16U) | 0x10U;
  BOOST_TEST(legacy_verdict({disguised}) == "SpecialEntry");
  ZipMember folder = deflated("pkg/folder/", "x");
  folder.attributes = 0040755U << 16U;
  BOOST_TEST(legacy_verdict({folder}) == "SpecialEntry");
  ZipMember lzma = deflated("pkg/lzma", "x");
  lzma.central.method = 14;
  BOOST_TEST(legacy_verdict({lzma}) == "SpecialEntry");
  ZipMember zip64 = deflated("pkg/zip64", "x");
  zip64.central.size = 0xFFFFFFFF;
  BOOST_TEST(legacy_verdict({zip64}) == "SpecialEntry");
}

BOOST_AUTO_TEST_CASE(a_local_header_that_disagrees_is_refused) {
  const auto with_local = [](auto change) {
    ZipMember member = deflated("pkg/file", "some text some text");
    member.local = member.central;
    change(*member.local);
    return legacy_verdict({member});
  };
  BOOST_TEST(with_local([](ZipFields&) {}) == "ok");
  BOOST_TEST(with_local([](ZipFields& f) { f.name = "pkg/fold"; }) == "SpecialEntry");
  BOOST_TEST(with_local([](ZipFields& f) { ++f.size; }) == "SpecialEntry");
  BOOST_TEST(with_local([](ZipFields& f) { --f.packed_size; }) == "SpecialEntry");
  BOOST_TEST(with_local([](ZipFields& f) { f.method = 0; }) == "SpecialEntry");
  BOOST_TEST(with_local([](ZipFields& f) { ++f.crc32; }) == "SpecialEntry");
  BOOST_TEST(with_local([](ZipFields& f) { f.flags = zip::flag_encrypted; }) == "SpecialEntry");
  BOOST_TEST(with_local([](ZipFields& f) { f.flags = zip::flag_descriptor; }) == "SpecialEntry");
}

BOOST_AUTO_TEST_CASE(sizes_behind_the_data_are_accepted_when_they_are_right) {
  for (const bool named : {true, false}) {
    ZipMember member = deflated("pkg/file.vsql", "some text some text");
    member.central.flags = zip::flag_descriptor;
    member.local = member.central;
    member.local->crc32 = member.local->size = member.local->packed_size = 0;
    const std::size_t packed = member.packed.size();
    if (named) {
      zip::append32(member.packed, zip::descriptor_signature);
    }
    zip::append32(member.packed, member.central.crc32);
    zip::append32(member.packed, member.central.packed_size);
    zip::append32(member.packed, member.central.size);
    BOOST_TEST(legacy_verdict({member, deflated("pkg/b", "b")}) == "ok");
    member.packed.back() = '\1';
    BOOST_TEST(legacy_verdict({member, deflated("pkg/b", "b")}) == "SpecialEntry");
    member.packed.resize(packed);
    BOOST_TEST(legacy_verdict({member}) != "ok");
  }
}

BOOST_AUTO_TEST_CASE(archives_with_octets_of_two_meanings_or_none_are_refused) {
  const Bytes good = write_zip({deflated("pkg/a", "aaaa"), deflated("pkg/b", "bbbb")});
  Limits limits;
  limits.legacy_app = pos;
  BOOST_TEST(verdict(good, limits) == "ok");
  BOOST_TEST(verdict("prefix" + good, limits) == "NotAZip");
  BOOST_TEST(verdict(good + "suffix", limits) == "NotAZip");
  // Two central records for one local entry: Fifield's overlap, the way to bombs of any ratio.
  Bytes overlapping = good;
  const std::size_t second = overlapping.rfind("PK\1\2");
  overlapping.replace(second + 42, 4, std::string(4, '\0'));
  BOOST_TEST(verdict(overlapping, limits) == "SpecialEntry");
  Bytes several_disks = good;
  several_disks[several_disks.size() - 18] = '\1';
  BOOST_TEST(verdict(several_disks, limits) == "SpecialEntry");
}

BOOST_AUTO_TEST_CASE(names_equal_but_for_case_or_used_as_file_and_folder_are_refused) {
  BOOST_TEST(legacy_verdict({deflated("pkg/a", "1"), deflated("pkg/A", "2")}) == "DuplicateEntry");
  BOOST_TEST(legacy_verdict({deflated("pkg/a", "1"), deflated("pkg/a", "1")}) == "DuplicateEntry");
  BOOST_TEST(legacy_verdict({deflated("pkg/a", "1"), deflated("pkg/A/b", "2")}) ==
             "DuplicateEntry");
  ZipMember folder;
  folder.central.name = "pkg/a/";
  folder.attributes = 0040755U << 16U;
  BOOST_TEST(legacy_verdict({folder, deflated("pkg/a", "1")}) == "DuplicateEntry");
  BOOST_TEST(legacy_verdict({folder, deflated("pkg/a/b", "1")}) == "ok");
}

BOOST_AUTO_TEST_CASE(declared_sizes_and_digests_must_be_those_of_the_contents) {
  ZipMember shorter = deflated("pkg/a", "some text some text");
  --shorter.central.size;
  BOOST_TEST(legacy_verdict({shorter}) == "EntryDigestMismatch");
  ZipMember longer = deflated("pkg/a", "some text some text");
  longer.central.size = 0x7FFFFFFF;
  BOOST_TEST(legacy_verdict({longer}) == "EntryDigestMismatch");
  ZipMember other = deflated("pkg/a", "some text some text");
  ++other.central.crc32;
  BOOST_TEST(legacy_verdict({other}) == "EntryDigestMismatch");
  ZipMember noise = deflated("pkg/a", "some text some text");
  noise.packed.assign(noise.packed.size(), '\xFF');
  BOOST_TEST(legacy_verdict({noise}) == "NotAZip");
  ZipMember cut = deflated("pkg/a", Bytes(5000, 'x') + "y");
  cut.packed.resize(cut.packed.size() - 2);
  cut.central.packed_size = static_cast<std::uint32_t>(cut.packed.size());
  BOOST_TEST(legacy_verdict({cut, deflated("pkg/b", "b")}) == "NotAZip");
  ZipMember tail = deflated("pkg/a", "some text some text");
  tail.packed += "tail";
  tail.central.packed_size = static_cast<std::uint32_t>(tail.packed.size());
  BOOST_TEST(legacy_verdict({tail, deflated("pkg/b", "b")}) == "EntryDigestMismatch");
}

BOOST_AUTO_TEST_CASE(the_bomb_limits_are_exact) {
  Limits limits;
  limits.legacy_app = pos;
  limits.ratio_from_bytes = 1000;
  limits.file_bytes_max = 100'000;
  limits.unpacked_bytes_max = 150'000;
  const auto of = [&limits](const std::vector<ZipMember>& members) {
    return verdict(write_zip(members), limits);
  };
  const auto stored = [](const std::string& name, std::size_t size) {
    ZipMember member = deflated(name, Bytes(size, 'x'));
    member.packed = Bytes(size, 'x');
    member.central.method = 0;
    member.central.packed_size = member.central.size;
    return member;
  };
  BOOST_TEST(of({stored("pkg/a", 100'000)}) == "ok");
  BOOST_TEST(of({stored("pkg/a", 100'001)}) == "BombSize");
  // 149,000 of contents; the synthesised manifest counts, too.
  BOOST_TEST(of({stored("pkg/a", 99'000), stored("pkg/b", 50'000)}) == "ok");
  BOOST_TEST(of({stored("pkg/a", 99'000), stored("pkg/b", 51'000)}) == "BombSize");
  BOOST_TEST(of({stored("pkg/a", 99'000), stored("pkg/b", 50'990)}) == "BombSize");
  // Up to ratio_from_bytes any ratio goes, above it 100:1.
  limits.ratio_max = 2;
  BOOST_TEST(of({deflated("pkg/a", Bytes(1000, 'x'))}) == "ok");
  BOOST_TEST(of({deflated("pkg/a", Bytes(1001, 'x'))}) == "BombRatio");
  ZipMember half = deflated("pkg/a", Bytes(2000, 'x'));
  limits.ratio_max = 2000 / half.packed.size();
  BOOST_TEST(of({half}) == "BombRatio");
  limits.ratio_max += 1;
  BOOST_TEST(of({half}) == "ok");
}

BOOST_AUTO_TEST_CASE(an_image_above_the_limit_is_too_large) {
  Limits limits;
  limits.image_bytes_max = small_image().size();
  BOOST_TEST(verdict(small_image(), limits) == "ok");
  limits.image_bytes_max -= 1;
  BOOST_TEST(verdict(small_image(), limits) == "TooLarge");
}

BOOST_AUTO_TEST_CASE(ten_thousand_entries_are_accepted_and_one_more_is_not) {
  std::vector<ZipMember> members;
  for (int i = 0; i < 10'000; ++i) {
    members.emplace_back();
    members.back().central.name = "pkg/p/f" + std::to_string(i);
  }
  BOOST_TEST(legacy_verdict(members) == "ok");
  members.emplace_back();
  members.back().central.name = "pkg/p/more";
  BOOST_TEST(legacy_verdict(members) == "TooManyEntries");
}

BOOST_AUTO_TEST_CASE(the_manifest_must_be_first_and_small) {
  const Unpacked unpacked = read_archive(small_image(), {}).value();
  std::vector<ZipMember> members;
  members.reserve(unpacked.entries.size() + 1);
  for (const Entry& entry : unpacked.entries) {
    members.push_back(deflated(entry.path, entry.bytes));
  }
  members.push_back(deflated("manifest.json", unpacked.manifest_json));
  BOOST_TEST(verdict(write_zip(members)) == "ManifestInvalid");
  std::rotate(members.begin(), members.end() - 1, members.end());
  BOOST_TEST(verdict(write_zip(members)) == "ok");
  const std::size_t size = unpacked.manifest_json.size();
  const std::size_t limit = Limits{}.manifest_bytes_max;
  members[0] = deflated("manifest.json", unpacked.manifest_json + Bytes(limit - size, ' '));
  BOOST_TEST(verdict(write_zip(members)) == "ok");
  members[0] = deflated("manifest.json", unpacked.manifest_json + Bytes(limit - size + 1, ' '));
  BOOST_TEST(verdict(write_zip(members)) == "ManifestInvalid");
}

BOOST_AUTO_TEST_CASE(an_image_that_needs_a_newer_runtime_is_refused) {
  const auto needs = [](SemVer version) {
    return pack({.app = pos, .files = {{"pkg/a/a.vsql", "a"}}, .min_runtime = version});
  };
  BOOST_TEST(needs(Limits{}.runtime).has_value());
  const auto newer = needs({.major = Limits{}.runtime.major + 1});
  BOOST_TEST((newer.error().code == Code::manifest_invalid));
}

BOOST_AUTO_TEST_CASE(a_zip_without_manifest_is_an_image_where_that_is_allowed) {
  const Bytes zip = write_zip({deflated("pkg/acme/pos/pos.vsql", "SCHEMA pos;"),
                               deflated("pkg/acme/pos/src.wasm", "module")});
  BOOST_TEST(verdict(zip) == "ManifestMissing");
  Limits limits;
  limits.legacy_app = pos;
  const Unpacked unpacked = read_archive(zip, limits).value();
  BOOST_TEST(unpacked.manifest.app.str() == "acme/pos");
  BOOST_TEST(unpacked.manifest.packages.at(0).wasm.value() == "pkg/acme/pos/src.wasm");
  BOOST_TEST((unpacked.manifest.engines == std::vector<Engine>{Engine::wasm}));
  BOOST_TEST((parse_manifest(unpacked.manifest_json).value() == unpacked.manifest));
}

BOOST_AUTO_TEST_CASE(an_image_cut_anywhere_is_not_a_zip) {
  const Bytes image = small_image();
  for (std::size_t n = 0; n < image.size(); ++n) {
    BOOST_TEST_CONTEXT(n) { BOOST_TEST(verdict(truncate_at(image, n)) == "NotAZip"); }
  }
}

BOOST_AUTO_TEST_CASE(no_flipped_bit_gives_other_contents) {
  // I-S17 and I-S18 over every bit of a small image, headers, manifest and data.
  const Bytes image = small_image();
  const Unpacked good = read_archive(image, {}).value();
  std::size_t accepted = 0;
  for (std::size_t bit = 0; bit < image.size() * 8; ++bit) {
    const Result<Unpacked> result = read_archive(flip_bit(image, bit), {});
    BOOST_TEST_CONTEXT("bit " << bit) {
      if (result.has_value()) {
        ++accepted;
        BOOST_TEST((result.value().entries == good.entries));
      } else {
        BOOST_TEST(is_control_path_error(result.error().code));
      }
    }
  }
  // Times and versions mean nothing; but nearly all the rest does.
  BOOST_TEST(accepted * 10 < image.size() * 8);
}

BOOST_AUTO_TEST_CASE(every_octet_of_the_structure_set_to_any_value_is_harmless) {
  const Bytes image = write_zip({deflated("pkg/a", "aaaa"), deflated("pkg/b", "bbbb")});
  Limits limits;
  limits.legacy_app = pos;
  for (std::size_t at = 0; at < image.size(); ++at) {
    for (int value = 0; value < 256; ++value) {
      Bytes broken = image;
      broken[at] = static_cast<char>(value);
      const Result<Unpacked> result = read_archive(broken, limits);
      if (result.has_error()) {
        BOOST_TEST(is_control_path_error(result.error().code));
      }
    }
  }
}

}  // namespace vvm::image
