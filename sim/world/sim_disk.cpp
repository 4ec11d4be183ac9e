// SimDisk: every verb is announced, judged, done, and takes its time.
#include "sim/world/sim_disk.hpp"

#include "sim/world/disk_node.hpp"
#include "sim/world/glob.hpp"

namespace vvm::sim {
namespace {

constexpr std::int64_t second_ns = 1'000'000'000;

Error failed(Code code, std::string_view verb, std::string_view path) {
  std::string what{verb};
  what.append(" ").append(path);
  return {code, std::move(what)};
}

}  // namespace

bool SimDisk::announce(std::string_view verb, std::string_view path) const {
  std::string kind{"disk."};
  kind.append(verb);
  return guard_.effect(kind, path);
}

SimDisk::Turn SimDisk::turn(std::string_view verb, std::string_view path, Cost cost) const {
  const DiskModel& model = image_.model();
  Turn turn{.status = ok()};
  turn.takes = (cost == Cost::sync ? model.sync : model.verb).draw(image_.rng());
  RuleTable<DiskRule>& rules = image_.rules();
  if (rules.empty()) {
    return turn;
  }
  const auto strikes = [&](DiskFault kind) {
    return rules.first_striking(image_.rng(), [&](const DiskRule& rule) {
      return rule.kind == kind && glob_match(rule.verb, verb) && glob_match(rule.path, path);
    });
  };
  if (const DiskRule* slow = strikes(DiskFault::slow); slow != nullptr) {
    turn.takes = turn.takes + slow->delay;
  }
  if (strikes(DiskFault::io_error) != nullptr) {
    turn.status = failed(Code::disk_io, verb, path);
  } else if (cost == Cost::space && strikes(DiskFault::full) != nullptr) {
    turn.status = failed(Code::disk_full, verb, path);
  }
  if (turn.status.has_error()) {
    return turn;
  }
  if (verb == "write") {
    if (const DiskRule* rule = strikes(DiskFault::short_write); rule != nullptr) {
      turn.write_max = std::max<std::size_t>(1, rule->octets);
    }
  } else if (verb == "read") {
    if (const DiskRule* rule = strikes(DiskFault::corrupt); rule != nullptr) {
      turn.corrupts = true;
      turn.corrupt_at = rule->octets;
    }
  } else if (cost == Cost::sync) {
    turn.lies = strikes(DiskFault::sync_lies) != nullptr;
  }
  return turn;
}

Duration SimDisk::transfer(std::uint64_t octets) const {
  const std::uint64_t rate = image_.model().bytes_per_second;
  using Wide = unsigned __int128;
  return {rate == 0 ? 0 : static_cast<std::int64_t>(Wide{octets} * second_ns / rate)};
}

class SimFile final : public File {
 public:
  SimFile(SimDisk& disk, DiskImage::NodePtr node, std::string path)
      : disk_(disk), node_(std::move(node)), path_(std::move(path)) {}

  Task<Result<std::size_t>> write(BytesView bytes) override {
    if (!disk_.announce("write", path_)) {
      co_await disk_.guard_.never();
    }
    const SimDisk::Turn turn = disk_.turn("write", path_, SimDisk::Cost::space);
    Result<std::size_t> written = std::size_t{0};
    if (turn.status.has_error()) {
      written = turn.status.error();
    } else {
      written = disk_.image_.append(*node_, bytes.substr(0, turn.write_max));
    }
    const std::uint64_t octets = written.has_value() ? written.value() : 0;
    co_await disk_.guard_.delay(turn.takes + disk_.transfer(octets));
    co_return written;
  }

  Task<Status> sync() override {
    if (!disk_.announce("sync", path_)) {
      co_await disk_.guard_.never();
    }
    const SimDisk::Turn turn = disk_.turn("sync", path_, SimDisk::Cost::sync);
    co_await disk_.guard_.delay(turn.takes);
    if (turn.status.has_value() && !turn.lies) {
      disk_.image_.sync(*node_);
    }
    co_return turn.status;
  }

