// Tests of the invariants over disks, I-S17 to I-S19, on simulated disks that are written by hand.
#include "sim/ghost/files.hpp"

#include <boost/test/unit_test.hpp>

#include "image/manifest.hpp"
#include "image/paths.hpp"

namespace vvm::ghost {
namespace {

struct OneDisk {
  apppartsctl::Constants constants{};
  Ledger ledger;
  Files files{&ledger, &constants};
  sim::DiskImage disk{Rng(1)};
  std::size_t index = files.add("vvm1", &disk);

  OneDisk() = default;
  OneDisk(const OneDisk&) = delete;
  OneDisk& operator=(const OneDisk&) = delete;
  ~OneDisk() = default;

  std::string failed() const {
    return ledger.violation().has_value() ? ledger.violation()->property : std::string{};
  }

  // A rename, say, has brought this about.
  void appears(const std::string& path, const Bytes& bytes) {
    files.on_effect(index, "disk.rename", "tmp/something");
    disk.put(path, bytes);
    files.settle();
  }

  // An unpacked image of one file.
  std::string folder(const Bytes& contents, const Bytes& listed) {
    image::Manifest manifest;
    manifest.app = {.owner = "acme", .name = "pos"};
    manifest.entries = {
        {.path = "pkg/pos/pos.vsql", .size = listed.size(), .sha256 = sha256(listed)}};
    const std::string path = image::folder_path("acme.pos", sha256("image"));
    disk.put(path + "/image/pkg/pos/pos.vsql", contents);
    disk.put(path + "/manifest.json", image::write_manifest(manifest));
    return path;
  }
};

BOOST_AUTO_TEST_CASE(an_image_file_has_the_digest_of_its_name) {
  OneDisk good;
  good.appears(image::image_path(sha256("an image")), "an image");
  BOOST_TEST(good.failed() == "");
  BOOST_TEST(good.ledger.evaluations(Property::content_addressing) == 1U);
  BOOST_TEST(good.files.has_image(good.index, sha256("an image")));
  BOOST_TEST(!good.files.has_image(good.index, sha256("another")));

  OneDisk bad;
  bad.appears(image::image_path(sha256("an image")), "an imagE");
  BOOST_TEST(bad.failed() == "I-S17");

  OneDisk named;
  named.appears("img/latest.var", "an image");
  BOOST_TEST(named.failed() == "I-S17");
}

BOOST_AUTO_TEST_CASE(a_file_is_hashed_again_when_it_is_touched_and_after_a_start) {
  OneDisk touched;
  const std::string path = image::image_path(sha256("an image"));
  touched.appears(path, "an image");
  touched.appears(image::image_path(sha256("another")), "another");
  BOOST_TEST(touched.ledger.evaluations(Property::content_addressing) == 3U);
  touched.files.on_effect(touched.index, "disk.write", path);
  touched.disk.flip(path, 3);
  touched.files.settle();
  BOOST_TEST(touched.failed() == "I-S17");

  OneDisk restarted;
  restarted.appears(path, "an image");
  restarted.disk.flip(path, 3);
  restarted.files.on_start(restarted.index);
  restarted.files.settle();
  BOOST_TEST(restarted.failed() == "I-S17");
}

BOOST_AUTO_TEST_CASE(disks_that_may_lie_prove_nothing_at_a_start) {
  apppartsctl::Constants constants;
  Ledger ledger;
  Files files(&ledger, &constants, true);
  sim::DiskImage disk(Rng(1));
  const std::size_t index = files.add("vvm1", &disk);
  disk.put(image::image_path(sha256("an image")), "torn");
  files.on_start(index);
  files.settle();
  BOOST_TEST(!ledger.violation().has_value());
}

BOOST_AUTO_TEST_CASE(a_folder_with_ready_equals_its_manifest) {
  OneDisk good;
  good.appears(good.folder("schema", "schema") + "/READY", "");
  BOOST_TEST(good.failed() == "");
  BOOST_TEST(good.ledger.evaluations(Property::content_addressing) == 1U);

  OneDisk other;
  other.appears(other.folder("schemA", "schema") + "/READY", "");
  BOOST_TEST(other.failed() == "I-S17");

  OneDisk more;
  more.disk.put(more.folder("schema", "schema") + "/image/pkg/extra.vsql", "x");
  more.appears(more.folder("schema", "schema") + "/READY", "");
  BOOST_TEST(more.failed() == "I-S17");

  OneDisk less;
  const std::string path = less.folder("schema", "schema");
  BOOST_TEST(less.disk.remove(path + "/image/pkg/pos/pos.vsql").has_value());
  less.appears(path + "/READY", "");
  BOOST_TEST(less.failed() == "I-S17");
}

BOOST_AUTO_TEST_CASE(a_folder_without_ready_is_nobodys_business) {
  OneDisk d;
  d.folder("schemA", "schema");
  d.appears("tmp/x", "");
  BOOST_TEST(d.failed() == "");
  BOOST_TEST(d.ledger.evaluations(Property::content_addressing) == 0U);
}

BOOST_AUTO_TEST_CASE(files_are_made_below_tmp) {
  OneDisk d;
  d.files.on_effect(d.index, "disk.create", "tmp/x.part");
  d.files.on_effect(d.index, "disk.create", "journal/crash.log.new");
  d.files.settle();
  BOOST_TEST(d.failed() == "");
  d.files.on_effect(d.index, "disk.create", "img/x.var");
  BOOST_TEST(d.failed() == "I-S18");
}

BOOST_AUTO_TEST_CASE(images_and_folders_stay_below_the_quota) {
  OneDisk d;
  const Bytes image(1000, 'x');
  d.constants.disk_quota = 1500;
  d.appears(image::image_path(sha256(image)), image);
  BOOST_TEST(d.failed() == "");
  const Bytes schema(600, 'y');
  d.appears(d.folder(schema, schema) + "/READY", "");
  BOOST_TEST(d.failed() == "I-S19");
}

}  // namespace
}  // namespace vvm::ghost
