// SimStore: what each fault makes of an operation.
#include "sim/world/sim_store.hpp"

#include <algorithm>

#include "sim/world/glob.hpp"

namespace vvm::sim {
namespace {

// What an operation that does not reach the server takes at least: no loop spins on it.
constexpr Duration refused_after = milliseconds(1);

// What the rules make of one operation.
struct Plan {
  std::optional<StoreFault> fault;
  Duration delay{};
};

// One operation on its way; shared with the events of the world.
struct Exchange {
  StoreServer::Request request;
  StoreServer::Answer answer;
  std::optional<StoreFault> fault;
};

std::uint64_t octets_of(const StoreServer::Request& request) {
  std::uint64_t octets =
      request.key.partition.size() + request.key.clustering.size() + request.value.size();
  for (const Row& row : request.rows) {
    octets += row.key.partition.size() + row.key.clustering.size() + row.value.size();
  }
  return octets + request.expected.size();
}

std::uint64_t octets_of(const StoreServer::Answer& answer) {
  std::uint64_t octets = 1 + (answer.value.has_value() ? answer.value->size() : 0);
  for (const Row& row : answer.rows) {
    octets += row.key.clustering.size() + row.value.size();
  }
  return octets;
}

bool without_effect(std::optional<StoreFault> fault) {
  return fault == StoreFault::error_before || fault == StoreFault::timeout_not_applied;
}

bool without_answer(std::optional<StoreFault> fault) {
  return fault == StoreFault::timeout_applied || fault == StoreFault::timeout_not_applied;
}

RowKey named_key(const StoreServer::Request& request) {
  if (request.op == StoreOp::put_batch && !request.rows.empty()) {
    return request.rows.front().key;
  }
  if (request.op == StoreOp::read) {
    return {.partition = request.range.partition, .clustering = request.range.from};
  }
  return request.key;
}

}  // namespace

const StoreRule* SimStore::striking(const Request& request, std::string_view name, bool slow) {
  return server_.rules().first_striking(server_.rng(), [&](const StoreRule& rule) {
    const bool fits_kind = slow ? rule.kind == StoreFault::slow
                                : rule.kind != StoreFault::slow &&
                                      rule.kind != StoreFault::expire_early &&
                                      (rule.kind != StoreFault::stale || reads_only(request.op));
    return fits_kind && glob_match(rule.process, guard_.name()) &&
           glob_match(rule.op, op_name(request.op)) && glob_match(rule.key, name);
  });
}

// A batch is not isolated: one whose outcome is unknown may have written any of its rows.
void SimStore::lose_some(Request& request) {
  std::erase_if(request.rows,
                [this](const Row&) { return server_.rng().chance({.num = 1, .den = 2}); });
}

Task<Result<SimStore::Answer>> SimStore::ask(Request request) {
  const std::string name = server_.name_of(named_key(request));
  std::string kind{"store."};
  kind.append(op_name(request.op));
  if (!guard_.effect(kind, name)) {
    co_await guard_.never();
  }
  request.process = guard_.name();
  const StoreModel& model = server_.model();
  Duration service = model.service.draw(server_.rng());
  Plan plan;
  if (!server_.rules().empty()) {
    if (const StoreRule* slow = striking(request, name, true); slow != nullptr) {
      service = service + slow->delay;
    }
    if (const StoreRule* rule = striking(request, name, false); rule != nullptr) {
      plan = {.fault = rule->kind, .delay = rule->delay};
    }
  }
  if (plan.fault == StoreFault::unavailable) {
    co_await guard_.delay(std::max(plan.delay, refused_after));
    co_return Error{Code::store_unavailable, kind + " " + name};
  }
  request.stale = plan.fault == StoreFault::stale;
  if (plan.fault == StoreFault::error_after || plan.fault == StoreFault::timeout_applied) {
    lose_some(request);
  }
  const bool reads = reads_only(request.op);
  const Code unknown = reads ? Code::timed_out : Code::unknown_outcome;
  const auto exchange = std::make_shared<Exchange>();
  exchange->request = std::move(request);
  exchange->fault = plan.fault;
  Remote::Call call;
  call.octets = octets_of(exchange->request);
  call.service = service;
  call.limit =
      without_answer(plan.fault) && plan.delay > Duration{} ? plan.delay : model.client_timeout;
  call.serve = [exchange, server = &server_]() -> std::optional<std::uint64_t> {
    if (!without_effect(exchange->fault)) {
      exchange->answer = server->serve(exchange->request);
    }
    if (without_answer(exchange->fault)) {
      return std::nullopt;
    }
    return octets_of(exchange->answer);
  };
  const bool answered = co_await remote_.call(std::move(call));
  if (!answered) {
    co_return Error{unknown, kind + " " + name};
  }
  if (plan.fault == StoreFault::error_before) {
    co_return Error{Code::store_unavailable, kind + " " + name};
  }
  if (plan.fault == StoreFault::error_after) {
    co_return Error{reads ? Code::store_unavailable : unknown, kind + " " + name};
  }
  co_return std::move(exchange->answer);
}

Task<Status> SimStore::put(RowKey key, Bytes value) {
  Request request;
  request.op = StoreOp::put;
  request.key = std::move(key);
  request.value = std::move(value);
  CO_TRY(co_await ask(std::move(request)));
  co_return ok();
}

Task<Status> SimStore::put_batch(std::vector<Row> rows) {
  Request request;
  request.op = StoreOp::put_batch;
  request.rows = std::move(rows);
  CO_TRY(co_await ask(std::move(request)));
  co_return ok();
}

Task<Result<std::optional<Bytes>>> SimStore::get(RowKey key) {
  Request request;
  request.op = StoreOp::get;
  request.key = std::move(key);
  CO_TRY(Answer answer, co_await ask(std::move(request)));
  co_return std::move(answer.value);
}

Task<Result<std::vector<Row>>> SimStore::read(RowRange range) {
  Request request;
  request.op = StoreOp::read;
  request.range = std::move(range);
  CO_TRY(Answer answer, co_await ask(std::move(request)));
  co_return std::move(answer.rows);
}

Task<Result<bool>> SimStore::insert_if_not_exists(RowKey key, Bytes value, Duration ttl) {
  Request request;
  request.op = StoreOp::insert_if_not_exists;
  request.key = std::move(key);
  request.value = std::move(value);
  request.ttl = ttl;
  CO_TRY(const Answer answer, co_await ask(std::move(request)));
  co_return answer.done;
}

Task<Result<bool>> SimStore::compare_and_swap(RowKey key,
                                              Bytes expected,
                                              Bytes value,
                                              Duration ttl) {
  Request request;
  request.op = StoreOp::compare_and_swap;
  request.key = std::move(key);
  request.expected = std::move(expected);
  request.value = std::move(value);
  request.ttl = ttl;
  CO_TRY(const Answer answer, co_await ask(std::move(request)));
  co_return answer.done;
}

Task<Result<bool>> SimStore::compare_and_delete(RowKey key, Bytes expected) {
  Request request;
  request.op = StoreOp::compare_and_delete;
  request.key = std::move(key);
  request.expected = std::move(expected);
  CO_TRY(const Answer answer, co_await ask(std::move(request)));
  co_return answer.done;
}

}  // namespace vvm::sim
