// The cluster's routes: paths and JSON bodies to commands, errors to refusals.
//
// The cluster's HTTP front relies on it; docs/formats/cluster-api.md says what it accepts. Pure.
#pragma once

#include <boost/json/object.hpp>

#include "cluster/commands.hpp"
#include "cluster/processor.hpp"
#include "http/message.hpp"

namespace vvm::cluster {

struct Call {
  WorkspaceId workspace{};
  std::string name;  // "c.cluster.DeployApp"
  boost::json::object body{};
};

// err: NotFound when it is no path of a command; BadRequest when the body is no JSON object.
Result<Call> parse_call(std::string_view path, std::string_view body);

// Any command but DeployAppImage, which has to look at a BLOB first.
// err: NotFound for a command or workspace that does not exist, BadRequest for its arguments.
Result<Processor::Decide> command_of(const Call& call);
constexpr std::string_view deploy_app_image_name = "c.cluster.DeployAppImage";
Result<DeployAppImage> deploy_app_image_of(const Call& call);

// None unless `text` is a decimal number of 64 bits and nothing else.
std::optional<std::uint64_t> decimal(std::string_view text);

http::Response refusal(const Error& error);
http::Response accepted(const boost::json::object& body);

}  // namespace vvm::cluster
