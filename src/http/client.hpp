// HTTP client: whole exchanges, downloads in pieces, and a small pool of kept
// connections.
//
// Used by the image download, the router and the VVM's client of the cluster
// process. Everything a network can do is an Error: ConnectionRefused,
// ConnectionReset (also: closed before the first octet of the answer), Timeout,
// Truncated (the connection ended inside the answer), ProtocolError (what came
// is not HTTP), LimitExceeded (header or body above the limits). A status of
// 4xx or 5xx is an answer, not an error. A body that is shorter than announced
// is never given out as complete. Redirects are not followed; no TLS.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "http/message.hpp"
#include "runtime/runtime.hpp"

namespace vvm::http {

struct ClientLimits {
  std::uint32_t header_bytes_max = 16 * 1024;
  std::uint64_t body_bytes_max = std::uint64_t{16} << 20U;
  // exchange: the whole of it. open: connecting, sending the request, receiving
  // the header.
  Duration total = seconds(30);
  // Between two pieces of a streamed body, in either direction.
  Duration idle = seconds(10);
};

// One request on a connection of its own, and its whole answer. `Host` and the
// framing headers are added; `req.source` streams the request's body.
Task<Result<Response>> exchange(Runtime rt, Endpoint to, Request req, ClientLimits limits);

// An answer whose body is read piece by piece. Destroying it drops the
// connection.
class BodyReader {
 public:
  BodyReader() = default;
  BodyReader(const BodyReader&) = delete;
  BodyReader& operator=(const BodyReader&) = delete;
  virtual ~BodyReader() = default;

  virtual unsigned status() const = 0;
  virtual const Headers& headers() const = 0;
  // None when the answer did not say: read_some() is then all there is to know.
  virtual std::optional<std::uint64_t> content_length() const = 0;
  // by_close: the end of the body will be the end of the connection, and a cut
  // cannot be seen.
  virtual BodyEnd body_end() const = 0;
  // 1 or more octets; empty at the orderly end of the message, and again on
  // each later call. err: Timeout after limits.idle without an octet,
  // Truncated, ConnectionReset, ProtocolError, LimitExceeded beyond
  // limits.body_bytes_max. After an error every call gives the same error.
  virtual Task<Result<Bytes>> read_some() = 0;
};

Task<Result<std::unique_ptr<BodyReader>>> open(Runtime rt,
                                               Endpoint to,
                                               Request req,
                                               ClientLimits limits);

namespace detail {
class Connection;
}

struct PoolLimits {
  std::size_t idle_max = 16;    // kept connections, all peers together; the oldest goes first
  Duration keep = seconds(30);  // a connection kept longer than this is not used again
  ClientLimits exchange{};
};

// Exchanges over kept connections. One owner, one process; may be called by
// several coroutines at a time, each of which has a connection to itself. A
// kept connection that the peer has closed in the meantime is replaced by a new
// one, once, when no octet of an answer came and the method is idempotent (GET,
// HEAD, PUT, DELETE). Its destructor drops what is kept.
class ClientPool {
 public:
  ClientPool(Runtime rt, PoolLimits limits);
  ClientPool(const ClientPool&) = delete;
  ClientPool& operator=(const ClientPool&) = delete;
  ~ClientPool();

  Task<Result<Response>> exchange(Endpoint to, Request req);

  std::size_t idle() const { return kept_.size(); }

 private:
  struct Kept {
    Endpoint to;
    Instant since;
    std::unique_ptr<detail::Connection> connection;
  };

  std::unique_ptr<detail::Connection> take(const Endpoint& to);
  void keep(const Endpoint& to, std::unique_ptr<detail::Connection> connection);
  Task<Result<Response>> exchange_within(Endpoint to, Request req);
  // `*stale` in: use no kept connection; out: a kept one was closed before it gave an octet.
  Task<Result<Response>> attempt(Endpoint to, Request* req, bool* stale);

  Runtime rt_;
  PoolLimits limits_;
  std::vector<Kept> kept_;  // oldest first
};

}  // namespace vvm::http
