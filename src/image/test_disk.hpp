// TestDisk: files in memory that can be full, fail, write short, and lose power.
//
// Tests of this module and of vvm rely on it; sim/world has the real one. Every verb completes
// at once. A folder knows its children as they are and as they were when it was last flushed; a
// file its octets in the same way: power_loss() goes back to the flushed ones.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "runtime/disk.hpp"

namespace vvm::image {

class TestDisk final : public Disk {
 public:
  std::uint64_t capacity = ~std::uint64_t{0};
  std::size_t write_max = ~std::size_t{0};  // of one write
  std::uint64_t fail_at = 0;                // the verb with this number fails; 0: none does
  Code fail_with = Code::disk_io;
  std::function<void()> before_verb;  // sees every verb but reads

  std::uint64_t verbs = 0;
  std::vector<std::string> created;  // paths of all files ever made

  void power_loss() { lose(root_.get()); }

  // All files, by path.
  std::map<std::string, Bytes> files() const {
    std::map<std::string, Bytes> out;
    gather(*root_, "", &out);
    return out;
  }

  // Flushed at once.
  void put(const std::string& path, Bytes bytes) {
    Node* folder = make_folders(parent(path));
    auto file = std::make_shared<Node>();
    file->octets = file->flushed_octets = std::move(bytes);
    folder->children[name(path)] = folder->flushed[name(path)] = file;
  }

  Task<Result<std::unique_ptr<File>>> create(std::string path) override {
    CO_TRY(count());
    Node* folder = find(parent(path));
    if (folder == nullptr || !folder->is_dir) {
      co_return Error{Code::not_found, path};
    }
    auto file = std::make_shared<Node>();
    folder->children[name(path)] = file;
    created.push_back(path);
    co_return std::make_unique<OpenFile>(this, file);
  }

  Task<Result<Bytes>> read(std::string path, std::uint64_t offset, std::uint64_t size) override {
    const Node* file = find(path);
    if (file == nullptr || file->is_dir) {
      co_return Error{Code::not_found, path};
    }
    co_return file->octets.substr(std::min<std::uint64_t>(offset, file->octets.size()), size);
  }

  Task<Result<FileStat>> stat(std::string path) override {
    const Node* node = find(path);
    if (node == nullptr) {
      co_return Error{Code::not_found, path};
    }
    co_return FileStat{.size = node->octets.size(), .is_dir = node->is_dir};
  }

  Task<Status> rename(std::string from, std::string to) override {
    CO_TRY(count());
    Node* source = find(parent(from));
    Node* target = find(parent(to));
    if (find(from) == nullptr || target == nullptr) {
      co_return Error{Code::not_found, from};
    }
    const Node* old = find(to);
    if (old != nullptr && old->is_dir && !old->children.empty()) {
      co_return Error{Code::already_exists, to};
    }
    target->children[name(to)] = source->children.at(name(from));
    source->children.erase(name(from));
    co_return ok();
  }

  Task<Status> remove(std::string path) override {
    CO_TRY(count());
    if (Node* folder = find(parent(path)); folder != nullptr) {
      folder->children.erase(name(path));
    }
    co_return ok();
  }

  Task<Status> remove_all(std::string path) override { co_return co_await remove(path); }

  Task<Status> make_dir(std::string path) override {
    CO_TRY(count());
    make_folders(path);
    co_return ok();
  }

  Task<Result<std::vector<DirEntry>>> list(std::string path) override {
    const Node* folder = find(path);
    if (folder == nullptr) {
      co_return Error{Code::not_found, path};
    }
    std::vector<DirEntry> out;
    out.reserve(folder->children.size());
    for (const auto& [child, node] : folder->children) {
      out.push_back({.name = child, .is_dir = node->is_dir});
    }
    co_return out;
  }

  Task<Status> sync_dir(std::string path) override {
    CO_TRY(count());
    Node* folder = find(path);
    if (folder == nullptr) {
      co_return Error{Code::not_found, path};
    }
    folder->flushed = folder->children;
    co_return ok();
  }

  Task<Result<std::uint64_t>> free_bytes() override { co_return capacity - used(*root_); }

 private:
  struct Node {
    bool is_dir = false;
    Bytes octets{};
    Bytes flushed_octets{};
    std::map<std::string, std::shared_ptr<Node>> children{};
    std::map<std::string, std::shared_ptr<Node>> flushed{};
  };

  class OpenFile final : public File {
   public:
    OpenFile(TestDisk* disk, std::shared_ptr<Node> node) : disk_(disk), node_(std::move(node)) {}

    Task<Result<std::size_t>> write(BytesView bytes) override {
      CO_TRY(disk_->count());
      const std::size_t n = std::min(bytes.size(), disk_->write_max);
      if (used(*disk_->root_) + n > disk_->capacity) {
        co_return Error{Code::disk_full, "test disk"};
      }
      node_->octets.append(bytes.substr(0, n));
      co_return n;
    }

    Task<Status> sync() override {
      CO_TRY(disk_->count());
      node_->flushed_octets = node_->octets;
      co_return ok();
    }

   private:
    TestDisk* disk_;
    std::shared_ptr<Node> node_;
  };

  Status count() {
    if (before_verb) {
      before_verb();
    }
    if (++verbs == fail_at) {
      return Error{fail_with, "told to fail"};
    }
    return ok();
  }

  static std::string parent(const std::string& path) {
    const std::size_t slash = path.rfind('/');
    return slash == std::string::npos ? "" : path.substr(0, slash);
  }

  static std::string name(const std::string& path) { return path.substr(path.rfind('/') + 1); }

  Node* find(const std::string& path) const {
    Node* node = root_.get();
    for (std::size_t at = 0; at < path.size() && node != nullptr;) {
      const std::size_t slash = std::min(path.find('/', at), path.size());
      const auto child = node->children.find(path.substr(at, slash - at));
      node = child == node->children.end() ? nullptr : child->second.get();
      at = slash + 1;
    }
    return node;
  }

  Node* make_folders(const std::string& path) {
    Node* node = root_.get();
    for (std::size_t at = 0; at < path.size();) {
      const std::size_t slash = std::min(path.find('/', at), path.size());
      std::shared_ptr<Node>& child = node->children[path.substr(at, slash - at)];
      if (child == nullptr) {
        child = std::make_shared<Node>(Node{.is_dir = true});
      }
      node = child.get();
      at = slash + 1;
    }
    return node;
  }

  static void gather(const Node& node, const std::string& path, std::map<std::string, Bytes>* out) {
    for (const auto& [child, next] : node.children) {
      std::string full = path;
      full.append(path.empty() ? "" : "/").append(child);
      if (next->is_dir) {
        gather(*next, full, out);
      } else {
        out->emplace(full, next->octets);
      }
    }
  }

  static std::uint64_t used(const Node& node) {
    std::uint64_t total = node.octets.size();
    for (const auto& [child, next] : node.children) {
      total += used(*next);
    }
    return total;
  }

  static void lose(Node* node) {
    node->octets = node->flushed_octets;
    node->children = node->flushed;
    for (const auto& [child, next] : node->children) {
      lose(next.get());
    }
  }

  std::shared_ptr<Node> root_ = std::make_shared<Node>(Node{.is_dir = true});
};

}  // namespace vvm::image
