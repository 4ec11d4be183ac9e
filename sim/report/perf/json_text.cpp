// The writer behind json_text.hpp.
#include "sim/report/perf/json_text.hpp"

#include <cmath>
#include <cstddef>
#include <iterator>

#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "base/check.hpp"

namespace vvm::report {
namespace {

namespace json = boost::json;

class Writer {
 public:
  explicit Writer(int open_levels) : open_levels_{open_levels} {}

  // Recursion as deep as the value, which this program built itself.
  void write(const json::value& value, int depth) {
    if (value.is_object()) {
      write_all('{', '}', value.get_object(), depth, [&](const json::key_value_pair& entry) {
        out_.append(json::serialize(json::string_view{entry.key()})).append(": ");
        write(entry.value(), depth + 1);
      });
    } else if (value.is_array()) {
      write_all('[', ']', value.get_array(), depth, [&](const json::value& entry) {
        write(entry, depth + 1);
      });
    } else if (value.is_double()) {
      CHECK(std::isfinite(value.get_double()), "a report holds a number that is not finite");
      fmt::format_to(std::back_inserter(out_), "{}", value.get_double());
    } else {
      out_.append(json::serialize(value));
    }
  }

  std::string take() { return std::move(out_); }

 private:
  template <class Container, class Entry>
  void write_all(
      char open, char close, const Container& entries, int depth, const Entry& write_entry) {
    const bool lines = depth < open_levels_ && !entries.empty();
    out_.push_back(open);
    bool first = true;
    for (const auto& entry : entries) {
      if (!first) {
        out_.append(lines ? "," : ", ");
      }
      first = false;
      if (lines) {
        new_line(depth + 1);
      }
      write_entry(entry);
    }
    if (lines) {
      new_line(depth);
    }
    out_.push_back(close);
  }

  void new_line(int depth) {
    out_.push_back('\n');
    out_.append(static_cast<std::size_t>(depth) * 2, ' ');
  }

  int open_levels_;
  std::string out_;
};

}  // namespace

std::string json_text(const json::value& value, int open_levels) {
  Writer writer{open_levels};
  writer.write(value, 0);
  return writer.take();
}

}  // namespace vvm::report
