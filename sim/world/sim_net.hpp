// SimNet: the Net of one life of a simulated process.
//
// World makes one per process life; the Carrier does the work. Every effect asks the Guard first.
#pragma once

#include "runtime/net.hpp"
#include "sim/world/carrier.hpp"
#include "sim/world/guard.hpp"

namespace vvm::sim {

class SimNet final : public Net {
 public:
  SimNet(const Guard& guard, Carrier& carrier)
      : guard_(guard), carrier_(carrier), host_(carrier.host(guard.name())) {}

  // A connect that the network holds back ends with Timeout after 127 s.
  Task<Result<Stream>> connect(Endpoint to) override;
  Result<std::unique_ptr<Listener>> listen(std::uint16_t port) override;

 private:
  const Guard& guard_;
  Carrier& carrier_;
  HostId host_;
};

}  // namespace vvm::sim
