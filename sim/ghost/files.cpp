// I-S17 content addressing, I-S18 confinement, I-S19 disk quota.
#include "sim/ghost/files.hpp"

#include <algorithm>
#include <map>

#include "image/manifest.hpp"
#include "image/paths.hpp"

namespace vvm::ghost {
namespace {

constexpr std::string_view image_folder = "img/";
constexpr std::string_view apps_folder = "apps/";
constexpr std::string_view tmp_folder = "tmp/";
// The crash log of 8.11 is the one thing that is not an image.
constexpr std::string_view journal_folder = "journal/";
constexpr std::uint64_t unpacked_max = 209'715'200;
constexpr std::uint64_t whole_file = std::uint64_t{1} << 40U;

bool is_change(std::string_view kind) {
  return kind == "disk.rename" || kind == "disk.create" || kind == "disk.write" ||
         kind == "disk.remove" || kind == "disk.remove_all";
}

std::string joined(std::string_view folder, std::string_view name) {
  std::string path{folder};
  path.append("/").append(name);
  return path;
}

// The files below a folder and their contents' sizes, by path below it.
void list_files(const sim::DiskImage& disk,
                const std::string& root,
                const std::string& below,
                std::map<std::string, std::uint64_t>& out) {
  const auto entries = disk.list(below.empty() ? root : joined(root, below));
  if (!entries.has_value()) {
    return;
  }
  for (const DirEntry& entry : entries.value()) {
    const std::string path = below.empty() ? entry.name : joined(below, entry.name);
    if (entry.is_dir) {
      list_files(disk, root, path, out);
      continue;
    }
    const auto stat = disk.stat(joined(root, path));
    out[path] = stat.has_value() ? stat.value().size : 0;
  }
}

// What a folder with READY lacks of its manifest; empty when nothing.
std::string difference(const sim::DiskImage& disk,
                       const std::string& folder,
                       std::map<std::string, std::uint64_t> files) {
  const auto text = disk.read(joined(folder, image::manifest_name), 0, whole_file);
  if (!text.has_value()) {
    return "it has no manifest";
  }
  const Result<image::Manifest> manifest = image::parse_manifest(text.value());
  if (!manifest.has_value()) {
    return "its manifest cannot be read";
  }
  for (const image::ManifestEntry& entry : manifest.value().entries) {
    const std::string path = joined("image", entry.path);
    const auto bytes = disk.read(joined(folder, path), 0, whole_file);
    if (!bytes.has_value()) {
      return "`" + entry.path + "` is not there";
    }
    if (sha256(bytes.value()) != entry.sha256) {
      return "`" + entry.path + "` has " + std::to_string(bytes.value().size()) +
             " octets that are not those of the manifest, of which there are " +
             std::to_string(entry.size);
    }
    files.erase(path);
  }
  files.erase(std::string{image::manifest_name});
  files.erase(std::string{image::ready_name});
  return files.empty() ? "" : "`" + files.begin()->first + "` is not in the manifest";
}

}  // namespace

std::size_t Files::add(std::string process, const sim::DiskImage* disk) {
  disks_.push_back({.process = std::move(process), .image = disk});
  return disks_.size() - 1;
}

void Files::on_effect(std::size_t index, std::string_view kind, std::string_view path) {
  if (!is_change(kind)) {
    return;
  }
  Disk& disk = disks_[index];
  if (kind == "disk.create") {
    // I-S18: what is made is made in a place of its own, and only then gets its name.
    ledger_.count(Property::confinement);
    if (!path.starts_with(tmp_folder) && !path.starts_with(journal_folder)) {
      ledger_.fail(Property::confinement,
                   disk.process,
                   "files are created below tmp/",
                   "`" + std::string{path} + "` is created");
    }
  }
  const bool named = path.starts_with(image_folder) || path.starts_with(apps_folder);
  const bool may_replace = kind == "disk.rename" && path.starts_with(tmp_folder);
  if (!named && !may_replace) {
    return;
  }
  if (may_replace) {
    disk.verified.clear();  // the effect does not say in whose place the file comes
  } else {
    std::erase_if(disk.verified, [&](const std::string& known) { return path.starts_with(known); });
  }
  if (!std::exchange(disk.changed, true)) {
    changed_.push_back(index);
  }
}

void Files::on_start(std::size_t index) {
  Disk& disk = disks_[index];
  if (lying_) {
    return;
  }
  disk.verified.clear();
  if (!std::exchange(disk.changed, true)) {
    changed_.push_back(index);
  }
}

void Files::settle() {
  for (const std::size_t index : changed_) {
    disks_[index].changed = false;
    scan(disks_[index]);
  }
  changed_.clear();
}

void Files::scan(Disk& disk) {
  std::uint64_t used = 0;
  const auto images = disk.image->list(std::string{image::image_root});
  if (images.has_value()) {
    for (const DirEntry& entry : images.value()) {
      check_image(disk, entry.name);
      used += size_of(disk, joined(image::image_root, entry.name));
    }
  }
  const auto apps = disk.image->list(std::string{image::apps_root});
  if (apps.has_value()) {
    for (const DirEntry& app : apps.value()) {
      const std::string app_folder = joined(image::apps_root, app.name);
      const auto folders = disk.image->list(app_folder);
      for (const DirEntry& folder :
           folders.has_value() ? folders.value() : std::vector<DirEntry>{}) {
        const std::string path = joined(app_folder, folder.name);
        check_folder(disk, path);
        used += size_of(disk, path);
      }
    }
  }
  // I-S19.
  ledger_.count(Property::disk_quota);
  if (used > static_cast<std::uint64_t>(constants_.disk_quota)) {
    ledger_.fail(Property::disk_quota,
                 disk.process,
                 "at most " + std::to_string(constants_.disk_quota) + " octets of images",
                 std::to_string(used));
  }
}

std::uint64_t Files::size_of(const Disk& disk, const std::string& path) const {
  const auto stat = disk.image->stat(path);
  if (!stat.has_value()) {
    return 0;
  }
  if (!stat.value().is_dir) {
    return stat.value().size;
  }
  std::map<std::string, std::uint64_t> files;
  list_files(*disk.image, path, "", files);
  std::uint64_t total = 0;
  for (const auto& [name, size] : files) {
    total += size;
  }
  return total;
}

// I-S17: img/h.var has digest h.
void Files::check_image(Disk& disk, const std::string& name) {
  const std::string path = joined(image::image_root, name);
  if (!disk.verified.insert(path).second) {
    return;
  }
  ledger_.count(Property::content_addressing);
  const std::optional<Sha256> sha = image::sha_of_name(name, image::image_suffix);
  const auto bytes = disk.image->read(path, 0, whole_file);
  const Sha256 found = bytes.has_value() ? sha256(bytes.value()) : Sha256{};
  if (!sha.has_value() || found != *sha) {
    ledger_.fail(Property::content_addressing,
                 disk.process + ": " + path,
                 "a file of img/ has the digest that it is called by",
                 "its digest is " + found.hex());
  }
}

// I-S17: a folder with READY equals its manifest. I-S18: it is not larger than an unpacking may be.
void Files::check_folder(Disk& disk, const std::string& path) {
  std::map<std::string, std::uint64_t> files;
  list_files(*disk.image, path, "", files);
  if (!files.contains(std::string{image::ready_name}) || !disk.verified.insert(path).second) {
    return;
  }
  ledger_.count(Property::content_addressing);
  const std::string wrong = difference(*disk.image, path, files);
  if (!wrong.empty()) {
    ledger_.fail(Property::content_addressing,
                 disk.process + ": " + path,
                 "a folder with READY equals its manifest",
                 wrong);
  }
  ledger_.count(Property::confinement);
  const std::uint64_t size = size_of(disk, path);
  if (size > unpacked_max) {
    ledger_.fail(Property::confinement,
                 disk.process + ": " + path,
                 "at most " + std::to_string(unpacked_max) + " octets are unpacked",
                 std::to_string(size));
  }
}

bool Files::has_image(std::size_t disk, const Sha256& sha) const {
  const auto stat = disks_[disk].image->stat(image::image_path(sha));
  return stat.has_value() && !stat.value().is_dir;
}

}  // namespace vvm::ghost
