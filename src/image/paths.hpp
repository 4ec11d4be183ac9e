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
constexpr std::string_view image_suffix = ".var";
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
// <owner>.<name>. err: InvalidSP where that would not be one plain file name.
Result<std::string> app_folder_name(const AppQName& app);
// apps/<owner>.<name>/<sha>. err: as app_folder_name.
Result<std::string> folder_path(const FolderRef& ref);
std::string folder_path(std::string_view app_folder, const Sha256& sha);
// Empty for the data folder's own children.
std::string parent_of(std::string_view path);

// The digest in "<64 hex digits><suffix>", in lower case; none for any other name.
std::optional<Sha256> sha_of_name(std::string_view name, std::string_view suffix);

}  // namespace vvm::image
