// Implementation of the HTTP server: the life of a connection, the refusals, the orderly end.
#include "http/server.hpp"

#include <exception>
#include <optional>

#include "base/check.hpp"
#include "http/wire.hpp"
#include "runtime/timeout.hpp"

namespace vvm::http {

using detail::Connection;
using detail::Framing;
using detail::MessageParser;
using detail::ParsedHead;
using detail::Side;

// Shared, because a crash destroys the frames of connections in any order.
struct Server::Gate {
  explicit Gate(Runtime rt) : changed(rt) {}

  bool stopping = false;
  std::size_t busy = 0;  // exchanges between the end of the header and the end of the answer
  Signal changed;
};

// Counts an exchange; only memory is touched at its end, which may be that of the process.
class Server::Busy {
 public:
  explicit Busy(std::shared_ptr<Gate> gate) : gate_(std::move(gate)) { ++gate_->busy; }

  Busy(const Busy&) = delete;
  Busy& operator=(const Busy&) = delete;

  ~Busy() { --gate_->busy; }

 private:
  std::shared_ptr<Gate> gate_;
};

namespace {

constexpr std::uint64_t linger_bytes_max = std::uint64_t{1} << 20U;
constexpr Duration linger = seconds(2);
constexpr BytesView go_on = "HTTP/1.1 100 Continue\r\n\r\n";
constexpr Duration accept_pause = milliseconds(10);

// The body of the request being handled, read from its connection as the handler asks for it.
class IncomingBody final : public BodySource {
 public:
  IncomingBody(Runtime rt, Connection* connection, MessageParser* parser, Duration piece_limit)
      : rt_(rt), connection_(connection), parser_(parser), piece_limit_(piece_limit) {}

  std::optional<std::uint64_t> length() const override { return parser_->content_length(); }

  Task<Result<Bytes>> next() override {
    while (!parser_->done() && parser_->body().empty()) {
      CO_TRY(const bool hungry, detail::feed(*parser_, *connection_));
      if (!hungry) {
        continue;
      }
      CO_TRY(const std::size_t octets, co_await connection_->fill_within(rt_, piece_limit_));
      if (octets == 0) {
        CO_TRY(parser_->put_eof());
      }
    }
    co_return std::exchange(parser_->body(), {});
  }

