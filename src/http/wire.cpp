// Connection and the writing of headers and bodies.
#include "http/wire.hpp"

#include <algorithm>
#include <cstring>

#include <boost/asio/as_tuple.hpp>

#include "base/check.hpp"
#include "runtime/timeout.hpp"

namespace vvm::http::detail {
namespace {

constexpr std::size_t buffer_bytes_first = 4 * 1024;
constexpr std::size_t buffer_bytes_max = 64 * 1024;

Error io_error(const ErrorCode& ec) {
  if (ec == asio::error::operation_aborted) {
    throw boost::system::system_error(ec);
  }
  if (ec == asio::error::timed_out) {
    return {Code::timed_out, "the network gave up"};
  }
  if (ec == asio::error::connection_refused) {
    return {Code::connection_refused, ""};
  }
  return {Code::connection_reset, ec.message()};
}

bool is_token_char(char c) {
  constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
  const bool digit = c >= '0' && c <= '9';
  const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  return digit || letter || marks.find(c) != std::string_view::npos;
}

bool is_token(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, is_token_char);
}

// Printable, or a blank where `blanks` are allowed; a line end here would be a header of its own.
bool is_line(std::string_view text, bool blanks) {
  return std::ranges::all_of(text, [blanks](char c) {
    const auto octet = static_cast<unsigned char>(c);
    if (c == ' ' || c == '\t') {
      return blanks;
    }
    return octet > 0x20 && octet != 0x7F;
  });
}

bool is_framing(std::string_view name) {
  Headers probe;
  probe.add(std::string{name}, "");
  return probe.find("Content-Length").has_value() || probe.find("Transfer-Encoding").has_value() ||
         probe.find("Connection").has_value();
}

void append_header(Bytes& out, std::string_view name, std::string_view value) {
  out.append(name).append(": ").append(value).append("\r\n");
}

// The caller's headers, the framing, and the empty line.
Status append_headers(Bytes& out, const Headers& headers, const Framing& framing) {
  for (const Header& header : headers) {
    if (!is_token(header.name) || !is_line(header.value, true)) {
      return Error{Code::bad_request, "header `" + header.name + "` is not well-formed"};
    }
    if (!is_framing(header.name)) {
      append_header(out, header.name, header.value);
    }
  }
  if (framing.content_length.has_value()) {
    append_header(out, "Content-Length", std::to_string(*framing.content_length));
  }
  if (framing.chunked) {
    append_header(out, "Transfer-Encoding", "chunked");
  }
  if (framing.close) {
    append_header(out, "Connection", "close");
  }
  out.append("\r\n");
  return ok();
}

Bytes chunk_head(std::size_t size) {
  constexpr std::string_view digits = "0123456789abcdef";
  Bytes out;
  for (std::size_t rest = size; rest != 0; rest /= 16) {
    out.insert(0, 1, digits.at(rest % 16));
  }
  return out.append("\r\n");
}

}  // namespace

void Connection::make_room() {
  if (begin_ == end_) {
    begin_ = end_ = 0;
  }
  const bool full = end_ == capacity_;
  if (full && begin_ == 0) {
    const std::size_t grown = capacity_ == 0 ? buffer_bytes_first : capacity_ * 2;
    auto bigger = std::make_unique_for_overwrite<char[]>(grown);  // NOLINT(*-avoid-c-arrays)
    if (end_ != 0) {
      std::memcpy(bigger.get(), data_.get(), end_);
    }
    data_ = std::move(bigger);
    capacity_ = grown;
  } else if (full) {
    std::memmove(data_.get(), data_.get() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
}

Task<Result<std::size_t>> Connection::fill() {
  make_room();
  auto [ec, octets] = co_await stream_.async_read_some(
      asio::mutable_buffer(data_.get() + end_, capacity_ - end_), asio::as_tuple(asio::deferred));
  if (ec == asio::error::eof) {
    co_return std::size_t{0};
  }
  if (ec) {
    co_return io_error(ec);
  }
  end_ += octets;
  // A peer that fills the buffer at once has more: read larger pieces from here on.
  if (end_ == capacity_ && capacity_ < buffer_bytes_max && begin_ == 0) {
    make_room();
  }
  co_return octets;
}

Task<Result<std::size_t>> Connection::fill_within(Runtime rt, Duration limit) {
  return with_timeout(rt, limit, fill());
}

void Connection::consume(std::size_t octets) {
  CHECK(octets <= end_ - begin_, "more octets consumed than are buffered", octets);
  begin_ += octets;
}

Task<Status> Connection::write(BytesView first, BytesView second) {
  while (!first.empty() || !second.empty()) {
    const std::array<asio::const_buffer, 2> parts{
        asio::const_buffer(first.data(), first.size()),
        asio::const_buffer(second.data(), second.size()),
    };
    auto [ec, octets] = co_await stream_.async_write_some(parts, asio::as_tuple(asio::deferred));
    if (ec) {
      co_return io_error(ec);
    }
    const std::size_t of_first = std::min(octets, first.size());
    first.remove_prefix(of_first);
    second.remove_prefix(octets - of_first);
  }
  co_return ok();
}

Result<bool> feed(MessageParser& parser, Connection& connection) {
  const BytesView in = connection.buffered();
  if (in.empty()) {
    return true;
  }
  TRY(const std::size_t taken, parser.put(in));
  connection.consume(taken);
  if (taken == 0 && in.size() >= buffer_bytes_max) {
    return Error{Code::limit_exceeded, "a line of the message has no end"};
  }
  return taken == 0;
}

Result<Bytes> request_head(const Request& req, const Endpoint& to, const Framing& framing) {
  if (!is_token(req.method) || req.target.empty() || !is_line(req.target, false)) {
    return Error{Code::bad_request, "request `" + req.method + " " + req.target + "`"};
  }
  Bytes out;
  out.append(req.method).append(" ").append(req.target).append(" HTTP/1.1\r\n");
  if (!req.headers.find("Host").has_value()) {
    append_header(out, "Host", to.host + ":" + std::to_string(to.port));
  }
  TRY(append_headers(out, req.headers, framing));
  return out;
}

Result<Bytes> response_head(const Response& res, const Framing& framing) {
  if (res.status < 100 || res.status > 999) {
    return Error{Code::bad_request, "status " + std::to_string(res.status)};
  }
  Bytes out;
  out.append("HTTP/1.1 ").append(std::to_string(res.status)).append(" ");
  out.append(reason_of(res.status)).append("\r\n");
  TRY(append_headers(out, res.headers, framing));
  return out;
}

Task<Status> send_source(
    Runtime rt, Connection* to, BodySource* source, Framing framing, Duration piece_limit) {
  std::uint64_t sent = 0;
  for (;;) {
    CO_TRY(const Bytes piece, co_await source->next());
    if (piece.empty()) {
      break;
    }
    sent += piece.size();
    if (framing.content_length.has_value() && sent > *framing.content_length) {
      co_return Error{Code::protocol_error, "a body is longer than its length says"};
    }
    const Bytes head = framing.chunked ? chunk_head(piece.size()) : Bytes{};
    CO_TRY(co_await with_timeout(rt, piece_limit, to->write(head, piece)));
    if (framing.chunked) {
      CO_TRY(co_await with_timeout(rt, piece_limit, to->write("\r\n", {})));
    }
  }
  if (framing.content_length.has_value() && sent < *framing.content_length) {
    co_return Error{Code::truncated, "a body ends short of its length"};
  }
  if (!framing.chunked) {
    co_return ok();
  }
  co_return co_await with_timeout(rt, piece_limit, to->write("0\r\n\r\n", {}));
}

}  // namespace vvm::http::detail
