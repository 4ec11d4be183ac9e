// Folders: unpacked images on disk, folder.AppSchemaFiles (docs/spec/vvm.md 8.5).
//
// The step machine of apppartsctl calls it; the VVM's image store owns it. A folder
// apps/<owner>.<name>/<sha>/ holds image/..., manifest.json and, written last, the empty READY;
// it is never changed afterwards. Unpacking writes only below a folder of its own under tmp/, at
// most limits.unpacked_bytes_max octets (I-S18), and only what read_archive has accepted.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "image/archive.hpp"
#include "image/gc.hpp"
#include "image/inventory.hpp"
#include "image/paths.hpp"
#include "runtime/runtime.hpp"

namespace vvm::image {

// A cache of the pure part of unpacking, by the identity of the image (docs/spec/vvm.md 6.4), for
// simulations in which many VVMs unpack the same image. Work is charged all the same.
class UnpackMemo {
 public:
  using Value = std::shared_ptr<const Result<Unpacked>>;

  UnpackMemo() = default;
  UnpackMemo(const UnpackMemo&) = delete;
  UnpackMemo& operator=(const UnpackMemo&) = delete;
  virtual ~UnpackMemo() = default;

  // Null: do the work.
  virtual Value find(const Sha256& sha) = 0;
  virtual void keep(const Sha256& sha, Value value) = 0;
};

struct SchemaFile {
  std::string path;  // below pkg/: "github.com/acme/pos/pos.vsql"
  std::string text;

  friend bool operator==(const SchemaFile&, const SchemaFile&) = default;
};

// docs/spec/vvm.md 8.6.
struct SchemaLimits {
  std::uint64_t file_bytes_max = std::uint64_t{4} << 20U;
  std::uint64_t total_bytes_max = std::uint64_t{32} << 20U;
};

struct Folder {
  FolderRef ref;
  Manifest manifest;
  std::uint64_t bytes = 0;
  bool reused = false;  // it was there and READY
};

class Folders {
 public:
  // `inventory`, `collector` and `memo`, which may be null, outlive it.
  Folders(Runtime rt, Inventory* inventory, Collector* collector, Limits limits, UnpackMemo* memo);
  Folders(const Folders&) = delete;
  Folders& operator=(const Folders&) = delete;
  ~Folders() = default;

  // pre: the image has been downloaded. err: 2xx as read_archive, ChecksumMismatch (the file on the
  // disk has changed; it is gone now), NotFound (no such file), DiskFull, DiskIO.
  Task<Result<Folder>> unpack(FolderRef ref);
  // The schema files of a READY folder, sorted by path. err: NoSchemaFiles, SemanticError beyond
  // the limits, DiskIO (also: not the octets that the manifest promises), NotFound.
  Task<Result<std::vector<SchemaFile>>> read_schema(FolderRef ref, SchemaLimits limits);
  // One file of a READY folder by its path in the image, "pkg/...": a module, say.
  // err: NotFound, DiskIO.
  Task<Result<Bytes>> read_file(FolderRef ref, std::string path);
  Task<Result<Manifest>> read_manifest(FolderRef ref);
  // Out of sight in one step, then deleted. Success when there is none.
  Task<Status> remove(FolderRef ref);

 private:
  using Contents = UnpackMemo::Value;
  Task<Result<Folder>> unpack_anew(FolderRef ref);
  // None when there is no READY folder that equals its manifest; what there is has then been
  // removed.
  Task<Result<std::optional<Folder>>> reuse(FolderRef ref);
  // The image's file, hashed.
  Task<Result<Bytes>> read_image(Sha256 sha);
  Task<Result<Contents>> contents_of(FolderRef ref);
  Task<Result<Folder>> make_folder(FolderRef ref, Contents contents);
  Task<Status> publish(FolderRef ref, std::string staging, std::uint64_t bytes);
  Task<Result<Bytes>> read_listed(FolderRef ref, ManifestEntry listed);

  Runtime rt_;
  Inventory* inventory_;
  Collector* collector_;
  Limits limits_;
  UnpackMemo* memo_;
};

}  // namespace vvm::image
