// SimNet: streams and listeners over the Carrier.
#include "sim/world/sim_net.hpp"

#include <array>

#include <fmt/format.h>

namespace vvm::sim {
namespace {

// "GET /path?query" when the octets begin an HTTP request, else empty.
std::string_view request_of(std::string_view octets) {
  constexpr std::size_t method_max = 7;
  std::size_t at = 0;
  while (at < octets.size() && octets[at] >= 'A' && octets[at] <= 'Z') {
    ++at;
  }
  const bool begins = at > 0 && at <= method_max && octets.substr(at).starts_with(" /");
  if (!begins) {
    return {};
  }
  const std::size_t end = octets.find_first_of(" \r\n", at + 1);
  return end == std::string_view::npos ? std::string_view{} : octets.substr(0, end);
}

class SimStream final : public StreamImpl {
 public:
  SimStream(const Guard& guard, Carrier& carrier, StreamId id, Side side)
      : guard_(guard), carrier_(carrier), id_(id), side_(side) {}

  // A dead process's end was given up by its host.
  ~SimStream() override {
    SimStream::close();
    if (guard_.alive()) {
      carrier_.forget(id_, side_);
    }
  }

  void start_read(std::span<char> into, IoCompletion completion) override {
    if (!guard_.alive()) {
      guard_.kernel().park_io(guard_.lane(), std::move(completion));
      return;
    }
    carrier_.read(id_, side_, into, std::move(completion));
  }

  void start_write(std::span<const asio::const_buffer> from, IoCompletion completion) override {
    if (!announce_write(from)) {
      guard_.kernel().park_io(guard_.lane(), std::move(completion));
      return;
    }
    carrier_.write(id_, side_, from, std::move(completion));
  }

  void close() override {
    if (!std::exchange(closed_, true) &&
        guard_.effect("net.close", carrier_.peer_name(id_, side_))) {
      carrier_.close(id_, side_);
    }
  }

 private:
  bool announce_write(std::span<const asio::const_buffer> from) {
    if (side_ == Side::client && !from.empty()) {
      const asio::const_buffer& first = from.front();
      const std::string_view request =
          request_of({static_cast<const char*>(first.data()), first.size()});
      if (!request.empty()) {
        const bool allowed = guard_.effect("net.request", request, carrier_.peer_name(id_, side_));
        if (allowed) {
          carrier_.note_request(id_, request);
        }
        return allowed;
      }
    }
    return guard_.effect("net.send", carrier_.peer_name(id_, side_));
  }

  const Guard& guard_;
  Carrier& carrier_;
  StreamId id_;
  Side side_;
  bool closed_ = false;
};

Stream make_stream(const Guard& guard, Carrier& carrier, StreamId id, Side side) {
  return {guard.lane().executor(), std::make_unique<SimStream>(guard, carrier, id, side)};
}

class SimListener final : public vvm::Listener {
 public:
  SimListener(const Guard& guard, Carrier& carrier, std::shared_ptr<Backlog> backlog)
      : guard_(guard), carrier_(carrier), backlog_(std::move(backlog)) {}

  ~SimListener() override { SimListener::close(); }

  // It may outlast the listener: what it needs is in its own frame.
  Task<Result<Stream>> accept() override { return accept_from(&guard_, &carrier_, backlog_); }

  std::uint16_t port() const override { return backlog_->port; }

  void close() override {
    if (!std::exchange(closed_, true) &&
        guard_.effect("net.unlisten", fmt::format("{}:{}", guard_.name(), backlog_->port))) {
      carrier_.unbind(backlog_);
    }
  }

 private:
  static Task<Result<Stream>> accept_from(const Guard* guard,
                                          Carrier* carrier,
                                          std::shared_ptr<Backlog> backlog) {
    while (backlog->waiting.empty() && !backlog->closed) {
      co_await guard->until_told([backlog](OpId op) { backlog->accepting.push(op); });
    }
    if (backlog->closed) {
      co_return Error{Code::closed, fmt::format("port {}", backlog->port)};
    }
    co_return make_stream(*guard, *carrier, backlog->waiting.take(), Side::server);
  }

  const Guard& guard_;
  Carrier& carrier_;
  std::shared_ptr<Backlog> backlog_;
  bool closed_ = false;
};

}  // namespace

Task<Result<Stream>> SimNet::connect(Endpoint to) {
  const std::string peer = fmt::format("{}:{}", to.host, to.port);
  if (!guard_.effect("net.connect", peer)) {
    co_await guard_.never();
  }
  auto attempt = std::make_shared<Attempt>();
  attempt->from = host_;
  attempt->to = carrier_.host(to.host);
  attempt->port = to.port;
  attempt->lane = &guard_.lane();
  carrier_.connect(attempt);
  co_await guard_.until_told([attempt](OpId op) { attempt->op = op; });
  if (attempt->stream == StreamId{}) {
    co_return Error{attempt->code, peer};
  }
  co_return make_stream(guard_, carrier_, attempt->stream, Side::client);
}

Result<std::unique_ptr<Listener>> SimNet::listen(std::uint16_t port) {
  const std::string at = fmt::format("{}:{}", guard_.name(), port);
  if (!guard_.effect("net.listen", at)) {
    return Error{Code::process_dead, at};
  }
  auto backlog = carrier_.bind(host_, port, guard_.lane());
  if (backlog == nullptr) {
    return Error{Code::address_in_use, at};
  }
  return std::make_unique<SimListener>(guard_, carrier_, std::move(backlog));
}

}  // namespace vvm::sim
