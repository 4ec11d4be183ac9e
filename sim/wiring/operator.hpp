// Operator: who uploads images and gives the cluster its commands, as a person with a client would.
//
// A process of every simulated cluster; the timeline hands it orders. It speaks HTTP to the cluster
// process like anybody else, repeats what failed on the way, and gives up what was refused. Orders
// of one application are carried out one after the other.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>

#include <boost/json/object.hpp>

#include "http/client.hpp"
#include "runtime/program.hpp"
#include "runtime/signal.hpp"
#include "runtime/task_scope.hpp"
#include "sim/scenario/model.hpp"
#include "sim/wiring/images.hpp"

namespace vvm::wiring {

struct UploadOrder {
  std::string image;
};

struct DeployOrder {
  scenario::App app;  // with what the step changes
};

struct RollbackOrder {
  AppVersion to{};
};

struct DeleteOrder {};

struct Order {
  AppQName app{};
  std::string text{};  // "upload pos1", for people
  std::variant<UploadOrder, DeployOrder, RollbackOrder, DeleteOrder> what{};
};

class Operator final : public Program {
 public:
  struct Parts {
    Endpoint cluster{};
    const Images* images = nullptr;
    // What has become of an order, for the history.
    std::function<void(std::string text)> tell{};
    // An image has got its BLOB.
    std::function<void(const std::string& image, BlobId blob)> uploaded{};
  };

  Operator(Runtime rt, Parts parts);

  // At any time, from anywhere.
  void give(Order order);
  // The cluster is complete: from now on orders are carried out.
  void begin();

  // Orders that have not come to an end.
  std::size_t open() const { return open_; }

  Task<void> run() override;

 private:
  struct Queue {
    std::deque<Order> orders{};
    bool working = false;
  };

  // None: try again.
  using End = std::optional<std::string>;

  Task<void> work(AppQName app);
  Task<void> carry_out(Order order);
  Task<End> attempt(const Order* order);
  Task<End> upload(const Order* order, std::string image);
  Task<End> deploy(scenario::App app);
  Task<End> rollback(AppQName app, AppVersion to);
  Task<End> remove(AppQName app);
  Task<Result<boost::json::object>> post(std::string name, boost::json::object body);
  Task<Result<BlobId>> send_blob(const BuiltImage* image);
  // The newest version of the application, and what it repeats.
  Task<Result<std::pair<AppVersion, AppVersion>>> newest(AppQName app);

  Runtime rt_;
  Parts parts_;
  http::ClientPool pool_;
  Rng rng_;
  std::map<AppQName, Queue> queues_;
  std::map<std::string, BlobId> blobs_;             // of images that were sent
  std::map<AppQName, AppVersion> before_rollback_;  // the newest version before the first try
  std::size_t open_ = 0;
  bool begun_ = false;
  Signal given_;
  TaskScope scope_;
};

}  // namespace vvm::wiring
