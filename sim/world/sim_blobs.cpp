// SimBlobs: what each fault makes of a verb.
#include "sim/world/sim_blobs.hpp"

#include <algorithm>

#include "sim/world/glob.hpp"

namespace vvm::sim {
namespace {

// What a verb that does not reach the server takes at least: no loop spins on it.
constexpr Duration refused_after = milliseconds(1);

std::string named(std::string_view verb, BlobId id) {
  std::string text{verb};
  return text.append(" ").append(std::to_string(static_cast<std::uint64_t>(id)));
}

std::uint64_t octets_of(const Result<Bytes>& piece) {
  return piece.has_value() ? piece.value().size() : 0;
}

// The answer of a verb, shared with the events of the world that bring it.
template <class T>
struct Box {
  std::optional<Result<T>> value;
};

}  // namespace

const BlobRule* SimBlobs::striking(const Verb& verb, std::initializer_list<BlobFault> kinds) const {
  return server_.rules().first_striking(server_.rng(), [&](const BlobRule& rule) {
    return std::ranges::find(kinds, rule.kind) != kinds.end() &&
           (rule.id == BlobId{} || rule.id == verb.id) && glob_match(rule.verb, verb.name) &&
           glob_match(rule.process, guard_.name());
  });
}

Task<Result<void>> SimBlobs::cross(Verb verb, std::function<std::uint64_t()> serve) {
  std::string kind{"blobs."};
  kind.append(verb.name);
  if (!guard_.effect(kind, std::to_string(static_cast<std::uint64_t>(verb.id)))) {
    co_await guard_.never();
  }
  Duration service = server_.model().service.draw(server_.rng());
  if (!server_.rules().empty()) {
    if (const BlobRule* slow = striking(verb, {BlobFault::slow}); slow != nullptr) {
      service = service + slow->delay;
    }
    const BlobRule* rule = striking(verb, {BlobFault::unavailable, BlobFault::not_found});
    if (rule != nullptr) {
      const Code code = rule->kind == BlobFault::unavailable ? Code::blob_store_unreachable
                                                             : Code::blob_not_found;
      co_await guard_.delay(std::max(rule->delay, refused_after));
      co_return Error{code, named(verb.name, verb.id)};
    }
  }
  Remote::Call call;
  call.octets = verb.octets;
  call.service = service;
  call.limit = server_.model().client_timeout;
  call.serve = [serve = std::move(serve)]() -> std::optional<std::uint64_t> { return serve(); };
  const bool answered = co_await remote_.call(std::move(call));
  if (!answered) {
    co_return Error{Code::blob_store_unreachable, named(verb.name, verb.id)};
  }
  co_return ok();
}

Task<Result<BlobStat>> SimBlobs::stat(BlobId id) {
  const auto box = std::make_shared<Box<BlobStat>>();
  CO_TRY(co_await cross({.name = "stat", .id = id}, [box, id, server = &server_] {
    box->value = server->stat(id);
    return sizeof(BlobStat);
  }));
  auto answer = std::move(*box->value);
  const bool spoilt = answer.has_value() && !server_.rules().empty() &&
                      striking({.name = "stat", .id = id}, {BlobFault::corrupted}) != nullptr;
  if (spoilt) {
    answer.value().status = BlobStatus::corrupted;
  }
  co_return answer;
}

// The faults that concern octets.
void SimBlobs::spoil(BlobId id, std::uint64_t offset, Result<Bytes>& piece) const {
  const Verb verb{.name = "read", .id = id};
  if (striking(verb, {BlobFault::corrupted}) != nullptr) {
    piece = Error{Code::blob_corrupted, named(verb.name, id)};
    return;
  }
  Bytes& octets = piece.value();
  const std::uint64_t end = offset + octets.size();
  const auto reaching = [&](BlobFault kind, bool behind) {
    return server_.rules().first_striking(server_.rng(), [&](const BlobRule& rule) {
      const bool there = rule.at_byte < end && (behind || rule.at_byte >= offset);
      return rule.kind == kind && there && (rule.id == BlobId{} || rule.id == id) &&
             glob_match(rule.verb, verb.name) && glob_match(rule.process, guard_.name());
    });
  };
  if (const BlobRule* rule = reaching(BlobFault::flip, false); rule != nullptr) {
    char& octet = octets[static_cast<std::size_t>(rule->at_byte - offset)];
    octet = static_cast<char>(octet ^ 1);
  }
  if (const BlobRule* rule = reaching(BlobFault::truncate, true); rule != nullptr) {
    octets.resize(rule->at_byte > offset ? static_cast<std::size_t>(rule->at_byte - offset) : 0);
  }
  if (const BlobRule* rule = reaching(BlobFault::error_at_byte, false); rule != nullptr) {
    if (rule->at_byte == offset) {
      piece = Error{Code::blob_store_unreachable, named(verb.name, id)};
    } else {
      octets.resize(static_cast<std::size_t>(rule->at_byte - offset));
    }
  }
}

Task<Result<Bytes>> SimBlobs::read(BlobId id, std::uint64_t offset) {
  const auto box = std::make_shared<Box<Bytes>>();
  CO_TRY(co_await cross({.name = "read", .id = id}, [box, id, offset, server = &server_] {
    box->value = server->read(id, offset);
    return octets_of(*box->value);
  }));
  auto piece = std::move(*box->value);
  if (piece.has_value() && !server_.rules().empty()) {
    spoil(id, offset, piece);
  }
  co_return piece;
}

Task<Status> SimBlobs::begin(BlobId id) {
  const auto box = std::make_shared<Box<void>>();
  CO_TRY(co_await cross({.name = "begin", .id = id}, [box, id, server = &server_] {
    box->value = server->begin(id);
    return std::uint64_t{1};
  }));
  co_return std::move(*box->value);
}

Task<Status> SimBlobs::append(BlobId id, Bytes bytes) {
  const auto box = std::make_shared<Box<void>>();
  const std::uint64_t octets = bytes.size();
  CO_TRY(co_await cross({.name = "append", .id = id, .octets = octets},
                        [box, id, bytes = std::move(bytes), server = &server_] {
                          box->value = server->append(id, bytes);
                          return std::uint64_t{1};
                        }));
  co_return std::move(*box->value);
}

Task<Result<BlobStat>> SimBlobs::complete(BlobId id) {
  const auto box = std::make_shared<Box<BlobStat>>();
  CO_TRY(co_await cross({.name = "complete", .id = id}, [box, id, server = &server_] {
    box->value = server->complete(id);
    return sizeof(BlobStat);
  }));
  co_return std::move(*box->value);
}

}  // namespace vvm::sim
