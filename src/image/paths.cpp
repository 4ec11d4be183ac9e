// Names on disk, made and recognised.
#include "image/paths.hpp"

#include "image/entry_name.hpp"

namespace vvm::image {
namespace {

constexpr std::size_t name_bytes_max = 255;
constexpr std::size_t digest_digits = 64;

std::string under_tmp(const Sha256& sha, std::string_view nonce, std::string_view suffix) {
  return std::string{tmp_root} + "/" + sha.hex() + "." + std::string{nonce} + std::string{suffix};
}

}  // namespace

std::string image_path(const Sha256& sha) {
  return std::string{image_root} + "/" + sha.hex() + std::string{image_suffix};
}

std::string part_path(const Sha256& sha, std::string_view nonce) {
  return under_tmp(sha, nonce, ".part");
}

std::string staging_path(const Sha256& sha, std::string_view nonce) {
  return under_tmp(sha, nonce, "");
}

std::string trash_path(const Sha256& sha, std::string_view nonce) {
  return under_tmp(sha, nonce, ".gone");
}

Result<std::string> app_folder_name(const AppQName& app) {
  std::string name = app.owner + "." + app.name;
  if (name.size() > name_bytes_max || check_entry_name("pkg/" + name, true, {}).has_error()) {
    return Error{Code::invalid_sp,
                 "application name " + shown(app.str()) + " is no name of a folder"};
  }
  return name;
}

Result<std::string> folder_path(const FolderRef& ref) {
  TRY(const std::string name, app_folder_name(ref.app));
  return folder_path(name, ref.sha);
}

std::string folder_path(std::string_view app_folder, const Sha256& sha) {
  return std::string{apps_root} + "/" + std::string{app_folder} + "/" + sha.hex();
}

std::string parent_of(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return std::string{path.substr(0, slash == std::string_view::npos ? 0 : slash)};
}

std::optional<Sha256> sha_of_name(std::string_view name, std::string_view suffix) {
  if (name.size() != digest_digits + suffix.size() || !name.ends_with(suffix)) {
    return std::nullopt;
  }
  const std::optional<Sha256> sha = Sha256::from_hex(name.substr(0, digest_digits));
  return sha.has_value() && name.starts_with(sha->hex()) ? sha : std::nullopt;
}

}  // namespace vvm::image
