// Folders to images; images to broken ones.
#include "sim/wiring/images.hpp"

#include <vector>

#include "image/pack.hpp"
#include "image/testing/breakage.hpp"
#include "sim/wiring/memo.hpp"

namespace vvm::wiring {
namespace {

Error in_image(const scenario::Image& image, const Error& error) {
  return {error.code, "image `" + image.name + "`: " + to_string(error)};
}

// As `vvm image pack` takes a folder: pkg/ and what it needs, or the packages themselves.
std::vector<image::Entry> entries_of(const std::string& folder, const Bundle& files) {
  const std::string prefix = folder.ends_with('/') ? folder : folder + "/";
  std::vector<image::Entry> entries;
  bool has_pkg = false;
  for (auto at = files.lower_bound(prefix); at != files.end() && at->first.starts_with(prefix);
       ++at) {
    entries.push_back({.path = at->first.substr(prefix.size()), .bytes = at->second});
    has_pkg = has_pkg || entries.back().path.starts_with("pkg/");
  }
  std::vector<image::Entry> taken;
  for (image::Entry& entry : entries) {
    const bool baseline = entry.path == image::baseline_name;
    const bool wanted = has_pkg ? entry.path.starts_with("pkg/")
                                : image::kind_of_path(entry.path) != image::EntryKind::meta;
    if (!wanted && !baseline) {
      continue;
    }
    if (!has_pkg && !baseline) {
      entry.path = "pkg/" + entry.path;
    }
    taken.push_back(std::move(entry));
  }
  return taken;
}

Sha256 fingerprint(const scenario::Image& image,
                   const AppQName& app,
                   const std::vector<image::Entry>& entries) {
  Sha256Stream hash;
  const auto add = [&hash](BytesView bytes) {
    Bytes size;
    append_be64(size, bytes.size());
    hash.update(size);
    hash.update(bytes);
  };
  add(app.str());
  add(image.build);
  for (const image::Entry& entry : entries) {
    add(entry.path);
    add(entry.bytes);
  }
  return hash.finish();
}

Result<Bytes> packed(const scenario::Image& image,
                     const AppQName& app,
                     const Bundle& files,
                     Memo& memo) {
  std::vector<image::Entry> entries = entries_of(image.schema, files);
  if (entries.empty()) {
    return Error{Code::not_found, "no files in `" + image.schema + "`"};
  }
  auto& known = memo.parts().packed;
  const Sha256 key = fingerprint(image, app, entries);
  auto at = known.find(key);
  if (at == known.end()) {
    at = known
             .emplace(
                 key,
                 image::pack({.app = app, .files = std::move(entries), .build_id = image.build}))
             .first;
  }
  return at->second;
}

Result<Bytes> octets_of(const scenario::Image& image,
                        const AppQName& app,
                        const Images& built,
                        const Bundle& files,
                        Memo& memo) {
  if (image.from.empty()) {
    return packed(image, app, files, memo);
  }
  const Bytes& whole = built.at(image.from).bytes;
  if (!image.breakage.has_value()) {
    return whole;
  }
  return image::apply_breakage(whole, image.breakage->name, image.breakage->argument.value_or(0));
}

}  // namespace

Result<Images> build_images(const scenario::Scenario& scenario, const Bundle& files, Memo& memo) {
  Images images;
  // An image may come before the one it is made from; chains are finite.
  std::vector<const scenario::Image*> left;
  left.reserve(scenario.images.size());
  for (const scenario::Image& image : scenario.images) {
    left.push_back(&image);
  }
  while (!left.empty()) {
    const std::size_t before = left.size();
    std::vector<const scenario::Image*> later;
    for (const scenario::Image* image : left) {
      if (!image->from.empty() && !images.contains(image->from)) {
        later.push_back(image);
        continue;
      }
      TRY(const AppQName app, AppQName::parse(image->app));
      Result<Bytes> bytes = octets_of(*image, app, images, files, memo);
      if (!bytes.has_value()) {
        return in_image(*image, bytes.error());
      }
      const Sha256 sha = sha256(bytes.value());
      images.emplace(image->name,
                     BuiltImage{.app = app, .bytes = std::move(bytes.value()), .sha = sha});
    }
    if (later.size() == before) {
      return in_image(*later.front(), {Code::bad_input, "made from itself"});
    }
    left = std::move(later);
  }
  return images;
}

}  // namespace vvm::wiring