 private:
  Runtime rt_;
  Connection* connection_;
  MessageParser* parser_;
  Duration piece_limit_;
};

unsigned status_of(const Error& error) {
  if (error.code == Code::limit_exceeded) {
    return 431;
  }
  if (error.code == Code::too_large) {
    return 413;
  }
  return error.code == Code::timed_out ? 408 : 400;
}

// Nothing is said to a peer that is gone or that never began.
bool worth_an_answer(const Error& error) {
  return error.code == Code::limit_exceeded || error.code == Code::too_large ||
         error.code == Code::timed_out || error.code == Code::protocol_error;
}

Request request_of(ParsedHead head) {
  Request req;
  req.method = std::move(head.method);
  req.target = std::move(head.target);
  req.headers = std::move(head.headers);
  return req;
}

// Waits for the first octet without limit but `idle`, then for the header within `header`.
// False: the connection ended, or stayed silent, between two requests.
Task<Result<bool>> receive_head(Runtime rt,
                                Connection* connection,
                                MessageParser* parser,
                                ServerLimits limits) {
  if (connection->buffered().empty()) {
    const auto first = co_await connection->fill_within(rt, limits.idle);
    if (!first.has_value() || first.value() == 0) {
      co_return false;
    }
  }
  const Instant deadline = rt.now() + limits.header;
  while (!parser->header_done()) {
    CO_TRY(const bool hungry, detail::feed(*parser, *connection));
    if (!hungry) {
      continue;
    }
    CO_TRY(const std::size_t octets, co_await connection->fill_within(rt, deadline - rt.now()));
    if (octets == 0) {
      CO_TRY(parser->put_eof());
    }
  }
  co_return true;
}

Task<Result<Bytes>> receive_body(IncomingBody* source, std::uint64_t bytes_max) {
  Bytes body;
  for (;;) {
    CO_TRY(const Bytes piece, co_await source->next());
    if (piece.empty()) {
      co_return body;
    }
    if (body.size() + piece.size() > bytes_max) {
      co_return Error{Code::too_large, "the body is above the limit"};
    }
    body.append(piece);
  }
}

Task<Response> call(Runtime rt, Handler* handler, Request req) {
  const std::string what = req.method + " " + req.target;
  std::string failure;
  try {
    co_return co_await handler->handle(std::move(req));
  } catch (const boost::system::system_error& e) {
    if (is_cancellation(e)) {
      throw;
    }
    failure = e.what();
  } catch (const std::exception& e) {
    failure = e.what();
  }
  rt.emit({"http.handler_failed", {{"request", what}, {"what", failure}}});
  co_return Response::text(500, "the handler failed\n");
}

bool bodiless(unsigned status) { return status < 200 || status == 204 || status == 304; }

struct Answering {
  bool head_request = false;
  bool http10 = false;
  bool close = false;
  Duration piece_limit{};
};

// True: sent as a whole, and the connection may be used again as far as the answer is concerned.
Task<bool> send_answer(Runtime rt, Connection* to, Response res, Answering how) {
  Framing framing{.close = how.close};
  if (!bodiless(res.status)) {
    framing.content_length = res.source == nullptr ? std::optional<std::uint64_t>{res.body.size()}
                                                   : res.source->length();
    framing.chunked = !framing.content_length.has_value() && !how.http10;
    framing.close = how.close || (!framing.content_length.has_value() && how.http10);
  }
  auto head = detail::response_head(res, framing);
  if (!head.has_value()) {
    rt.emit({"http.bad_answer", {{"what", head.error().what}}});
    res = Response::text(500, "the answer is not well-formed\n");
    framing = {.content_length = res.body.size(), .close = how.close};
    head = detail::response_head(res, framing);
  }
  const bool with_body = !how.head_request && !bodiless(res.status);
  const BytesView body = with_body && res.source == nullptr ? BytesView{res.body} : BytesView{};
  Status sent = co_await with_timeout(rt, how.piece_limit, to->write(head.value(), body));
  if (sent.has_value() && with_body && res.source != nullptr) {
    sent = co_await detail::send_source(rt, to, res.source.get(), framing, how.piece_limit);
    if (!sent.has_value()) {
      rt.emit({"http.answer_cut", {{"what", to_string(sent.error())}}});
    }
  }
  co_return sent.has_value() && !framing.close;
}

// The peer still sends what nobody wants; it must be able to read the answer before it is reset.
Task<Status> discard_input(Connection* connection) {
  std::uint64_t discarded = 0;
  while (discarded <= linger_bytes_max) {
    connection->consume(connection->buffered().size());
    CO_TRY(const std::size_t octets, co_await connection->fill());
    if (octets == 0) {
      break;
    }
    discarded += octets;
  }
  co_return ok();
}

}  // namespace

Server::Server(Runtime rt, Handler* handler, ServerLimits limits)
    : rt_(rt),
      handler_(handler),
      limits_(limits),
      gate_(std::make_shared<Gate>(rt)),
      // What a connection's task throws has been put into the trace; the others go on.
      scope_(rt, [](std::string_view, std::string_view) {}) {}

Server::~Server() = default;

Result<std::uint16_t> Server::listen(std::uint16_t port) {
  TRY(listener_, rt_.net().listen(port));
  return listener_->port();
}

void Server::stop() {
  gate_->stopping = true;
  gate_->changed.notify_all();
  if (listener_ != nullptr) {
    listener_->close();
  }
}

Task<void> Server::accept_all() {
  while (!gate_->stopping) {
    auto stream = co_await listener_->accept();
    if (!stream.has_value()) {
      if (stream.error().code == Code::closed) {
        co_return;
      }
      co_await rt_.clock().sleep_for(accept_pause);
      continue;
    }
    if (scope_.size() >= limits_.connections_max) {
      rt_.emit({"http.refused", {{"connections", static_cast<std::int64_t>(scope_.size())}}});
      stream.value().close();
      continue;
    }
    scope_.spawn("http.connection", serve_connection(std::move(stream.value())));
  }
}

Task<void> Server::serve() {
  CHECK(listener_ != nullptr, "serve() before listen()");
  std::exception_ptr cancelled;
  try {
    co_await accept_all();
  } catch (const boost::system::system_error&) {
    cancelled = std::current_exception();
  }
  co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
  stop();
  const Instant deadline = rt_.now() + limits_.drain;
  while (gate_->busy != 0 && rt_.now() < deadline) {
    co_await gate_->changed.wait_until(deadline);
  }
  co_await scope_.close();
  if (cancelled != nullptr) {
    std::rethrow_exception(cancelled);
  }
}

Task<void> Server::serve_connection(Stream stream) {
  Connection connection(std::move(stream));
  bool again = true;
  while (again && !gate_->stopping) {
    MessageParser parser(Side::request, limits_.header_bytes_max);
    const auto got = co_await receive_head(rt_, &connection, &parser, limits_);
    if (got.has_value() && !got.value()) {
      break;
    }
    const Busy busy(gate_);
    if (got.has_value()) {
      again = co_await serve_request(&connection, &parser);
    } else {
      again = false;
      co_await refuse(&connection, got.error());
    }
    if (!again && !parser.done()) {
      static_cast<void>(co_await with_timeout(rt_, linger, discard_input(&connection)));
    }
  }
  connection.close();
  gate_->changed.notify_all();
}

Task<void> Server::refuse(Connection* connection, Error error) {
  if (!worth_an_answer(error)) {
    co_return;
  }
  Response res = Response::text(status_of(error), to_string(error) + "\n");
  const Answering how{.close = true, .piece_limit = limits_.piece};
  static_cast<void>(co_await send_answer(rt_, connection, std::move(res), how));
}

Task<bool> Server::serve_request(Connection* connection, MessageParser* parser) {
  const bool http10 = parser->head().version < 11;
  Request req = request_of(std::move(parser->head()));
  Answering how{.head_request = req.method == "HEAD",
                .http10 = http10,
                .close = !parser->keep_alive(),
                .piece_limit = limits_.piece};
  const bool streams = handler_->streams(req);
  if (!streams && parser->content_length().value_or(0) > limits_.body_bytes_max) {
    co_await refuse(connection, {Code::too_large, "the body is above the limit"});
    co_return false;
  }
  if (!parser->done() && !http10 && req.headers.find("Expect").has_value()) {
    const Status asked = co_await with_timeout(rt_, limits_.piece, connection->write(go_on, {}));
    if (!asked.has_value()) {
      co_return false;
    }
  }
  auto incoming = std::make_unique<IncomingBody>(rt_, connection, parser, limits_.piece);
  if (streams) {
    req.source = std::move(incoming);
  } else {
    auto body = co_await receive_body(incoming.get(), limits_.body_bytes_max);
    if (!body.has_value()) {
      co_await refuse(connection, body.error());
      co_return false;
    }
    req.body = std::move(body.value());
  }
  Response res = co_await call(rt_, handler_, std::move(req));
  how.close = how.close || gate_->stopping || (res.source == nullptr && !parser->done());
  co_return co_await send_answer(rt_, connection, std::move(res), how) && parser->done();
}

}  // namespace vvm::http
