// DiskImage::Node: a file or a folder, as the process sees it and as a power loss leaves it.
//
// Only disk_image.cpp and the Disk seam know it. Folders own their children, in both states; a node
// lives while either state, or an open file, has it.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "sim/world/disk_image.hpp"

namespace vvm::sim {

struct DiskImage::Node {
  bool is_dir = false;

  // What the process sees. A node that is not linked has no folder.
  Node* folder = nullptr;
  std::string name;
  Bytes octets;
  std::map<std::string, NodePtr> children;

  // What a power loss leaves.
  Node* durable_folder = nullptr;
  std::string durable_name;
  std::size_t durable_octets = 0;  // a prefix of `octets`
  std::map<std::string, NodePtr> durable;

  bool linked = false;  // reachable by a name; open files may not be
};

}  // namespace vvm::sim
