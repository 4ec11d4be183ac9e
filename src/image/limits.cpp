// SemVer to text and back.
#include "image/limits.hpp"

#include <array>
#include <charconv>

namespace vvm::image {

std::string SemVer::str() const {
  return std::to_string(major) + "." + std::to_string(minor) + "." + std::to_string(patch);
}

Result<SemVer> SemVer::parse(std::string_view text) {
  std::array<std::uint32_t, 3> parts{};
  const char* at = text.data();
  const char* const end = text.data() + text.size();
  bool good = true;
  for (std::size_t i = 0; i < parts.size() && good; ++i) {
    if (i != 0) {
      good = at != end && *at == '.';
      at += good ? 1 : 0;
    }
    const auto [next, ec] = std::from_chars(at, end, parts.at(i));
    good = good && ec == std::errc{};
    at = next;
  }
  if (!good || at != end) {
    return Error{Code::bad_input,
                 "version `" + std::string{text} + "` is not of the form MAJOR.MINOR.PATCH"};
  }
  return SemVer{.major = parts[0], .minor = parts[1], .patch = parts[2]};
}

}  // namespace vvm::image
