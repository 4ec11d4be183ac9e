// Images: the application images of a scenario, packed and broken as it says.
//
// run() makes them before the first event, from the files that its caller has loaded. Pure.
#pragma once

#include <map>
#include <string>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "base/sha256.hpp"
#include "ids/names.hpp"
#include "sim/scenario/model.hpp"
#include "sim/wiring/run.hpp"

namespace vvm::wiring {

struct BuiltImage {
  AppQName app;
  Bytes bytes;
  Sha256 sha;
};

// By name. err: what packing or breaking says, NotFound when the bundle has no file of a folder;
// the text names the image.
using Images = std::map<std::string, BuiltImage>;
Result<Images> build_images(const scenario::Scenario& scenario, const Bundle& files, Memo& memo);

}  // namespace vvm::wiring
