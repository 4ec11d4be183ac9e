// ClusterClient: apppartsctl::ClusterApi over HTTP (docs/formats/cluster-api.md).
//
// Vvm owns one per process. Every call is one exchange with the cluster process, bounded by
// `limit`; repetition and order are the callers' business.
#pragma once

#include <string>

#include <boost/json/object.hpp>

#include "apppartsctl/cluster_api.hpp"
#include "http/client.hpp"
#include "ids/wsid.hpp"

namespace vvm::node {

class ClusterClient final : public apppartsctl::ClusterApi {
 public:
  ClusterClient(Runtime rt, Endpoint cluster, Duration limit);

  Task<Result<apppartsctl::SpList>> sp_list(VvmId vvm, VvmEpoch epoch) override;
  Task<Status> report_pv(ProcessVariable pv) override;
  Task<Status> register_vvm(apppartsctl::Registration registration) override;
  Task<Status> going_down(VvmId vvm, VvmEpoch epoch) override;

 private:
  // The body of a 200. err: what the refusal says, ProtocolError for an answer that is none.
  Task<Result<boost::json::object>> call(WorkspaceId workspace,
                                         std::string name,
                                         boost::json::object body);

  Endpoint cluster_;
  http::ClientPool pool_;
};

// The refusal in an answer that is not 200.
Error refusal_of(unsigned status, BytesView body);
// The answer of q.cluster.SPList. err: BadRequest.
Result<apppartsctl::SpList> sp_list_from_json(const boost::json::object& object);

}  // namespace vvm::node
