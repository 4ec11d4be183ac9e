// Remote: a process's calls of a server that is part of the World (store, BLOBs).
//
// The Store and BlobStore seams have one each. A call crosses the network, takes effect at the
// server in one instant, and its answer crosses back; what has left the process happens, whether or
// not the process lives or waits any longer.
#pragma once

#include <functional>
#include <optional>

#include "sim/world/carrier.hpp"
#include "sim/world/guard.hpp"

namespace vvm::sim {

class Remote {
 public:
  Remote(const Guard& guard, Carrier& carrier, std::string_view server)
      : guard_(guard),
        carrier_(carrier),
        process_(carrier.host(guard.name())),
        server_(carrier.host(server)) {}

  struct Call {
    std::uint64_t octets = 0;  // of the request
    Duration service{};        // at the server, before the effect
    Duration limit{};          // how long the process waits
    // The effect; gives the octets of the answer, or none when there will be no answer. What it
    // refers to must be its own: it may run when the process is gone.
    std::function<std::optional<std::uint64_t>()> serve;
  };

  // False when no answer came within the limit.
  Task<bool> call(Call call);

 private:
  const Guard& guard_;
  Carrier& carrier_;
  HostId process_;
  HostId server_;
};

}  // namespace vvm::sim
