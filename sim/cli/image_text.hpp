// What `vvm image` says of an image, as text and as JSON.
//
// sim/cli/image_command relies on it. Pure: octets in, text out.
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "image/archive.hpp"
#include "sim/report/perf/render.hpp"

namespace vvm::cli {

struct ImageFile {
  std::string path;
  Bytes octets{};
  Result<image::Unpacked> verdict;
};

// Reads the image; `app`, when given, must be the manifest's.
ImageFile judge_image(std::string path,
                      Bytes octets,
                      const image::Limits& limits,
                      const std::optional<AppQName>& app);

// One line: the file, and ok or the name of the refusal with what was found.
std::string verify_text(const ImageFile& file, report::Colour colour);
// {"file", "ok", "size", "sha256", "app", "entries", "unpacked"} or {..., "error": {...}}; one
// line.
std::string verify_json(const ImageFile& file);
// Identity, manifest and a table of entries, as far as they can be read; the verdict last.
std::string inspect_text(const ImageFile& file, report::Colour colour);

}  // namespace vvm::cli
