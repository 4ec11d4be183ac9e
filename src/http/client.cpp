// Implementation of the HTTP client and its pool; framing and parsing are wire.hpp's.
#include "http/client.hpp"

#include <algorithm>

#include "http/wire.hpp"
#include "runtime/timeout.hpp"

namespace vvm::http {
namespace {

using detail::Connection;
using detail::Framing;
using detail::MessageParser;
using detail::Side;

Framing request_framing(const Request& req, bool close) {
  Framing framing{.close = close};
  if (req.source != nullptr) {
    framing.content_length = req.source->length();
    framing.chunked = !framing.content_length.has_value();
  } else if (!req.body.empty() || (req.method != "GET" && req.method != "HEAD")) {
    framing.content_length = req.body.size();
  }
  return framing;
}

// One request and its answer on one connection; what `exchange`, `open` and the pool are made of.
class Exchange {
 public:
  Exchange(Runtime rt, std::unique_ptr<Connection> connection, ClientLimits limits)
      : rt_(rt),
        limits_(limits),
        connection_(std::move(connection)),
        parser_(Side::response, limits.header_bytes_max) {}

  Task<Status> send(const Endpoint* to, Request* req, bool close) {
    head_request_ = req->method == "HEAD";
    const Framing framing = request_framing(*req, close);
    CO_TRY(const Bytes head, detail::request_head(*req, *to, framing));
    CO_TRY(co_await connection_->write(head, req->body));
    if (req->source != nullptr) {
      BodySource* source = req->source.get();
      CO_TRY(co_await detail::send_source(rt_, connection_.get(), source, framing, limits_.idle));
    }
    co_return ok();
  }

  // Receives a header that is not an interim one (1xx).
  Task<Status> receive_head() {
    do {
      parser_ = MessageParser(Side::response, limits_.header_bytes_max, head_request_);
      while (!parser_.header_done()) {
        CO_TRY(const bool hungry, detail::feed(parser_, *connection_));
        if (!hungry) {
          continue;
        }
        CO_TRY(const std::size_t octets, co_await connection_->fill());
        answered_ = answered_ || octets != 0;
        if (octets == 0) {
          co_return ended_in_head();
        }
      }
    } while (parser_.head().status < 200);
    const auto length = parser_.content_length();
    if (!head_request_ && length.value_or(0) > limits_.body_bytes_max) {
      co_return Error{Code::limit_exceeded, "a body of " + std::to_string(*length) + " octets"};
    }
    co_return ok();
  }

  // Takes what is there or waits for more; true when the message is complete.
  Task<Result<bool>> receive_body(bool idle_limit) {
    while (!parser_.done()) {
      CO_TRY(const bool hungry, detail::feed(parser_, *connection_));
      if (received_ + parser_.body().size() > limits_.body_bytes_max) {
        co_return Error{Code::limit_exceeded, "the body is above the limit"};
      }
      if (parser_.done()) {
        break;
      }
      if (!parser_.body().empty() && idle_limit) {
        co_return false;
      }
      if (!hungry) {
        continue;
      }
      auto filled = idle_limit ? connection_->fill_within(rt_, limits_.idle) : connection_->fill();
      CO_TRY(const std::size_t octets, co_await std::move(filled));
      if (octets == 0) {
        CO_TRY(parser_.put_eof());
        ended_by_close_ = true;
      }
    }
    co_return true;
  }

  Bytes take_body() {
    received_ += parser_.body().size();
    return std::exchange(parser_.body(), {});
  }

  Response take_response() {
    Response res;
    res.status = parser_.head().status;
    res.headers = std::move(parser_.head().headers);
    res.body = take_body();
    res.end = ended_by_close_ ? BodyEnd::by_close : BodyEnd::marked;
    return res;
  }

  MessageParser& parser() { return parser_; }

  // At least one octet of an answer has come.
  bool answered() const { return answered_; }

  // The connection, when another exchange may follow on it.
  std::unique_ptr<Connection> release() {
    const bool reusable = parser_.done() && parser_.keep_alive() && connection_->buffered().empty();
    return reusable ? std::move(connection_) : nullptr;
  }

 private:
  Error ended_in_head() const {
    if (parser_.started()) {
      return {Code::truncated, "the connection ended inside the header"};
    }
    return {Code::connection_reset, "the peer closed the connection without an answer"};
  }

