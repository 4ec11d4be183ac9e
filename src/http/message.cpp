// Headers, and the small helpers of messages.
#include "http/message.hpp"

#include <algorithm>

namespace vvm::http {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool same_name(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) { return lower(x) == lower(y); });
}

Response with_type(unsigned status, std::string body, std::string type) {
  Response res;
  res.status = status;
  res.headers.add("Content-Type", std::move(type));
  res.body = std::move(body);
  return res;
}

}  // namespace

void Headers::add(std::string name, std::string value) {
  items_.push_back({.name = std::move(name), .value = std::move(value)});
}

void Headers::set(std::string name, std::string value) {
  std::erase_if(items_, [&name](const Header& h) { return same_name(h.name, name); });
  add(std::move(name), std::move(value));
}

std::optional<std::string_view> Headers::find(std::string_view name) const {
  for (const Header& header : items_) {
    if (same_name(header.name, name)) {
      return header.value;
    }
  }
  return std::nullopt;
}

std::string_view Request::path() const {
  return std::string_view{target}.substr(0, target.find('?'));
}

Response Response::text(unsigned status, std::string body) {
  return with_type(status, std::move(body), "text/plain; charset=utf-8");
}

Response Response::json(unsigned status, std::string body) {
  return with_type(status, std::move(body), "application/json");
}

std::string_view reason_of(unsigned status) {
  switch (status) {
    case 100:
      return "Continue";
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 204:
      return "No Content";
    case 307:
      return "Temporary Redirect";
    case 400:
      return "Bad Request";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 413:
      return "Payload Too Large";
    case 422:
      return "Unprocessable Entity";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    default:
      return "Status";
  }
}

}  // namespace vvm::http
