// Carrier: what the Network does inside; hosts, links, messages, connections and their flows.
//
// Network owns it; the seams of the processes call it. Everything that is under way is an event of
// the world, which looks its connection up by number: a connection that is gone is nobody's
// problem. carrier.cpp has hosts, links and messages, carrier_connect.cpp connects and listeners,
// carrier_flow.cpp the octets.
#pragma once

#include <array>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/asio/buffer.hpp>

#include "base/bytes.hpp"
#include "base/rng.hpp"
#include "sim/kernel/ring.hpp"
#include "sim/world/network.hpp"

namespace vvm::sim {

enum class HostId : std::uint32_t {};

// How a host's process ended.
enum class HostEnd : std::uint8_t {
  reset,   // its machine is up: peers get resets
  silent,  // its machine is down: peers get nothing
};

// Names a connection; never reused. 0 is none.
enum class StreamId : std::uint64_t {};

enum class Side : std::uint8_t { client = 0, server = 1 };

constexpr Side other(Side side) { return side == Side::client ? Side::server : Side::client; }

// What one bound port has to give out; shared by the listener and those who wait in accept().
struct Backlog {
  HostId host{};
  std::uint16_t port = 0;
  std::uint64_t number = 0;  // of all listeners ever; tells one life of a port from the next
  Lane* lane = nullptr;
  bool closed = false;
  Ring<StreamId> waiting;
  Ring<OpId> accepting;
};

// One connect() in progress; shared by the caller and the events on its behalf.
struct Attempt {
  HostId from{};
  HostId to{};
  std::uint16_t port = 0;
  Lane* lane = nullptr;
  OpId op{};      // of the caller, who waits
  int tries = 0;  // that did not get through
  OpId retry{};
  bool under_way = false;
  bool held = false;
  bool over = false;
  std::uint64_t backlog = 0;  // the number of the listener that answered; 0: refused
  // The outcome.
  StreamId stream{};
  Code code = Code::connection_refused;
};

class Carrier {
 public:
  Carrier(Kernel& kernel, Observers& observers, Rng stream);
  Carrier(const Carrier&) = delete;
  Carrier& operator=(const Carrier&) = delete;
  ~Carrier();

  TransportModel transport;
  NetTotals totals;
  std::vector<Network::Listener> listeners;

  void set_link(std::string from, std::string to, LinkModel model);
  RuleId add(NetRule rule);
  bool remove(RuleId id);

  std::uint64_t fired(RuleId id) const { return rules_.fired(id); }

  std::size_t streams() const { return open_; }

  HostId host(std::string_view name);

  const std::string& host_name(HostId id) const { return hosts_[index(id)].name; }

  // A life of the host's process begins, or ends.
  void up(HostId host);
  void ended(HostId host, HostEnd end);

  // One message on a connection that is always there. `deliver` runs as an event of the world when
  // it arrives; neither runs when the sender's machine loses power before the message has left.
  void send(HostId from, HostId to, std::uint64_t octets, Action deliver, Action give_up = {});

  // A free port when it is 0; null when it is taken.
  std::shared_ptr<Backlog> bind(HostId host, std::uint16_t port, Lane& lane);
  void unbind(const std::shared_ptr<Backlog>& backlog);
  void connect(const std::shared_ptr<Attempt>& attempt);

  // The calls of an endpoint that is alive.
  void read(StreamId id, Side side, std::span<char> into, IoCompletion completion);
  void write(StreamId id,
             Side side,
             std::span<const asio::const_buffer> from,
             IoCompletion completion);
  void close(StreamId id, Side side);
  // The endpoint's object is gone. After close().
  void forget(StreamId id, Side side);
  const std::string& peer_name(StreamId id, Side side) const;
  // Notes that the client sends a request from here on ("GET /path").
  void note_request(StreamId id, std::string_view request);

 private:
  struct Host {
    std::string name;
    bool machine_up = true;
    std::uint64_t power = 0;  // lost so many times
    std::uint16_t last_port = 49'151;
    std::map<std::uint16_t, std::shared_ptr<Backlog>> ports;
  };

  struct Link {
    HostId from{};
    HostId to{};
    LinkModel model;
    Instant busy_until{};
    std::uint64_t rules_version = 0;
    std::vector<RuleId> rules;  // active ones whose names fit
  };

  struct LinkChoice {
    std::string from;
    std::string to;
    LinkModel model;
  };

  enum class SegmentKind : std::uint8_t { opened, data, fin, reset };

  static std::string_view name_of(SegmentKind kind);

  struct Segment {
    SegmentKind kind = SegmentKind::data;
    Bytes octets{};
  };

  static constexpr std::uint64_t npos_octet = ~std::uint64_t{0};

  // The answer that a replaying rule gives again.
  struct Tape {
    StreamId stream{};  // on which it was recorded, for the request that began there
    std::uint64_t request_at = 0;
    Bytes octets{};
  };

  // One direction of a connection, from the sender's kernel to the receiver's.
  struct Flow {
    Link* link = nullptr;
    // At the sender.
    Ring<Segment> queue;           // has not left yet
    std::uint64_t accepted = 0;    // octets that take room: of the writer, and faults' own
    std::uint64_t queued = 0;      // octets given to the link, from which rules count
    std::uint64_t left = 0;        // octets that have left
    std::uint64_t request_at = 0;  // octet from which rules of the last request count
    int tries = 0;                 // of the first in the queue
    OpId retry{};
    RuleId stalled{};
    RuleId dripping{};
    Instant drip_next{};
    std::uint64_t judged_at = npos_octet;  // request_at of the answer that replays have judged
    bool replaced = false;                 // it is swallowed, another one was sent instead
    bool severed = false;                  // what is sent from now on vanishes
    ErrorCode write_error;
    OpId writer{};  // waits for room
    std::vector<asio::const_buffer> to_write;
    bool credit_under_way = false;
    // On the way.
    Ring<Segment> flying;
    Instant last_arrival{};
    // At the receiver.
    Bytes inbox;
    std::size_t inbox_from = 0;
    std::uint64_t taken = 0;  // octets given to the reader, or vanished
    bool ended = false;
    ErrorCode read_error;  // after what is in the inbox
    OpId reader{};
    std::span<char> into;

