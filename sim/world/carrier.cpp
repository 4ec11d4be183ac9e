// Carrier: hosts, links, what rules say about them, and single messages.
#include "sim/world/carrier.hpp"

#include <algorithm>

#include "base/check.hpp"
#include "sim/world/glob.hpp"

namespace vvm::sim {
namespace {

constexpr std::int64_t second_ns = 1'000'000'000;

bool fits(const NetRule& rule, std::string_view from, std::string_view to) {
  return (glob_match(rule.from, from) && glob_match(rule.to, to)) ||
         (rule.both && glob_match(rule.from, to) && glob_match(rule.to, from));
}

// The lower of two limits, of which 0 is none.
std::uint64_t lower(std::uint64_t a, std::uint64_t b) {
  if (a == 0 || b == 0) {
    return a + b;
  }
  return std::min(a, b);
}

}  // namespace

struct Carrier::Message {
  HostId from{};
  HostId to{};
  std::uint64_t octets = 0;
  Action deliver;
  Action give_up;
  int tries = 0;
  std::uint64_t power = 0;  // of the sender's machine when it was given to the kernel
};

Carrier::Carrier(Kernel& kernel, Observers& observers, Rng stream)
    : kernel_(kernel), observers_(observers), rng_(stream) {}

Carrier::~Carrier() = default;

HostId Carrier::host(std::string_view name) {
  const auto it = host_ids_.find(name);
  if (it != host_ids_.end()) {
    return it->second;
  }
  const HostId id{static_cast<std::uint32_t>(hosts_.size())};
  hosts_.emplace_back().name = name;
  host_ids_.emplace(name, id);
  return id;
}

void Carrier::up(HostId host) { hosts_[index(host)].machine_up = true; }

void Carrier::ended(HostId host, HostEnd end) {
  Host& h = hosts_[index(host)];
  h.machine_up = end == HostEnd::reset;
  h.power += end == HostEnd::silent ? 1 : 0;
  for (const auto& [port, backlog] : h.ports) {
    backlog->closed = true;
  }
  h.ports.clear();
  for (const auto& weak : attempts_) {
    if (const auto attempt = weak.lock(); attempt != nullptr && attempt->from == host) {
      attempt->over = true;
    }
  }
  for (Connection& c : connections_) {
    for (const Side side : {Side::client, Side::server}) {
      const bool ours = c.used && c.from(side).link->from == host && !c.end(side).gone;
      // The loopback's two ends are both of this host: the first may have released the connection.
      if (ours) {
        end_of_life(c, side, end);
        release_if_over(c);
      }
    }
  }
}

void Carrier::set_link(std::string from, std::string to, LinkModel model) {
  choices_.push_back({.from = std::move(from), .to = std::move(to), .model = model});
  for (auto& [ends, l] : links_) {
    l.model = model_of(l.from, l.to);
  }
}

LinkModel Carrier::model_of(HostId from, HostId to) const {
  if (from == to) {
    return {.latency = Latency::fixed(transport.loopback)};
  }
  for (auto it = choices_.rbegin(); it != choices_.rend(); ++it) {
    if (glob_match(it->from, host_name(from)) && glob_match(it->to, host_name(to))) {
      return it->model;
    }
  }
  return {};
}

Carrier::Link& Carrier::link(HostId from, HostId to) {
  const auto [it, added] = links_.try_emplace({from, to});
  if (added) {
    it->second.from = from;
    it->second.to = to;
    it->second.model = model_of(from, to);
  }
  return it->second;
}

const std::vector<RuleId>& Carrier::rules_of(Link& link) {
  if (link.rules_version != rules_.version()) {
    link.rules_version = rules_.version();
    link.rules.clear();
    if (link.from != link.to) {
      link.rules = rules_.matching([&](const NetRule& rule) {
        return fits(rule, host_name(link.from), host_name(link.to));
      });
    }
  }
  return link.rules;
}

RuleId Carrier::add(NetRule rule) { return rules_.add(std::move(rule)); }

bool Carrier::remove(RuleId id) {
  if (!rules_.remove(id)) {
    return false;
  }
  // Senders try again on their own what was cut off; what was held back goes on now.
  for (auto& message : std::exchange(held_, {})) {
    send_message(std::move(message));
  }
  std::erase_if(attempts_, [](const auto& weak) { return weak.expired(); });
  const std::vector<std::weak_ptr<Attempt>> attempts = attempts_;
  for (const auto& weak : attempts) {
    if (const auto attempt = weak.lock(); attempt != nullptr && attempt->held) {
      attempt_connect(attempt);
    }
  }
  for (Connection& c : connections_) {
    for (const Side side : {Side::client, Side::server}) {
      if (!c.used) {
        continue;
      }
      Flow& flow = c.from(side);
      flow.stalled = flow.stalled == id ? RuleId{} : flow.stalled;
      flow.dripping = flow.dripping == id ? RuleId{} : flow.dripping;
      if (!kernel_.pending(flow.retry)) {
        pump(c, side);
      }
    }
  }
  return true;
}

void Carrier::judge_passage(RuleId id, Verdict& verdict) {
  const NetRule& rule = rules_.rule(id);
  if (rule.kind == NetFault::hold) {
    rules_.count(id);
    verdict.passage = Verdict::Passage::waits;
  } else if (verdict.passage == Verdict::Passage::passes &&
             (rule.kind == NetFault::cut || rule.kind == NetFault::loss) &&
             rules_.strikes(id, rng_)) {
    verdict.passage = Verdict::Passage::retry;
  }
}

void Carrier::judge_speed(RuleId id, Verdict& verdict) {
  const NetRule& rule = rules_.rule(id);
  if (rule.kind == NetFault::delay && rules_.strikes(id, rng_)) {
    verdict.extra = verdict.extra + rule.extra.draw(rng_);
  } else if (rule.kind == NetFault::bandwidth) {
    rules_.count(id);
    verdict.bytes_per_second = lower(verdict.bytes_per_second, rule.bytes_per_second);
  }
}

Carrier::Verdict Carrier::judge(Link& link, std::uint16_t port) {
  Verdict verdict;
  const auto& rules = rules_of(link);
  const auto concerns = [&](RuleId id) {
    const NetRule& rule = rules_.rule(id);
    return rule.request.empty() && (rule.port == 0 || rule.port == port);
  };
  for (const RuleId id : rules) {
    if (concerns(id)) {
      judge_passage(id, verdict);
    }
  }
  if (verdict.passage == Verdict::Passage::passes) {
    for (const RuleId id : rules) {
      if (concerns(id)) {
        judge_speed(id, verdict);
      }
    }
  }
  return verdict;
}

Duration Carrier::transit(Link& link, const Verdict& verdict, std::uint64_t octets) {
  Duration waits{};
  const std::uint64_t limit = lower(link.model.bytes_per_second, verdict.bytes_per_second);
  if (limit != 0) {
    using Wide = unsigned __int128;
    const auto takes = static_cast<std::int64_t>(Wide{octets} * second_ns / limit);
    link.busy_until = std::max(link.busy_until, kernel_.now()) + Duration{takes};
    waits = link.busy_until - kernel_.now();
  }
  return waits + link.model.latency.draw(rng_) + verdict.extra;
}

void Carrier::tell(const Link& link, std::uint64_t octets, Instant sent, Instant arrives) {
  const Delivery delivery{.from = host_name(link.from),
                          .to = host_name(link.to),
                          .octets = octets,
                          .sent = sent,
                          .arrives = arrives};
  for (const Network::Listener& listener : listeners) {
    listener(delivery);
  }
}

Duration Carrier::pause_after(int tries) const {
  Duration pause = transport.retry_min;
  for (int i = 1; i < tries && pause < transport.retry_max; ++i) {
    pause = pause * 2;
  }
  return std::min(pause, transport.retry_max);
}

void Carrier::send(HostId from, HostId to, std::uint64_t octets, Action deliver, Action give_up) {
  ++totals.messages;
  Link& l = link(from, to);
  if (rules_of(l).empty()) {
    const Instant arrives = kernel_.now() + transit(l, {}, octets);
    tell(l, octets, kernel_.now(), arrives);
    kernel_.at(arrives, std::move(deliver));
    return;
  }
  auto message = std::make_shared<Message>();
  message->from = from;
  message->to = to;
  message->octets = octets;
  message->deliver = std::move(deliver);
  message->give_up = std::move(give_up);
  message->power = hosts_[index(from)].power;
  send_message(std::move(message));
}

void Carrier::send_message(std::shared_ptr<Message> message) {
  if (hosts_[index(message->from)].power != message->power) {
    return;
  }
  Link& l = link(message->from, message->to);
  const Verdict verdict = judge(l, 0);
  if (verdict.passage == Verdict::Passage::passes) {
    const Instant arrives = kernel_.now() + transit(l, verdict, message->octets);
    tell(l, message->octets, kernel_.now(), arrives);
    kernel_.at(arrives, std::move(message->deliver));
    return;
  }
  if (verdict.passage == Verdict::Passage::waits) {
    held_.push_back(std::move(message));
    return;
  }
  ++totals.repeats;
  ++message->tries;
  const Duration pause = pause_after(message->tries);
  kernel_.after(pause, Action([this, message = std::move(message)] {
                  if (message->tries <= transport.retries) {
                    send_message(message);
                  } else if (message->give_up) {
                    message->give_up();
                  }
                }));
}

// --- Network: what the outside sees of it ---

Network::Network(Kernel& kernel, Observers& observers, Rng stream)
    : carrier_(std::make_unique<Carrier>(kernel, observers, stream)) {}

Network::~Network() = default;

TransportModel& Network::transport() { return carrier_->transport; }

void Network::set_link(std::string from, std::string to, LinkModel model) {
  carrier_->set_link(std::move(from), std::move(to), model);
}

RuleId Network::add(NetRule rule) { return carrier_->add(std::move(rule)); }

bool Network::remove(RuleId id) { return carrier_->remove(id); }

std::uint64_t Network::fired(RuleId id) const { return carrier_->fired(id); }

NetRule Network::cut_pair(std::string a, std::string b) {
  NetRule rule = cut_one_way(std::move(a), std::move(b));
  rule.both = true;
  return rule;
}

NetRule Network::cut_one_way(std::string from, std::string to) {
  NetRule rule;
  rule.kind = NetFault::cut;
  rule.from = std::move(from);
  rule.to = std::move(to);
  return rule;
}

NetRule Network::isolate(std::string host) { return cut_pair(std::move(host), "*"); }

const NetTotals& Network::totals() const { return carrier_->totals; }

void Network::listen(Listener listener) { carrier_->listeners.push_back(std::move(listener)); }

std::size_t Network::streams() const { return carrier_->streams(); }

}  // namespace vvm::sim
