// Names and the table of compatibility of engine.hpp.
#include "engines/engine.hpp"

#include "base/check.hpp"

namespace vvm::engines {

std::string_view processor_name(ProcessorKind kind) {
  switch (kind) {
    case ProcessorKind::command:
      return "command";
    case ProcessorKind::query:
      return "query";
    case ProcessorKind::actualizer:
      return "actualizer";
    case ProcessorKind::scheduler:
      return "scheduler";
  }
  UNREACHABLE();
}

bool compatible(ProcessorKind processor, ExtensionKind extension) {
  switch (extension) {
    case ExtensionKind::command:
    case ExtensionKind::projector_sync:
      return processor == ProcessorKind::command;
    case ExtensionKind::query:
      return processor == ProcessorKind::query;
    case ExtensionKind::projector_async:
      return processor == ProcessorKind::actualizer;
    case ExtensionKind::job:
      return processor == ProcessorKind::scheduler;
  }
  UNREACHABLE();
}

std::string full_name(std::string_view package_path, std::string_view entity) {
  std::string name;
  name.reserve(package_path.size() + 1 + entity.size());
  name.append(package_path).append(1, '.').append(entity);
  return name;
}

Task<Result<std::optional<Bytes>>> ArgumentIo::read(QName /*storage*/, Bytes /*key*/) {
  co_return std::nullopt;
}

Status ArgumentIo::intend(QName storage, Bytes /*key*/, Bytes /*value*/) {
  return Error{Code::limit_exceeded, "no intents are taken here, one for " + storage.str()};
}

}  // namespace vvm::engines
