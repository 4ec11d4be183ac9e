// Network: hosts, links and rules; carries streams and messages between simulated processes.
//
// Part of the World. A host is a process name, or one of the servers `store` and `blobs`. The Net
// seam of a process (sim_net.hpp) opens streams on it; the seams of the servers send single
// messages. It behaves like TCP between kernels: octets keep their order; what a cut or a loss
// takes is sent again with doubled pauses until it passes or the sender gives up; a machine that is
// up answers what it does not know with a reset, one that lost power with silence. Links carry no
// rules from a host to itself.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/net.hpp"
#include "sim/kernel/kernel.hpp"
#include "sim/world/latency.hpp"
#include "sim/world/observer.hpp"
#include "sim/world/rule.hpp"

namespace vvm::sim {

enum class NetFault : std::uint8_t {
  cut,        // nothing passes; senders try again with doubled pauses
  hold,       // nothing passes; all of it passes at once when the rule goes
  loss,       // what the odds strike is lost and sent again
  delay,      // what the odds strike takes `extra` longer
  bandwidth,  // at most `bytes_per_second`
  // At octet `at_byte` of the direction from -> to. The odds strike connections (or requests) that
  // reach it.
  reset,      // both ends see a reset
  truncate,   // the receiver sees an orderly end
  flip,       // the octet's lowest bit is flipped
  duplicate,  // the rest of the piece that begins there comes twice
  stall,      // nothing more until the rule goes
  drip,       // from there on `piece` octets at a time, `every` so often
  // Answers only. The first one that the rule sees is remembered; of the others, what the odds
  // strike is replaced by it as a whole, as by a cache that nobody refreshes. For each receiver.
  replay,
};

struct NetRule {
  NetFault kind = NetFault::cut;
  std::string from = "*";  // who sends the octets
  std::string to = "*";
  bool both = false;       // the other direction, too
  std::uint16_t port = 0;  // on which the connection was accepted; 0: any
  // Glob over "GET /path" (with the query). The rule concerns a connection while the last request
  // sent on it fits, and counts octets from that request on. Empty: from the first octet on.
  std::string request{};
  Odds odds{};
  std::uint64_t at_byte = 0;
  Latency extra{};
  std::uint64_t bytes_per_second = 0;
  std::uint64_t piece = 1;
  Duration every{};
};

struct LinkModel {
  Latency latency = Latency::fixed(microseconds(500));  // one way
  std::uint64_t bytes_per_second = 0;                   // of all streams of the link; 0: no limit
};

// What TCP does, in Linux's figures.
struct TransportModel {
  Duration connect_retry = seconds(1);     // doubled each time
  int connect_retries = 6;                 // then Timeout, after 127 s
  Duration retry_min = milliseconds(200);  // doubled each time
  Duration retry_max = seconds(120);
  int retries = 15;                              // then the sender's stream fails, after 924.6 s
  std::size_t window = std::size_t{256} << 10U;  // octets under way or unread, per direction
  std::size_t backlog = 128;                     // connections that nobody has accepted yet
  Duration loopback = microseconds(10);          // from a host to itself
};

struct NetTotals {
  std::uint64_t connects = 0;  // asked for
  std::uint64_t refused = 0;
  std::uint64_t segments = 0;  // pieces of streams that left, without repetitions
  std::uint64_t octets = 0;    // in them
  std::uint64_t messages = 0;  // to and from servers
  std::uint64_t repeats = 0;   // connects, segments and messages sent again
  std::uint64_t resets = 0;    // seen by an endpoint
};

// A segment or message on its way.
struct Delivery {
  std::string_view from;
  std::string_view to;
  std::uint64_t octets = 0;
  Instant sent;
  Instant arrives;
};

class Carrier;

class Network {
 public:
  Network(Kernel& kernel, Observers& observers, Rng stream);
  Network(const Network&) = delete;
  Network& operator=(const Network&) = delete;
  ~Network();

  TransportModel& transport();

  // For links whose ends fit both globs, in this direction; a later call wins.
  void set_link(std::string from, std::string to, LinkModel model);

  RuleId add(NetRule rule);
  // What the rule held back goes on. False when it was not active.
  bool remove(RuleId id);
  std::uint64_t fired(RuleId id) const;

  static NetRule cut_pair(std::string a, std::string b);
  static NetRule cut_one_way(std::string from, std::string to);
  // From and to everybody else.
  static NetRule isolate(std::string host);

  const NetTotals& totals() const;

  using Listener = std::function<void(const Delivery&)>;
  void listen(Listener listener);

  // Streams of which something is left: an open end, or octets under way.
  std::size_t streams() const;

  // For World and the seams.
  Carrier& carrier() { return *carrier_; }

 private:
  std::unique_ptr<Carrier> carrier_;
};

}  // namespace vvm::sim
