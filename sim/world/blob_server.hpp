// BlobServer: the BLOBs that all simulated processes share (docs/spec/vvm.md 6.6).
//
// Part of the World; does not crash. The BlobStore seam of a process (sim_blobs.hpp) sends each
// verb through the network to the host `blobs`. Faults are rules; each match is one verb.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "runtime/blob_store.hpp"
#include "sim/world/latency.hpp"
#include "sim/world/rule.hpp"

namespace vvm::sim {

// The host of the BLOB store in the network's rules.
inline constexpr std::string_view blob_host = "blobs";

enum class BlobFault : std::uint8_t {
  unavailable,    // BlobStoreUnreachable, no effect
  not_found,      // BlobNotFound
  corrupted,      // BlobCorrupted from read, status corrupted from stat
  slow,           // `delay` longer
  error_at_byte,  // a read that would pass octet `at_byte` stops before it; one that begins there
                  // fails with BlobStoreUnreachable
  truncate,       // a read at or behind octet `at_byte` sees the end
  flip,           // octet `at_byte` has a flipped bit
};

struct BlobRule {
  BlobFault kind = BlobFault::unavailable;
  std::string process = "*";
  BlobId id{};             // none: any
  std::string verb = "*";  // stat, read, begin, append, complete
  Odds odds{};
  Duration delay{};
  std::uint64_t at_byte = 0;
};

struct BlobModel {
  Latency service = Latency::fixed(milliseconds(1));  // at the server, besides the network
  Duration client_timeout = seconds(30);              // then BlobStoreUnreachable
};

class BlobServer {
 public:
  explicit BlobServer(Rng stream) : rng_(stream) {}

  BlobServer(const BlobServer&) = delete;
  BlobServer& operator=(const BlobServer&) = delete;
  ~BlobServer() = default;

  BlobModel& model() { return model_; }

  RuleTable<BlobRule>& rules() { return rules_; }

  Rng& rng() { return rng_; }

  // For oracles, tests and preparation.
  void preset(BlobId id, Bytes bytes);  // completed
  std::optional<Bytes> peek(BlobId id) const;
  // Flips the lowest bit of an octet at rest. False when there is no such octet.
  bool flip(BlobId id, std::uint64_t at);

  // The verbs, without time and faults.
  Result<BlobStat> stat(BlobId id) const;
  Result<Bytes> read(BlobId id, std::uint64_t offset) const;
  Status begin(BlobId id);
  Status append(BlobId id, BytesView bytes);
  Result<BlobStat> complete(BlobId id);

 private:
  struct Blob {
    BlobStat stat;
    Bytes bytes;
  };

  Rng rng_;
  BlobModel model_;
  RuleTable<BlobRule> rules_;
  std::map<BlobId, Blob> blobs_;
};

}  // namespace vvm::sim
