// JsonReader: strict reading of a JSON object's members, with the member's name in every error.
//
// records reads its values through it, vvm the answers of the cluster. Does not own the object,
// which outlives it. err of every question: BadRequest.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <type_traits>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "base/result.hpp"
#include "base/sha256.hpp"

namespace vvm {

class JsonReader {
 public:
  explicit JsonReader(const boost::json::object& object) : object_(object) {}

  Result<const boost::json::value*> member(std::string_view name) const;
  // A JSON integer in [low, high]; 1.0 is none.
  Result<std::int64_t> integer(std::string_view name, std::int64_t low, std::int64_t high) const;
  Result<std::string> text(std::string_view name, std::size_t octets_max) const;
  Result<bool> boolean(std::string_view name) const;
  Result<const boost::json::array*> array(std::string_view name, std::size_t size_max) const;
  // 64 hexadecimal digits, or null for zero.
  Result<Sha256> sha256_or_null(std::string_view name) const;

  // A number of Id's underlying type, from `low`.
  template <class Id>
  Result<Id> id(std::string_view name, std::int64_t low = 0) const {
    using Raw = std::underlying_type_t<Id>;
    constexpr std::int64_t high = sizeof(Raw) < sizeof(std::int64_t)
                                      ? static_cast<std::int64_t>(std::numeric_limits<Raw>::max())
                                      : std::numeric_limits<std::int64_t>::max();
    TRY(const std::int64_t number, integer(name, low, high));
    return static_cast<Id>(number);
  }

 private:
  const boost::json::object& object_;
};

// The object that `text` is. err: BadRequest.
Result<boost::json::object> parse_json_object(std::string_view text);

}  // namespace vvm
