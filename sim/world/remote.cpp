// Remote: one call is three events of the world and one wait of the process.
#include "sim/world/remote.hpp"

namespace vvm::sim {
namespace {

struct OnTheWay {
  Kernel* kernel = nullptr;
  Carrier* carrier = nullptr;
  HostId process{};
  HostId server{};
  Duration service{};
  std::function<std::optional<std::uint64_t>()> serve;
  OpId op{};
};

using OnTheWayPtr = std::shared_ptr<OnTheWay>;

void answer(const OnTheWayPtr& call) {
  const std::optional<std::uint64_t> octets = call->serve();
  if (octets.has_value()) {
    call->carrier->send(call->server, call->process, *octets, Action([call] {
                          call->kernel->finish(call->op, ErrorCode{}, 1);
                        }));
  }
}

}  // namespace

Task<bool> Remote::call(Call call) {
  auto way = std::make_shared<OnTheWay>();
  way->kernel = &guard_.kernel();
  way->carrier = &carrier_;
  way->process = process_;
  way->server = server_;
  way->service = call.service;
  way->serve = std::move(call.serve);
  carrier_.send(process_, server_, call.octets, Action([way] {
                  way->kernel->after(way->service, Action([way] { answer(way); }));
                }));
  const Instant deadline = guard_.kernel().now() + call.limit;
  const bool answered = co_await guard_.until_told(deadline, [way](OpId op) { way->op = op; });
  co_return answered;
}

}  // namespace vvm::sim
