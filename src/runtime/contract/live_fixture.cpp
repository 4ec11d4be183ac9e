// The contract tests' world on the real machine: loopback, a temporary folder, real time.
#include <cstdlib>
#include <filesystem>
#include <map>
#include <stdexcept>

#include "live/machine.hpp"
#include "runtime/contract/fixture.hpp"

namespace vvm::contract {
namespace {

namespace fs = std::filesystem;

// A test that hangs ends; a slow machine does not fail.
constexpr Duration limit = minutes(1);

class Folder {
 public:
  Folder() {
    std::string pattern = (fs::temp_directory_path() / "vvm-contract-XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr) {
      throw std::runtime_error("no temporary folder");
    }
    path_ = pattern;
  }

  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  ~Folder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }

  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

class LiveFixture final : public Fixture {
 public:
  Runtime process(const std::string& name) override { return find(name).rt(); }

  std::string host(const std::string& /*name*/) override { return "127.0.0.1"; }

  void spawn(const std::string& name, Task<void> task) override {
    find(name).spawn("test", std::move(task));
  }

  void cancel(const std::string& name) override { find(name).stop(); }

  bool run_until(std::function<bool()> done) override { return machine_.run_until(done, limit); }

  void kill(const std::string& name) override {
    live::Process& process = find(name);
    process.kill();
    // What was on its way is heard of, and destroyed.
    bool seen = false;
    asio::post(process.rt().executor(), [&seen] { seen = true; });
    machine_.run_until([&seen] { return seen; }, limit);
    running_.erase(name);
  }

  bool cut_power(const std::string& name) override {
    kill(name);
    return false;
  }

  std::optional<int> exit_code(const std::string& name) override {
    return running_.at(name)->exit_code();
  }

 private:
  live::Process& find(const std::string& name) {
    live::Process*& process = running_[name];
    if (process == nullptr) {
      process =
          machine_.add({.name = name, .disk = folder_.path() + "/" + name, .storage = storage_})
              .value();
    }
    return *process;
  }

  Folder folder_;
  std::shared_ptr<live::Storage> storage_ =
      live::Storage::open(folder_.path() + "/storage").value();
  live::Machine machine_;
  std::map<std::string, live::Process*> running_;
};

}  // namespace

std::unique_ptr<Fixture> new_fixture() { return std::make_unique<LiveFixture>(); }

}  // namespace vvm::contract
