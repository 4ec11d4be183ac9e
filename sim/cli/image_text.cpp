// Plain tables; everything that comes out of an image is shown escaped.
#include "sim/cli/image_text.hpp"

#include <algorithm>

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "image/entry_name.hpp"
#include "image/zip_directory.hpp"

namespace vvm::cli {
namespace {

std::string painted(std::string_view text, std::string_view code, report::Colour colour) {
  return colour == report::Colour::on ? fmt::format("\x1b[{}m{}\x1b[0m", code, text)
                                      : std::string{text};
}

constexpr std::string_view green = "32";
constexpr std::string_view red = "31";
constexpr std::string_view bold = "1";

// Text from the image, without quotes where it is plain.
std::string plain(std::string_view text) {
  std::string out = image::shown(text);
  const bool as_is = out.size() == text.size() + 2;
  return as_is && !text.empty() ? std::string{text} : out;
}

std::string verdict_text(const Result<image::Unpacked>& verdict, report::Colour colour) {
  if (verdict.has_value()) {
    return painted("ok", green, colour);
  }
  const Error& error = verdict.error();
  return fmt::format("{}: {}", painted(code_name(error.code), red, colour), error.what);
}

std::string manifest_text(const image::Manifest& manifest) {
  std::string out = fmt::format("  app       {}\n", plain(manifest.app.str()));
  if (!manifest.build_id.empty()) {
    out += fmt::format("  build     {}\n", plain(manifest.build_id));
  }
  if (!manifest.created_at.empty()) {
    out += fmt::format("  created   {}\n", plain(manifest.created_at));
  }
  if (manifest.min_runtime.has_value()) {
    out += fmt::format("  runtime   {} or newer\n", manifest.min_runtime->str());
  }
  out += "  engines  ";
  for (const image::Engine engine : manifest.engines) {
    out += fmt::format(" {}", image::engine_name(engine));
  }
  out += "\n";
  for (const image::ManifestPackage& package : manifest.packages) {
    out += fmt::format("  package   {}{}\n",
                       plain(package.path),
                       package.wasm.has_value() ? "  with " + plain(*package.wasm) : "");
  }
  return out;
}

// `manifest` may be null.
std::string kind_of(const image::ZipRecord& record, const image::Manifest* manifest) {
  if (record.is_folder) {
    return "folder";
  }
  if (record.name == image::manifest_name) {
    return "manifest";
  }
  const image::ManifestEntry* entry = manifest == nullptr ? nullptr : manifest->find(record.name);
  return std::string{
      image::kind_name(entry == nullptr ? image::kind_of_path(record.name) : entry->kind)};
}

std::string entries_text(const std::vector<image::ZipRecord>& records,
                         const image::Manifest* manifest) {
  std::string out = fmt::format("\n  {:>10} {:>10}  {:<8} {}\n", "size", "packed", "kind", "path");
  std::uint64_t size = 0;
  std::uint64_t packed = 0;
  for (const image::ZipRecord& record : records) {
    out += fmt::format("  {:>10} {:>10}  {:<8} {}\n",
                       record.size,
                       record.packed.size(),
                       kind_of(record, manifest),
                       plain(record.name));
    size += record.size;
    packed += record.packed.size();
  }
  return out + fmt::format("  {:>10} {:>10}  {:<8} {} entries\n", size, packed, "", records.size());
}

}  // namespace

ImageFile judge_image(std::string path,
                      Bytes octets,
                      const image::Limits& limits,
                      const std::optional<AppQName>& app) {
  Result<image::Unpacked> verdict = image::read_archive(octets, limits);
  if (verdict.has_value() && app.has_value()) {
    const Status right = image::check_app(verdict.value().manifest, *app);
    if (right.has_error()) {
      verdict = right.error();
    }
  }
  return {.path = std::move(path), .octets = std::move(octets), .verdict = std::move(verdict)};
}

std::string verify_text(const ImageFile& file, report::Colour colour) {
  const std::string verdict = verdict_text(file.verdict, colour);
  if (file.verdict.has_error()) {
    return fmt::format("{}: {}\n", file.path, verdict);
  }
  const image::Unpacked& unpacked = file.verdict.value();
  return fmt::format("{}: {}  {}, {} entries, {} octets unpacked, sha256 {}\n",
                     file.path,
                     verdict,
                     plain(unpacked.manifest.app.str()),
                     unpacked.entries.size(),
                     unpacked.total_bytes(),
                     sha256(file.octets).hex());
}

std::string verify_json(const ImageFile& file) {
  boost::json::object out{{"file", file.path},
                          {"ok", file.verdict.has_value()},
                          {"size", file.octets.size()},
                          {"sha256", sha256(file.octets).hex()}};
  if (file.verdict.has_value()) {
    const image::Unpacked& unpacked = file.verdict.value();
    out.emplace("app", unpacked.manifest.app.str());
    out.emplace("entries", unpacked.entries.size());
    out.emplace("unpacked", unpacked.total_bytes());
  } else {
    const Error& error = file.verdict.error();
    out.emplace("error",
                boost::json::object{{"code", static_cast<int>(error.code)},
                                    {"name", code_name(error.code)},
                                    {"message", error.what}});
  }
  return boost::json::serialize(out) + "\n";
}

std::string inspect_text(const ImageFile& file, report::Colour colour) {
  std::string out = fmt::format("{}\n  sha256    {}\n  size      {} octets\n",
                                painted(file.path, bold, colour),
                                sha256(file.octets).hex(),
                                file.octets.size());
  const image::Manifest* manifest =
      file.verdict.has_value() ? &file.verdict.value().manifest : nullptr;
  if (manifest != nullptr) {
    out += manifest_text(*manifest);
  }
  const auto records = image::read_directory(file.octets, {});
  if (records.has_value()) {
    out += entries_text(records.value(), manifest);
  }
  return out + fmt::format("\n  verdict   {}\n", verdict_text(file.verdict, colour));
}

}  // namespace vvm::cli
