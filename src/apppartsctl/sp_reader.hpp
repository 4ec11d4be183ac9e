// SpReader: the only source of set-points for the control loop (docs/spec/vvm.md 8.2).
//
// SpReaderCore decides, purely, what of a list is new; SpReader polls the cluster and hands what is
// new to an SpSink, both owned by apppartsctl::ControlLoop. Per key the Generations that come out
// strictly increase; a partial, failed or stale read never removes anything.
#pragma once

#include <map>
#include <optional>
#include <string_view>
#include <vector>

#include "apppartsctl/cluster_api.hpp"
#include "apppartsctl/constants.hpp"
#include "apppartsctl/step_core.hpp"
#include "runtime/runtime.hpp"
#include "runtime/signal.hpp"

namespace vvm::apppartsctl {

// Why a list or one of its set-points was not followed.
enum class Ignored : std::uint8_t {
  incomplete_list,
  stale_list,
  wrong_vvm,
  duplicate,
  mutated,    // same Generation, other content: an alarm
  reordered,  // smaller Generation
};

std::string_view name_of(Ignored reason);

struct IgnoredSp {
  Ignored reason{};
  PartitionKey key{};  // empty for a list
  Generation generation{};
};

// What a list has brought.
struct SpNews {
  std::vector<Target> targets{};          // in the order of the list, then what is missing
  std::vector<PartitionKey> forgotten{};  // absent, and gone from the list: nothing is left of it
  std::vector<IgnoredSp> ignored{};       // without duplicates, which every list is full of
  std::uint64_t duplicates = 0;
  bool accepted = false;
};

class SpReaderCore {
 public:
  SpReaderCore(VvmId vvm, Duration missing_after, Duration remember_for)
      : vvm_(vvm), missing_after_(missing_after), remember_for_(remember_for) {}

  SpNews on_list(const SpList& list, Instant now);

  // Keys that the latest accepted list held, by their set-points.
  const std::map<PartitionKey, SetPoint>& listed() const { return listed_; }

  // A list has been accepted since the process started.
  bool has_list() const { return last_revision_.has_value(); }

 private:
  struct Known {
    SetPoint sp;          // as last emitted
    bool absent = false;  // a tombstone, or treated as one
    std::optional<Instant> missing_since{};
    std::uint32_t missing_lists = 0;
    bool forgotten = false;  // only the Generation is remembered, until `until`
    Instant until{};
  };

  void on_sp(const SetPoint& sp, SpNews& news);
  void on_missing(const PartitionKey& key, Known& known, Instant now, SpNews& news);

  VvmId vvm_;
  Duration missing_after_;
  Duration remember_for_;
  std::optional<std::int64_t> last_revision_;
  std::map<PartitionKey, Known> known_;
  std::map<PartitionKey, SetPoint> listed_;
};

// Whom the reader tells. Calls come from its coroutine, and must not wait.
class SpSink {
 public:
  SpSink() = default;
  SpSink(const SpSink&) = delete;
  SpSink& operator=(const SpSink&) = delete;
  virtual ~SpSink() = default;

  virtual void on_target(const Target& target) = 0;
  virtual void on_forgotten(const PartitionKey& key) = 0;
  // After the calls above for an accepted list.
  virtual void on_list_accepted(const std::map<PartitionKey, SetPoint>& listed) = 0;
  // This VVM's epoch is superseded; nothing is read any more.
  virtual void on_fenced(std::string_view by) = 0;
};

class SpReader {
 public:
  // `api` and `sink` outlive it.
  SpReader(Runtime rt,
           VvmId vvm,
           VvmEpoch epoch,
           const Constants& constants,
           ClusterApi* api,
           SpSink* sink);
  SpReader(const SpReader&) = delete;
  SpReader& operator=(const SpReader&) = delete;
  ~SpReader() = default;

  // Reads until cancelled, or fenced.
  Task<void> run();
  // Something has changed at the cluster: read soon, once for many of these.
  void poke();

  const SpReaderCore& core() const { return core_; }

 private:
  Task<bool> read_once();
  Task<void> wait_until(Instant at);
  void tell(const SpNews& news);

  Runtime rt_;
  VvmId vvm_;
  VvmEpoch epoch_;
  Constants constants_;
  ClusterApi* api_;
  SpSink* sink_;
  SpReaderCore core_;
  Rng rng_;
  Signal poked_;
  bool poke_waits_ = false;
  bool fenced_ = false;
  Instant last_read_{};
};

}  // namespace vvm::apppartsctl
