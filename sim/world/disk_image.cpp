// DiskImage: names, octets, and which of them are durable.
#include "sim/world/disk_image.hpp"

#include <algorithm>
#include <vector>

#include "base/check.hpp"
#include "sim/world/disk_node.hpp"

namespace vvm::sim {
namespace {

// What a torn write loses is a page at a time.
constexpr std::size_t page = 4096;

std::string_view parent_of(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? std::string_view{} : path.substr(0, slash);
}

std::string_view name_of(std::string_view path) { return path.substr(path.rfind('/') + 1); }

Error missing(std::string_view path) { return {Code::not_found, std::string(path)}; }

std::string joined(const std::string& folder, const std::string& name) {
  return folder.empty() ? name : folder + "/" + name;
}

}  // namespace

DiskImage::DiskImage(Rng stream) : rng_(stream), root_(std::make_shared<Node>()) {
  root_->is_dir = true;
  root_->linked = true;
}

DiskImage::~DiskImage() = default;

void DiskImage::wipe() {
  root_ = std::make_shared<Node>();
  root_->is_dir = true;
  root_->linked = true;
  used_ = 0;
}

std::uint64_t DiskImage::free_bytes() const {
  return used_ < model_.capacity ? model_.capacity - used_ : 0;
}

DiskImage::Node* DiskImage::find(std::string_view path) const {
  Node* node = root_.get();
  while (!path.empty()) {
    const std::size_t slash = std::min(path.find('/'), path.size());
    const auto it = node->children.find(std::string(path.substr(0, slash)));
    if (it == node->children.end()) {
      return nullptr;
    }
    node = it->second.get();
    path.remove_prefix(std::min(slash + 1, path.size()));
  }
  return node;
}

Result<DiskImage::Node*> DiskImage::folder_of(std::string_view path) const {
  Node* folder = find(parent_of(path));
  if (folder == nullptr || !folder->is_dir) {
    return missing(path);
  }
  return folder;
}

void DiskImage::link(Node& folder, std::string name, NodePtr node) {
  node->folder = &folder;
  node->name = name;
  node->linked = true;
  folder.children[std::move(name)] = std::move(node);
}

DiskImage::NodePtr DiskImage::unlink(Node& node) {
  const auto it = node.folder->children.find(node.name);
  NodePtr taken = std::move(it->second);
  taken->folder->children.erase(it);
  taken->folder = nullptr;
  taken->linked = false;
  return taken;
}

// Octets count while a name leads to them; an open file that lost its name is not counted.
void DiskImage::free_octets(const Node& node) {
  used_ -= node.octets.size();
  for (const auto& [name, child] : node.children) {
    free_octets(*child);
  }
}

Result<DiskImage::NodePtr> DiskImage::create(std::string_view path) {
  TRY(Node * folder, folder_of(path));
  if (Node* old = find(path); old != nullptr) {
    if (old->is_dir) {
      return Error{Code::already_exists, std::string(path)};
    }
    free_octets(*old);
    unlink(*old);
  }
  auto file = std::make_shared<Node>();
  link(*folder, std::string(name_of(path)), file);
  return file;
}

Result<std::size_t> DiskImage::append(Node& file, BytesView bytes) {
  const std::size_t n =
      static_cast<std::size_t>(std::min<std::uint64_t>(bytes.size(), free_bytes()));
  if (n == 0 && !bytes.empty()) {
    return Error{Code::disk_full, "no space left"};
  }
  file.octets.append(bytes.substr(0, n));
  used_ += file.linked ? n : 0;
  return n;
}

void DiskImage::sync(Node& file) { file.durable_octets = file.octets.size(); }

Result<Bytes> DiskImage::read(std::string_view path,
                              std::uint64_t offset,
                              std::uint64_t size) const {
  const Node* file = find(path);
  if (file == nullptr) {
    return missing(path);
  }
  if (file->is_dir) {
    return Error{Code::disk_io, std::string(path) + " is a folder"};
  }
  return file->octets.substr(std::min<std::uint64_t>(offset, file->octets.size()), size);
}

Result<FileStat> DiskImage::stat(std::string_view path) const {
  const Node* node = find(path);
  if (node == nullptr) {
    return missing(path);
  }
  return FileStat{.size = node->octets.size(), .is_dir = node->is_dir};
}

Status DiskImage::rename(std::string_view from, std::string_view to) {
  Node* node = find(from);
  if (node == nullptr || node == root_.get()) {
    return missing(from);
  }
  TRY(Node * target, folder_of(to));
  for (const Node* up = target; up != nullptr; up = up->folder) {
    if (up == node) {
      return Error{Code::disk_io, std::string(from) + " into itself"};
    }
  }
  Node* old = find(to);
  if (old == node) {
    return ok();
  }
  if (old != nullptr) {
    if (old->is_dir && !old->children.empty()) {
      return Error{Code::already_exists, std::string(to)};
    }
    if (old->is_dir != node->is_dir) {
      return Error{Code::disk_io, std::string(to) + " is of another kind"};
    }
    free_octets(*old);
    unlink(*old);
  }
  link(*target, std::string(name_of(to)), unlink(*node));
  return ok();
}

Status DiskImage::remove(std::string_view path) {
  Node* node = find(path);
  if (node == nullptr || node == root_.get()) {
    return ok();
  }
  if (!node->children.empty()) {
    return Error{Code::disk_io, std::string(path) + " is not empty"};
  }
  free_octets(*node);
  unlink(*node);
  return ok();
}

std::vector<std::string> DiskImage::below(std::string_view path) const {
  std::vector<std::string> found;
  std::vector<std::pair<std::string, const Node*>> open;
  if (const Node* top = find(path); top != nullptr) {
    open.emplace_back(path, top);
  }
  while (!open.empty()) {
    const auto [at, node] = std::move(open.back());
    open.pop_back();
    for (const auto& [name, child] : node->children) {
      open.emplace_back(joined(at, name), child.get());
    }
    found.push_back(at);
  }
  std::ranges::reverse(found);  // a folder comes behind all that is in it
  return found;
}

Status DiskImage::make_dir(std::string_view path) {
  for (std::size_t end = path.find('/'); !path.empty(); end = path.find('/', end + 1)) {
    const std::string_view part = path.substr(0, end);
    const Node* node = find(part);
    if (node == nullptr) {
      TRY(Node * folder, folder_of(part));
      auto made = std::make_shared<Node>();
      made->is_dir = true;
      link(*folder, std::string(name_of(part)), std::move(made));
    } else if (!node->is_dir) {
      return Error{Code::disk_io, std::string(part) + " is a file"};
    }
    if (end == std::string_view::npos) {
      break;
    }
  }
  return ok();
}

Result<std::vector<DirEntry>> DiskImage::list(std::string_view path) const {
  const Node* folder = find(path);
  if (folder == nullptr || !folder->is_dir) {
    return missing(path);
  }
  std::vector<DirEntry> entries;
  entries.reserve(folder->children.size());
  for (const auto& [name, child] : folder->children) {
    entries.push_back({.name = name, .is_dir = child->is_dir});
  }
  return entries;
}

// --- What is durable ---

void DiskImage::uncommit(Node& node) {
  if (node.durable_folder == nullptr) {
    return;
  }
  Node* folder = std::exchange(node.durable_folder, nullptr);
  folder->durable.erase(node.durable_name);  // may be the last owner of the node
}

// Makes the node's present name durable, instead of the one it had.
void DiskImage::commit(Node& node) {
  if (node.durable_folder == node.folder && node.durable_name == node.name) {
    return;
  }
  const NodePtr self = node.folder->children.at(node.name);
  uncommit(node);
  const NodePtr displaced = std::exchange(node.folder->durable[node.name], self);
  node.durable_folder = node.folder;
  node.durable_name = node.name;
  if (displaced != nullptr) {
    displaced->durable_folder = nullptr;
    if (displaced->linked) {
      commit(*displaced);  // it was renamed away before its name was taken
    }
  }
}

Status DiskImage::sync_dir(std::string_view path) {
  Node* folder = find(path);
  if (folder == nullptr || !folder->is_dir) {
    return missing(path);
  }
  std::vector<NodePtr> left;
  for (const auto& [name, node] : folder->durable) {
    const auto it = folder->children.find(name);
    if (it == folder->children.end() || it->second != node) {
      left.push_back(node);
    }
  }
  for (const NodePtr& node : left) {
    if (!node->linked) {
      uncommit(*node);
      continue;
    }
    // Renamed away: the removal here and the name there are one step. The folders on the way to
    // the new name are durable with it, as their creation came before.
    for (Node* at = node.get(); at->folder != nullptr; at = at->folder) {
      if (at == node.get() || at->durable_folder == nullptr) {
        commit(*at);
      }
    }
  }
  for (const auto& [name, node] : folder->children) {
    commit(*node);
  }
  return ok();
}

// A random part of what was not durable becomes so: prefixes of files, with zeros in place of some
// pages; of each folder's changes each one by itself.
void DiskImage::tear(Node& node) {
  const std::size_t unsynced = node.octets.size() - node.durable_octets;
  if (unsynced != 0) {
    const std::size_t old = node.durable_octets;
    node.durable_octets = old + static_cast<std::size_t>(rng_.below(unsynced + 1));
    for (std::size_t at = old / page * page; at < node.durable_octets; at += page) {
      if (rng_.chance({.num = 1, .den = 4})) {
        const std::size_t from = std::max(at, old);
        const std::size_t to = std::min(at + page, node.durable_octets);
        std::fill(node.octets.begin() + static_cast<std::ptrdiff_t>(from),
                  node.octets.begin() + static_cast<std::ptrdiff_t>(to),
                  '\0');
      }
    }
  }
  const std::map<std::string, NodePtr> durable = node.durable;
  for (const auto& [name, child] : durable) {
    if (!child->linked && rng_.chance({.num = 1, .den = 2})) {
      uncommit(*child);
    }
  }
  for (const auto& [name, child] : node.children) {
    if (rng_.chance({.num = 1, .den = 2})) {
      commit(*child);
    }
    tear(*child);
  }
}

// All that the process sees becomes durable.
void DiskImage::keep(Node& node) {
  node.durable_octets = node.octets.size();
  const std::map<std::string, NodePtr> durable = node.durable;
  for (const auto& [name, child] : durable) {
    if (!child->linked) {
      uncommit(*child);
    }
  }
  for (const auto& [name, child] : node.children) {
    commit(*child);
    keep(*child);
  }
}

// The process will see what is durable.
void DiskImage::revert(Node& node) {
  node.octets.resize(node.durable_octets);
  used_ += node.octets.size();
  node.children = node.durable;
  for (const auto& [name, child] : node.children) {
    child->folder = &node;
    child->name = name;
    child->linked = true;
    revert(*child);
  }
}

void DiskImage::power_loss(Unsynced unsynced) {
  if (unsynced == Unsynced::torn) {
    tear(*root_);
  } else if (unsynced == Unsynced::kept) {
    keep(*root_);
  }
  // Nodes that are not durable anywhere go away with the old view, which dies last.
  const auto old = std::move(root_->children);
  used_ = 0;
  revert(*root_);
}

bool DiskImage::flip(std::string_view path, std::uint64_t at) {
  Node* file = find(path);
  if (file == nullptr || at >= file->octets.size()) {
    return false;
  }
  char& octet = file->octets[static_cast<std::size_t>(at)];
  octet = static_cast<char>(octet ^ 1);
  return true;
}

void DiskImage::put(std::string_view path, Bytes bytes) {
  CHECK(make_dir(parent_of(path)).has_value(), "put below a file", path);
  auto file = create(path);
  CHECK(file.has_value(), "put in place of a folder", path);
  used_ += bytes.size();
  file.value()->octets = std::move(bytes);
  sync(*file.value());
  for (Node* at = file.value().get(); at->folder != nullptr; at = at->folder) {
    commit(*at);
  }
}

// `view` gives a folder's children, or a file's octets, as they are now or after a power loss.
template <class View>
std::map<std::string, Bytes> DiskImage::files_by(View view) const {
  std::map<std::string, Bytes> found;
  std::vector<std::pair<std::string, const Node*>> open{{"", root_.get()}};
  while (!open.empty()) {
    const auto [path, node] = std::move(open.back());
    open.pop_back();
    if (!node->is_dir) {
      found.emplace(path, node->octets.substr(0, view.octets(*node)));
    }
    for (const auto& [name, child] : view.children(*node)) {
      open.emplace_back(joined(path, name), child.get());
    }
  }
  return found;
}

std::map<std::string, Bytes> DiskImage::files() const {
  struct Now {
    static std::size_t octets(const Node& file) { return file.octets.size(); }

    static const auto& children(const Node& folder) { return folder.children; }
  };

  return files_by(Now{});
}

std::map<std::string, Bytes> DiskImage::durable_files() const {
  struct Durable {
    static std::size_t octets(const Node& file) { return file.durable_octets; }

    static const auto& children(const Node& folder) { return folder.durable; }
  };

  return files_by(Durable{});
}

std::vector<std::string> DiskImage::folders() const {
  std::vector<std::string> found;
  std::vector<std::pair<std::string, const Node*>> open{{"", root_.get()}};
  while (!open.empty()) {
    const auto [path, node] = std::move(open.back());
    open.pop_back();
    for (const auto& [name, child] : node->children) {
      if (child->is_dir) {
        found.push_back(joined(path, name));
        open.emplace_back(found.back(), child.get());
      }
    }
  }
  std::ranges::sort(found);
  return found;
}

}  // namespace vvm::sim
