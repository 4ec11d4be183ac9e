// Implementation of Fields.
#include "cluster/json_fields.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <boost/system/error_code.hpp>

namespace vvm::cluster {
namespace {

Error wrong(std::string_view name, std::string_view what) {
  return {Code::bad_request, "member `" + std::string{name} + "` " + std::string{what}};
}

}  // namespace

Result<const json::value*> Fields::member(std::string_view name) const {
  const json::value* value = object_.if_contains(name);
  if (value == nullptr) {
    return wrong(name, "is missing");
  }
  return value;
}

Result<std::int64_t> Fields::integer(std::string_view name, Range range) const {
  TRY(const json::value* value, member(name));
  if (!value->is_int64() && !value->is_uint64()) {
    return wrong(name, "is not an integer");
  }
  json::error_code ec;
  const auto number = value->to_number<std::int64_t>(ec);
  if (ec || number < range.low || number > range.high) {
    return wrong(name,
                 "is not in " + std::to_string(range.low) + ".." + std::to_string(range.high));
  }
  return number;
}

Result<std::int64_t> Fields::integer_or(std::string_view name,
                                        Range range,
                                        std::int64_t fallback) const {
  if (!has(name)) {
    return fallback;
  }
  return integer(name, range);
}

Result<std::string> Fields::text(std::string_view name, std::size_t size_max) const {
  TRY(const json::value* value, member(name));
  const json::string* text = value->if_string();
  if (text == nullptr) {
    return wrong(name, "is not a string");
  }
  if (text->size() > size_max) {
    return wrong(name, "is longer than " + std::to_string(size_max) + " octets");
  }
  return std::string{text->data(), text->size()};
}

Result<std::string> Fields::text_or(std::string_view name, std::string fallback) const {
  if (!has(name)) {
    return fallback;
  }
  return text(name);
}

Result<bool> Fields::boolean(std::string_view name) const {
  TRY(const json::value* value, member(name));
  const bool* truth = value->if_bool();
  if (truth == nullptr) {
    return wrong(name, "is not a boolean");
  }
  return *truth;
}

Result<AppQName> Fields::app(std::string_view name) const {
  TRY(const std::string value, text(name, 511));
  return AppQName::parse(value);
}

Result<Sha256> Fields::sha256(std::string_view name) const {
  TRY(const std::string value, text(name, 64));
  const auto digest = Sha256::from_hex(value);
  if (!digest.has_value()) {
    return wrong(name, "is not a SHA-256 in hexadecimal digits");
  }
  return *digest;
}

Result<Bytes> Fields::octets(std::string_view name, std::size_t size) const {
  TRY(const std::string value, text(name));
  auto bytes = from_hex(value);
  if (!bytes.has_value() || bytes->size() != size) {
    return wrong(name, "is not " + std::to_string(size) + " octets in hexadecimal digits");
  }
  return *std::move(bytes);
}

Result<json::object> parse_object(std::string_view text) {
  boost::system::error_code ec;
  json::value value = json::parse(text, ec);
  if (ec) {
    return Error{Code::bad_request, "not JSON: " + ec.message()};
  }
  if (!value.is_object()) {
    return Error{Code::bad_request, "not a JSON object"};
  }
  return std::move(value.get_object());
}

}  // namespace vvm::cluster
