// Carrier: the octets of connections, from the writer's call to the reader's buffer.
#include <algorithm>

#include <boost/asio/error.hpp>

#include "base/check.hpp"
#include "sim/world/carrier.hpp"
#include "sim/world/glob.hpp"

namespace vvm::sim {
namespace {

std::size_t total_of(std::span<const asio::const_buffer> buffers) {
  std::size_t total = 0;
  for (const asio::const_buffer& buffer : buffers) {
    total += buffer.size();
  }
  return total;
}

// The first `size` octets. pre: there are so many.
Bytes gather(std::span<const asio::const_buffer> buffers, std::size_t size) {
  Bytes octets;
  octets.reserve(size);
  for (const asio::const_buffer& buffer : buffers) {
    const std::size_t n = std::min(buffer.size(), size - octets.size());
    octets.append(static_cast<const char*>(buffer.data()), n);
  }
  return octets;
}

bool concerns(const NetRule& rule, std::uint16_t port, std::string_view request) {
  return (rule.port == 0 || rule.port == port) &&
         (rule.request.empty() || glob_match(rule.request, request));
}

}  // namespace

void Carrier::Flow::begin(Link* on) {
  link = on;
  queue.clear();
  accepted = queued = left = request_at = taken = 0;
  tries = 0;
  retry = writer = reader = OpId{};
  stalled = dripping = RuleId{};
  judged_at = npos_octet;
  drip_next = last_arrival = Instant{};
  severed = credit_under_way = ended = replaced = false;
  write_error = read_error = ErrorCode{};
  to_write.clear();
  flying.clear();
  inbox.clear();
  inbox_from = 0;
  into = {};
}

std::string_view Carrier::name_of(SegmentKind kind) {
  switch (kind) {
    case SegmentKind::opened:
      return "opened";
    case SegmentKind::data:
      return "data";
    case SegmentKind::fin:
      return "fin";
    case SegmentKind::reset:
      return "reset";
  }
  UNREACHABLE();
}

// --- The calls of an endpoint ---

std::size_t Carrier::room(const Flow& flow) const {
  const std::uint64_t held = flow.accepted - flow.taken;
  return held < transport.window ? transport.window - static_cast<std::size_t>(held) : 0;
}

void Carrier::read(StreamId id, Side side, std::span<char> into, IoCompletion completion) {
  Connection& c = get(id);
  Flow& flow = c.from(other(side));
  Lane& lane = *c.end(side).lane;
  CHECK(!kernel_.pending(flow.reader), "two reads at a time on one stream");
  if (into.empty()) {
    kernel_.complete_io(lane, std::move(completion), ErrorCode{}, 0);
    return;
  }
  if (c.end(side).closed) {
    kernel_.complete_io(lane, std::move(completion), asio::error::eof, 0);
    return;
  }
  flow.into = into;
  flow.reader = kernel_.park_io(lane, std::move(completion));
  feed_reader(c, other(side));
}

void Carrier::write(StreamId id,
                    Side side,
                    std::span<const asio::const_buffer> from,
                    IoCompletion completion) {
  Connection& c = get(id);
  Flow& flow = c.from(side);
  Lane& lane = *c.end(side).lane;
  CHECK(!kernel_.pending(flow.writer), "two writes at a time on one stream");
  const std::size_t total = total_of(from);
  const ErrorCode error =
      c.end(side).closed ? ErrorCode(asio::error::broken_pipe) : flow.write_error;
  if (error || total == 0) {
    kernel_.complete_io(lane, std::move(completion), error, 0);
    return;
  }
  const std::size_t n = std::min(total, room(flow));
  if (n == 0) {
    flow.to_write.assign(from.begin(), from.end());
    flow.writer = kernel_.park_io(lane, std::move(completion));
    return;
  }
  flow.accepted += n;
  submit(c, side, {.octets = gather(from, n)});
  kernel_.complete_io(lane, std::move(completion), ErrorCode{}, n);
}

void Carrier::close(StreamId id, Side side) {
  Connection& c = get(id);
  End& end = c.end(side);
  if (end.closed) {
    return;
  }
  end.closed = true;
  Flow& in = c.from(other(side));
  Flow& out = c.from(side);
  // As Linux does: who closes without having read everything resets the connection.
  const bool reset = in.unread() != 0 && !out.write_error;
  in.inbox.clear();
  in.inbox_from = 0;
  kernel_.finish(in.reader, asio::error::eof, 0);
  kernel_.finish(out.writer, asio::error::broken_pipe, 0);
  if (reset) {
    send_reset(c, side);
  } else {
    submit(c, side, {.kind = SegmentKind::fin});
  }
}

void Carrier::forget(StreamId id, Side side) {
  Connection& c = get(id);
  c.end(side).gone = true;
  release_if_over(c);
}

const std::string& Carrier::peer_name(StreamId id, Side side) const {
  const auto number = static_cast<std::uint32_t>(static_cast<std::uint64_t>(id));
  const Connection& c = connections_[number - 1];
  return host_name(c.flows[static_cast<std::size_t>(side)].link->to);
}

void Carrier::note_request(StreamId id, std::string_view request) {
  Connection& c = get(id);
  c.request.assign(request);
  c.from(Side::client).request_at = c.from(Side::client).queued;
  c.from(Side::server).request_at = c.from(Side::server).queued;
}

// --- From the sender's kernel onto the link ---

Carrier::Verdict Carrier::judge_segment(Connection& c, Side side, Segment& segment) {
  Flow& flow = c.from(side);
  Verdict verdict;
  verdict.octets = segment.octets.size();
  if (!machine_up(flow.link->to)) {
    verdict.passage = Verdict::Passage::retry;
    return verdict;
  }
  const auto& rules = rules_of(*flow.link);
  const auto for_each = [&](auto&& judge_one) {
    for (const RuleId id : rules) {
      if (verdict.passage == Verdict::Passage::passes &&
          concerns(rules_.rule(id), c.port, c.request)) {
        judge_one(id);
      }
    }
  };
  for_each([&](RuleId id) { judge_passage(id, verdict); });
  if (segment.kind == SegmentKind::data) {
    for_each([&](RuleId id) { limit_octets(c, side, id, verdict); });
    for_each([&](RuleId id) { judge_octets(flow, id, segment, verdict); });
  }
  for_each([&](RuleId id) { judge_speed(id, verdict); });
  return verdict;
}

// Where among the next `verdict.octets` a rule's octet is; npos when it is not among them.
std::size_t Carrier::place_of(const Flow& flow, const NetRule& rule, const Verdict& verdict) {
  const std::uint64_t at = rule.at_byte + (rule.request.empty() ? 0 : flow.request_at);
  const bool among = at >= flow.left && at - flow.left < verdict.octets;
  return among ? static_cast<std::size_t>(at - flow.left) : Bytes::npos;
}

void Carrier::limit_octets(Connection& c, Side side, RuleId id, Verdict& verdict) {
  const NetRule& rule = rules_.rule(id);
  Flow& flow = c.from(side);
  const std::size_t place = place_of(flow, rule, verdict);
  if (rule.kind == NetFault::stall) {
    if (flow.stalled != id && place != Bytes::npos && rules_.strikes(id, rng_)) {
      flow.stalled = id;
    }
    if (flow.stalled == id) {
      verdict.octets = place == Bytes::npos ? 0 : place;
    }
  } else if (rule.kind == NetFault::drip) {
    if (flow.dripping != id && place != Bytes::npos && rules_.strikes(id, rng_)) {
      flow.dripping = id;
    }
    if (flow.dripping == id && place != Bytes::npos && place > 0) {
      verdict.octets = place;
    } else if (flow.dripping == id && kernel_.now() < flow.drip_next) {
      verdict.octets = 0;
    } else if (flow.dripping == id) {
      verdict.octets =
          std::min<std::size_t>(verdict.octets, std::max<std::uint64_t>(1, rule.piece));
      flow.drip_next = kernel_.now() + rule.every;
      kernel_.at(flow.drip_next, Action([this, stream = id_of(c), side] {
                   if (Connection* dripping = find(stream); dripping != nullptr) {
                     pump(*dripping, side);
                   }
                 }));
    }
  }
  if (verdict.octets == 0) {
    verdict.passage = Verdict::Passage::waits;
  }
}

void Carrier::judge_octets(Flow& flow, RuleId id, Segment& segment, Verdict& verdict) {
  const NetRule& rule = rules_.rule(id);
  const bool ours = rule.kind == NetFault::reset || rule.kind == NetFault::truncate ||
                    rule.kind == NetFault::flip || rule.kind == NetFault::duplicate;
  const std::size_t place = ours ? place_of(flow, rule, verdict) : Bytes::npos;
  if (place == Bytes::npos || !rules_.strikes(id, rng_)) {
    return;
  }
  switch (rule.kind) {
    case NetFault::reset:
      verdict.ending = Verdict::Ending::reset;
      verdict.octets = place;
      return;
    case NetFault::truncate:
      verdict.ending = Verdict::Ending::truncate;
      verdict.octets = place;
      return;
    case NetFault::flip:
      segment.octets[place] = static_cast<char>(segment.octets[place] ^ 1);
      return;
    case NetFault::duplicate:
      verdict.duplicate_from = place;
      return;
    case NetFault::cut:
    case NetFault::hold:
    case NetFault::loss:
    case NetFault::delay:
    case NetFault::bandwidth:
    case NetFault::stall:
    case NetFault::drip:
    case NetFault::replay:
      return;
  }
  UNREACHABLE();
}

// False when the segment is a part of an answer that another one stands in for.
bool Carrier::replay(Connection& c, Segment& segment) {
  Flow& flow = c.from(Side::server);
  const bool begins = flow.judged_at != flow.request_at;
  if (begins) {
    flow.judged_at = flow.request_at;
    flow.replaced = false;
  }
  if (flow.replaced) {
    flow.taken += segment.octets.size();
    return false;
  }
  for (const RuleId id : rules_of(*flow.link)) {
    const NetRule& rule = rules_.rule(id);
    if (rule.kind != NetFault::replay || !concerns(rule, c.port, c.request)) {
      continue;
    }
    const Tape blank{.stream = id_of(c), .request_at = flow.request_at};
    Tape& tape = tapes_.try_emplace({id, flow.link->to}, blank).first->second;
    if (tape.stream == id_of(c) && tape.request_at == flow.request_at) {
      tape.octets += segment.octets;
    } else if (begins && !flow.replaced && rules_.strikes(id, rng_)) {
      flow.taken += segment.octets.size();
      segment.octets = tape.octets;
      flow.accepted += segment.octets.size();
      flow.replaced = true;
    }
  }
  return true;
}

void Carrier::submit(Connection& c, Side side, Segment segment) {
  Flow& flow = c.from(side);
  if (flow.severed) {
    flow.taken += segment.octets.size();
    return;
  }
  if (side == Side::server && segment.kind == SegmentKind::data && !replay(c, segment)) {
    return;
  }
  flow.queued += segment.octets.size();
  const bool first = flow.queue.empty();
  if (first && machine_up(flow.link->to) && rules_of(*flow.link).empty()) {
    fly(c, side, std::move(segment), {});
    return;
  }
  flow.queue.push(std::move(segment));
  if (first) {
    pump(c, side);
  }
}

void Carrier::pump(Connection& c, Side side) {
  Flow& flow = c.from(side);
  bool goes_on = true;
  while (goes_on && !flow.queue.empty()) {
    goes_on = pass_front(c, side);
  }
}

// False when the first segment of the queue must stay.
bool Carrier::pass_front(Connection& c, Side side) {
  Flow& flow = c.from(side);
  const Verdict verdict = judge_segment(c, side, flow.queue.front());
  if (verdict.passage == Verdict::Passage::retry) {
    try_later(c, side);
    return false;
  }
  if (verdict.passage == Verdict::Passage::waits) {
    return false;
  }
  flow.tries = 0;
  Segment piece;
  if (verdict.octets == flow.queue.front().octets.size()) {
    piece = flow.queue.take();
  } else {
    Bytes& octets = flow.queue.front().octets;
    piece.octets = octets.substr(0, verdict.octets);
    octets.erase(0, verdict.octets);
  }
  if (verdict.duplicate_from < piece.octets.size()) {
    const Bytes again = piece.octets.substr(verdict.duplicate_from);
    piece.octets.append(again);
    flow.accepted += again.size();
    flow.left -= again.size();  // fly() counts them, the rules' offsets do not
  }
  if (piece.kind != SegmentKind::data || !piece.octets.empty()) {
    fly(c, side, std::move(piece), verdict);
  }
  if (verdict.ending == Verdict::Ending::none) {
    return true;
  }
  while (!flow.queue.empty()) {
    flow.taken += flow.queue.take().octets.size();
  }
  flow.severed = true;
  if (verdict.ending == Verdict::Ending::truncate) {
    fly(c, side, {.kind = SegmentKind::fin}, {});
  } else {
    fly(c, side, {.kind = SegmentKind::reset}, {});
    Flow& back = c.from(other(side));
    back.queue.clear();
    kernel_.drop(back.retry);
    back.severed = true;
    fly(c, other(side), {.kind = SegmentKind::reset}, {});
  }
  return false;
}

void Carrier::try_later(Connection& c, Side side) {
  Flow& flow = c.from(side);
  ++totals.repeats;
  ++flow.tries;
  flow.retry = kernel_.after(pause_after(flow.tries),
                             Action([this, id = id_of(c), side] { try_again(id, side); }));
}

void Carrier::try_again(StreamId id, Side side) {
  Connection* c = find(id);
  if (c == nullptr || c->from(side).queue.empty()) {
    return;
  }
  if (c->from(side).tries > transport.retries) {
    break_end(*c, side, asio::error::timed_out);
    release_if_over(*c);
    return;
  }
  pump(*c, side);
}

void Carrier::fly(Connection& c, Side side, Segment segment, const Verdict& verdict) {
  Flow& flow = c.from(side);
  Link& l = *flow.link;
  const std::size_t size = segment.octets.size();
  const Instant now = kernel_.now();
  flow.last_arrival = std::max(now + transit(l, verdict, size), flow.last_arrival);
  flow.left += size;
  ++totals.segments;
  totals.octets += size;
  kernel_.trace().message(now,
                          {.from = host_name(l.from),
                           .to = host_name(l.to),
                           .what = name_of(segment.kind),
                           .content = segment.octets});
  if (!listeners.empty()) {
    tell(l, size, now, flow.last_arrival);
  }
  flow.flying.push(std::move(segment));
  kernel_.at(flow.last_arrival, Action([this, id = id_of(c), side] { arrive(id, side); }));
}

// A reset is sent once: a cut takes it for good.
void Carrier::send_reset(Connection& c, Side from) {
  Flow& flow = c.from(from);
  flow.queue.clear();
  kernel_.drop(flow.retry);
  flow.severed = true;
  const Verdict verdict = judge(*flow.link, c.port);
  if (verdict.passage == Verdict::Passage::passes && machine_up(flow.link->to)) {
    fly(c, from, {.kind = SegmentKind::reset}, verdict);
  }
}

// --- From the link to the receiver ---

void Carrier::arrive(StreamId id, Side from) {
  Connection& c = get(id);
  Segment segment = c.from(from).flying.take();
  End& end = c.end(other(from));
  if (!machine_up(c.from(from).link->to) || end.gone) {
    arrive_at_nobody(c, from, segment.kind);
  } else {
    switch (segment.kind) {
      case SegmentKind::opened:
        offer(c);
        break;
      case SegmentKind::data:
        arrive_octets(c, from, segment);
        break;
      case SegmentKind::fin:
        c.from(from).ended = true;
        feed_reader(c, from);
        break;
      case SegmentKind::reset:
        break_end(c, other(from), asio::error::connection_reset);
        break;
    }
  }
  release_if_over(c);
}

void Carrier::arrive_at_nobody(Connection& c, Side from, SegmentKind kind) {
  Flow& flow = c.from(from);
  if (kind == SegmentKind::reset || kind == SegmentKind::fin || flow.severed) {
    return;
  }
  if (machine_up(flow.link->to)) {
    send_reset(c, other(from));
  } else if (flow.queue.empty()) {
    // Lost with the machine. What the sender repeats need not be the very octets: the first that
    // arrive when the machine is up again are answered with a reset.
    flow.queue.push({});
    try_later(c, from);
  }
}

void Carrier::arrive_octets(Connection& c, Side from, Segment& segment) {
  Flow& flow = c.from(from);
  if (c.end(other(from)).closed) {
    send_reset(c, other(from));
    return;
  }
  if (flow.unread() != 0 || !kernel_.pending(flow.reader)) {
    flow.inbox.append(segment.octets);
    feed_reader(c, from);
    return;
  }
  const std::size_t n = std::min(segment.octets.size(), flow.into.size());
  std::copy_n(segment.octets.begin(), n, flow.into.begin());
  if (n < segment.octets.size()) {
    flow.inbox.append(segment.octets, n);
  }
  flow.taken += n;
  kernel_.finish(flow.reader, ErrorCode{}, n);
  give_credit(c, from);
}

// The endpoint on this side learns that the connection is broken.
void Carrier::break_end(Connection& c, Side side, ErrorCode error) {
  ++totals.resets;
  Flow& out = c.from(side);
  out.queue.clear();
  kernel_.drop(out.retry);
  out.severed = true;
  out.write_error = error;
  kernel_.finish(out.writer, error, 0);
  Flow& in = c.from(other(side));
  if (!in.ended) {
    in.read_error = error;
  }
  feed_reader(c, other(side));
}

void Carrier::feed_reader(Connection& c, Side from) {
  Flow& flow = c.from(from);
  if (!kernel_.pending(flow.reader)) {
    return;
  }
  if (flow.unread() != 0) {
    const std::size_t n = std::min(flow.unread(), flow.into.size());
    std::copy_n(
        flow.inbox.begin() + static_cast<std::ptrdiff_t>(flow.inbox_from), n, flow.into.begin());
    flow.inbox_from += n;
    if (flow.inbox_from > flow.unread()) {
      flow.inbox.erase(0, flow.inbox_from);
      flow.inbox_from = 0;
    }
    flow.taken += n;
    kernel_.finish(flow.reader, ErrorCode{}, n);
    give_credit(c, from);
  } else if (flow.read_error) {
    kernel_.finish(flow.reader, flow.read_error, 0);
  } else if (flow.ended) {
    kernel_.finish(flow.reader, asio::error::eof, 0);
  }
}

// The writer who waits for room hears of it one way later, once a quarter of the window is free.
void Carrier::give_credit(Connection& c, Side from) {
  Flow& flow = c.from(from);
  if (flow.credit_under_way || !kernel_.pending(flow.writer) ||
      room(flow) < std::max<std::size_t>(1, transport.window / 4)) {
    return;
  }
  flow.credit_under_way = true;
  const StreamId id = id_of(c);
  send(flow.link->to,
       flow.link->from,
       0,
       Action([this, id, from] { resume_writer(id, from); }),
       Action([this, id, from] {
         if (Connection* stuck = find(id); stuck != nullptr) {
           break_end(*stuck, from, asio::error::timed_out);
         }
       }));
}

void Carrier::resume_writer(StreamId id, Side side) {
  Connection* c = find(id);
  if (c == nullptr) {
    return;
  }
  Flow& flow = c->from(side);
  flow.credit_under_way = false;
  if (!kernel_.pending(flow.writer)) {
    return;
  }
  const std::size_t n = std::min(total_of(flow.to_write), room(flow));
  if (n == 0) {
    return;  // octets that came twice have taken the room; the next read gives credit again
  }
  flow.accepted += n;
  submit(*c, side, {.octets = gather(flow.to_write, n)});
  flow.to_write.clear();
  kernel_.finish(flow.writer, ErrorCode{}, n);
}

void Carrier::end_of_life(Connection& c, Side side, HostEnd end) {
  End& e = c.end(side);
  Flow& in = c.from(other(side));
  in.inbox.clear();
  in.inbox_from = 0;
  const bool closed = std::exchange(e.closed, true);
  e.gone = true;
  if (end == HostEnd::silent) {
    c.from(side).queue.clear();
    c.from(side).severed = true;
    kernel_.drop(c.from(side).retry);
  } else if (!closed) {
    send_reset(c, side);
  }
}

}  // namespace vvm::sim
