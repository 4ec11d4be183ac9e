// Request and Response: one HTTP/1.1 exchange as plain values, and BodySource,
// a body in pieces.
//
// Everything that speaks HTTP relies on them: the cluster process, the image
// download, the router, the VVM's typed client. They know nothing of
// connections and nothing of Beast. A body is either `body`, whole, or
// `source`, streamed; never both. Header names compare without regard to case
// and keep their order; a name may occur more than once.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "runtime/task.hpp"

namespace vvm::http {

struct Header {
  std::string name;
  std::string value;

  friend bool operator==(const Header&, const Header&) = default;
};

class Headers {
 public:
  void add(std::string name, std::string value);
  // In place of every header of that name.
  void set(std::string name, std::string value);
  // The first of that name.
  std::optional<std::string_view> find(std::string_view name) const;

  std::size_t size() const { return items_.size(); }

  auto begin() const { return items_.begin(); }

  auto end() const { return items_.end(); }

 private:
  std::vector<Header> items_;
};

// A body that is made or consumed piece by piece. Read by one coroutine, once,
// from the start.
class BodySource {
 public:
  BodySource() = default;
  BodySource(const BodySource&) = delete;
  BodySource& operator=(const BodySource&) = delete;
  virtual ~BodySource() = default;

  // None when it is not known in advance; it is then sent in chunks.
  virtual std::optional<std::uint64_t> length() const = 0;
  // The next octets; empty at the orderly end, and only there. After an error
  // there is no more.
  virtual Task<Result<Bytes>> next() = 0;
};

struct Request {
  std::string method = "GET";
  std::string target = "/";
  Headers headers{};
  Bytes body{};
  std::unique_ptr<BodySource> source{};

  // The target up to the question mark.
  std::string_view path() const;
};

// How a receiver knew where a body ended.
enum class BodyEnd : std::uint8_t {
  marked,    // by Content-Length, by the last chunk, or because there is none
  by_close,  // the peer closed the connection: the body may have been cut
             // without a sign
};

struct Response {
  unsigned status = 200;
  Headers headers{};
  Bytes body{};
  std::unique_ptr<BodySource> source{};
  BodyEnd end = BodyEnd::marked;  // set by the receiver

  static Response text(unsigned status, std::string body);
  static Response json(unsigned status, std::string body);
};

// "Not Found"; "Status" when the number has no customary text.
std::string_view reason_of(unsigned status);

}  // namespace vvm::http
