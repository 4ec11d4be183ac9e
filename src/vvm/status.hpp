// StatusEndpoint: what a VVM says of itself to people and tools, as JSON over HTTP.
//
// Vvm owns one. GET /status gives the VVM's state and one row per key; GET /healthz is 200 while it
// serves and 503 otherwise. Reads only; nothing can be changed through it.
#pragma once

#include <functional>

#include <boost/json/object.hpp>

#include "http/server.hpp"

namespace vvm::node {

struct StatusReport {
  bool healthy = false;
  boost::json::object body{};
};

class StatusEndpoint final : public http::Handler {
 public:
  // `report` is asked for each request and must not wait.
  StatusEndpoint(Runtime rt, std::function<StatusReport()> report);

  // The port that was taken; 0 asks for any. err: AddressInUse.
  Result<std::uint16_t> listen(std::uint16_t port) { return server_.listen(port); }

  // Serves until stop() or cancellation. pre: listen().
  Task<void> serve() { return server_.serve(); }

  void stop() { server_.stop(); }

  Task<http::Response> handle(http::Request req) override;

 private:
  std::function<StatusReport()> report_;
  http::Server server_;
};

}  // namespace vvm::node
