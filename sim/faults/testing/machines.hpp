// Machines: a world of two processes that talk, for tests of the injectors and the timeline.
//
// Every second the process `client` emits "tick n=<number>", appends to its own file `log`, puts a
// row, and asks `server` for "GET /blob/<number>", which answers with 1000 times 'x'. What it saw
// is in Seen; a failure of any of it counts and the client goes on.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/as_tuple.hpp>

#include "runtime/task_scope.hpp"
#include "runtime/timeout.hpp"
#include "sim/world/world.hpp"

namespace vvm::faults::testing {

constexpr std::uint16_t port = 80;
constexpr std::size_t answer_octets = 1000;

struct Answer {
  std::string octets;
  ErrorCode end;
  Instant at;  // when it was complete or broken, by the client's clock
};

// Outlives the lives of the processes.
struct Seen {
  std::vector<Answer> answers;
  int disk_failures = 0;
  int store_failures = 0;
  int blob_failures = 0;
};

class Server final : public Program {
 public:
  explicit Server(Runtime rt) : rt_(rt), scope_(rt) {}

  Task<void> run() override {
    auto listener = rt_.net().listen(port);
    CHECK(listener.has_value(), "the port is taken");
    for (;;) {
      auto stream = co_await listener.value()->accept();
      if (stream.has_value()) {
        scope_.spawn("answer", answer(std::make_shared<Stream>(std::move(stream.value()))));
      }
    }
  }

 private:
  static Task<void> answer(std::shared_ptr<Stream> stream) {
    std::string buffer(200, '\0');
    const auto [ec, n] =
        co_await stream->async_read_some(asio::buffer(buffer), asio::as_tuple(asio::deferred));
    std::string octets(ec ? 0 : answer_octets, 'x');
    for (std::size_t sent = 0; sent < octets.size();) {
      const auto [failed, count] = co_await stream->async_write_some(
          asio::buffer(octets.data() + sent, octets.size() - sent), asio::as_tuple(asio::deferred));
      if (failed) {
        co_return;
      }
      sent += count;
    }
    stream->close();
  }

  Runtime rt_;
  TaskScope scope_;
};

class Client final : public Program {
 public:
  Client(Runtime rt, Seen* seen) : rt_(rt), seen_(seen) {}

  Task<void> run() override {
    for (int n = 1;; ++n) {
      co_await rt_.clock().sleep_for(seconds(1));
      rt_.emit({"tick", {{"n", n}, {"parity", n % 2 == 0 ? "even" : "odd"}}});
      auto file = co_await rt_.disk().create("log");
      bool failed = !file.has_value();
      if (!failed) {
        const auto written = co_await file.value()->write("line");
        failed = !written.has_value();
      }
      seen_->disk_failures += failed ? 1 : 0;
      const Status put = co_await rt_.store().put({.partition = "p", .clustering = "c"}, "v");
      seen_->store_failures += put.has_value() ? 0 : 1;
      const auto stat = co_await rt_.blobs().stat(BlobId{7});
      seen_->blob_failures += stat.has_value() ? 0 : 1;
      co_await ask(n);
    }
  }

 private:
  Task<void> ask(int n) {
    auto stream = co_await rt_.net().connect({.host = "server", .port = port});
    if (!stream.has_value()) {
      seen_->answers.push_back(
          {.octets = {}, .end = asio::error::host_unreachable, .at = rt_.now()});
      co_return;
    }
    Answer answer;
    const std::string request = "GET /blob/" + std::to_string(n) + " HTTP/1.1\r\n\r\n";
    const auto [failed, sent] = co_await stream.value().async_write_some(
        asio::buffer(request), asio::as_tuple(asio::deferred));
    answer.end = failed;
    std::string buffer(4096, '\0');
    while (!answer.end) {
      const auto [ec, count] = co_await stream.value().async_read_some(
          asio::buffer(buffer), asio::as_tuple(asio::deferred));
      answer.octets.append(buffer, 0, count);
      answer.end = ec;
    }
    answer.at = rt_.now();
    seen_->answers.push_back(std::move(answer));
  }

  Runtime rt_;
  Seen* seen_;
};

struct Machines {
  sim::World world{1};
  Seen seen;

  Machines() {
    world.blobs().preset(BlobId{7}, "blob");
    world.add_process("server", {}, [](Runtime rt) { return std::make_unique<Server>(rt); });
    world.add_process(
        "client", {}, [this](Runtime rt) { return std::make_unique<Client>(rt, &seen); });
  }

  void start() {
    world.start("server");
    world.start("client");
  }

  void run_for(Duration duration) { world.run_until(world.kernel().now() + duration); }

  // Answers that were whole and right.
  int good_answers() const {
    int good = 0;
    for (const Answer& answer : seen.answers) {
      good += answer.end == asio::error::eof && answer.octets == std::string(answer_octets, 'x');
    }
    return good;
  }
};

}  // namespace vvm::faults::testing
