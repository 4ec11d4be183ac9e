// Engine: what runs the extensions of an application; and the kinds of engines and processors.
//
// Factories make engines, the pools of an application version own them, appparts invokes them
// through a borrow (docs/spec/vvm.md 1.7, 9.4, 9.5). An engine runs one invocation at a time. It
// does not apply intents: the processor does that afterwards. Not thread-safe: all calls come on
// the process's own executor.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "appdef/appdef.hpp"
#include "base/bytes.hpp"
#include "base/result.hpp"
#include "ids/names.hpp"
#include "runtime/task.hpp"

namespace vvm::engines {

using appdef::AppDef;
using appdef::EngineKind;
using appdef::ExtensionKind;

// The order of every array of four.
enum class ProcessorKind : std::uint8_t { command, query, actualizer, scheduler };

constexpr std::size_t processor_kind_count = 4;
constexpr std::array<ProcessorKind, processor_kind_count> all_processor_kinds{
    ProcessorKind::command,
    ProcessorKind::query,
    ProcessorKind::actualizer,
    ProcessorKind::scheduler};

constexpr std::size_t index_of(ProcessorKind kind) { return static_cast<std::size_t>(kind); }

// Elements of the four pools of one application version.
using PoolSizes = std::array<std::uint16_t, processor_kind_count>;

std::string_view processor_name(ProcessorKind kind);
// Commands and sync projectors run in command processors, queries in query processors, async
// projectors in actualizers, jobs in schedulers; nothing else goes (docs/spec/vvm.md 9.6).
bool compatible(ProcessorKind processor, ExtensionKind extension);

// `packagePath.entity`, the name under which an engine knows an extension.
std::string full_name(std::string_view package_path, std::string_view entity);

// What an extension may see and ask for while it runs.
class ExtensionIo {
 public:
  ExtensionIo() = default;
  ExtensionIo(const ExtensionIo&) = delete;
  ExtensionIo& operator=(const ExtensionIo&) = delete;
  virtual ~ExtensionIo() = default;

  virtual BytesView argument() const = 0;
  // State: the value under a key of a storage, or none.
  virtual Task<Result<std::optional<Bytes>>> read(QName storage, Bytes key) = 0;
  // Intent: declared now, validated and applied by the processor afterwards. err: LimitExceeded.
  virtual Status intend(QName storage, Bytes key, Bytes value) = 0;
};

// An argument and nothing else: state is empty, intents are refused.
class ArgumentIo final : public ExtensionIo {
 public:
  explicit ArgumentIo(Bytes argument) : argument_(std::move(argument)) {}

  BytesView argument() const override { return argument_; }

  Task<Result<std::optional<Bytes>>> read(QName storage, Bytes key) override;
  Status intend(QName storage, Bytes key, Bytes value) override;

 private:
  Bytes argument_;
};

class Engine {
 public:
  Engine() = default;
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;
  virtual ~Engine() = default;

  // Runs the extension to its end. `io` and the engine outlive the task. Cancellable at its awaits.
  // err: NotFound for a name it does not have; what the extension says; InternalError for a trap.
  virtual Task<Result<Bytes>> invoke(std::string full_name, ExtensionIo* io) = 0;
  // False once a trap or exhaustion has left it in a state that must not be used again.
  virtual bool usable() const = 0;
  // Gives everything back, once. May come while an invocation is suspended (a revoked borrow): that
  // invocation ends with an error at its next step; the object itself lives until then.
  virtual void close() = 0;
};

// Code of one package, from the application's image.
struct EngineModule {
  std::string package_path;
  std::string url;
  std::vector<std::string> extensions;
};

// What engines are made for.
struct EngineRequest {
  AppQName app;
  std::shared_ptr<const AppDef> app_def;
  std::vector<EngineModule> modules;
};

}  // namespace vvm::engines
