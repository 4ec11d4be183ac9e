// ScriptedFactory: engines that fail when they are told to, and remember what was asked of them.
//
// Tests of engines and appparts use it, and simulated clusters that inject engine faults. It does
// what a real factory does at every edge: creation failing at the i-th engine, traps, exhaustion,
// invocations that never end.
#pragma once

#include <deque>
#include <memory>
#include <optional>

#include "engines/factory.hpp"
#include "runtime/runtime.hpp"

namespace vvm::engines {

enum class ScriptedEnd : std::uint8_t {
  answer,      // the argument comes back
  fail,        // an error of the extension; the engine stays usable
  trap,        // InternalError; the engine is not usable any more
  exhaust,     // OutOfMemory; the engine is not usable any more
  never_ends,  // waits until it is cancelled
};

// The script and the record, shared by the test, the factory and its engines.
struct EngineScript {
  // Creation fails at this engine, counted from 1 over the life of the script; none never.
  std::optional<std::uint64_t> fail_creation_at;
  // With fail_creation_at: all later ones fail, too, until the test clears it.
  bool keep_failing = false;
  Error creation_error{Code::engine_init, "scripted"};
  std::optional<Error> validation_error;
  // The next invocations take these from the front; answer when empty.
  std::deque<ScriptedEnd> ends;

  // What was asked.
  std::uint64_t creations = 0;  // tried
  std::uint64_t created = 0;
  std::uint64_t closed = 0;
  std::uint64_t invoked_when_broken = 0;  // closed, or not usable any more
  std::vector<std::string> invocations;
};

class ScriptedFactory final : public EngineFactory {
 public:
  ScriptedFactory(Runtime rt, std::shared_ptr<EngineScript> script)
      : rt_(rt), script_(std::move(script)) {}

  Status validate(const EngineRequest& request) const override;

 private:
  Result<std::unique_ptr<Engine>> create_one(const EngineRequest& request) override;

  Runtime rt_;
  std::shared_ptr<EngineScript> script_;
};

}  // namespace vvm::engines
