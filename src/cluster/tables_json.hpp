// The tables' rows as JSON: the form in which they are stored and shown.
//
// The cluster's journal and its status query rely on it. The names are those of docs/spec/vvm.md
// 3.9. What to_json writes, from_json reads back equal; from_json trusts nothing.
#pragma once

#include <boost/json/object.hpp>

#include "base/result.hpp"
#include "cluster/tables.hpp"

namespace vvm::cluster {

boost::json::object to_json(const App& row);
boost::json::object to_json(const AppImage& row);
boost::json::object to_json(const VvmNode& row);
boost::json::object to_json(const VirtualMachine& row);
boost::json::object to_json(const Placement& row);

Result<App> app_from_json(const boost::json::object& in);
Result<AppImage> image_from_json(const boost::json::object& in);
Result<VvmNode> node_from_json(const boost::json::object& in);
Result<VirtualMachine> vvm_from_json(const boost::json::object& in);
Result<Placement> placement_from_json(const boost::json::object& in);

}  // namespace vvm::cluster
