// What a handle offers, and invocations with their limits.
#include "appparts/borrowed.hpp"

#include <algorithm>

#include "appparts/app_partitions.hpp"
#include "appparts/invocation.hpp"
#include "appparts/partition.hpp"

namespace vvm::appparts {
namespace {

Error revoked_error() { return {Code::revoked, "the borrow has ended"}; }

Duration limit_of(ProcessorKind kind) {
  switch (kind) {
    case ProcessorKind::command:
    case ProcessorKind::query:
      return seconds(30);
    case ProcessorKind::actualizer:
    case ProcessorKind::scheduler:
      return seconds(300);
  }
  UNREACHABLE();
}

}  // namespace

Status Borrowed::check(Instant now) const {
  if (!held()) {
    return revoked_error();
  }
  if (!partition_->gate->open(now)) {
    return Error{Code::lease_lost, partition_->label()};
  }
  return ok();
}

Result<AppVersion> Borrowed::version() const {
  if (!held()) {
    return revoked_error();
  }
  return partition_->find(part_version())->version.version();
}

Result<std::shared_ptr<const engines::AppDef>> Borrowed::app_def() const {
  if (!held()) {
    return revoked_error();
  }
  return partition_->find(part_version())->version.app_def();
}

Result<std::shared_ptr<const lease::Gate>> Borrowed::gate() const {
  if (!held()) {
    return revoked_error();
  }
  return std::shared_ptr<const lease::Gate>(partition_->gate);
}

Task<Result<Bytes>> Borrowed::invoke(QName extension, engines::ExtensionIo* io) {
  if (!held()) {
    co_return revoked_error();
  }
  const Runtime rt = partition_->app->hub->rt_;
  CO_TRY(check(rt.now()));
  const std::shared_ptr<const engines::AppDef> app_def =
      partition_->find(part_version())->version.app_def();
  const appdef::Extension* found = app_def->find_extension(extension.pkg, extension.entity);
  if (found == nullptr) {
    co_return Error{Code::not_found, "extension " + extension.str()};
  }
  if (!engines::compatible(kind_, found->kind)) {
    co_return Error{
        Code::incompatible_kind,
        extension.str() + " in a " + std::string(engines::processor_name(kind_)) + " processor"};
  }
  std::shared_ptr<engines::Engine> engine = slot_->element.find(found->engine);
  if (engine == nullptr) {
    co_return Error{Code::no_engine_factory, extension.str()};
  }
  std::string name = engines::full_name(found->package_path, extension.entity);
  // Until it has ended well, whatever ends it leaves the element in a state that nobody knows.
  tainted_ = true;
  Result<Bytes> result = co_await run(rt, engine, std::move(name), io);
  const bool cut_short = result.has_error() && (result.error().code == Code::timed_out ||
                                                result.error().code == Code::cancelled);
  tainted_ = cut_short || !engine->usable();
  if (!held()) {
    co_return revoked_error();
  }
  co_return result;
}

Task<Result<Bytes>> Borrowed::run(Runtime rt,
                                  std::shared_ptr<engines::Engine> engine,
                                  std::string name,
                                  engines::ExtensionIo* io) {
  const auto invocation = std::make_shared<Invocation>(rt, part_version());
  const Enlisted enlisted(*partition_, invocation.get());
  TaskScope scope(rt, [invocation](std::string_view, std::string_view what) {
    invocation->result.emplace(Error{Code::internal_error, std::string(what)});
    invocation->changed.notify_all();
  });
  scope.spawn("engine.invoke", Invocation::work(invocation, std::move(engine), name, io));
  const Instant deadline = rt.now() + limit_of(kind_);
  std::exception_ptr cancelled;
  bool late = false;
  while (!invocation->result.has_value() && !invocation->cancel && !late && !cancelled) {
    try {
      const bool woken = co_await invocation->changed.wait_until(deadline);
      late = !woken;
    } catch (const boost::system::system_error&) {
      cancelled = std::current_exception();
    }
  }
  // Nothing of the invocation runs on, even where the caller has been cancelled.
  co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
  co_await scope.close();
  if (cancelled) {
    std::rethrow_exception(cancelled);
  }
  co_await asio::this_coro::reset_cancellation_state(asio::enable_terminal_cancellation());
  if (invocation->result.has_value()) {
    co_return std::move(*invocation->result);
  }
  if (late) {
    co_return Error{Code::timed_out, name};
  }
  co_return Error{Code::cancelled, name};
}

}  // namespace vvm::appparts
