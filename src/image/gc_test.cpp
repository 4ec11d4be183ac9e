// The disk GC of docs/spec/vvm.md 8.12: its decision, its execution, and the quota.
#include "image/gc.hpp"

#include <boost/test/unit_test.hpp>

#include "image/test_bench.hpp"

namespace vvm::image {

namespace {

StoreOptions with_quota(std::uint64_t quota) {
  StoreOptions options;
  options.disk_quota = quota;
  options.download.limits.unpacked_bytes_max = 10'000;
  return options;
}

Sha256 digest_of(int n) { return sha256(std::to_string(n)); }

Holding held(std::uint64_t bytes, std::int64_t access, const std::string& app) {
  Holding holding;
  holding.has_file = true;
  holding.file_bytes = bytes;
  holding.app = app;
  holding.last_access = Instant{access};
  return holding;
}

}  // namespace

BOOST_AUTO_TEST_CASE(without_room_below_the_quota_a_download_collects_or_is_refused) {
  Bench bench;
  bench.blobs.bytes = image_of("SCHEMA pos;");
  bench.wanted = bench.ref(bench.blobs.bytes);
  BOOST_TEST(bench.live(download, with_quota(10'000)) == "DiskFull");
  BOOST_TEST(bench.live(download, with_quota(13'000)) == "ok");
  const Sha256 first = bench.wanted.sha;
  bench.users.used = std::set<Sha256>{first};
  bench.blobs.bytes = image_of("SCHEMA pos; -- 2");
  bench.wanted = bench.ref(bench.blobs.bytes);
  const std::uint64_t quota = 10'000 + 2 * bench.wanted.size - 10;
  BOOST_TEST(bench.live(download, with_quota(quota)) == "DiskFull");
  bench.users.used = std::set<Sha256>{};
  BOOST_TEST(bench.live(download, with_quota(quota)) == "ok");
  BOOST_TEST(bench.count("img/") == 1U);
  BOOST_TEST(saw(bench, "image.gc sha=" + first.hex()));
}

BOOST_AUTO_TEST_CASE(a_full_disk_is_reported_and_collected) {
  Bench bench;
  bench.blobs.bytes = image_of("SCHEMA pos;");
  bench.wanted = bench.ref(bench.blobs.bytes);
  BOOST_TEST(bench.live(download) == "ok");
  bench.disk.capacity = bench.wanted.size + 100;
  bench.blobs.bytes = image_of("SCHEMA pos; -- 2");
  bench.wanted = bench.ref(bench.blobs.bytes);
  BOOST_TEST(bench.live(download) == "DiskFull");
  BOOST_TEST(bench.live(download) == "ok");
}

BOOST_AUTO_TEST_CASE(the_gc_takes_what_nobody_needs_and_keeps_the_newest_of_each_application) {
  // M28: staged versions are in use like served ones; the users say so.
  const std::map<Sha256, Holding> holdings{{digest_of(1), held(10, 1, "a.x")},
                                           {digest_of(2), held(10, 2, "a.x")},
                                           {digest_of(3), held(10, 3, "a.x")},
                                           {digest_of(4), held(10, 9, "a.x")},
                                           {digest_of(5), held(10, 0, "a.y")},
                                           {digest_of(6), held(10, 5, "")}};
  const std::optional<std::set<Sha256>> in_use{{digest_of(4)}};
  using Shas = std::vector<Sha256>;
  BOOST_TEST(
      (choose_victims(holdings, in_use, 0) == Shas{digest_of(1), digest_of(2), digest_of(6)}));
  BOOST_TEST((choose_victims(holdings, in_use, 11) == Shas{digest_of(1), digest_of(2)}));
  BOOST_TEST((choose_victims(holdings, in_use, 1000) ==
              Shas{digest_of(1), digest_of(2), digest_of(6), digest_of(5), digest_of(3)}));
  BOOST_TEST(choose_victims(holdings, std::nullopt, 1000).empty());
  std::map<Sha256, Holding> pinned = holdings;
  pinned.at(digest_of(1)).pins = 1;
  BOOST_TEST((choose_victims(pinned, in_use, 5) == Shas{digest_of(2)}));
}

namespace {

// Two images of one application and one of another; then the periodic GC.
Task<std::string> collect_after_deploys(Bench* bench, ImageStore* store) {
  static_cast<void>(co_await store->start());
  std::vector<Sha256> shas;
  for (const char* text : {"SCHEMA pos; -- 1", "SCHEMA pos; -- 2", "SCHEMA pos; -- 3"}) {
    bench->blobs.bytes = image_of(text);
    const ImageRef ref = bench->ref(bench->blobs.bytes);
    shas.push_back(ref.sha);
    static_cast<void>(co_await store->downloader().fetch(ref));
    const auto unpacked = co_await store->folders().unpack({.app = ref.app, .sha = ref.sha});
    BOOST_TEST(unpacked.has_value());
    co_await bench->world.rt().clock().sleep_for(seconds(1));
  }
  bench->users.used = std::set<Sha256>{shas[2]};
  bench->disk.put("tmp/leftover", "x");
  TaskScope scope(bench->world.rt());
  scope.spawn("gc", store->collector().run());
  co_await bench->world.rt().clock().sleep_for(seconds(301));
  std::string left = std::to_string(store->inventory().holdings().size());
  left += store->inventory().find(shas[0]) == nullptr ? " first gone" : "";
  left += " tmp " + std::to_string(bench->count("tmp/"));
  co_await bench->world.rt().clock().sleep_for(seconds(300));
  left += " then " + std::to_string(bench->count("tmp/"));
  co_await scope.close();
  co_return left;
}

}  // namespace

BOOST_AUTO_TEST_CASE(the_periodic_gc_removes_images_with_their_folders_and_old_leftovers) {
  Bench bench;
  BOOST_TEST(bench.live(collect_after_deploys) == "2 first gone tmp 1 then 0");
  BOOST_TEST(bench.count("img/") == 2U);
  BOOST_TEST(bench.count("apps/") == 12U);
}

BOOST_AUTO_TEST_CASE(the_quota_counts_files_folders_and_what_is_in_the_making) {
  Inventory inventory(100);
  inventory.put_file(digest_of(1), 30, true);
  inventory.put_folder(digest_of(1), "a.x", 20);
  BOOST_TEST(inventory.used() == 50U);
  BOOST_TEST(inventory.shortage(50) == 0U);
  {
    const Inventory::Reservation reservation(&inventory, 40);
    BOOST_TEST(inventory.shortage(11) == 1U);
  }
  inventory.put_file(digest_of(1), 10, true);
  BOOST_TEST(inventory.used() == 30U);
  inventory.drop_file(digest_of(1));
  inventory.drop_folder(digest_of(1), "a.x");
  BOOST_TEST(inventory.used() == 0U);
  BOOST_TEST(inventory.find(digest_of(1)) == nullptr);
}

}  // namespace vvm::image
