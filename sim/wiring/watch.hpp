// Watch: from a World to the Ghost: what is emitted, what becomes durable, what has changed.
//
// run() owns one per run and registers it as an observer and as the kernel's hook after each step.
// Only the process whose handler ran is looked at, and of it only what has changed; every so many
// events everything is compared, which proves that nothing was missed.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "sim/ghost/files.hpp"
#include "sim/ghost/ghost.hpp"
#include "sim/wiring/vvm_host.hpp"
#include "sim/world/world.hpp"

namespace vvm::wiring {

class Watch final : public sim::Observer {
 public:
  // All outlive it.
  Watch(sim::World* world, ghost::Ghost* ghost, ghost::Files* files);

  // A process of the world, before its first life. `host`: the VVM's program, made last.
  void add(const std::string& name, ghost::ProcessIndex index, bool is_vvm);
  // The program of the current life of a VVM; gone with the life.
  void made(ghost::ProcessIndex index, VvmHost* host);

  // Compares everything after so many steps; 1: after each.
  void compare_every(std::uint64_t steps) { compare_every_ = steps; }

  // After every step of the kernel.
  void after_step();
  // Everything, now.
  void compare();

  std::uint64_t events() const { return events_; }

  std::uint64_t effects() const { return effects_; }

  std::uint64_t comparisons() const { return comparisons_; }

  bool has_image(ghost::ProcessIndex index, const Sha256& sha) const;

  // ---- sim::Observer
  void on_event(std::string_view process, const Event& event) override;
  void on_effect(const sim::Effect& effect) override;
  void on_start(std::string_view process) override;
  void on_end(std::string_view process) override;
  void on_pause(std::string_view process, bool paused) override;

 private:
  struct Subject {
    std::string name{};
    ghost::ProcessIndex index{};
    bool is_vvm = false;
    std::size_t disk = 0;  // of a VVM
    VvmHost* host = nullptr;
    std::uint64_t changes_seen = 0;
  };

  Subject& subject(std::string_view process);
  Subject* of_lane(const sim::Lane& lane);
  void enter();
  void look(Subject& subject);
  void on_store(const sim::StoreChange& change);

  sim::World& world_;
  ghost::Ghost& ghost_;
  ghost::Files& files_;
  std::vector<Subject> subjects_;
  std::map<std::string, std::size_t, std::less<>> by_name_;
  std::vector<std::size_t> by_lane_;  // index of a subject and one, by the lane's id
  std::uint64_t compare_every_ = 4096;
  std::uint64_t events_ = 0;
  std::uint64_t effects_ = 0;
  std::uint64_t comparisons_ = 0;
};

}  // namespace vvm::wiring
