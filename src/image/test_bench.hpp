// Bench: a VVM's image store, a cluster that serves one BLOB, and a disk that outlives both.
//
// Tests of this module's drivers rely on it, nothing else. After every process life the disk is
// compared with I-S17: what stands under a digest has it, what is READY equals its manifest.
#pragma once

#include <algorithm>

#include <boost/test/unit_test.hpp>

#include "http/server.hpp"
#include "http/test_world.hpp"
#include "image/pack.hpp"
#include "image/store.hpp"
#include "image/test_disk.hpp"

namespace vvm::image {

inline const AppQName pos{.owner = "acme", .name = "pos"};

inline Bytes image_of(const std::string& schema) {
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

inline Task<std::string> download(Bench* bench, ImageStore* store) {
  Status result = co_await store->start();
  if (result.has_value()) {
    result = co_await store->downloader().fetch(bench->wanted);
  }
  co_return result.has_value() ? "ok" : std::string{code_name(result.error().code)};
}

inline Task<std::string> download_and_unpack(Bench* bench, ImageStore* store) {
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

inline bool saw(const Bench& bench, std::string_view name) {
  const auto& seen = bench.world.events.seen;
  return std::any_of(seen.begin(), seen.end(), [name](const std::string& event) {
    return event.starts_with(name);
  });
}

}  // namespace vvm::image
