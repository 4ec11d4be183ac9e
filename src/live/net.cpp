// Sockets behind the seam, and what the errors of the machine mean.
#include "live/net.hpp"

#include <array>
#include <chrono>
#include <tuple>
#include <vector>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

namespace vvm::live {
namespace {

using asio::ip::tcp;

// How long a closed stream goes on taking what the peer still sends. Closing a socket with unread
// octets would reset the connection, and the peer might lose what was written before.
constexpr std::chrono::seconds linger_max{2};
constexpr int backlog = 1024;

std::string text_of(const std::string& host, std::uint16_t port) {
  return host + ":" + std::to_string(port);
}

Error connect_error(const ErrorCode& ec, const std::string& host, std::uint16_t port) {
  if (ec == asio::error::operation_aborted) {
    throw boost::system::system_error(ec);
  }
  const std::string what = text_of(host, port) + ": " + ec.message();
  if (ec == asio::error::timed_out) {
    return {Code::timed_out, what};
  }
  if (ec == asio::error::connection_reset) {
    return {Code::connection_reset, what};
  }
  return {Code::connection_refused, what};
}

// What cannot be closed is closed all the same; nobody could do anything about it.
template <class Socket>
void close_quietly(Socket& socket) {
  ErrorCode ec;
  ec = socket.close(ec);
}

// A bounded copy of what is to be written, which the operation may keep.
class Gathered {
 public:
  explicit Gathered(std::span<const asio::const_buffer> from) : parts_(from.begin(), from.end()) {}

  auto begin() const { return parts_.begin(); }

  auto end() const { return parts_.end(); }

 private:
  std::vector<asio::const_buffer> parts_;
};

}  // namespace

// A socket on the list of its process.
class LiveNet::Open {
 public:
  explicit Open(LiveNet& net) : net_(net), at_(net.open_.insert(net.open_.end(), this)) {}

  Open(const Open&) = delete;
  Open& operator=(const Open&) = delete;

  virtual ~Open() { net_.open_.erase(at_); }

  virtual void close_socket() = 0;

 protected:
  LiveNet& net() const { return net_; }

 private:
  LiveNet& net_;
  std::list<Open*>::iterator at_;
};

// Takes what the peer still sends until it has closed, too, or for linger_max; owned by its own
// operations.
class LiveNet::Lingering final : public Open, public std::enable_shared_from_this<Lingering> {
 public:
  Lingering(LiveNet& net, tcp::socket socket)
      : Open(net), socket_(std::move(socket)), limit_(socket_.get_executor(), linger_max) {}

  void close_socket() override {
    close_quietly(socket_);
    limit_.cancel();
  }

  void start() {
    limit_.async_wait([self = shared_from_this()](const ErrorCode&) { self->close_socket(); });
    discard();
  }

 private:
  void discard() {
    socket_.async_read_some(asio::buffer(sink_),
                            [self = shared_from_this()](const ErrorCode& ec, std::size_t) {
                              if (ec) {
                                self->close_socket();
                              } else {
                                self->discard();
                              }
                            });
  }

  tcp::socket socket_;
  asio::steady_timer limit_;
  std::array<char, 4096> sink_{};
};

class LiveNet::TcpStream final : public StreamImpl, public Open {
 public:
  TcpStream(LiveNet& net, tcp::socket socket) : Open(net), socket_(std::move(socket)) {}

  tcp::socket* socket() { return &socket_; }

  // Small messages go out at once. pre: the socket is connected.
  void connected() {
    ErrorCode ec;
    ec = socket_.set_option(tcp::no_delay(true), ec);  // without it: slower, not wrong
  }

  void start_read(std::span<char> into, IoCompletion completion) override {
    auto slot = completion.slot();
    socket_.async_read_some(asio::buffer(into.data(), into.size()),
                            asio::bind_cancellation_slot(
                                slot, Delivery<std::size_t>(net().life_, std::move(completion))));
  }

  void start_write(std::span<const asio::const_buffer> from, IoCompletion completion) override {
    auto slot = completion.slot();
    socket_.async_write_some(Gathered(from),
                             asio::bind_cancellation_slot(
                                 slot, Delivery<std::size_t>(net().life_, std::move(completion))));
  }

  void close() override {
    if (!socket_.is_open()) {
      return;
    }
    ErrorCode failed;
    failed = socket_.cancel(failed);
    failed = socket_.shutdown(tcp::socket::shutdown_send, failed);
    if (failed || !net().life_->alive()) {
      close_socket();
      return;
    }
    std::make_shared<Lingering>(net(), std::move(socket_))->start();
  }

  void close_socket() override { close_quietly(socket_); }

 private:
  tcp::socket socket_;
};

class LiveNet::TcpListener final : public Listener, public Open {
 public:
  TcpListener(LiveNet& net, tcp::acceptor acceptor, std::uint16_t port)
      : Open(net), acceptor_(std::move(acceptor)), port_(port) {}

  Task<Result<Stream>> accept() override {
    if (!acceptor_.is_open()) {
      co_return Error{Code::closed, "the listener"};
    }
    tcp::socket peer(acceptor_.get_executor());
    const ErrorCode ec = co_await accept_into(&peer);
    if (!acceptor_.is_open()) {
      co_return Error{Code::closed, "the listener"};
    }
    if (ec == asio::error::operation_aborted) {
      throw boost::system::system_error(ec);
    }
    if (ec) {
      co_return Error{Code::unavailable, ec.message()};
    }
    auto impl = std::make_unique<TcpStream>(net(), std::move(peer));
    impl->connected();
    co_return net().stream_of(std::move(impl));
  }

