// StoreServer: rows, their expiry, and operations that take effect in one instant.
#include "sim/world/store_server.hpp"

#include "base/check.hpp"
#include "sim/world/glob.hpp"
#include "sim/world/store_state.hpp"

namespace vvm::sim {
namespace {

constexpr std::int64_t million = 1'000'000;

Instant after(Instant from, Duration ttl) {
  return ttl.ns < Instant::max().ns - from.ns ? from + ttl : Instant::max();
}

}  // namespace

std::string_view op_name(StoreOp op) {
  switch (op) {
    case StoreOp::put:
      return "Put";
    case StoreOp::put_batch:
      return "PutBatch";
    case StoreOp::get:
      return "Get";
    case StoreOp::read:
      return "Read";
    case StoreOp::insert_if_not_exists:
      return "InsertIfNotExists";
    case StoreOp::compare_and_swap:
      return "CompareAndSwap";
    case StoreOp::compare_and_delete:
      return "CompareAndDelete";
  }
  UNREACHABLE();
}

struct StoreServer::Held {
  Bytes value;
  Instant expires = Instant::max();  // as the server decides it
  Instant nominal = Instant::max();  // as it would be without early expiry
  RuleId early{};                    // the rule that makes the difference
  bool deleted = false;              // kept for what it was before
  std::optional<Bytes> before{};     // the value before the last change
};

StoreServer::StoreServer(Kernel& kernel, Rng stream) : kernel_(kernel), rng_(stream) {}

StoreServer::~StoreServer() = default;

std::string StoreServer::name_of(const RowKey& key) const {
  return namer_ ? namer_(key) : to_hex(key.partition) + "/" + to_hex(key.clustering);
}

const StoreServer::Held* StoreServer::live(const RowKey& key) {
  const auto it = rows_.find(key);
  if (it == rows_.end() || it->second.deleted) {
    return nullptr;
  }
  Held& held = it->second;
  const Instant now = kernel_.now();
  if (now < held.expires) {
    return &held;
  }
  if (held.early != RuleId{} && now < held.nominal) {
    rules_.count(held.early);
    held.early = RuleId{};
  }
  return nullptr;
}

std::optional<Bytes> StoreServer::peek(const RowKey& key) const {
  const auto it = rows_.find(key);
  const bool there = it != rows_.end() && !it->second.deleted && kernel_.now() < it->second.expires;
  return there ? std::optional<Bytes>(it->second.value) : std::nullopt;
}

std::map<RowKey, Bytes> StoreServer::rows() const {
  std::map<RowKey, Bytes> found;
  for (const auto& [key, held] : rows_) {
    if (!held.deleted && kernel_.now() < held.expires) {
      found.emplace(key, held.value);
    }
  }
  return found;
}

std::optional<Instant> StoreServer::expiry(const RowKey& key) const {
  return peek(key).has_value() ? std::optional<Instant>(rows_.at(key).expires) : std::nullopt;
}

void StoreServer::preset(RowKey key, Bytes value) {
  Held& held = rows_[std::move(key)];
  held = Held{};
  held.value = std::move(value);
}

bool StoreServer::expire(const RowKey& key) {
  const auto it = rows_.find(key);
  if (it == rows_.end() || it->second.deleted || it->second.expires == Instant::max()) {
    return false;
  }
  it->second.expires = kernel_.now();
  it->second.early = RuleId{};
  return true;
}

void StoreServer::set(const Request& request, const RowKey& key, const Bytes& value, Duration ttl) {
  const Held* old = live(key);
  const std::optional<Bytes> before =
      old == nullptr ? std::nullopt : std::optional<Bytes>(old->value);
  Held& held = rows_[key];
  held.before = before;
  held.value = value;
  held.deleted = false;
  held.expires = held.nominal = Instant::max();
  held.early = RuleId{};
  if (ttl > Duration{}) {
    limit(request, key, held, ttl);
  }
  tell(request, key, before.has_value() ? &*before : nullptr, &held.value);
}

void StoreServer::limit(const Request& request, const RowKey& key, Held& held, Duration ttl) {
  using Wide = __int128;
  const Wide scaled = Wide{ttl.ns} * million / (million + model_.ttl_rate_ppm);
  const std::int64_t grain = std::max<std::int64_t>(1, model_.ttl_granularity.ns);
  held.nominal = after(kernel_.now(), {static_cast<std::int64_t>(scaled)});
  held.nominal.ns -= held.nominal.ns % grain;
  held.expires = held.nominal;
  if (rules_.empty()) {
    return;
  }
  const std::string name = name_of(key);
  const auto early = rules_.matching([&](const StoreRule& rule) {
    return rule.kind == StoreFault::expire_early && glob_match(rule.process, request.process) &&
           glob_match(rule.op, op_name(request.op)) && glob_match(rule.key, name);
  });
  for (const RuleId id : early) {
    // The odds are of being early at all; a rule counts when a reader finds the row gone.
    const StoreRule& rule = rules_.rule(id);
    if (rule.odds.ratio.num == rule.odds.ratio.den || rng_.chance(rule.odds.ratio)) {
      held.expires = held.nominal - rng_.between(Duration{1}, rule.delay);
      held.early = id;
      return;
    }
  }
}

void StoreServer::erase(const Request& request, const RowKey& key) {
  Held& held = rows_.at(key);
  held.before = std::move(held.value);
  held.value.clear();
  held.deleted = true;
  tell(request, key, &*held.before, nullptr);
}

void StoreServer::tell(const Request& request,
                       const RowKey& key,
                       const Bytes* before,
                       const Bytes* after) {
  const StoreChange change{.process = request.process,
                           .op = op_name(request.op),
                           .key = &key,
                           .before = before,
                           .after = after};
  for (const Listener& listener : listeners_) {
    listener(change);
  }
}

StoreServer::Answer StoreServer::serve(const Request& request) {
  ++operations_;
  Answer answer;
  switch (request.op) {
    case StoreOp::put:
      set(request, request.key, request.value, Duration{});
      break;
    case StoreOp::put_batch:
      for (const Row& row : request.rows) {
        set(request, row.key, row.value, Duration{});
      }
      break;
    case StoreOp::get:
      answer.value = value_of(request.key, request.stale);
      break;
    case StoreOp::read:
      answer.rows = range_of(request.range, request.stale);
      break;
    case StoreOp::insert_if_not_exists:
      answer.done = live(request.key) == nullptr;
      if (answer.done) {
        set(request, request.key, request.value, request.ttl);
      }
      break;
    case StoreOp::compare_and_swap:
      answer.done = holds(request.key, request.expected);
      if (answer.done) {
        set(request, request.key, request.value, request.ttl);
      }
      break;
    case StoreOp::compare_and_delete:
      answer.done = holds(request.key, request.expected);
      if (answer.done) {
        erase(request, request.key);
      }
      break;
  }
  return answer;
}

bool StoreServer::holds(const RowKey& key, const Bytes& expected) {
  const Held* held = live(key);
  return held != nullptr && held->value == expected;
}

std::optional<Bytes> StoreServer::value_of(const RowKey& key, bool stale) {
  if (stale) {
    const auto it = rows_.find(key);
    return it == rows_.end() ? std::nullopt : it->second.before;
  }
  const Held* held = live(key);
  return held == nullptr ? std::nullopt : std::optional<Bytes>(held->value);
}

std::vector<Row> StoreServer::range_of(const RowRange& range, bool stale) {
  std::vector<Row> found;
  auto it = rows_.lower_bound({.partition = range.partition, .clustering = range.from});
  for (; it != rows_.end() && it->first.partition == range.partition; ++it) {
    if (!range.to.empty() && it->first.clustering >= range.to) {
      break;
    }
    if (auto value = value_of(it->first, stale); value.has_value()) {
      found.push_back({.key = it->first, .value = std::move(*value)});
    }
  }
  return found;
}

}  // namespace vvm::sim
