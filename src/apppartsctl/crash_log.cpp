// The marks, their file, and the count.
#include "apppartsctl/crash_log.hpp"

#include <algorithm>
#include <set>

#include <boost/json/serialize.hpp>

#include "records/json_reader.hpp"

namespace vvm::apppartsctl {
namespace {

namespace json = boost::json;

constexpr const char* folder = "journal";
constexpr const char* path = "journal/crash.log";
constexpr const char* fresh_path = "journal/crash.log.new";
constexpr std::uint64_t file_octets_max = std::uint64_t{1} << 20U;

Result<CrashMark> read_mark(const json::object& object) {
  const JsonReader in(object);
  CrashMark mark;
  TRY(const std::string app, in.text("app", app_qname_octets_max));
  TRY(mark.key.app, AppQName::parse(app));
  TRY(mark.key.partition, in.id<PartitionId>("part"));
  mark.version.app = mark.key.app;
  TRY(mark.version.version, in.id<AppVersion>("version"));
  TRY(mark.version.sha, in.sha256_or_null("sha"));
  TRY(mark.version.built_in_rev, in.text("rev", built_in_rev_octets_max));
  TRY(mark.generation, in.id<Generation>("gen"));
  TRY(const std::string step, in.text("step", 16));
  mark.step = step == name_of(Step::build) ? Step::build : Step::switch_version;
  TRY(mark.life, in.id<VvmEpoch>("life"));
  TRY(mark.at.ms, in.integer("at", 0, std::numeric_limits<std::int64_t>::max()));
  return mark;
}

}  // namespace

std::string to_line(const CrashMark& mark) {
  json::value sha = nullptr;
  if (mark.version.sha != Sha256{}) {
    sha = json::value(mark.version.sha.hex());
  }
  const json::object object{{"app", mark.key.app.str()},
                            {"part", raw(mark.key.partition)},
                            {"version", raw(mark.version.version)},
                            {"sha", std::move(sha)},
                            {"rev", mark.version.built_in_rev},
                            {"gen", raw(mark.generation)},
                            {"step", name_of(mark.step)},
                            {"life", raw(mark.life)},
                            {"at", mark.at.ms}};
  return json::serialize(object) + "\n";
}

std::optional<CrashMark> mark_from_line(std::string_view line) {
  const Result<json::object> object = parse_json_object(line);
  if (!object) {
    return std::nullopt;
  }
  const Result<CrashMark> mark = read_mark(object.value());
  return mark ? std::optional{mark.value()} : std::nullopt;
}

std::int64_t crashes_of(const std::vector<CrashMark>& marks,
                        const CrashMark& candidate,
                        Duration window) {
  std::set<VvmEpoch> lives;
  for (const CrashMark& mark : marks) {
    const bool own = mark.key == candidate.key;
    const bool counts = own ? mark.generation == candidate.generation : mark.step == Step::build;
    const std::int64_t age_ms = candidate.at.ms - mark.at.ms;
    if (mark.version == candidate.version && counts && mark.life != candidate.life &&
        age_ms <= window.ms()) {
      lives.insert(mark.life);
    }
  }
  return static_cast<std::int64_t>(lives.size());
}

// The right to write the file; one at a time.
class CrashLog::Writing {
 public:
  explicit Writing(CrashLog* log) : log_(log) { log_->writing_ = true; }

  Writing(const Writing&) = delete;
  Writing& operator=(const Writing&) = delete;

  ~Writing() {
    log_->writing_ = false;
    log_->idle_.notify_one();
  }

 private:
  CrashLog* log_;
};

Task<void> CrashLog::load() {
  const Result<Bytes> text = co_await rt_.disk().read(path, 0, file_octets_max);
  if (!text) {
    co_return;
  }
  std::string_view rest = text.value();
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    if (auto mark = mark_from_line(rest.substr(0, end))) {
      marks_.push_back(*std::move(mark));
    }
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
}

bool CrashLog::loops(const PartitionKey& key, const SetPoint& sp, Step step) const {
  const CrashMark candidate{.key = key,
                            .version = version_of(sp),
                            .generation = sp.generation,
                            .step = step,
                            .life = life_,
                            .at = rt_.clock().wall()};
  const std::int64_t crashes = crashes_of(marks_, candidate, constants_.crash_loop_window);
  return crashes >= constants_.crash_loop_crashes;
}

Task<Status> CrashLog::mark(PartitionKey key, SetPoint sp, Step step) {
  const WallMs now = rt_.clock().wall();
  const std::int64_t oldest = now.ms - constants_.crash_loop_window.ms();
  std::erase_if(marks_, [&](const CrashMark& m) { return m.life != life_ && m.at.ms < oldest; });
  marks_.push_back({.key = key,
                    .version = version_of(sp),
                    .generation = sp.generation,
                    .step = step,
                    .life = life_,
                    .at = now});
  co_return co_await write();
}

Task<Status> CrashLog::clear(PartitionKey key, VersionId version, Step step) {
  const std::size_t erased = std::erase_if(marks_, [&](const CrashMark& m) {
    return m.version == version && m.step == step && (step == Step::build || m.key == key);
  });
  if (erased == 0) {
    co_return ok();
  }
  co_return co_await write();
}

Task<Status> CrashLog::clear_own() {
  const std::size_t erased =
      std::erase_if(marks_, [&](const CrashMark& m) { return m.life == life_; });
  if (erased == 0) {
    co_return ok();
  }
  co_return co_await write();
}

Task<Status> CrashLog::write() {
  while (writing_) {
    co_await idle_.wait();
  }  // ends when the writer before has finished
  const Writing writing(this);
  co_return co_await write_file();
}

Task<Status> CrashLog::write_file() {
  Disk& disk = rt_.disk();
  std::string text;
  for (const CrashMark& mark : marks_) {
    text += to_line(mark);
  }
  CO_TRY(co_await disk.make_dir(folder));
  {
    CO_TRY(const auto file, co_await disk.create(fresh_path));
    CO_TRY(co_await write_all(file.get(), text));
    CO_TRY(co_await file->sync());
  }
  CO_TRY(co_await disk.rename(fresh_path, path));
  co_return co_await disk.sync_dir(folder);
}

}  // namespace vvm::apppartsctl
