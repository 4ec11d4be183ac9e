// Fields: a table of a scenario file, read key by key; the only users of toml++ are this module's
// .cpp files and this header.
//
// The reader's parts rely on it. Every key that is asked for counts as known; finish() reports the
// others. A value of the wrong kind is reported where it stands, and the target keeps its default.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <toml++/toml.h>

#include "sim/scenario/diagnostic.hpp"
#include "sim/scenario/model.hpp"

namespace vvm::scenario {

// What has been found wrong so far, and the text it was found in.
class Issues {
 public:
  explicit Issues(std::string_view source);

  void add(Place place, std::uint32_t width, std::string text);
  void add(const toml::source_region& region, std::string text);

  void add(const toml::node& node, std::string text) { add(node.source(), std::move(text)); }

  // Characters [offset, offset + width) of the string value `node`, where that can be told.
  void add_inside(const toml::node& node, std::size_t offset, std::size_t width, std::string text);

  bool none() const { return found_.empty(); }

  // In the order of the file.
  Diagnostics sorted() &&;

 private:
  std::vector<std::string_view> lines_;
  Diagnostics found_;
};

Place place_of(const toml::source_region& region);

// Units of integers that are written with one.
struct Size {
  std::uint64_t octets = 0;
};

struct PerMinute {
  std::uint64_t events = 0;
};

struct Throughput {
  std::uint64_t octets_per_second = 0;
};

struct Ppm {
  std::int64_t value = 0;
};

struct PpmRange {
  Range<std::int64_t> value{};
};

class Fields {
 public:
  // `what` names the table in messages: "step", "[topology]". All outlive it.
  Fields(Issues& issues, const toml::table& table, std::string what);

  Place place() const { return place_of(table_.source()); }

  const std::string& what() const { return what_; }

  Issues& issues() { return issues_; }

  bool has(std::string_view key) const { return table_.contains(key); }

  // Null when it is not there; counts as known.
  const toml::node* find(std::string_view key);

  // False when it is not there or wrong.
  template <class T>
  bool read(std::string_view key, T& into) {
    const toml::node* node = find(key);
    return node != nullptr && get(*node, key, into);
  }

  template <class T>
  bool read(std::string_view key, std::optional<T>& into) {
    T value{};
    const bool got = read(key, value);
    if (got) {
      into = std::move(value);
    }
    return got;
  }

  // The same, and it has to be there.
  template <class T>
  bool need(std::string_view key, T& into) {
    if (!has(key)) {
      missing(key);
      return false;
    }
    return read(key, into);
  }

  // An integer in [low, high].
  template <class T>
  bool read_in(std::string_view key, T& into, std::int64_t low, std::int64_t high) {
    std::int64_t value = 0;
    const toml::node* node = find(key);
    if (node == nullptr || !get_in(*node, key, value, low, high)) {
      return false;
    }
    into = static_cast<T>(value);
    return true;
  }

  // One of `words`, as its position.
  bool read_word(std::string_view key,
                 std::span<const std::string_view> words,
                 std::size_t& index,
                 std::string_view what);

  void missing(std::string_view key);
  // Where the key stands.
  void wrong_key(std::string_view key, std::string text);
  // Where the value stands.
  void wrong(std::string_view key, std::string text);
  // Reports every key that nobody asked for.
  void finish();

  bool get(const toml::node& node, std::string_view key, std::string& into);
  bool get(const toml::node& node, std::string_view key, bool& into);
  bool get(const toml::node& node, std::string_view key, std::uint64_t& into);
  bool get(const toml::node& node, std::string_view key, Duration& into);
  bool get(const toml::node& node, std::string_view key, DurationRange& into);
  bool get(const toml::node& node, std::string_view key, faults::OctetRange& into);
  bool get(const toml::node& node, std::string_view key, Spread& into);
  bool get(const toml::node& node, std::string_view key, Size& into);
  bool get(const toml::node& node, std::string_view key, PerMinute& into);
  bool get(const toml::node& node, std::string_view key, Throughput& into);
  bool get(const toml::node& node, std::string_view key, Ppm& into);
  bool get(const toml::node& node, std::string_view key, PpmRange& into);
  bool get(const toml::node& node, std::string_view key, std::vector<std::string>& into);

 private:
  // A kind of value that is written as text, and how one looks.
  struct Unit {
    std::string_view kind;
    std::string_view example;
  };

  bool get_in(const toml::node& node,
              std::string_view key,
              std::int64_t& into,
              std::int64_t low,
              std::int64_t high);
  // A string, or an issue that says what is missing: "a duration needs a unit, for example `30s`".
  const std::string* text_with_unit(const toml::node& node, std::string_view key, Unit unit);
  template <class T, class Parse>
  bool get_text(const toml::node& node, std::string_view key, Unit unit, Parse parse, T& into);

  Issues& issues_;
  const toml::table& table_;
  std::string what_;
  std::vector<std::string> known_;
};

// "a string", "an integer": what a node is, for messages.
std::string_view kind_of(const toml::node& node);

}  // namespace vvm::scenario
