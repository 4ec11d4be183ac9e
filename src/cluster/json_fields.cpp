// Implementation of Fields.
#include "cluster/json_fields.hpp"

namespace vvm::cluster {

Result<std::int64_t> Fields::integer(std::string_view name, Range range) const {
  return reader_.integer(name, range.low, range.high);
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
  return reader_.text(name, size_max);
}

Result<std::string> Fields::text_or(std::string_view name, std::string fallback) const {
  if (!has(name)) {
    return fallback;
  }
  return text(name);
}

Result<bool> Fields::boolean(std::string_view name) const { return reader_.boolean(name); }

Result<const boost::json::array*> Fields::array(std::string_view name) const {
  return reader_.array(name, std::numeric_limits<std::size_t>::max());
}

Result<AppQName> Fields::app(std::string_view name) const {
  TRY(const std::string value, text(name, 511));
  return AppQName::parse(value);
}

Result<Sha256> Fields::sha256(std::string_view name) const {
  // Here a digest is never null.
  TRY(text(name, 64));
  return reader_.sha256_or_null(name);
}

Result<Bytes> Fields::octets(std::string_view name, std::size_t size) const {
  TRY(const std::string value, text(name));
  auto bytes = from_hex(value);
  if (!bytes.has_value() || bytes->size() != size) {
    return Error{Code::bad_request,
                 "member `" + std::string{name} + "` is not " + std::to_string(size) +
                     " octets in hexadecimal digits"};
  }
  return *std::move(bytes);
}

}  // namespace vvm::cluster
