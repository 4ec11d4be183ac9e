// HTTP server: accepts connections and gives each request to a Handler.
//
// Used by the cluster process, the router and the VVM. Owned by the process's
// program. Hostile octets end in an answer (400, 413, 431, 408) or a closed
// connection, never in a crash; one connection's trouble does not touch
// another. Requests of one connection are handled one after the other.
#pragma once

#include <cstdint>
#include <memory>

#include "base/result.hpp"
#include "base/time.hpp"
#include "http/message.hpp"
#include "runtime/runtime.hpp"
#include "runtime/task_scope.hpp"

namespace vvm::http {

namespace detail {
class Connection;
class MessageParser;
}  // namespace detail

struct ServerLimits {
  std::uint32_t header_bytes_max = 16 * 1024;
  std::uint64_t body_bytes_max = std::uint64_t{16} << 20U;  // of a body that is read whole
  std::size_t connections_max = 1024;                       // more are closed at once
  Duration idle = seconds(60);    // for the next request on a kept connection
  Duration header = seconds(10);  // from the first octet of a request to the end of its header
  Duration piece = seconds(10);   // for each piece of a body, received or sent
  Duration drain = seconds(5);    // what stop() leaves to exchanges in progress
};

// What a server does with a request. Called by many coroutines at a time.
class Handler {
 public:
  Handler() = default;
  Handler(const Handler&) = delete;
  Handler& operator=(const Handler&) = delete;
  virtual ~Handler() = default;

  // An exception that is not a cancellation becomes a 500.
  virtual Task<Response> handle(Request req) = 0;

  // True: handle() gets the body as req.source, without the size limit, and
  // need not read it all. `head` has no body yet.
  virtual bool streams(const Request& head) const {
    static_cast<void>(head);
    return false;
  }
};

class Server {
 public:
  // `handler` outlives the server.
  Server(Runtime rt, Handler* handler, ServerLimits limits);
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  ~Server();

  // The port that was taken; 0 asks for any. err: AddressInUse.
  Result<std::uint16_t> listen(std::uint16_t port);
  // Serves until stop() or cancellation, and returns when no connection is
  // left. pre: listen().
  Task<void> serve();
  // No more connections and requests; those being handled have limits.drain to
  // be answered.
  void stop();

  std::size_t connections() const { return scope_.size(); }

 private:
  struct Gate;  // what connections and stop() share
  class Busy;
  Task<void> accept_all();
  Task<void> serve_connection(Stream stream);
  // True when the connection may carry another request.
  Task<bool> serve_request(detail::Connection* connection, detail::MessageParser* parser);
  Task<void> refuse(detail::Connection* connection, Error error);

  Runtime rt_;
  Handler* handler_;
  ServerLimits limits_;
  std::unique_ptr<Listener> listener_;
  std::shared_ptr<Gate> gate_;
  TaskScope scope_;
};

}  // namespace vvm::http
