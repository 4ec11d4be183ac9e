// The drivers of this module over a disk in memory and loopback streams: download, unpacking, GC.
//
// T-DI and T-FS of docs/spec/vvm.md 8.4 and 8.5. After every operation, failed or not, the disk is
// compared with I-S17: what stands under a digest has it, what is READY equals its manifest.
#include "image/store.hpp"

#include <boost/test/unit_test.hpp>

#include "http/server.hpp"
#include "http/test_world.hpp"
#include "image/pack.hpp"
#include "image/test_disk.hpp"
#include "image/testing/breakage.hpp"
#include "runtime/timeout.hpp"

namespace vvm::image {
namespace {

const AppQName pos{.owner = "acme", .name = "pos"};

Bytes image_of(const std::string& schema) {
  return pack({.app = pos,
               .files = {{"pkg/acme/pos/pos.vsql", schema},
                         {"pkg/acme/pos/b.SQL", "-- second"},
                         {"pkg/acme/pos/pos.wasm", "module"},
                         {"pkg/sys/sys.vsql", "SCHEMA sys;"}}})
      .value();
}

// What GET /blob/1 answers.
class Blobs final : public http::Handler {
 public:
  Bytes bytes;
  unsigned status = 200;
  bool chunked = false;
  std::string digest_header;

  Task<http::Response> handle(http::Request req) override {
    BOOST_TEST(req.method == "GET");
    BOOST_TEST(req.target == "/blob/1");
    if (status != 200) {
      co_return http::Response::text(status, "no");
    }
    http::Response response;
    if (!digest_header.empty()) {
      response.headers.add("X-Blob-SHA256", digest_header);
    }
    if (chunked) {
      response.source = std::make_unique<Pieces>(bytes);
    } else {
      response.body = bytes;
    }
    co_return response;
  }

 private:
  class Pieces final : public http::BodySource {
   public:
    explicit Pieces(Bytes bytes) : left_(std::move(bytes)) {}

    std::optional<std::uint64_t> length() const override { return std::nullopt; }

    Task<Result<Bytes>> next() override {
      Bytes piece = left_.substr(0, 100);
      left_.erase(0, piece.size());
      co_return piece;
    }

   private:
    Bytes left_;
  };
};

class Users final : public ImageUsers {
 public:
  std::optional<std::set<Sha256>> used = std::set<Sha256>{};

  std::optional<std::set<Sha256>> images_in_use() const override { return used; }
};

// A VVM's store, a cluster that serves one BLOB, and a disk that outlives both.
class Bench {
 public:
  Bench() { world.seams.disk = &disk; }

  // One process life: starts a store, runs `body` with it, checks the disk.
  template <class T>
  T live(Task<T> (*body)(Bench*, ImageStore*), StoreOptions options = {}) {
    http::Server server(world.rt(), &blobs, {});
    options.download.cluster = {.host = "cluster", .port = server.listen(0).value()};
    ImageStore store(world.rt(), options, &users);
    T result = world.run(run(this, &server, &store, body));
    check_disk();
    return result;
  }

  ImageRef ref(const Bytes& image) const {
    return {.app = pos, .blob = BlobId{1}, .sha = sha256(image), .size = image.size()};
  }

  // I-S17, and nothing outside the three roots.
  void check_disk() const {
    const auto files = disk.files();
    for (const auto& [path, bytes] : files) {
      if (path.starts_with("img/")) {
        BOOST_TEST(path == image_path(sha256(bytes)));
      } else if (path.ends_with("/READY")) {
        check_folder(files, path.substr(0, path.size() - 6));
      } else {
        BOOST_TEST((path.starts_with("apps/") || path.starts_with("tmp/")));
      }
    }
  }

  std::size_t count(std::string_view prefix) const {
    const auto files = disk.files();
    return static_cast<std::size_t>(std::count_if(
        files.begin(), files.end(), [&](const auto& f) { return f.first.starts_with(prefix); }));
  }

  http::TestWorld world;
  TestDisk disk;
  Blobs blobs;
  Users users;
  ImageRef wanted;

 private:
  template <class T>
  static Task<T> run(Bench* bench,
                     http::Server* server,
                     ImageStore* store,
                     Task<T> (*body)(Bench*, ImageStore*)) {
    TaskScope scope(bench->world.rt());
    scope.spawn("server", server->serve());
    T result = co_await body(bench, store);
    co_await scope.close();
    co_return result;
  }

  static void check_folder(const std::map<std::string, Bytes>& files, const std::string& root) {
    const auto json = files.find(root + "/manifest.json");
    BOOST_REQUIRE((json != files.end()));
    const Manifest manifest = parse_manifest(json->second).value();
    for (const ManifestEntry& entry : manifest.entries) {
      const auto file = files.find(root + "/image/" + entry.path);
      BOOST_REQUIRE((file != files.end()));
      BOOST_TEST((sha256(file->second) == entry.sha256));
    }
    const auto below = std::count_if(files.begin(), files.end(), [&root](const auto& file) {
      return file.first.starts_with(root + "/");
    });
    BOOST_TEST(static_cast<std::size_t>(below) == manifest.entries.size() + 2);
  }
};

Task<std::string> download(Bench* bench, ImageStore* store) {
  Status result = co_await store->start();
  if (result.has_value()) {
    result = co_await store->downloader().fetch(bench->wanted);
  }
  co_return result.has_value() ? "ok" : std::string{code_name(result.error().code)};
}

Task<std::string> download_and_unpack(Bench* bench, ImageStore* store) {
  std::string name = co_await download(bench, store);
  if (name != "ok") {
    co_return name;
  }
  const auto folder =
      co_await store->folders().unpack({.app = bench->wanted.app, .sha = bench->wanted.sha});
  if (folder.has_error()) {
    co_return std::string{code_name(folder.error().code)};
  }
  co_return folder.value().reused ? "reused" : "ok";
}

bool saw(const Bench& bench, std::string_view name) {
  const auto& seen = bench.world.events.seen;
  return std::any_of(seen.begin(), seen.end(), [name](const std::string& event) {
    return event.starts_with(name);
  });
}

}  // namespace

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

namespace {

struct InFlight {
  int now = 0;
  int most = 0;
  int done = 0;
};

Task<void> fetch_one(Downloader* downloader, ImageRef ref, InFlight* flights) {
  const Status result = co_await downloader->fetch(ref);
  BOOST_TEST(result.has_value());
  ++flights->done;
}

Task<std::string> five_at_once(Bench* bench, ImageStore* store) {
  static_cast<void>(co_await store->start());
  InFlight flights;
  TaskScope scope(bench->world.rt());
  for (int i = 0; i < 5; ++i) {
    scope.spawn("fetch", fetch_one(&store->downloader(), bench->wanted, &flights));
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
  BOOST_TEST(bench.live(five_at_once) == "5 done, at most 2");
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
