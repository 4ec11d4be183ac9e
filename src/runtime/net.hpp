// Net: byte streams between processes.
//
// Implemented by live (TCP) and by sim/world. Stream satisfies asio's AsyncReadStream and
// AsyncWriteStream, so that Boost.Beast runs on it unchanged. Streams have no timers of their own:
// a time limit races work against the Clock. One read and one write may be in progress at a time.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include <boost/asio/buffer.hpp>

#include "base/result.hpp"
#include "runtime/task.hpp"

namespace vvm {

// `host` is an address or name (live) or the name of a simulated process (sim).
struct Endpoint {
  std::string host;
  std::uint16_t port = 0;

  auto operator<=>(const Endpoint&) const = default;
};

using IoCompletion = Completion<void(ErrorCode, std::size_t)>;

class StreamImpl {
 public:
  StreamImpl() = default;
  StreamImpl(const StreamImpl&) = delete;
  StreamImpl& operator=(const StreamImpl&) = delete;
  virtual ~StreamImpl() = default;

  // Completes with 1..into.size() octets, or asio::error::eof / connection_reset.
  virtual void start_read(std::span<char> into, IoCompletion completion) = 0;
  // Completes with 1..total octets taken from the front; the buffers live until then.
  virtual void start_write(std::span<const asio::const_buffer> from, IoCompletion completion) = 0;
  // Orderly end: octets written so far are still delivered, then the peer reads eof; or a reset,
  // where not all of what it had sent was read. Idempotent.
  virtual void close() = 0;
};

class Stream {
 public:
  using executor_type = asio::any_io_executor;
  using lowest_layer_type = Stream;

  Stream(executor_type executor, std::unique_ptr<StreamImpl> impl)
      : executor_(std::move(executor)), impl_(std::move(impl)) {}

  Stream(Stream&&) noexcept = default;
  Stream& operator=(Stream&&) noexcept = default;
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  ~Stream() = default;

  const executor_type& get_executor() const { return executor_; }

  void close() { impl_->close(); }

  template <class MutableBuffers, class Token>
  auto async_read_some(const MutableBuffers& buffers, Token&& token) {
    return asio::async_initiate<Token, void(ErrorCode, std::size_t)>(
        [this](auto handler, std::span<char> into) {
          impl_->start_read(into, IoCompletion(std::move(handler)));
        },
        token,
        first_of(buffers));
  }

  template <class ConstBuffers, class Token>
  auto async_write_some(const ConstBuffers& buffers, Token&& token) {
    return asio::async_initiate<Token, void(ErrorCode, std::size_t)>(
        [this](auto handler, Gather gather) {
          impl_->start_write({gather.parts.data(), gather.count}, IoCompletion(std::move(handler)));
        },
        token,
        gather_of(buffers));
  }

 private:
  static constexpr std::size_t gather_max = 16;

  struct Gather {
    std::array<asio::const_buffer, gather_max> parts;
    std::size_t count = 0;
  };

  template <class MutableBuffers>
  static std::span<char> first_of(const MutableBuffers& buffers) {
    auto it = asio::buffer_sequence_begin(buffers);
    const auto end = asio::buffer_sequence_end(buffers);
    for (; it != end; ++it) {
      const asio::mutable_buffer buffer(*it);
      if (buffer.size() != 0) {
        return {static_cast<char*>(buffer.data()), buffer.size()};
      }
    }
    return {};
  }

  template <class ConstBuffers>
  static Gather gather_of(const ConstBuffers& buffers) {
    Gather gather;
    auto it = asio::buffer_sequence_begin(buffers);
    const auto end = asio::buffer_sequence_end(buffers);
    for (; it != end && gather.count < gather_max; ++it) {
      const asio::const_buffer buffer(*it);
      if (buffer.size() != 0) {
        gather.parts.at(gather.count++) = buffer;
      }
    }
    return gather;
  }

  executor_type executor_;
  std::unique_ptr<StreamImpl> impl_;
};

class Listener {
 public:
  Listener() = default;
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;
  virtual ~Listener() = default;

  // err: Closed after close(); other codes are transient.
  virtual Task<Result<Stream>> accept() = 0;
  virtual std::uint16_t port() const = 0;
  virtual void close() = 0;
};

class Net {
 public:
  Net() = default;
  Net(const Net&) = delete;
  Net& operator=(const Net&) = delete;
  virtual ~Net() = default;

  // err: ConnectionRefused, ConnectionReset, Timeout. May take as long as the network likes: bound
  // it.
  virtual Task<Result<Stream>> connect(Endpoint to) = 0;
  // port 0 takes a free one. err: AddressInUse.
  virtual Result<std::unique_ptr<Listener>> listen(std::uint16_t port) = 0;
};

}  // namespace vvm
