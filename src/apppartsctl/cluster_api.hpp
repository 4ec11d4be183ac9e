// ClusterApi: what a VVM asks of `sys/cluster` (docs/spec/vvm.md 3.10), whatever carries it.
//
// The reader of set-points and the reporter call it; vvm implements it over HTTP, tests in memory.
// Every call may be repeated: the cluster's answers to a repetition are those to the first time.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "records/process_variable.hpp"
#include "records/set_point.hpp"
#include "runtime/task.hpp"

namespace vvm::apppartsctl {

// The answer of q.SPList.
struct SpList {
  std::int64_t revision = 0;
  bool complete = false;
  std::vector<SetPoint> sps{};
};

struct Registration {
  VvmId vvm{};
  VvmEpoch epoch{};
  Bytes nonce{};
  NodeId node{};
  std::string host{};
  std::uint16_t port = 0;
  std::string build_rev{};
  std::int32_t partitions_max = 256;
};

class ClusterApi {
 public:
  ClusterApi() = default;
  ClusterApi(const ClusterApi&) = delete;
  ClusterApi& operator=(const ClusterApi&) = delete;
  virtual ~ClusterApi() = default;

  // err of all: Unavailable and other transient codes; the refusals of 3.10 under their own codes:
  // FencedOut when the epoch is superseded, StaleReport, Conflict, LeaseLost, BadRequest.
  virtual Task<Result<SpList>> sp_list(VvmId vvm, VvmEpoch epoch) = 0;
  virtual Task<Status> report_pv(ProcessVariable pv) = 0;
  virtual Task<Status> register_vvm(Registration registration) = 0;
  virtual Task<Status> going_down(VvmId vvm, VvmEpoch epoch) = 0;
};

}  // namespace vvm::apppartsctl
