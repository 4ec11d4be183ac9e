// Acceptance of lists and their set-points, and the loop that fetches them.
#include "apppartsctl/sp_reader.hpp"

#include <algorithm>

#include "base/check.hpp"
#include "runtime/timeout.hpp"

namespace vvm::apppartsctl {

std::string_view name_of(Ignored reason) {
  switch (reason) {
    case Ignored::incomplete_list:
      return "IncompleteList";
    case Ignored::stale_list:
      return "StaleList";
    case Ignored::wrong_vvm:
      return "WrongVvm";
    case Ignored::duplicate:
      return "Duplicate";
    case Ignored::mutated:
      return "SPMutated";
    case Ignored::reordered:
      return "Reordered";
  }
  UNREACHABLE();
}

SpNews SpReaderCore::on_list(const SpList& list, Instant now) {
  SpNews news;
  if (!list.complete) {
    news.ignored.push_back({.reason = Ignored::incomplete_list});
    return news;
  }
  if (last_revision_.has_value() && list.revision < *last_revision_) {
    news.ignored.push_back({.reason = Ignored::stale_list});
    return news;
  }
  last_revision_ = list.revision;
  news.accepted = true;
  listed_.clear();
  for (const SetPoint& sp : list.sps) {
    on_sp(sp, news);
  }
  for (auto it = known_.begin(); it != known_.end();) {
    Known& known = it->second;
    if (known.forgotten && now >= known.until) {
      it = known_.erase(it);
      continue;
    }
    if (!listed_.contains(it->first)) {
      on_missing(it->first, known, now, news);
    }
    ++it;
  }
  return news;
}

void SpReaderCore::on_sp(const SetPoint& sp, SpNews& news) {
  const auto ignore = [&](Ignored reason) {
    news.ignored.push_back({.reason = reason, .key = sp.key, .generation = sp.generation});
  };
  if (sp.vvm != vvm_) {
    ignore(Ignored::wrong_vvm);
    return;
  }
  listed_.insert_or_assign(sp.key, sp);
  const auto at = known_.find(sp.key);
  if (at != known_.end()) {
    Known& known = at->second;
    known.missing_since.reset();
    known.missing_lists = 0;
    if (sp.generation < known.sp.generation) {
      ignore(Ignored::reordered);
      return;
    }
    if (sp.generation == known.sp.generation) {
      if (same_content(sp, known.sp)) {
        ++news.duplicates;
      } else {
        ignore(Ignored::mutated);
      }
      return;
    }
  } else if (raw(sp.generation) < 1) {
    ignore(Ignored::reordered);
    return;
  }
  known_.insert_or_assign(sp.key, Known{.sp = sp, .absent = sp.desired == Desired::absent});
  news.targets.push_back({.sp = sp});
}

void SpReaderCore::on_missing(const PartitionKey& key, Known& known, Instant now, SpNews& news) {
  if (known.forgotten) {
    return;
  }
  if (known.absent) {
    known.forgotten = true;
    known.until = now + remember_for_;
    news.forgotten.push_back(key);
    return;
  }
  if (!known.missing_since.has_value()) {
    known.missing_since = now;
  }
  ++known.missing_lists;
  if (known.missing_lists >= 2 && now - *known.missing_since >= missing_after_) {
    known.absent = true;
    news.targets.push_back({.sp = known.sp, .cause = Cause::missing});
  }
}

SpReader::SpReader(Runtime rt,
                   VvmId vvm,
                   VvmEpoch epoch,
                   const Constants& constants,
                   ClusterApi* api,
                   SpSink* sink)
    : rt_(rt),
      vvm_(vvm),
      epoch_(epoch),
      constants_(constants),
      api_(api),
      sink_(sink),
      core_(vvm, constants.sp_missing_after, hours(24)),
      rng_(rt.rng("sp_reader")),
      poked_(rt) {}

Task<void> SpReader::run() {
  std::int32_t failures = 0;
  while (!fenced_) {
    const bool read = co_await read_once();
    if (fenced_) {
      break;
    }
    Duration wait = constants_.sp_poll_interval;
    if (read) {
      failures = 0;
    } else {
      wait = constants_.sp_retry_base;
      for (std::int32_t i = 0; i < failures && wait < constants_.sp_retry_cap; ++i) {
        wait = wait * 2;
      }
      wait = std::min(wait, constants_.sp_retry_cap);
      ++failures;
    }
    const Instant at = rt_.now() + rng_.jittered(wait, 100);
    co_await wait_until(at);
  }
}

Task<bool> SpReader::read_once() {
  last_read_ = rt_.now();
  poke_waits_ = false;
  auto request = api_->sp_list(vvm_, epoch_);
  Result<SpList> list = co_await with_timeout(rt_, constants_.sp_read_limit, std::move(request));
  if (list) {
    tell(core_.on_list(list.value(), rt_.now()));
    co_return true;
  }
  rt_.emit({"sp.read_failed", {{"error", code_name(list.error().code)}}});
  if (list.error().code == Code::fenced_out) {
    fenced_ = true;
    sink_->on_fenced("SPList");
  }
  co_return false;
}

void SpReader::tell(const SpNews& news) {
  for (const IgnoredSp& ignored : news.ignored) {
    const std::string app = ignored.key.app.str();
    rt_.emit({"sp.ignored",
              {{"reason", name_of(ignored.reason)},
               {"app", app},
               {"part", raw(ignored.key.partition)},
               {"gen", raw(ignored.generation)}}});
  }
  for (const Target& target : news.targets) {
    const std::string app = target.sp.key.app.str();
    rt_.emit({"ctl.target",
              {{"app", app},
               {"part", raw(target.sp.key.partition)},
               {"number", static_cast<std::int64_t>(target.number())}}});
    sink_->on_target(target);
  }
  for (const PartitionKey& key : news.forgotten) {
    sink_->on_forgotten(key);
  }
  if (news.accepted) {
    sink_->on_list_accepted(core_.listed());
  }
}

Task<void> SpReader::wait_until(Instant at) {
  while (rt_.now() < at) {
    const Instant until =
        poke_waits_ ? std::min(at, last_read_ + constants_.sp_notify_debounce) : at;
    if (until <= rt_.now()) {
      co_return;
    }
    co_await poked_.wait_until(until);
  }
}

void SpReader::poke() {
  poke_waits_ = true;
  poked_.notify_all();
}

}  // namespace vvm::apppartsctl
