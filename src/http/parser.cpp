// MessageParser: the one file that sees Beast.
#include <algorithm>

#include <boost/beast/http/basic_parser.hpp>

#include "base/check.hpp"
#include "http/wire.hpp"

namespace vvm::http::detail {
namespace {

namespace beast_http = boost::beast::http;
using beast_view = boost::beast::string_view;

std::string str(beast_view s) { return {s.data(), s.size()}; }

// What both kinds of Beast parser collect.
struct Collected {
  ParsedHead head;
  Bytes body;
};

template <bool is_request>
class Collector final : public beast_http::basic_parser<is_request> {
 public:
  explicit Collector(Collected* into) : into_(into) {}

 private:
  void on_request_impl(beast_http::verb /*known*/,
                       beast_view method,
                       beast_view target,
                       int version,
                       ErrorCode& /*ec*/) override {
    into_->head.method = str(method);
    into_->head.target = str(target);
    into_->head.version = version;
  }

  void on_response_impl(int status, beast_view, int version, ErrorCode& /*ec*/) override {
    into_->head.status = static_cast<unsigned>(status);
    into_->head.version = version;
  }

  void on_field_impl(beast_http::field /*known*/,
                     beast_view name,
                     beast_view value,
                     ErrorCode& /*ec*/) override {
    // Fields of a trailer are read and dropped: nobody has been promised them.
    if (!this->is_header_done()) {
      into_->head.headers.add(str(name), str(value));
    }
  }

  void on_header_impl(ErrorCode& /*ec*/) override {}

  void on_body_init_impl(const boost::optional<std::uint64_t>& /*length*/,
                         ErrorCode& /*ec*/) override {}

  std::size_t on_body_impl(beast_view piece, ErrorCode& /*ec*/) override {
    into_->body.append(piece.data(), piece.size());
    return piece.size();
  }

  void on_chunk_header_impl(std::uint64_t /*size*/, beast_view, ErrorCode& /*ec*/) override {}

  std::size_t on_chunk_body_impl(std::uint64_t /*remain*/,
                                 beast_view piece,
                                 ErrorCode& /*ec*/) override {
    into_->body.append(piece.data(), piece.size());
    return piece.size();
  }

  void on_finish_impl(ErrorCode& /*ec*/) override {}

  Collected* into_;
};

Error parse_error(const ErrorCode& ec) {
  if (ec == beast_http::error::header_limit) {
    return {Code::limit_exceeded, "the header is above the limit"};
  }
  return {Code::protocol_error, ec.message()};
}

}  // namespace

struct MessageParser::Impl {
  Side side;
  std::uint32_t header_bytes_max;
  std::uint64_t header_bytes = 0;
  Collected collected{};
  Collector<true> request{&collected};
  Collector<false> response{&collected};

  // Calls `f` with the Beast parser of this side.
  template <class F>
  auto visit(F f) {
    return side == Side::request ? f(request) : f(response);
  }

  Result<std::size_t> step(BytesView in) {
    ErrorCode ec;
    const std::size_t taken =
        visit([&](auto& p) { return p.put(asio::const_buffer(in.data(), in.size()), ec); });
    if (ec && ec != beast_http::error::need_more) {
      return parse_error(ec);
    }
    return taken;
  }

  // A coding that we do not undo, or one that hides where the body ends.
  Status check_coding() {
    const auto coding = collected.head.headers.find("Transfer-Encoding");
    const bool chunked = visit([](auto& p) { return p.chunked(); });
    if (!coding.has_value() || chunked) {
      return ok();
    }
    return Error{Code::protocol_error, "transfer coding `" + std::string{*coding} + "`"};
  }
};

MessageParser::MessageParser(Side side, std::uint32_t header_bytes_max, bool headless_body)
    : impl_(new Impl{.side = side, .header_bytes_max = header_bytes_max}) {
  impl_->visit([&](auto& p) {
    p.header_limit(header_bytes_max);
    p.body_limit(boost::none);  // counted by whoever takes the body, who knows the limit by then
    p.eager(false);             // stops after the header
    if (headless_body) {
      p.skip(true);
    }
  });
}

MessageParser::MessageParser(MessageParser&&) noexcept = default;
MessageParser& MessageParser::operator=(MessageParser&&) noexcept = default;
MessageParser::~MessageParser() = default;

Result<std::size_t> MessageParser::put(BytesView in) {
  CHECK(!done(), "octets for a message that is complete");
  const bool in_header = !header_done();
  std::size_t taken = 0;
  while (taken < in.size() && !done() && (!in_header || !header_done())) {
    TRY(const std::size_t step, impl_->step(in.substr(taken)));
    taken += step;
    if (step == 0) {
      break;
    }
  }
  if (in_header) {
    // Beast limits what is buffered of a header at a time; this is the header as a whole.
    impl_->header_bytes += taken;
    if (impl_->header_bytes > impl_->header_bytes_max) {
      return Error{Code::limit_exceeded, "the header is above the limit"};
    }
    if (header_done()) {
      TRY(impl_->check_coding());
    }
  }
  return taken;
}

Status MessageParser::put_eof() {
  if (done()) {
    return ok();
  }
  if (!started()) {
    return Error{Code::truncated, "the connection ended before the message"};
  }
  ErrorCode ec;
  impl_->visit([&](auto& p) { p.put_eof(ec); });
  if (ec) {
    return Error{Code::truncated, "the connection ended inside the message"};
  }
  return ok();
}

bool MessageParser::started() const {
  return impl_->visit([](auto& p) { return p.got_some(); });
}

bool MessageParser::header_done() const {
  return impl_->visit([](auto& p) { return p.is_header_done(); });
}

bool MessageParser::done() const {
  return impl_->visit([](auto& p) { return p.is_done(); });
}

ParsedHead& MessageParser::head() { return impl_->collected.head; }

std::optional<std::uint64_t> MessageParser::content_length() const {
  const auto length = impl_->visit([](auto& p) { return p.content_length(); });
  return length.has_value() ? std::optional<std::uint64_t>{*length} : std::nullopt;
}

BodyEnd MessageParser::body_end() const {
  const bool by_close = impl_->visit([](auto& p) { return p.need_eof(); });
  return by_close ? BodyEnd::by_close : BodyEnd::marked;
}

bool MessageParser::keep_alive() const {
  return impl_->visit([](auto& p) { return p.keep_alive(); });
}

Bytes& MessageParser::body() { return impl_->collected.body; }

}  // namespace vvm::http::detail