 private:
  SimDisk& disk_;
  DiskImage::NodePtr node_;
  std::string path_;
};

Task<Result<std::unique_ptr<File>>> SimDisk::create(std::string path) {
  if (!announce("create", path)) {
    co_await guard_.never();
  }
  const Turn turn = this->turn("create", path, Cost::space);
  Result<DiskImage::NodePtr> node = DiskImage::NodePtr{};
  if (turn.status.has_error()) {
    node = turn.status.error();
  } else {
    node = image_.create(path);
  }
  co_await guard_.delay(turn.takes);
  CO_TRY(DiskImage::NodePtr made, std::move(node));
  co_return std::make_unique<SimFile>(*this, std::move(made), std::move(path));
}

Task<Result<Bytes>> SimDisk::read(std::string path, std::uint64_t offset, std::uint64_t size) {
  if (!announce("read", path)) {
    co_await guard_.never();
  }
  const Turn turn = this->turn("read", path, Cost::plain);
  if (turn.status.has_error()) {
    co_await guard_.delay(turn.takes);
    co_return turn.status.error();
  }
  auto bytes = image_.read(path, offset, size);
  if (bytes.has_value() && turn.corrupts && turn.corrupt_at < bytes.value().size()) {
    char& octet = bytes.value()[static_cast<std::size_t>(turn.corrupt_at)];
    octet = static_cast<char>(octet ^ 1);
  }
  co_await guard_.delay(turn.takes + transfer(bytes.has_value() ? bytes.value().size() : 0));
  co_return bytes;
}

Task<Result<FileStat>> SimDisk::stat(std::string path) {
  if (!announce("stat", path)) {
    co_await guard_.never();
  }
  const Turn turn = this->turn("stat", path, Cost::plain);
  co_await guard_.delay(turn.takes);
  CO_TRY(turn.status);
  co_return image_.stat(path);
}

template <class Change>
Task<Status> SimDisk::change(std::string_view verb, std::string path, Cost cost, Change apply) {
  if (!announce(verb, path)) {
    co_await guard_.never();
  }
  const Turn turn = this->turn(verb, path, cost);
  Status status = turn.status;
  if (status.has_value()) {
    status = apply(path);
  }
  co_await guard_.delay(turn.takes);
  co_return status;
}

Task<Status> SimDisk::rename(std::string from, std::string to) {
  return change(
      "rename", std::move(from), Cost::space, [this, to = std::move(to)](const std::string& path) {
        return image_.rename(path, to);
      });
}

Task<Status> SimDisk::remove(std::string path) {
  return change("remove", std::move(path), Cost::plain, [this](const std::string& at) {
    return image_.remove(at);
  });
}

// One by one, with time in between: not atomic.
Task<Status> SimDisk::remove_all(std::string path) {
  for (std::string& at : image_.below(path)) {
    auto removed = change("remove_all", std::move(at), Cost::plain, [this](const std::string& p) {
      return image_.remove(p);
    });
    CO_TRY(co_await std::move(removed));
  }
  co_return ok();
}

Task<Status> SimDisk::make_dir(std::string path) {
  return change("make_dir", std::move(path), Cost::space, [this](const std::string& at) {
    return image_.make_dir(at);
  });
}

Task<Result<std::vector<DirEntry>>> SimDisk::list(std::string path) {
  if (!announce("list", path)) {
    co_await guard_.never();
  }
  const Turn turn = this->turn("list", path, Cost::plain);
  co_await guard_.delay(turn.takes);
  CO_TRY(turn.status);
  co_return image_.list(path);
}

Task<Status> SimDisk::sync_dir(std::string path) {
  if (!announce("sync_dir", path)) {
    co_await guard_.never();
  }
  const Turn turn = this->turn("sync_dir", path, Cost::sync);
  co_await guard_.delay(turn.takes);
  CO_TRY(turn.status);
  if (turn.lies) {
    co_return ok();
  }
  co_return image_.sync_dir(path);
}

Task<Result<std::uint64_t>> SimDisk::free_bytes() {
  const Turn turn = this->turn("free_bytes", "", Cost::plain);
  co_await guard_.delay(turn.takes);
  CO_TRY(turn.status);
  co_return image_.free_bytes();
}

}  // namespace vvm::sim
