// LiveNet: TCP for one live process.
//
// Process owns one. Listeners take connections on one address of the machine (loopback unless told
// otherwise). Everything that is open is on a list, so that the end of the process closes it.
// Delays are the network's; nothing here has a time limit but the orderly end of a stream.
#pragma once

#include <list>
#include <memory>
#include <string>

#include "live/life.hpp"
#include "runtime/net.hpp"

namespace vvm::live {

class LiveNet final : public Net {
 public:
  // `address` is numeric. `life` and this object outlive what it hands out.
  LiveNet(std::shared_ptr<Life> life, std::string address);
  LiveNet(const LiveNet&) = delete;
  LiveNet& operator=(const LiveNet&) = delete;
  ~LiveNet() override;

  Task<Result<Stream>> connect(Endpoint to) override;
  Result<std::unique_ptr<Listener>> listen(std::uint16_t port) override;

  // Closes every socket; operations in progress end. pre: the life has ended.
  void close_all();

 private:
  class Open;
  class TcpStream;
  class TcpListener;
  class Lingering;

  Task<Result<Stream>> connect_to(std::string host, std::uint16_t port);
  Stream stream_of(std::unique_ptr<TcpStream> impl);

  std::shared_ptr<Life> life_;
  std::string address_;
  std::list<Open*> open_;
};

}  // namespace vvm::live
