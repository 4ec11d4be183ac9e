// ClusterAdmin: what people ask of a cluster process, over HTTP (docs/formats/cluster-api.md).
//
// `vvm ctl` and `vvm up` rely on it. One exchange a call, bounded; nothing is repeated.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <boost/json/object.hpp>

#include "cluster/tables.hpp"
#include "http/client.hpp"
#include "records/process_variable.hpp"
#include "records/set_point.hpp"

namespace vvm::cli {

// The answer of q.cluster.Status.
struct ClusterStatus {
  std::int64_t revision = 0;
  std::vector<cluster::App> apps{};
  std::vector<cluster::AppImage> images{};
  std::vector<cluster::VirtualMachine> vvms{};
  std::vector<SetPoint> sps{};
  std::vector<ProcessVariable> pvs{};

  // Null when there is none.
  const cluster::App* find_app(const AppQName& name) const;
  const cluster::AppImage* find_image(const AppQName& name, AppVersion version) const;
};

// err: ProtocolError, naming what is wrong.
Result<ClusterStatus> status_from_json(const boost::json::object& object);

// What of an application can never change.
struct AppCounts {
  std::int32_t partitions = 4;
  std::int32_t workspaces = 10;
};

// An image of an application, packed.
struct PackedApp {
  AppQName app;
  Bytes image;
};

// err: BadInput when the folder holds no image.
Result<PackedApp> pack_folder(const AppQName& app,
                              const std::string& folder,
                              const std::string& command);

struct Deployed {
  AppVersion version{};
  bool anew = true;  // false: the cluster had this image already
};

class ClusterAdmin {
 public:
  ClusterAdmin(Runtime rt, Endpoint cluster);

  Task<Result<ClusterStatus>> status();
  Task<Result<AppVersion>> rollback(AppQName app, AppVersion to);
  // Registers the application where it is unknown, uploads the image, deploys it. Without counts
  // those of the cluster are kept, or the defaults taken.
  Task<Result<AppVersion>> deploy(PackedApp app, std::optional<AppCounts> counts);
  // As deploy, unless a version of the application has these very octets.
  Task<Result<Deployed>> deploy_once(PackedApp app, std::optional<AppCounts> counts);

 private:
  Task<Result<boost::json::object>> call(std::string name, boost::json::object body);
  Task<Result<boost::json::object>> exchange(http::Request request);
  Task<Status> register_app(AppQName app, AppCounts counts);

  Endpoint cluster_;
  http::ClientPool pool_;
};

}  // namespace vvm::cli
