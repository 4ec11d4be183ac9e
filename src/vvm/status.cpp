// The two routes.
#include "vvm/status.hpp"

#include <boost/json/serialize.hpp>

namespace vvm::node {

StatusEndpoint::StatusEndpoint(Runtime rt, std::function<StatusReport()> report)
    : report_(std::move(report)), server_(rt, this, http::ServerLimits{}) {}

Task<http::Response> StatusEndpoint::handle(http::Request req) {
  const std::string path{req.path()};
  if (req.method != "GET") {
    co_return http::Response::text(405, "only GET\n");
  }
  const StatusReport report = report_();
  if (path == "/status") {
    co_return http::Response::json(200, boost::json::serialize(report.body));
  }
  if (path == "/healthz") {
    co_return http::Response::text(report.healthy ? 200 : 503, report.healthy ? "ok\n" : "no\n");
  }
  co_return http::Response::text(404, "there are /status and /healthz\n");
}

}  // namespace vvm::node
