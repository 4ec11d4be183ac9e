// Properties of reading images (docs/spec/vvm.md 6.4, 6.5; I-S17, I-S18): what goes in comes out,
// and nothing that an archive may say leads to other contents or to another place.
//
// Over read_archive alone: thousands of cases, no disk. Owned by properties/core.
#define BOOST_TEST_MODULE unpack_prop
#include <algorithm>

#include <boost/test/unit_test.hpp>
#include <rapidcheck/boost_test.h>

#include "image/entry_name.hpp"
#include "image/pack.hpp"
#include "properties/gen/image_gen.hpp"

namespace vvm::image {
namespace {

const AppQName pos{.owner = "acme", .name = "pos"};

// Slow and obvious: what a name of a file may be.
bool may_be_a_name(const std::string& name) {
  if (name == "manifest.json" || name == "baseline.json") {
    return true;
  }
  std::vector<std::string> parts{""};
  for (const char c : name) {
    if (c == '/') {
      parts.emplace_back();
    } else {
      parts.back().push_back(c);
    }
  }
  if (name.size() > 1024 || parts.size() > 32 || parts.size() < 2 || parts[0] != "pkg") {
    return false;
  }
  const std::string allowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
  return std::all_of(parts.begin(), parts.end(), [&allowed](const std::string& part) {
    return !part.empty() && part.size() <= 255 && part != "." && part != ".." &&
           part.find_first_not_of(allowed) == std::string::npos;
  });
}

bool is_refusal(Code code) {
  const int number = static_cast<int>(code);
  return number == 105 || (number > 200 && number < 300);
}

// Everything that must hold of any octets whatever.
void judge(const Bytes& zip, const Limits& limits) {
  const Result<Unpacked> result = read_archive(zip, limits);
  if (result.has_error()) {
    RC_ASSERT(is_refusal(result.error().code));
    return;
  }
  const Unpacked& unpacked = result.value();
  RC_ASSERT(unpacked.total_bytes() <= limits.unpacked_bytes_max);
  RC_ASSERT(unpacked.entries.size() == unpacked.manifest.entries.size());
  for (std::size_t i = 0; i < unpacked.entries.size(); ++i) {
    const Entry& entry = unpacked.entries[i];
    const ManifestEntry& listed = unpacked.manifest.entries[i];
    RC_ASSERT(may_be_a_name(entry.path));
    RC_ASSERT(entry.path == listed.path);
    RC_ASSERT(entry.bytes.size() == listed.size);
    RC_ASSERT(sha256(entry.bytes) == listed.sha256);
    RC_ASSERT(entry.bytes.size() <= limits.file_bytes_max);
  }
}

Bytes packed(const gen::Tree& tree) { return pack({.app = pos, .files = tree.files}).value(); }

}  // namespace

RC_BOOST_PROP(any_tree_of_files_comes_out_as_it_went_in, ()) {
  gen::Tree tree = *gen::any_tree();
  const Result<Unpacked> unpacked = read_archive(packed(tree), {});
  RC_ASSERT(unpacked.has_value());
  std::sort(tree.files.begin(), tree.files.end(), [](const Entry& a, const Entry& b) {
    return a.path < b.path;
  });
  RC_ASSERT(unpacked.value().entries == tree.files);
  RC_ASSERT(unpacked.value().manifest.app == pos);
  RC_ASSERT(parse_manifest(write_manifest(unpacked.value().manifest)).value() ==
            unpacked.value().manifest);
}

// I-S17: content addressing; the contents are the manifest's or there are none.
RC_BOOST_PROP(a_damaged_image_never_gives_contents_that_differ_from_its_manifest, ()) {
  const Bytes image = packed(*gen::any_tree());
  const Bytes broken = gen::damaged(image, *gen::any_damage());
  RC_CLASSIFY(read_archive(broken, {}).has_value(), "accepted");
  judge(broken, {});
}

// I-S18: confinement; and no more memory than the limits allow, whatever is declared.
RC_BOOST_PROP(a_lying_archive_never_leads_out_of_its_folder, ()) {
  const gen::Archive archive = *gen::any_archive();
  Limits limits;
  limits.legacy_app = pos;
  limits.ratio_from_bytes = 1000;
  limits.file_bytes_max = 4000;
  limits.unpacked_bytes_max = 8000;
  const Bytes zip = write_zip(archive.members);
  RC_CLASSIFY(read_archive(zip, limits).has_value(), "accepted");
  judge(zip, limits);
  judge(gen::damaged(zip, *gen::any_damage()), limits);
}

RC_BOOST_PROP(names_are_accepted_exactly_when_the_model_accepts_them, ()) {
  const std::string name = *gen::any_name();
  const bool accepted = check_entry_name(name, false, {}).has_value();
  RC_CLASSIFY(accepted, "accepted");
  RC_ASSERT(accepted == may_be_a_name(name));
}

}  // namespace vvm::image
