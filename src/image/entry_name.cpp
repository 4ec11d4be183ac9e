// The rules of names, component by component.
#include "image/entry_name.hpp"

#include <algorithm>

#include "image/manifest.hpp"

namespace vvm::image {
namespace {

constexpr std::size_t shown_max = 80;

bool plain(char c) {
  const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  return letter || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
}

bool good_component(std::string_view part, const Limits& limits) {
  return !part.empty() && part.size() <= limits.component_bytes_max && part != "." &&
         part != ".." && std::all_of(part.begin(), part.end(), plain);
}

bool good_place(std::string_view name, bool is_folder) {
  if (name.starts_with("pkg/")) {
    return true;
  }
  return is_folder ? name == "pkg" : name == manifest_name || name == baseline_name;
}

}  // namespace

std::string shown(std::string_view name) {
  std::string out = "`";
  for (const char c : name.substr(0, shown_max)) {
    const bool printable = c >= ' ' && c <= '~';
    out.append(printable ? std::string(1, c) : "\\x" + to_hex({&c, 1}));
  }
  out.append(name.size() > shown_max ? "...`" : "`");
  return out;
}

Status check_entry_name(std::string_view name, bool is_folder, const Limits& limits) {
  if (name.empty() || name.size() > limits.path_bytes_max) {
    return Error{
        Code::path_escape,
        "entry " + shown(name) + " has a name of " + std::to_string(name.size()) + " octets"};
  }
  std::uint32_t depth = 0;
  std::string_view rest = name;
  for (bool more = true; more;) {
    const std::size_t slash = rest.find('/');
    more = slash != std::string_view::npos;
    if (!good_component(rest.substr(0, slash), limits)) {
      return Error{Code::path_escape,
                   "entry " + shown(name) + ": part " + shown(rest.substr(0, slash)) +
                       " is not a plain file name"};
    }
    rest.remove_prefix(more ? slash + 1 : rest.size());
    ++depth;
  }
  if (depth > limits.depth_max) {
    return Error{Code::path_escape,
                 "entry " + shown(name) + " is " + std::to_string(depth) + " levels deep"};
  }
  if (!good_place(name, is_folder)) {
    return Error{Code::path_escape, "entry " + shown(name) + " is not below pkg/"};
  }
  return ok();
}

std::string folded(std::string_view name) {
  std::string out{name};
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') {
      c = static_cast<char>(c - 'A' + 'a');
    }
  }
  return out;
}

}  // namespace vvm::image
