// Carrier: ports, and how a connect() becomes a connection.
//
// Three legs, as in TCP: the request finds a listener or none, the answer opens the caller's end,
// and the third leg, in front of the first octets, puts the connection into the listener's backlog.
#include <algorithm>

#include "base/check.hpp"
#include "sim/world/carrier.hpp"

namespace vvm::sim {

std::shared_ptr<Backlog> Carrier::bind(HostId host, std::uint16_t port, Lane& lane) {
  Host& h = hosts_[index(host)];
  if (port == 0) {
    do {
      h.last_port = h.last_port == 65'535 ? 49'152 : static_cast<std::uint16_t>(h.last_port + 1);
      port = h.last_port;
    } while (h.ports.contains(port));
  }
  if (h.ports.contains(port)) {
    return nullptr;
  }
  auto backlog = std::make_shared<Backlog>();
  backlog->host = host;
  backlog->port = port;
  backlog->number = ++last_backlog_;
  backlog->lane = &lane;
  h.ports.emplace(port, backlog);
  return backlog;
}

void Carrier::unbind(const std::shared_ptr<Backlog>& backlog) {
  if (backlog->closed) {
    return;
  }
  backlog->closed = true;
  hosts_[index(backlog->host)].ports.erase(backlog->port);
  while (!backlog->accepting.empty()) {
    kernel_.finish(backlog->accepting.take(), ErrorCode{}, 1);
  }
  while (!backlog->waiting.empty()) {
    if (Connection* c = find(backlog->waiting.take()); c != nullptr) {
      end_of_life(*c, Side::server, HostEnd::reset);
      release_if_over(*c);
    }
  }
}

std::shared_ptr<Backlog> Carrier::listening(HostId host, std::uint16_t port) const {
  const auto& ports = hosts_[index(host)].ports;
  const auto it = ports.find(port);
  return it == ports.end() ? nullptr : it->second;
}

void Carrier::connect(const std::shared_ptr<Attempt>& attempt) {
  ++totals.connects;
  if (attempts_.size() > 64) {
    std::erase_if(attempts_, [](const auto& weak) { return weak.expired(); });
  }
  attempts_.push_back(attempt);
  attempt_connect(attempt);
}

void Carrier::attempt_connect(const std::shared_ptr<Attempt>& attempt) {
  const bool abandoned = attempt->tries > 0 && !kernel_.pending(attempt->op);
  if (attempt->over || attempt->under_way || abandoned) {
    return;
  }
  Link& there = link(attempt->from, attempt->to);
  Link& back = link(attempt->to, attempt->from);
  const Verdict verdict = judge(there, attempt->port);
  Verdict answer;
  if (verdict.passage == Verdict::Passage::passes) {
    answer = judge(back, attempt->port);
  }
  attempt->held =
      verdict.passage == Verdict::Passage::waits || answer.passage == Verdict::Passage::waits;
  const bool passes = verdict.passage == Verdict::Passage::passes &&
                      answer.passage == Verdict::Passage::passes && machine_up(attempt->to);
  if (!passes) {
    connect_later(attempt);
    return;
  }
  attempt->under_way = true;
  const Duration way_back = transit(back, answer, 0);
  kernel_.trace().message(
      kernel_.now(),
      {.from = host_name(there.from), .to = host_name(there.to), .what = "connect", .content = {}});
  kernel_.after(transit(there, verdict, 0),
                Action([this, attempt, way_back] { request_arrives(attempt, way_back); }));
}

void Carrier::connect_later(const std::shared_ptr<Attempt>& attempt) {
  ++totals.repeats;
  ++attempt->tries;
  kernel_.drop(attempt->retry);
  const Duration pause = transport.connect_retry * (std::int64_t{1} << (attempt->tries - 1));
  attempt->retry = kernel_.after(pause, Action([this, attempt] {
                                   if (attempt->tries <= transport.connect_retries) {
                                     attempt_connect(attempt);
                                   } else {
                                     end_attempt(*attempt, Code::timed_out);
                                   }
                                 }));
}

void Carrier::request_arrives(const std::shared_ptr<Attempt>& attempt, Duration back) {
  const auto backlog = listening(attempt->to, attempt->port);
  const bool full = backlog != nullptr && backlog->waiting.size() >= transport.backlog;
  if (!machine_up(attempt->to) || full) {
    attempt->under_way = false;
    connect_later(attempt);
    return;
  }
  attempt->backlog = backlog == nullptr ? 0 : backlog->number;
  kernel_.after(back, Action([this, attempt] { answer_arrives(attempt); }));
}

void Carrier::answer_arrives(const std::shared_ptr<Attempt>& attempt) {
  // A caller that is gone does not complete the handshake: the listener never hears of it.
  if (attempt->over || !kernel_.pending(attempt->op)) {
    return;
  }
  if (attempt->backlog == 0) {
    ++totals.refused;
    end_attempt(*attempt, Code::connection_refused);
    return;
  }
  attempt->stream = open(*attempt);
  submit(get(attempt->stream), Side::client, {.kind = SegmentKind::opened});
  attempt->over = true;
  kernel_.finish(attempt->op, ErrorCode{}, 1);
}

void Carrier::end_attempt(Attempt& attempt, Code code) {
  if (attempt.over) {
    return;
  }
  attempt.over = true;
  attempt.code = code;
  kernel_.finish(attempt.op, ErrorCode{}, 1);
}

void Carrier::offer(Connection& c) {
  const auto backlog = listening(c.from(Side::server).link->from, c.port);
  if (backlog == nullptr || backlog->number != c.backlog) {
    end_of_life(c, Side::server, HostEnd::reset);
    return;
  }
  c.end(Side::server).lane = backlog->lane;
  backlog->waiting.push(id_of(c));
  while (!backlog->accepting.empty()) {
    if (kernel_.finish(backlog->accepting.take(), ErrorCode{}, 1)) {
      break;
    }
  }
}

StreamId Carrier::open(const Attempt& attempt) {
  if (free_.empty()) {
    free_.push_back(static_cast<std::uint32_t>(connections_.size()));
    connections_.emplace_back();
  }
  Connection& c = connections_[free_.back()];
  const StreamId id{(std::uint64_t{c.generation + 1} << 32U) | (free_.back() + 1)};
  free_.pop_back();
  ++c.generation;
  c.used = true;
  c.number = static_cast<std::uint32_t>(id);
  c.port = attempt.port;
  c.backlog = attempt.backlog;
  c.request.clear();
  c.from(Side::client).begin(&link(attempt.from, attempt.to));
  c.from(Side::server).begin(&link(attempt.to, attempt.from));
  c.end(Side::client) = {.lane = attempt.lane};
  c.end(Side::server) = {};
  ++open_;
  return id;
}

Carrier::Connection* Carrier::find(StreamId id) {
  const auto number = static_cast<std::uint32_t>(static_cast<std::uint64_t>(id));
  if (number == 0 || number > connections_.size()) {
    return nullptr;
  }
  Connection& c = connections_[number - 1];
  return c.used && id_of(c) == id ? &c : nullptr;
}

Carrier::Connection& Carrier::get(StreamId id) {
  Connection* c = find(id);
  CHECK(c != nullptr, "no such connection");
  return *c;
}

StreamId Carrier::id_of(const Connection& connection) const {
  return StreamId{(std::uint64_t{connection.generation} << 32U) | connection.number};
}

void Carrier::release_if_over(Connection& connection) {
  bool over = connection.used;
  for (const Side side : {Side::client, Side::server}) {
    const Flow& flow = connection.from(side);
    over = over && connection.end(side).gone && flow.queue.empty() && flow.flying.empty();
  }
  if (over) {
    connection.used = false;
    free_.push_back(connection.number - 1);
    --open_;
  }
}

}  // namespace vvm::sim
