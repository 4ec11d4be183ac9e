// Numbers, folders and file names.
#include "sim/cli/run_plan.hpp"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <optional>
#include <set>
#include <system_error>

#include <fmt/format.h>

namespace vvm::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view scenario_suffix = ".toml";

std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = error == std::errc{} && end == text.data() + text.size();
  return whole ? std::optional{value} : std::nullopt;
}

Error no_seeds(std::string_view text, std::string_view what) {
  return {Code::bad_input, fmt::format("seeds `{}`: {}", text, what)};
}

Result<std::vector<std::string>> below(const std::string& folder) {
  std::vector<std::string> out;
  std::error_code ec;
  for (fs::recursive_directory_iterator it(folder, ec), end; it != end && !ec; it.increment(ec)) {
    if (it->path().filename().string().starts_with('.')) {
      it.disable_recursion_pending();
    } else if (it->is_regular_file(ec) && it->path().extension() == scenario_suffix) {
      out.push_back(it->path().lexically_normal().generic_string());
    }
  }
  if (ec) {
    return Error{Code::bad_input, fmt::format("{}: {}", folder, ec.message())};
  }
  if (out.empty()) {
    return Error{Code::bad_input,
                 fmt::format("{}: no scenario file (*{}) below it", folder, scenario_suffix)};
  }
  std::sort(out.begin(), out.end());
  return out;
}

}  // namespace

Result<SeedRange> parse_seeds(std::string_view text) {
  const std::size_t dots = text.find("..");
  const std::string_view from = text.substr(0, dots);
  const std::string_view to = dots == std::string_view::npos ? from : text.substr(dots + 2);
  const std::optional<std::uint64_t> first = number(from);
  const std::optional<std::uint64_t> last = number(to);
  for (const auto& [part, value] : {std::pair{from, first}, std::pair{to, last}}) {
    if (part.empty()) {
      return no_seeds(text, "a range names both ends: 1..200");
    }
    if (!value.has_value()) {
      return no_seeds(text,
                      fmt::format("`{}` is no whole number from 0 to 18446744073709551615", part));
    }
  }
  if (*first > *last) {
    return no_seeds(text, fmt::format("{} is greater than {}", *first, *last));
  }
  if (*last - *first >= seeds_max) {
    return no_seeds(text, fmt::format("more than {} seeds at a time", seeds_max));
  }
  return SeedRange{*first, *last};
}

Result<std::vector<std::string>> find_scenarios(const std::vector<std::string>& paths) {
  std::vector<std::string> out;
  std::set<fs::path> seen;
  const auto add = [&](const std::string& file) {
    std::error_code ec;
    const fs::path canonical = fs::canonical(file, ec);
    if (seen.insert(ec ? fs::path{file} : canonical).second) {
      out.push_back(file);
    }
  };
  for (const std::string& path : paths) {
    std::error_code ec;
    const fs::file_status status = fs::status(path, ec);
    if (fs::is_directory(status)) {
      TRY(const std::vector<std::string> files, below(path));
      std::for_each(files.begin(), files.end(), add);
    } else if (fs::is_regular_file(status)) {
      add(path);
    } else {
      const std::string why = status.type() == fs::file_type::not_found
                                  ? std::string{"no such file or folder"}
                              : ec ? ec.message()
                                   : std::string{"neither a file nor a folder"};
      return Error{Code::bad_input, fmt::format("{}: {}", path, why)};
    }
  }
  return out;
}

std::string page_name(std::string_view file, std::uint64_t seed) {
  if (file.ends_with(scenario_suffix)) {
    file.remove_suffix(scenario_suffix.size());
  }
  std::string name{file};
  const auto plain = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' ||
           c == '-' || c == '_';
  };
  std::replace_if(name.begin(), name.end(), [&](char c) { return !plain(c); }, '_');
  // The end tells files apart, and some systems take no more than 255 octets.
  constexpr std::size_t octets_max = 120;
  if (name.size() > octets_max) {
    name.erase(0, name.size() - octets_max);
  }
  name.erase(0, std::min(name.find_first_not_of("._-"), name.size()));
  return fmt::format("{}-seed-{}.html", name.empty() ? "run" : name, seed);
}

}  // namespace vvm::cli
