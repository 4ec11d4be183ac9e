// SimBlobs: the BlobStore of one life of a simulated process.
//
// World makes one per process life. Each verb is announced, judged by the server's rules, and sent
// to the BlobServer through the network.
#pragma once

#include <functional>

#include "runtime/blob_store.hpp"
#include "sim/world/blob_server.hpp"
#include "sim/world/remote.hpp"

namespace vvm::sim {

class SimBlobs final : public BlobStore {
 public:
  SimBlobs(const Guard& guard, Carrier& carrier, BlobServer& server)
      : guard_(guard), remote_(guard, carrier, blob_host), server_(server) {}

  Task<Result<BlobStat>> stat(BlobId id) override;
  Task<Result<Bytes>> read(BlobId id, std::uint64_t offset) override;
  Task<Status> begin(BlobId id) override;
  Task<Status> append(BlobId id, Bytes bytes) override;
  Task<Result<BlobStat>> complete(BlobId id) override;

 private:
  struct Verb {
    std::string_view name;
    BlobId id{};
    std::uint64_t octets = 0;  // of the request
  };

  // Runs `serve` at the server, between the two crossings of the network; false when no answer came
  // in time. `serve` gives the octets of the answer.
  Task<Result<void>> cross(Verb verb, std::function<std::uint64_t()> serve);
  const BlobRule* striking(const Verb& verb, std::initializer_list<BlobFault> kinds) const;
  void spoil(BlobId id, std::uint64_t offset, Result<Bytes>& piece) const;

  const Guard& guard_;
  Remote remote_;
  BlobServer& server_;
};

}  // namespace vvm::sim