  Runtime rt_;
  ClientLimits limits_;
  std::unique_ptr<Connection> connection_;
  MessageParser parser_;
  std::uint64_t received_ = 0;
  bool head_request_ = false;
  bool answered_ = false;
  bool ended_by_close_ = false;
};

Task<Result<std::unique_ptr<Connection>>> connect(Runtime rt, Endpoint to) {
  CO_TRY(auto stream, co_await rt.net().connect(std::move(to)));
  co_return std::make_unique<Connection>(std::move(stream));
}

Task<Status> send_and_receive_head(Exchange* ex, const Endpoint* to, Request* req, bool close) {
  const Status sent = co_await ex->send(to, req, close);
  if (sent.has_value()) {
    co_return co_await ex->receive_head();
  }
  if (sent.error().code != Code::connection_reset) {
    co_return sent.error();
  }
  // A server that refuses a body closes before it has read it all: its answer may still be there.
  const Status head = co_await ex->receive_head();
  if (head.has_value()) {
    co_return ok();
  }
  co_return sent.error();
}

Task<Result<Response>> exchange_on(Exchange* ex, const Endpoint* to, Request* req, bool close) {
  CO_TRY(co_await send_and_receive_head(ex, to, req, close));
  CO_TRY(co_await ex->receive_body(false));
  co_return ex->take_response();
}

Task<Result<Response>> exchange_once(Runtime rt, Endpoint to, Request req, ClientLimits limits) {
  CO_TRY(auto connection, co_await connect(rt, to));
  Exchange ex(rt, std::move(connection), limits);
  co_return co_await exchange_on(&ex, &to, &req, true);
}

class Reader final : public BodyReader {
 public:
  explicit Reader(std::unique_ptr<Exchange> ex) : ex_(std::move(ex)) {}

  unsigned status() const override { return ex_->parser().head().status; }

  const Headers& headers() const override { return ex_->parser().head().headers; }

  std::optional<std::uint64_t> content_length() const override {
    return ex_->parser().content_length();
  }

  BodyEnd body_end() const override { return ex_->parser().body_end(); }

  Task<Result<Bytes>> read_some() override {
    if (failure_.has_value()) {
      co_return *failure_;
    }
    const Result<bool> received = co_await ex_->receive_body(true);
    if (!received.has_value()) {
      failure_ = received.error();
      co_return *failure_;
    }
    co_return ex_->take_body();
  }

 private:
  std::unique_ptr<Exchange> ex_;
  std::optional<Error> failure_;
};

Task<Result<std::unique_ptr<BodyReader>>> open_once(Runtime rt,
                                                    Endpoint to,
                                                    Request req,
                                                    ClientLimits limits) {
  CO_TRY(auto connection, co_await connect(rt, to));
  auto ex = std::make_unique<Exchange>(rt, std::move(connection), limits);
  CO_TRY(co_await send_and_receive_head(ex.get(), &to, &req, true));
  co_return std::make_unique<Reader>(std::move(ex));
}

bool idempotent(const Request& req) {
  return req.source == nullptr && (req.method == "GET" || req.method == "HEAD" ||
                                   req.method == "PUT" || req.method == "DELETE");
}

}  // namespace

Task<Result<Response>> exchange(Runtime rt, Endpoint to, Request req, ClientLimits limits) {
  return with_timeout(rt, limits.total, exchange_once(rt, std::move(to), std::move(req), limits));
}

Task<Result<std::unique_ptr<BodyReader>>> open(Runtime rt,
                                               Endpoint to,
                                               Request req,
                                               ClientLimits limits) {
  return with_timeout(rt, limits.total, open_once(rt, std::move(to), std::move(req), limits));
}

ClientPool::ClientPool(Runtime rt, PoolLimits limits) : rt_(rt), limits_(limits) {}

ClientPool::~ClientPool() = default;

std::unique_ptr<Connection> ClientPool::take(const Endpoint& to) {
  const Instant oldest = rt_.now() - limits_.keep;
  std::erase_if(kept_, [oldest](const Kept& kept) { return kept.since < oldest; });
  // The newest of them: the least likely to have been closed by the peer.
  const auto last = std::ranges::find(kept_.rbegin(), kept_.rend(), to, &Kept::to);
  if (last == kept_.rend()) {
    return nullptr;
  }
  auto connection = std::move(last->connection);
  kept_.erase(std::next(last).base());
  return connection;
}

void ClientPool::keep(const Endpoint& to, std::unique_ptr<Connection> connection) {
  if (connection == nullptr || limits_.idle_max == 0) {
    return;
  }
  if (kept_.size() >= limits_.idle_max) {
    kept_.erase(kept_.begin());
  }
  kept_.push_back({.to = to, .since = rt_.now(), .connection = std::move(connection)});
}

Task<Result<Response>> ClientPool::attempt(Endpoint to, Request* req, bool* stale) {
  std::unique_ptr<Connection> connection = *stale ? nullptr : take(to);
  const bool kept = connection != nullptr;
  *stale = false;
  if (!kept) {
    CO_TRY(connection, co_await connect(rt_, to));
  }
  Exchange ex(rt_, std::move(connection), limits_.exchange);
  auto answer = co_await exchange_on(&ex, &to, req, false);
  if (answer.has_value()) {
    keep(to, ex.release());
  } else {
    *stale = kept && !ex.answered() && answer.error().code == Code::connection_reset;
  }
  co_return answer;
}

Task<Result<Response>> ClientPool::exchange_within(Endpoint to, Request req) {
  bool stale = false;
  auto answer = co_await attempt(to, &req, &stale);
  if (!stale || !idempotent(req)) {
    co_return answer;
  }
  co_return co_await attempt(std::move(to), &req, &stale);
}

Task<Result<Response>> ClientPool::exchange(Endpoint to, Request req) {
  return with_timeout(rt_, limits_.exchange.total, exchange_within(std::move(to), std::move(req)));
}

}  // namespace vvm::http
