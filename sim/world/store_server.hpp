// StoreServer: the storage that all simulated processes share (docs/spec/vvm.md 4.1).
//
// Part of the World; does not crash. The Store seam of a process (sim_store.hpp) sends each
// operation through the network to the host `store`, where it takes effect in one instant:
// linearizable on every row. A request that has left its process takes effect even when the process
// dies meanwhile. TTLs run on the server's own clock. Faults are rules; each match is one
// operation.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/store.hpp"
#include "sim/kernel/kernel.hpp"
#include "sim/world/latency.hpp"
#include "sim/world/rule.hpp"

namespace vvm::sim {

// The host of the store in the network's rules.
inline constexpr std::string_view store_host = "store";

enum class StoreFault : std::uint8_t {
  unavailable,          // StoreUnavailable, no effect; the request never reaches the server
  error_before,         // StoreUnavailable from the server, no effect
  error_after,          // takes effect, then UnknownOutcome
  timeout_applied,      // takes effect, then UnknownOutcome after `delay`
  timeout_not_applied,  // no effect, UnknownOutcome after `delay`
  stale,                // a read sees the rows as they were before their last change
  slow,                 // takes effect `delay` later
  expire_early,         // a TTL given meanwhile ends up to `delay` early
};

struct StoreRule {
  StoreFault kind = StoreFault::unavailable;
  std::string process = "*";
  std::string op = "*";    // Put, PutBatch, Get, Read, InsertIfNotExists, CompareAndSwap, ...
  std::string key = "**";  // glob over the name of the row (name_keys)
  Odds odds{};
  Duration delay{};
};

struct StoreModel {
  Latency service = Latency::fixed(microseconds(500));  // at the server, besides the network
  Duration client_timeout = seconds(30);                // then UnknownOutcome; reads: Timeout
  Duration ttl_granularity = milliseconds(1);           // expiry times are rounded down to it
  std::int64_t ttl_rate_ppm = 0;                        // > 0: the server's clock runs fast
};

// An operation that has taken effect.
struct StoreChange {
  std::string_view process;  // who asked
  std::string_view op;
  const RowKey* key = nullptr;
  const Bytes* before = nullptr;  // null: there was no row
  const Bytes* after = nullptr;   // null: there is none now
};

class StoreServer {
 public:
  StoreServer(Kernel& kernel, Rng stream);
  StoreServer(const StoreServer&) = delete;
  StoreServer& operator=(const StoreServer&) = delete;
  ~StoreServer();

  StoreModel& model() { return model_; }

  RuleTable<StoreRule>& rules() { return rules_; }

  Rng& rng() { return rng_; }

  // How rows are called in rules, effects and traces: "lease(1)". Without one: hex/hex.
  using KeyNamer = std::function<std::string(const RowKey&)>;

  void name_keys(KeyNamer namer) { namer_ = std::move(namer); }

  std::string name_of(const RowKey& key) const;

  // Called after each change that took effect, in the order of the changes.
  using Listener = std::function<void(const StoreChange&)>;

  void listen(Listener listener) { listeners_.push_back(std::move(listener)); }

  // For oracles, tests and preparation.
  std::optional<Bytes> peek(const RowKey& key) const;
  std::map<RowKey, Bytes> rows() const;  // those that have not expired
  // Whether a row with a TTL is there, and until when in the kernel's time; max: no expiry.
  std::optional<Instant> expiry(const RowKey& key) const;
  void preset(RowKey key, Bytes value);
  // Ends a row's TTL now. False when it has none.
  bool expire(const RowKey& key);

  std::uint64_t operations() const { return operations_; }

  // What the server does with one request, now.
  struct Request;
  struct Answer;
  Answer serve(const Request& request);

 private:
  struct Held;

  // The row that an operation finds now; null when it is absent or expired.
  const Held* live(const RowKey& key);
  bool holds(const RowKey& key, const Bytes& expected);
  std::optional<Bytes> value_of(const RowKey& key, bool stale);
  std::vector<Row> range_of(const RowRange& range, bool stale);
  void set(const Request& request, const RowKey& key, const Bytes& value, Duration ttl);
  void limit(const Request& request, const RowKey& key, Held& held, Duration ttl);
  void erase(const Request& request, const RowKey& key);
  void tell(const Request& request, const RowKey& key, const Bytes* before, const Bytes* after);

  Kernel& kernel_;
  Rng rng_;
  StoreModel model_;
  RuleTable<StoreRule> rules_;
  KeyNamer namer_;
  std::vector<Listener> listeners_;
  std::map<RowKey, Held> rows_;
  std::uint64_t operations_ = 0;
};

}  // namespace vvm::sim
