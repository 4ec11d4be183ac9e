// Fields: the cluster's questions to a JSON object, on top of records' strict reader.
//
// The cluster's commands and its stored rows are read through it. Unknown members are ignored; a
// missing one, a wrong type or a number out of range is BadRequest. Does not own the object.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "ids/names.hpp"
#include "records/json_reader.hpp"

namespace vvm::cluster {

struct Range {
  std::int64_t low = 0;
  std::int64_t high = std::numeric_limits<std::int64_t>::max();
};

class Fields {
 public:
  explicit Fields(const boost::json::object& object) : object_(object), reader_(object) {}

  bool has(std::string_view name) const { return object_.contains(name); }

  Result<std::int64_t> integer(std::string_view name, Range range) const;
  // `fallback` when the member is not there.
  Result<std::int64_t> integer_or(std::string_view name, Range range, std::int64_t fallback) const;
  Result<std::string> text(std::string_view name, std::size_t size_max = 1024) const;
  Result<std::string> text_or(std::string_view name, std::string fallback) const;
  Result<bool> boolean(std::string_view name) const;
  Result<const boost::json::array*> array(std::string_view name) const;
  Result<AppQName> app(std::string_view name) const;
  Result<Sha256> sha256(std::string_view name) const;
  // Hexadecimal in the text.
  Result<Bytes> octets(std::string_view name, std::size_t size) const;

  template <class Id>
  Result<Id> id(std::string_view name, Range range) const {
    TRY(const std::int64_t number, integer(name, range));
    return static_cast<Id>(number);
  }

 private:
  const boost::json::object& object_;
  JsonReader reader_;
};

}  // namespace vvm::cluster
