// Engines that follow an EngineScript.
#include "engines/scripted.hpp"

#include "base/check.hpp"

namespace vvm::engines {
namespace {

class ScriptedEngine final : public Engine {
 public:
  ScriptedEngine(Runtime rt, std::shared_ptr<EngineScript> script)
      : rt_(rt), script_(std::move(script)) {}

  Task<Result<Bytes>> invoke(std::string full_name, ExtensionIo* io) override {
    if (!usable()) {
      ++script_->invoked_when_broken;
      co_return Error{Code::closed, "engine"};
    }
    script_->invocations.push_back(full_name);
    const ScriptedEnd end = next_end();
    switch (end) {
      case ScriptedEnd::answer:
        co_return Bytes(io->argument());
      case ScriptedEnd::fail:
        co_return Error{Code::bad_request, "scripted"};
      case ScriptedEnd::trap:
        usable_ = false;
        co_return Error{Code::internal_error, "trap"};
      case ScriptedEnd::exhaust:
        usable_ = false;
        co_return Error{Code::out_of_memory, "scripted"};
      case ScriptedEnd::never_ends:
        co_await rt_.clock().sleep_until(Instant::max());  // ends by cancellation
        co_return Error{Code::cancelled, "scripted"};
    }
    UNREACHABLE();
  }

  bool usable() const override { return usable_ && !closed_; }

  void close() override {
    CHECK(!closed_, "an engine is closed twice");
    closed_ = true;
    ++script_->closed;
  }

 private:
  ScriptedEnd next_end() {
    if (script_->ends.empty()) {
      return ScriptedEnd::answer;
    }
    const ScriptedEnd end = script_->ends.front();
    script_->ends.pop_front();
    return end;
  }

  Runtime rt_;
  std::shared_ptr<EngineScript> script_;
  bool usable_ = true;
  bool closed_ = false;
};

}  // namespace

Status ScriptedFactory::validate(const EngineRequest& /*request*/) const {
  if (script_->validation_error.has_value()) {
    return *script_->validation_error;
  }
  return ok();
}

Result<std::unique_ptr<Engine>> ScriptedFactory::create_one(const EngineRequest& /*request*/) {
  ++script_->creations;
  const auto fail_at = script_->fail_creation_at;
  if (fail_at.has_value() && (script_->creations == *fail_at ||
                              (script_->keep_failing && script_->creations > *fail_at))) {
    return script_->creation_error;
  }
  ++script_->created;
  return std::unique_ptr<Engine>(std::make_unique<ScriptedEngine>(rt_, script_));
}

}  // namespace vvm::engines
