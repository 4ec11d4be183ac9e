// Fields: strict reading of a JSON object's members, with the member's name in every error.
//
// The cluster's commands and its stored rows are read through it. Unknown members are ignored; a
// missing one, a wrong type or a number out of range is BadRequest. Does not own the object.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include <boost/json/object.hpp>

#include "base/result.hpp"
#include "base/sha256.hpp"
#include "ids/names.hpp"

namespace vvm::cluster {

namespace json = boost::json;

struct Range {
  std::int64_t low = 0;
  std::int64_t high = std::numeric_limits<std::int64_t>::max();
};

class Fields {
 public:
  explicit Fields(const json::object& object) : object_(object) {}

  bool has(std::string_view name) const { return object_.contains(name); }

  Result<std::int64_t> integer(std::string_view name, Range range) const;
  // `fallback` when the member is not there.
  Result<std::int64_t> integer_or(std::string_view name, Range range, std::int64_t fallback) const;
  Result<std::string> text(std::string_view name, std::size_t size_max = 1024) const;
  Result<std::string> text_or(std::string_view name, std::string fallback) const;
  Result<bool> boolean(std::string_view name) const;
  Result<AppQName> app(std::string_view name) const;
  Result<Sha256> sha256(std::string_view name) const;
  // Hexadecimal in the text.
  Result<Bytes> octets(std::string_view name, std::size_t size) const;

  template <class Id>
  Result<Id> id(std::string_view name, Range range) const {
    TRY(const std::int64_t number, integer(name, range));
    return Id{static_cast<std::underlying_type_t<Id>>(number)};
  }

 private:
  Result<const json::value*> member(std::string_view name) const;

  const json::object& object_;
};

// The object in `text`. err: BadRequest.
Result<json::object> parse_object(std::string_view text);

}  // namespace vvm::cluster
