// One question, one check, one error that names the member.
#include "records/json_reader.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

namespace vvm {
namespace {

namespace json = boost::json;

Error wrong(std::string_view name, std::string_view what) {
  return {Code::bad_request, "member `" + std::string{name} + "` " + std::string{what}};
}

}  // namespace

Result<const json::value*> JsonReader::member(std::string_view name) const {
  const json::value* value = object_.if_contains(name);
  if (value == nullptr) {
    return wrong(name, "is missing");
  }
  return value;
}

Result<std::int64_t> JsonReader::integer(std::string_view name,
                                         std::int64_t low,
                                         std::int64_t high) const {
  TRY(const json::value* value, member(name));
  if (!value->is_int64() && !value->is_uint64()) {
    return wrong(name, "is not an integer");
  }
  json::error_code ec;
  const auto number = value->to_number<std::int64_t>(ec);
  if (ec || number < low || number > high) {
    return wrong(name, "is not in " + std::to_string(low) + ".." + std::to_string(high));
  }
  return number;
}

Result<std::string> JsonReader::text(std::string_view name, std::size_t octets_max) const {
  TRY(const json::value* value, member(name));
  const json::string* text = value->if_string();
  if (text == nullptr) {
    return wrong(name, "is not a string");
  }
  if (text->size() > octets_max) {
    return wrong(name, "is longer than " + std::to_string(octets_max) + " octets");
  }
  return std::string{text->data(), text->size()};
}

Result<bool> JsonReader::boolean(std::string_view name) const {
  TRY(const json::value* value, member(name));
  const bool* truth = value->if_bool();
  if (truth == nullptr) {
    return wrong(name, "is not a boolean");
  }
  return *truth;
}

Result<const json::array*> JsonReader::array(std::string_view name, std::size_t size_max) const {
  TRY(const json::value* value, member(name));
  const json::array* array = value->if_array();
  if (array == nullptr) {
    return wrong(name, "is not an array");
  }
  if (array->size() > size_max) {
    return wrong(name, "has more than " + std::to_string(size_max) + " elements");
  }
  return array;
}

Result<Sha256> JsonReader::sha256_or_null(std::string_view name) const {
  TRY(const json::value* value, member(name));
  if (value->is_null()) {
    return Sha256{};
  }
  TRY(const std::string hex, text(name, 64));
  const auto digest = Sha256::from_hex(hex);
  if (!digest.has_value()) {
    return wrong(name, "is not a SHA-256 in hexadecimal digits");
  }
  return *digest;
}

Result<json::object> parse_json_object(std::string_view text) {
  json::error_code ec;
  json::value value = json::parse(text, ec);
  if (ec) {
    return Error{Code::bad_request, "not JSON: " + ec.message()};
  }
  if (!value.is_object()) {
    return Error{Code::bad_request, "not a JSON object"};
  }
  return std::move(value.get_object());
}

}  // namespace vvm
