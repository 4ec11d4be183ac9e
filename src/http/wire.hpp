// MessageParser, Connection and the writing of headers: what client and server have in common.
//
// Internal to this module. MessageParser is sans-I/O: octets in, a message out; Beast's parser does
// the work and is seen only in parser.cpp. Connection is a stream and the octets read ahead.
// Framing headers (Content-Length, Transfer-Encoding, Connection) are this module's: those that a
// caller gives are dropped, so that a message on the wire is always framed the way it is sent.
#pragma once

#include <array>
#include <memory>
#include <optional>

#include "http/message.hpp"
#include "runtime/net.hpp"
#include "runtime/runtime.hpp"

namespace vvm::http::detail {

enum class Side : std::uint8_t { request, response };

struct ParsedHead {
  std::string method;  // requests
  std::string target;
  unsigned status = 0;  // responses
  int version = 11;     // 10 or 11
  Headers headers;
};

class MessageParser {
 public:
  // `headless_body`: the answer to a HEAD request, which has no body whatever its header says.
  MessageParser(Side side, std::uint32_t header_bytes_max, bool headless_body = false);
  MessageParser(MessageParser&&) noexcept;
  MessageParser& operator=(MessageParser&&) noexcept;
  MessageParser(const MessageParser&) = delete;
  MessageParser& operator=(const MessageParser&) = delete;
  ~MessageParser();

  // Takes octets from the front of `in` and says how many; stops at the end of the header and at
  // the end of the message. What it leaves is to be given again, with more behind it. pre: !done().
  // err: ProtocolError, LimitExceeded (header).
  Result<std::size_t> put(BytesView in);
  // The connection has ended. err: Truncated, when the message has not.
  Status put_eof();

  bool started() const;
  bool header_done() const;
  bool done() const;
  // What follows holds once the header is done.
  ParsedHead& head();
  std::optional<std::uint64_t> content_length() const;
  BodyEnd body_end() const;
  bool keep_alive() const;
  // Octets of the body that put() has taken and nobody has taken from here.
  Bytes& body();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

class Connection {
 public:
  explicit Connection(Stream stream) : stream_(std::move(stream)) {}

  // Reads once; the number of octets, 0 at the end of the stream. err: ConnectionReset.
  Task<Result<std::size_t>> fill();
  // The same within `limit`. err: Timeout; the connection is of no use afterwards.
  Task<Result<std::size_t>> fill_within(Runtime rt, Duration limit);

  BytesView buffered() const { return {data_.get() + begin_, end_ - begin_}; }

  void consume(std::size_t octets);

  // All octets of both, which live until the task ends. err: ConnectionReset.
  Task<Status> write(BytesView first, BytesView second);

  void close() { stream_.close(); }

 private:
  void make_room();

  Stream stream_;
  std::unique_ptr<char[]> data_;  // NOLINT(*-avoid-c-arrays)
  std::size_t capacity_ = 0;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

// Feeds the parser from what is buffered. True: the parser wants more octets than there are.
Result<bool> feed(MessageParser& parser, Connection& connection);

struct Framing {
  std::optional<std::uint64_t> content_length{};
  bool chunked = false;
  bool close = false;
};

// err: BadRequest when a method, target or header would not be well-formed on the wire.
Result<Bytes> request_head(const Request& req, const Endpoint& to, const Framing& framing);
Result<Bytes> response_head(const Response& res, const Framing& framing);

// Sends the pieces of a source, as chunks or as they are, each within `piece_limit`.
// err: what the source says; Truncated when it ends short of its length; ConnectionReset; Timeout.
Task<Status> send_source(
    Runtime rt, Connection* to, BodySource* source, Framing framing, Duration piece_limit);

}  // namespace vvm::http::detail