  std::uint16_t port() const override { return port_; }

  void close() override { close_socket(); }

  void close_socket() override { close_quietly(acceptor_); }

 private:
  // `peer` lives until the task ends.
  Task<ErrorCode> accept_into(tcp::socket* peer) {
    const auto [ec] =
        co_await asio::async_initiate<const asio::as_tuple_t<asio::deferred_t>, void(ErrorCode)>(
            [this](auto handler, tcp::socket* into) {
              Completion<void(ErrorCode)> completion(std::move(handler));
              auto slot = completion.slot();
              acceptor_.async_accept(*into,
                                     asio::bind_cancellation_slot(
                                         slot, Delivery<>(net().life_, std::move(completion))));
            },
            asio::as_tuple(asio::deferred),
            peer);
    co_return ec;
  }

  tcp::acceptor acceptor_;
  std::uint16_t port_;
};

LiveNet::LiveNet(std::shared_ptr<Life> life, std::string address)
    : life_(std::move(life)), address_(std::move(address)) {}

LiveNet::~LiveNet() = default;

void LiveNet::close_all() {
  for (Open* open : open_) {
    open->close_socket();
  }
}

Stream LiveNet::stream_of(std::unique_ptr<TcpStream> impl) {
  return {life_->executor(), std::move(impl)};
}

Task<Result<Stream>> LiveNet::connect(Endpoint to) {
  if (!life_->alive()) {
    co_return Error{Code::process_dead, ""};
  }
  co_return co_await connect_to(std::move(to.host), to.port);
}

namespace {

using Resolved = tcp::resolver::results_type;

// The addresses of a host; a numeric one is not looked up. `resolver` lives until the task ends.
Task<std::tuple<ErrorCode, Resolved>> resolve(std::shared_ptr<Life> life,
                                              tcp::resolver* resolver,
                                              std::string host,
                                              std::uint16_t port) {
  ErrorCode not_numeric;
  const auto address = asio::ip::make_address(host, not_numeric);
  if (!not_numeric) {
    const tcp::endpoint endpoint(address, port);
    co_return std::tuple{ErrorCode{}, Resolved::create(endpoint, host, std::to_string(port))};
  }
  co_return co_await asio::async_initiate<const asio::as_tuple_t<asio::deferred_t>,
                                          void(ErrorCode, Resolved)>(
      [life](auto handler, tcp::resolver* of, const std::string& name, std::uint16_t at) {
        Completion<void(ErrorCode, Resolved)> completion(std::move(handler));
        auto slot = completion.slot();
        of->async_resolve(
            name,
            std::to_string(at),
            tcp::resolver::numeric_service,
            asio::bind_cancellation_slot(slot, Delivery<Resolved>(life, std::move(completion))));
      },
      asio::as_tuple(asio::deferred),
      resolver,
      host,
      port);
}

// `socket` lives until the task ends.
Task<ErrorCode> connect_socket(std::shared_ptr<Life> life,
                               tcp::socket* socket,
                               tcp::endpoint endpoint) {
  const auto [ec] =
      co_await asio::async_initiate<const asio::as_tuple_t<asio::deferred_t>, void(ErrorCode)>(
          [life](auto handler, tcp::socket* s, const tcp::endpoint& at) {
            Completion<void(ErrorCode)> completion(std::move(handler));
            auto slot = completion.slot();
            s->async_connect(
                at, asio::bind_cancellation_slot(slot, Delivery<>(life, std::move(completion))));
          },
          asio::as_tuple(asio::deferred),
          socket,
          endpoint);
  co_return ec;
}

}  // namespace

Task<Result<Stream>> LiveNet::connect_to(std::string host, std::uint16_t port) {
  tcp::resolver resolver(life_->executor());
  const auto [unknown, addresses] = co_await resolve(life_, &resolver, host, port);
  if (unknown) {
    co_return connect_error(unknown, host, port);
  }
  ErrorCode ec = asio::error::host_not_found;
  for (const auto& address : addresses) {
    // On the list of open sockets while it connects, so that the end of the process ends it.
    auto impl = std::make_unique<TcpStream>(*this, tcp::socket(life_->executor()));
    ec = co_await connect_socket(life_, impl->socket(), address.endpoint());
    if (!ec) {
      impl->connected();
      co_return stream_of(std::move(impl));
    }
    if (ec == asio::error::operation_aborted) {
      break;
    }
  }
  co_return connect_error(ec, host, port);
}

Result<std::unique_ptr<Listener>> LiveNet::listen(std::uint16_t port) {
  if (!life_->alive()) {
    return Error{Code::process_dead, ""};
  }
  ErrorCode ec;
  const auto address = asio::ip::make_address(address_, ec);
  tcp::acceptor acceptor(life_->executor());
  const tcp::endpoint endpoint(address, port);
  if (!ec) {
    ec = acceptor.open(endpoint.protocol(), ec);
  }
  if (!ec) {
    ec = acceptor.set_option(tcp::acceptor::reuse_address(true), ec);
  }
  if (!ec) {
    ec = acceptor.bind(endpoint, ec);
  }
  if (!ec) {
    ec = acceptor.listen(backlog, ec);
  }
  if (ec) {
    return Error{Code::address_in_use, text_of(address_, port) + ": " + ec.message()};
  }
  const std::uint16_t taken = acceptor.local_endpoint(ec).port();
  return std::unique_ptr<Listener>(
      std::make_unique<TcpListener>(*this, std::move(acceptor), taken));
}

}  // namespace vvm::live
