// What the drivers of this module do with files in more than one step.
//
// Only this module relies on it. Errors of the Disk seam come out as DiskFull, NotFound or DiskIO,
// with the path in the text.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "image/inventory.hpp"
#include "runtime/runtime.hpp"

namespace vvm::image {

Error disk_error(const Error& error, const std::string& path);

// All of a file. err: also LimitExceeded beyond `size_max`.
Task<Result<Bytes>> read_whole(Runtime rt, std::string path, std::uint64_t size_max);
// The digest of a file as it is on the disk now.
Task<Result<Sha256>> hash_file(Runtime rt, std::string path);
// A new file, flushed; its name is not.
Task<Status> write_flushed(Runtime rt, std::string path, BytesView bytes);
// Whether there is something under this name.
Task<Result<bool>> exists(Runtime rt, std::string path);
// Sizes of all files below a folder, by path relative to it.
Task<Result<std::map<std::string, std::uint64_t>>> list_files(Runtime rt, std::string root);

// Unique in all process lives.
std::string tmp_nonce(Runtime rt, Inventory* inventory);
// An unpacked folder leaves its place in one step and is then deleted. Success when there is none.
Task<Status> remove_folder(Runtime rt, Inventory* inventory, std::string app_folder, Sha256 sha);
Task<Status> remove_file(Runtime rt, Inventory* inventory, Sha256 sha);

}  // namespace vvm::image
