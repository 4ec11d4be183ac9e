// The drivers of this module over a disk in memory and loopback streams: download and unpacking.
//
// T-DI and T-FS of docs/spec/vvm.md 8.4 and 8.5.
#include "image/store.hpp"

#include <boost/test/unit_test.hpp>

#include "image/test_bench.hpp"
#include "image/testing/breakage.hpp"
#include "runtime/timeout.hpp"

namespace vvm::image {

BOOST_AUTO_TEST_CASE(a_download_ends_in_a_verified_file_that_survives_a_power_loss) {
  Bench bench;
  bench.blobs.bytes = image_of("SCHEMA pos;");
  bench.wanted = bench.ref(bench.blobs.bytes);
  BOOST_TEST(bench.live(download) == "ok");
  bench.disk.power_loss();
  BOOST_TEST(bench.disk.files().at(image_path(bench.wanted.sha)) == bench.blobs.bytes);
  BOOST_TEST(bench.count("tmp/") == 0U);
  BOOST_TEST(saw(bench, "image.file"));
  // The next process life re-hashes it and asks nobody.
  const std::size_t connects = bench.world.net.connects;
  BOOST_TEST(bench.live(download) == "ok");
  BOOST_TEST(bench.world.net.connects == connects);
}

BOOST_AUTO_TEST_CASE(short_writes_change_nothing) {
  Bench bench;
  bench.disk.write_max = 7;
  bench.blobs.bytes = image_of("SCHEMA pos;");
  bench.wanted = bench.ref(bench.blobs.bytes);
  BOOST_TEST(bench.live(download_and_unpack) == "ok");
}

BOOST_AUTO_TEST_CASE(a_file_that_has_changed_on_the_disk_is_downloaded_again) {
  Bench bench;
  bench.blobs.bytes = image_of("SCHEMA pos;");
  bench.wanted = bench.ref(bench.blobs.bytes);
  bench.disk.put(image_path(bench.wanted.sha), flip_bit(bench.blobs.bytes, 99));
  BOOST_TEST(bench.live(download) == "ok");
  bench.disk.put(image_path(bench.wanted.sha), "short");
  BOOST_TEST(bench.live(download) == "ok");
}

BOOST_AUTO_TEST_CASE(what_the_cluster_says_becomes_the_code_of_the_specification) {
  Bench bench;
  bench.blobs.bytes = image_of("SCHEMA pos;");
  bench.wanted = bench.ref(bench.blobs.bytes);
  const std::map<unsigned, std::string> expected{{404, "BlobNotFound"},
                                                 {502, "BlobCorrupted"},
                                                 {503, "BlobStoreUnreachable"},
                                                 {500, "BlobStoreUnreachable"},
                                                 {206, "BlobStoreUnreachable"}};
  for (const auto& [status, name] : expected) {
    bench.blobs.status = status;
    BOOST_TEST(bench.live(download) == name);
    BOOST_TEST(bench.count("") == 0U);
  }
}

BOOST_AUTO_TEST_CASE(nobody_listening_is_an_unreachable_store) {
  Bench bench;
  bench.wanted = bench.ref("x");
  ImageStore store(bench.world.rt(), {}, &bench.users);
  BOOST_TEST(bench.world.run(download(&bench, &store)) == "BlobStoreUnreachable");
}

BOOST_AUTO_TEST_CASE(a_stream_cut_at_any_octet_is_truncated_and_leaves_no_part_file) {
  // T-DI-2, with and without Content-Length, by an orderly end and by a reset.
  for (const bool chunked : {false, true}) {
    for (const bool reset : {false, true}) {
      Bench bench;
      bench.blobs.chunked = chunked;
      bench.blobs.bytes = image_of("SCHEMA pos;").substr(0, 300);
      bench.wanted = bench.ref(bench.blobs.bytes);
      bench.world.net.to_client.reset = reset;
      std::map<std::string, int> verdicts;
      for (std::uint64_t at = 0;; ++at) {
        bench.world.net.to_client.cut_after = at;
        const std::string name = bench.live(download);
        BOOST_TEST(bench.count("tmp/") == 0U);
        ++verdicts[name];
        if (name == "ok") {
          break;
        }
        BOOST_REQUIRE((name == "Truncated" || name == "BlobStoreUnreachable"));
        BOOST_TEST(bench.count("") == 0U);
      }
      // Unreachable while not even the header has come.
      BOOST_TEST(verdicts["Truncated"] >= 300);
      BOOST_TEST(verdicts["BlobStoreUnreachable"] < 250);
    }
  }
}

BOOST_AUTO_TEST_CASE(octets_flipped_anywhere_are_never_stored) {
  // T-DI-1.
  const Bytes image = image_of("SCHEMA pos;");
  for (std::size_t at = 0; at < image.size(); at += 3) {
    Bench bench;
    bench.wanted = bench.ref(image);
    bench.blobs.bytes = flip_bit(image, at * 8 + at % 8);
    BOOST_TEST(bench.live(download) == "ChecksumMismatch");
    BOOST_TEST(bench.count("") == 0U);
  }
}

BOOST_AUTO_TEST_CASE(a_blob_of_another_size_is_truncated_whatever_it_announces) {
  for (const bool chunked : {false, true}) {
    Bench bench;
    bench.blobs.chunked = chunked;
    bench.blobs.bytes = image_of("SCHEMA pos;");
    bench.wanted = bench.ref(bench.blobs.bytes);
    bench.blobs.bytes.push_back('x');
    BOOST_TEST(bench.live(download) == "Truncated");
    bench.blobs.bytes.resize(bench.blobs.bytes.size() - 2);
    BOOST_TEST(bench.live(download) == "Truncated");
    BOOST_TEST(bench.count("") == 0U);
  }
}

BOOST_AUTO_TEST_CASE(a_blob_whose_announced_digest_is_another_is_not_read) {
  Bench bench;
  bench.blobs.bytes = image_of("SCHEMA pos;");
  bench.wanted = bench.ref(bench.blobs.bytes);
  bench.blobs.digest_header = sha256("other").hex();
  BOOST_TEST(bench.live(download) == "ChecksumMismatch");
  bench.blobs.digest_header = bench.wanted.sha.hex();
  BOOST_TEST(bench.live(download) == "ok");
}

BOOST_AUTO_TEST_CASE(a_stalled_stream_ends_after_the_idle_limit) {
  Bench bench;
  bench.blobs.bytes = Bytes(5000, 'x');
  bench.wanted = bench.ref(bench.blobs.bytes);
  bench.world.net.to_client.stall_after = 2000;
  const Instant before = bench.world.clock.now();
  BOOST_TEST(bench.live(download) == "BlobStoreUnreachable");
  BOOST_TEST((bench.world.clock.now() - before).ms() >= 10'000);
  BOOST_TEST((bench.world.clock.now() - before).ms() < 30'000);
  BOOST_TEST(bench.count("") == 0U);
}

BOOST_AUTO_TEST_CASE(an_image_above_the_limit_is_refused_before_anything_is_sent) {
  Bench bench;
  bench.wanted = bench.ref("x");
  bench.wanted.size = 20'971'521;
  BOOST_TEST(bench.live(download) == "TooLarge");
  BOOST_TEST(bench.world.net.connects == 0U);
  bench.wanted.size = 0;
  BOOST_TEST(bench.live(download) == "InvalidSP");
}

namespace {

Task<std::string> download_and_cancel(Bench* bench, ImageStore* store) {
  static_cast<void>(co_await store->start());
  const Status result = co_await with_timeout(
      bench->world.rt(), seconds(3), store->downloader().fetch(bench->wanted));
  co_return std::string{code_name(result.error().code)};
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_cancelled_download_leaves_no_part_file) {
  Bench bench;
  bench.blobs.bytes = Bytes(5000, 'x');
  bench.wanted = bench.ref(bench.blobs.bytes);
  bench.world.net.to_client.stall_after = 2000;
  BOOST_TEST(bench.live(download_and_cancel) == "Timeout");
  BOOST_TEST(bench.count("") == 0U);
  BOOST_TEST(!bench.disk.created.empty());
  BOOST_TEST(saw(bench, "image.part_deleted"));
}

BOOST_AUTO_TEST_CASE(when_any_verb_of_the_disk_fails_nothing_is_left_and_the_next_try_succeeds) {
  // Failure loop over download and unpacking; also with the power going at that point, T-DI-3 and
  // T-FS-3: after it the disk holds no lie, and a new process life converges.
  for (const bool power : {false, true}) {
    for (const Code code : {Code::disk_io, Code::disk_full}) {
      bool ended = false;
      for (std::uint64_t n = 1; !ended; ++n) {
        Bench bench;
        bench.blobs.bytes = image_of("SCHEMA pos;");
        bench.wanted = bench.ref(bench.blobs.bytes);
        bench.disk.fail_at = n;
        bench.disk.fail_with = code;
        const std::string name = bench.live(download_and_unpack);
        ended = bench.disk.verbs < n;
        BOOST_TEST_CONTEXT("verb " << n << " of " << bench.disk.verbs) {
          BOOST_TEST((name == "ok" || name == code_name(code)));
          BOOST_TEST((name == "ok") == ended);
          bench.disk.fail_at = 0;
          if (power) {
            bench.disk.power_loss();
            bench.check_disk();
          }
          const std::string again = bench.live(download_and_unpack);
          BOOST_TEST((again == "ok" || again == "reused"));
          BOOST_TEST(bench.count("tmp/") == 0U);
          BOOST_TEST(bench.count("apps/") == 6U);
        }
      }
    }
  }
}

namespace {

// Takes the power at verb `at`: the process does nothing more, and the disk goes back.
struct PowerSwitch {};

Task<std::string> crash_during_unpack(Bench* bench, ImageStore* store) {
  try {
    co_return co_await download_and_unpack(bench, store);
  } catch (const PowerSwitch&) {
    co_return "crashed";
  }
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_crash_between_any_two_verbs_leaves_a_disk_from_which_a_restart_converges) {
  bool ended = false;
  for (std::uint64_t n = 1; !ended; ++n) {
    Bench bench;
    bench.blobs.bytes = image_of("SCHEMA pos;");
    bench.wanted = bench.ref(bench.blobs.bytes);
    bench.disk.before_verb = [&bench, n] {
      if (bench.disk.verbs + 1 >= n) {
        throw PowerSwitch{};
      }
    };
    const std::string name = bench.live(crash_during_unpack);
    ended = name != "crashed";
    bench.disk.before_verb = {};
    bench.disk.power_loss();
    bench.check_disk();
    const std::string again = bench.live(download_and_unpack);
    BOOST_TEST((again == "ok" || again == "reused"));
    BOOST_TEST(bench.count("tmp/") == 0U);
    BOOST_TEST(bench.count("apps/") == 6U);
  }
}

namespace {

Task<std::string> unpack_and_read(Bench* bench, ImageStore* store) {
  const FolderRef folder{.app = bench->wanted.app, .sha = bench->wanted.sha};
  std::string name = co_await download_and_unpack(bench, store);
  if (name != "ok" && name != "reused") {
    co_return name;
  }
  const auto schema = co_await store->folders().read_schema(folder, {});
  for (const SchemaFile& file : schema.value()) {
    name += " " + file.path;
  }
  const auto module = co_await store->folders().read_file(folder, "pkg/acme/pos/pos.wasm");
  name += " " + module.value();
  const auto none = co_await store->folders().read_file(folder, "pkg/none");
  name += " " + std::string{code_name(none.error().code)};
  const auto small = co_await store->folders().read_schema(folder, {.file_bytes_max = 5});
  name += " " + std::string{code_name(small.error().code)};
  co_return name;
}

}  // namespace

BOOST_AUTO_TEST_CASE(an_unpacked_folder_gives_its_files_back_and_is_reused) {
  Bench bench;
  bench.blobs.bytes = image_of("SCHEMA pos;");
  bench.wanted = bench.ref(bench.blobs.bytes);
  const std::string read =
      " acme/pos/b.SQL acme/pos/pos.vsql sys/sys.vsql module NotFound SemanticError";
  BOOST_TEST(bench.live(unpack_and_read) == "ok" + read);
  BOOST_TEST(bench.live(unpack_and_read) == "reused" + read);
  for (const std::string& path : bench.disk.created) {
    BOOST_TEST(path.starts_with("tmp/" + bench.wanted.sha.hex() + "."));
  }
}

BOOST_AUTO_TEST_CASE(a_folder_that_does_not_equal_its_manifest_is_made_again) {
  Bench bench;
  bench.blobs.bytes = image_of("SCHEMA pos;");
  bench.wanted = bench.ref(bench.blobs.bytes);
  const std::string folder = folder_path({.app = pos, .sha = bench.wanted.sha}).value();
  BOOST_TEST(bench.live(download_and_unpack) == "ok");
  bench.disk.put(folder + "/image/pkg/more.vsql", "more");
  BOOST_TEST(bench.live(download_and_unpack) == "ok");
  bench.disk.put(folder + "/image/pkg/sys/sys.vsql", "longer than it was");
  BOOST_TEST(bench.live(download_and_unpack) == "ok");
  bench.disk.put(folder + "/manifest.json", "{}");
  BOOST_TEST(bench.live(download_and_unpack) == "ok");
  BOOST_TEST(bench.live(download_and_unpack) == "reused");
}

BOOST_AUTO_TEST_CASE(hostile_images_write_nothing_but_their_own_file) {
  // T-FS-1, T-FS-2; the image's file is kept for inspection (docs/spec/vvm.md 8.11).
  for (const char* name : {"zip_slip", "ratio_bomb", "size_bomb", "symlink_entry", "wrong_sha"}) {
    Bench bench;
    bench.blobs.bytes = apply_breakage(image_of("SCHEMA pos;"), name, 0).value();
    bench.wanted = bench.ref(bench.blobs.bytes);
    const Code code = read_archive(bench.blobs.bytes, {}).error().code;
    BOOST_TEST(bench.live(download_and_unpack) == code_name(code));
    BOOST_TEST(bench.disk.created.size() == 1U);
    BOOST_TEST(bench.count("img/") == 1U);
    BOOST_TEST(bench.count("") == 1U);
  }
}

BOOST_AUTO_TEST_CASE(an_image_of_another_application_is_not_unpacked) {
  Bench bench;
  bench.blobs.bytes = wrong_app(image_of("SCHEMA pos;"), {.owner = "acme", .name = "shop"}).value();
  bench.wanted = bench.ref(bench.blobs.bytes);
  BOOST_TEST(bench.live(download_and_unpack) == "ManifestInvalid");
}

BOOST_AUTO_TEST_CASE(an_application_whose_name_is_no_folder_is_an_invalid_set_point) {
  for (const char* owner : {"..", "a/b", "a\\b", "a:b"}) {
    Bench bench;
    bench.wanted = bench.ref("x");
    bench.wanted.app = {.owner = owner, .name = "/../../x"};
    BOOST_TEST(bench.live(download) == "InvalidSP");
  }
}

namespace {

struct InFlight {
  int now = 0;
  int most = 0;
  int done = 0;
};

Task<void> fetch_one(Downloader* downloader, ImageRef ref, InFlight* flights) {
  const Status result = co_await downloader->fetch(ref);
  flights->done += result.has_value() ? 1 : 0;
}

Task<std::string> five_at_once(Bench* bench, ImageStore* store) {
  static_cast<void>(co_await store->start());
  InFlight flights;
  TaskScope scope(bench->world.rt());
  for (int i = 0; i < 5; ++i) {
    // Five identities, all refused at the end by their digest: what counts is when they ran.
    ImageRef ref = bench->wanted;
    ref.sha.octets[0] ^= static_cast<std::uint8_t>(i);
    scope.spawn("fetch", fetch_one(&store->downloader(), ref, &flights));
  }
  co_await scope.join();
  for (const std::string& event : bench->world.events.seen) {
    flights.now += event.starts_with("image.download.start") ? 1 : 0;
    flights.now -= event.starts_with("image.download.end") ? 1 : 0;
    flights.most = std::max(flights.most, flights.now);
  }
  co_return std::to_string(flights.done) + " done, at most " + std::to_string(flights.most);
}

}  // namespace

BOOST_AUTO_TEST_CASE(at_most_two_downloads_run_at_a_time) {
  Bench bench;
  bench.blobs.bytes = image_of("SCHEMA pos;");
  bench.wanted = bench.ref(bench.blobs.bytes);
  BOOST_TEST(bench.live(five_at_once) == "1 done, at most 2");
}

namespace {

Task<void> unpack_one(Folders* folders, FolderRef ref, std::string* log) {
  const auto folder = co_await folders->unpack(ref);
  *log += folder.value().reused ? "reused " : "made ";
}

// The same image five times, while the file on the disk is not what it should be.
Task<std::string> five_of_the_same(Bench* bench, ImageStore* store) {
  static_cast<void>(co_await store->start());
  InFlight flights;
  TaskScope scope(bench->world.rt());
  for (int i = 0; i < 5; ++i) {
    scope.spawn("fetch", fetch_one(&store->downloader(), bench->wanted, &flights));
  }
  co_await scope.join();
  std::string log = std::to_string(flights.done) + " done ";
  const FolderRef folder{.app = bench->wanted.app, .sha = bench->wanted.sha};
  for (int i = 0; i < 3; ++i) {
    scope.spawn("unpack", unpack_one(&store->folders(), folder, &log));
  }
  co_await scope.join();
  co_return log;
}

}  // namespace

BOOST_AUTO_TEST_CASE(calls_for_one_image_find_what_the_first_has_made) {
  Bench bench;
  bench.blobs.bytes = image_of("SCHEMA pos;");
  bench.wanted = bench.ref(bench.blobs.bytes);
  bench.disk.put(image_path(bench.wanted.sha), flip_bit(bench.blobs.bytes, 99));
  BOOST_TEST(bench.live(five_of_the_same) == "5 done made reused reused ");
  BOOST_TEST(bench.world.net.connects == 1U);
}

}  // namespace vvm::image
