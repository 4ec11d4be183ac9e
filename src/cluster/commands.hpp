// The commands of sys/cluster as pure functions: tables and arguments in, changes and answer out.
//
// The cluster's processor runs them one after another; docs/formats/cluster-api.md is their
// outside. They read no clock and touch nothing. An Error's code decides the HTTP status
// (http_status()). Idempotent repetition is success without changes.
#pragma once

#include <optional>
#include <vector>

#include <boost/json/object.hpp>

#include "base/result.hpp"
#include "cluster/state.hpp"

namespace vvm::cluster {

struct Answer {
  std::vector<Change> changes{};
  boost::json::object body{};
};

// Settings that a command gives; those it leaves out stay, or are the defaults.
struct SettingsPatch {
  std::optional<std::int32_t> pool_command{};
  std::optional<std::int32_t> pool_query{};
  std::optional<std::int32_t> pool_actualizer{};
  std::optional<std::int32_t> pool_scheduler{};
  std::optional<std::string> cron_schedule{};
  std::optional<Duration> start_time_tolerance{};
  std::optional<Duration> drain_timeout{};
};

struct DeployApp {
  AppQName name;
  std::int32_t num_partitions = 0;
  std::int32_t num_app_workspaces = 0;
  SettingsPatch settings{};
};

struct DeployAppImage {
  AppQName app;
  BlobId blob{};
  Sha256 sha256;
  std::int64_t size = 0;
  std::string uploaded_by{};
};

// What an image command needs to know beside the tables.
struct ImagePolicy {
  std::int64_t bytes_max = 20'971'520;
  bool validate = true;      // false: every uploaded image counts as validated
  bool auto_rollout = true;  // a validated image becomes the desired version
};

struct RollbackApp {
  AppQName app;
  AppVersion to_version{};
};

struct ImageVerdict {
  ImageKey image;
  std::optional<Error> rejection{};
};

struct RegisterVvm {
  VvmId vvm{};
  VvmEpoch epoch{};  // 0: the next one
  Bytes nonce{};     // 16 octets
  NodeId node{};
  std::string host{};
  std::uint16_t port = 0;
  std::string build_rev{};
  std::int32_t partitions_max = 256;
};

// What the lease of k said, where leases are in use.
enum class LeaseCheck : std::uint8_t { unchecked, held, not_held };

struct VvmGoingDown {
  VvmId vvm{};
  VvmEpoch epoch{};
};

Result<Answer> decide(const Tables& tables, const DeployApp& command);
// Refuses what can be refused without the BLOB.
Status precheck(const Tables& tables, const DeployAppImage& command, const ImagePolicy& policy);
// `blob`: none when there is no such BLOB.
Result<Answer> decide(const Tables& tables,
                      const DeployAppImage& command,
                      const std::optional<BlobStat>& blob,
                      const ImagePolicy& policy,
                      WallMs now);
Result<Answer> decide(const Tables& tables, const RollbackApp& command, WallMs now);
Result<Answer> decide(const Tables& tables,
                      const ImageVerdict& verdict,
                      const ImagePolicy& policy,
                      WallMs now);
Result<Answer> delete_app(const Tables& tables, const AppQName& app);

Result<Answer> decide(const Tables& tables,
                      const RegisterVvm& command,
                      LeaseCheck lease,
                      WallMs now);
Result<Answer> decide(const Tables& tables, const VvmGoingDown& command);
Result<Answer> put_sp(const Tables& tables, const SetPoint& sp, WallMs now);
Result<Answer> report_pv(const Tables& tables, const ProcessVariable& pv);
Result<Answer> sp_list(const Tables& tables, VvmId vvm, VvmEpoch epoch);
// `app`: only what belongs to it, and the VVMs.
Result<Answer> status(const Tables& tables, const std::optional<AppQName>& app);
// Takes the next BLOB id.
Result<Answer> allocate_blob(const Tables& tables);

// The HTTP status of a refusal.
unsigned http_status(Code code);

}  // namespace vvm::cluster