    std::size_t unread() const { return inbox.size() - inbox_from; }

    // As new, but for the memory.
    void begin(Link* on);
  };

  struct End {
    Lane* lane = nullptr;
    bool closed = false;  // by its process, or with it: nobody reads any more
    bool gone = false;    // nobody calls any more
  };

  struct Connection {
    std::uint32_t number = 0;  // its place, plus one
    std::uint32_t generation = 0;
    bool used = false;
    std::uint16_t port = 0;
    std::uint64_t backlog = 0;  // the number of the listener that accepts it
    std::string request;
    std::array<Flow, 2> flows;  // by the sender's side
    std::array<End, 2> ends;

    Flow& from(Side side) { return flows[static_cast<std::size_t>(side)]; }

    End& end(Side side) { return ends[static_cast<std::size_t>(side)]; }
  };

  // A message that has not left yet.
  struct Message;

  // What the rules say about the next piece of a flow, or about a message.
  struct Verdict {
    enum class Passage : std::uint8_t { passes, retry, waits };
    enum class Ending : std::uint8_t { none, reset, truncate };
    Passage passage = Passage::passes;
    std::size_t octets = 0;  // of the piece that pass
    Duration extra{};
    std::uint64_t bytes_per_second = 0;  // 0: no limit by rules
    Ending ending = Ending::none;        // behind them
    std::size_t duplicate_from = Bytes::npos;
  };

  static std::size_t index(HostId id) { return static_cast<std::size_t>(id); }

  bool machine_up(HostId id) const { return hosts_[index(id)].machine_up; }

  Link& link(HostId from, HostId to);
  LinkModel model_of(HostId from, HostId to) const;
  const std::vector<RuleId>& rules_of(Link& link);
  // Rules without regard to octets and requests.
  Verdict judge(Link& link, std::uint16_t port);
  void judge_passage(RuleId id, Verdict& verdict);
  void judge_speed(RuleId id, Verdict& verdict);
  Duration transit(Link& link, const Verdict& verdict, std::uint64_t octets);
  void tell(const Link& link, std::uint64_t octets, Instant sent, Instant arrives);
  Duration pause_after(int tries) const;
  void send_message(std::shared_ptr<Message> message);

  void attempt_connect(const std::shared_ptr<Attempt>& attempt);
  void connect_later(const std::shared_ptr<Attempt>& attempt);
  void request_arrives(const std::shared_ptr<Attempt>& attempt, Duration back);
  void answer_arrives(const std::shared_ptr<Attempt>& attempt);
  void end_attempt(Attempt& attempt, Code code);
  std::shared_ptr<Backlog> listening(HostId host, std::uint16_t port) const;
  void offer(Connection& c);

  StreamId open(const Attempt& attempt);
  Connection* find(StreamId id);
  Connection& get(StreamId id);
  StreamId id_of(const Connection& connection) const;
  void release_if_over(Connection& connection);

  Verdict judge_segment(Connection& c, Side side, Segment& segment);
  static std::size_t place_of(const Flow& flow, const NetRule& rule, const Verdict& verdict);
  void limit_octets(Connection& c, Side side, RuleId id, Verdict& verdict);
  void judge_octets(Flow& flow, RuleId id, Segment& segment, Verdict& verdict);
  void submit(Connection& c, Side side, Segment segment);
  bool replay(Connection& c, Segment& segment);
  void pump(Connection& c, Side side);
  bool pass_front(Connection& c, Side side);
  void try_later(Connection& c, Side side);
  void try_again(StreamId id, Side side);
  void fly(Connection& c, Side side, Segment segment, const Verdict& verdict);
  void send_reset(Connection& c, Side from);
  void arrive(StreamId id, Side from);
  void arrive_at_nobody(Connection& c, Side from, SegmentKind kind);
  void arrive_octets(Connection& c, Side from, Segment& segment);
  void break_end(Connection& c, Side side, ErrorCode error);
  void feed_reader(Connection& c, Side from);
  void give_credit(Connection& c, Side from);
  void resume_writer(StreamId id, Side side);
  std::size_t room(const Flow& flow) const;
  void end_of_life(Connection& c, Side side, HostEnd end);

  Kernel& kernel_;
  Observers& observers_;
  Rng rng_;
  RuleTable<NetRule> rules_;
  std::map<std::pair<RuleId, HostId>, Tape> tapes_;  // by who receives
  std::vector<LinkChoice> choices_;
  std::deque<Host> hosts_;
  std::map<std::string, HostId, std::less<>> host_ids_;
  std::map<std::pair<HostId, HostId>, Link> links_;
  std::deque<Connection> connections_;  // references stay good
  std::vector<std::uint32_t> free_;
  std::size_t open_ = 0;
  std::uint64_t last_backlog_ = 0;
  std::vector<std::weak_ptr<Attempt>> attempts_;
  std::vector<std::shared_ptr<Message>> held_;
};

}  // namespace vvm::sim
