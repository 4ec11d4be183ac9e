// Where images and unpacked folders lie below the data folder (docs/spec/vvm.md 8.4 and 8.5).
//
// The drivers of this module rely on it, and whoever watches a disk from outside. Plain text
// functions. Everything under tmp/ may be deleted at any process start.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/sha256.hpp"
#include "ids/names.hpp"

namespace vvm::image {

constexpr std::string_view image_root = "img";
constexpr std::string_view apps_root = "apps";
constexpr std::string_view tmp_root = "tmp";
constexpr std::string_view ready_name = "READY";

// One unpacked image.
struct FolderRef {
  AppQName app;
  Sha256 sha;

  auto operator<=>(const FolderRef&) const = default;
};

std::string image_path(const Sha256& sha);                            // img/<sha>.var
std::string part_path(const Sha256& sha, std::string_view nonce);     // tmp/<sha>.<nonce>.part
std::string staging_path(const Sha256& sha, std::string_view nonce);  // tmp/<sha>.<nonce>
std::string trash_path(const Sha256& sha, std::string_view nonce);    // tmp/<sha>.<nonce>.gone
// apps/<owner>.<name>. err: InvalidSP where that would not be one plain file name.
Result<std::string> app_path(const AppQName& app);
// apps/<owner>.<name>/<sha>. err: as app_path.
Result<std::string> folder_path(const FolderRef& ref);

// The digest in "<64 hex digits><suffix>", in lower case; none for any other name.
std::optional<Sha256> sha_of_name(std::string_view name, std::string_view suffix);

}  // namespace vvm::image
