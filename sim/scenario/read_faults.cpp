// One function a fault word, and the keys that several of them share.
#include <algorithm>
#include <array>
#include <iterator>
#include <limits>

#include <fmt/format.h>

#include "sim/scenario/read_context.hpp"
#include "sim/scenario/suggest.hpp"
#include "sim/scenario/value_text.hpp"
#include "sim/scenario/words.hpp"

namespace vvm::scenario {
namespace {

using faults::Action;

constexpr std::int64_t int32_max = std::numeric_limits<std::int32_t>::max();

struct Reader {
  ReadContext& ctx;
  Fields& fields;

  void accept(std::string_view key, const std::optional<std::string>& wrong) const {
    if (wrong.has_value()) {
      fields.wrong(key, *wrong);
    }
  }

  std::string who(std::optional<std::string> (*wrong)(const Scenario&, std::string_view)) const {
    std::string glob;
    if (fields.need("who", glob)) {
      accept("who", wrong(ctx.scenario, glob));
    }
    return glob;
  }

  // A process glob that may be left out.
  void host(std::string_view key, std::string& glob) const {
    if (fields.read(key, glob)) {
      accept(key, wrong_host(ctx.scenario, glob));
    }
  }

  faults::Link link() const {
    faults::Link link;
    if (!fields.has("from") && !fields.has("to")) {
      fields.missing("from");
    }
    host("from", link.from);
    host("to", link.to);
    std::size_t direction = 0;
    if (fields.read_word("dir", direction_words, direction, "direction")) {
      link.direction = static_cast<faults::Direction>(direction);
    }
    return link;
  }

  faults::Exchanges exchanges() const {
    faults::Exchanges on;
    fields.need("path", on.request);
    host("peer", on.client);
    host("server", on.server);
    return on;
  }

  faults::OctetRange at_byte() const {
    faults::OctetRange at;
    fields.need("at_byte", at);
    return at;
  }

  std::uint64_t rate() const {
    Throughput rate{.octets_per_second = 1};
    fields.need("rate", rate);
    return rate.octets_per_second;
  }

  template <class Enum>
  Enum word(std::string_view key,
            std::span<const std::string_view> words,
            std::span<const LaterWord> later) const {
    std::string text;
    if (!fields.need(key, text)) {
      return Enum{};
    }
    if (const auto why = why_later(later, text)) {
      fields.wrong(key, fmt::format("this version cannot play `{}`: {}", text, *why));
      return Enum{};
    }
    const auto at = std::ranges::find(words, text);
    if (at == words.end()) {
      fields.wrong(key, unknown(key, text, words));
      return Enum{};
    }
    return static_cast<Enum>(at - words.begin());
  }

  // `by`, needed if `needed`, else refused.
  Duration by(bool needed) const {
    Duration value;
    if (needed) {
      fields.need("by", value);
    } else if (fields.has("by")) {
      fields.find("by");
      fields.wrong_key("by", "`by` belongs to what is late or slow");
    }
    if (value < Duration{}) {
      fields.wrong("by", "`by` is negative");
    }
    return value;
  }
};

Action read_cut(const Reader& r) { return faults::Cut{.link = r.link()}; }

Action read_hold(const Reader& r) { return faults::Hold{.link = r.link()}; }

// A chance above 0.
void read_chance(const Reader& r, std::string_view what, Ratio* into) {
  Ppm rate;
  if (!r.fields.need("rate", rate)) {
    return;
  }
  if (rate.value <= 0 || rate.value > ppm_den_signed) {
    r.fields.wrong("rate", fmt::format("a {} is above 0% and at most 100%", what));
  } else {
    *into = {.num = static_cast<std::uint32_t>(rate.value), .den = ppm_den};
  }
}

Action read_loss(const Reader& r) {
  faults::Loss loss{.link = r.link()};
  read_chance(r, "loss", &loss.rate);
  return loss;
}

// Of a link; with `path`, of answers.
Action read_delay(const Reader& r) {
  if (r.fields.has("path")) {
    faults::Late late{.on = r.exchanges()};
    r.fields.need("by", late.by);
    return late;
  }
  faults::Delay delay{.link = r.link()};
  r.fields.need("by", delay.by);
  return delay;
}

Action read_bandwidth(const Reader& r) {
  faults::Bandwidth bandwidth{.link = r.link()};
  bandwidth.octets_per_second = r.rate();
  return bandwidth;
}

Action read_reset(const Reader& r) { return faults::Reset{.on = r.exchanges(), .at = r.at_byte()}; }

Action read_truncate(const Reader& r) {
  return faults::Truncate{.on = r.exchanges(), .at = r.at_byte()};
}

Action read_flip(const Reader& r) { return faults::Flip{.on = r.exchanges(), .at = r.at_byte()}; }

Action read_dup(const Reader& r) { return faults::Dup{.on = r.exchanges(), .at = r.at_byte()}; }

Action read_replay(const Reader& r) {
  faults::Replay replay{.on = r.exchanges()};
  read_chance(r, "replay", &replay.rate);
  return replay;
}

Action read_stall(const Reader& r) { return faults::Stall{.on = r.exchanges(), .at = r.at_byte()}; }

Action read_drip(const Reader& r) {
  return faults::Drip{.on = r.exchanges(), .at = r.at_byte(), .octets_per_second = r.rate()};
}

Action read_crash(const Reader& r) {
  faults::Crash crash{.who = r.who(wrong_process)};
  std::size_t loses = 0;
  if (r.fields.read_word("disk", loses_words, loses, "word")) {
    crash.disk = static_cast<faults::Loses>(loses);
  }
  r.fields.read("restart_after", crash.restart_after);
  return crash;
}

Action read_wipe(const Reader& r) {
  faults::Wipe wipe{.who = r.who(wrong_process)};
  r.fields.read("restart_after", wipe.restart_after);
  return wipe;
}

Action read_pause(const Reader& r) { return faults::Pause{.who = r.who(wrong_process)}; }

Action read_reboot(const Reader& r) {
  faults::Reboot reboot{.who = r.who(wrong_node)};
  r.fields.need("down", reboot.down);
  return reboot;
}

Action read_clock(const Reader& r) {
  faults::ClockFault clock{.who = r.who(wrong_process)};
  const bool jump = r.fields.read("wall_jump", clock.wall_jump);
  Ppm rate;
  if (r.fields.read("rate", rate)) {
    clock.rate_ppm = rate.value;
    if (rate.value < -ppm_den_signed || rate.value > ppm_den_signed) {
      r.fields.wrong("rate", "a clock is stopped (-100%) at worst, or twice as fast");
    }
  } else if (!jump && !r.fields.has("wall_jump") && !r.fields.has("rate")) {
    r.ctx.issues.add(r.fields.place(), 1, "a clock fault needs `wall_jump` or `rate`");
  }
  return clock;
}

Action read_disk(const Reader& r) {
  using faults::DiskMode;
  faults::DiskFault disk{.who = r.who(wrong_process)};
  disk.mode = r.word<DiskMode>("mode", disk_words, later_disk_modes());
  r.fields.read("path", disk.path);
  r.fields.read("verb", disk.verb);
  const bool counted = disk.mode == DiskMode::short_writes || disk.mode == DiskMode::corrupt;
  if (counted) {
    r.fields.read("octets", disk.octets);
  }
  disk.by = r.by(disk.mode == DiskMode::slow);
  return disk;
}

Action read_store(const Reader& r) {
  using faults::StoreOutcome;
  faults::StoreFault store;
  r.host("who", store.who);
  r.fields.read("op", store.op);
  r.fields.read("key", store.key);
  store.outcome = r.word<StoreOutcome>("outcome", store_words, {});
  const bool timeout = store.outcome == StoreOutcome::timeout_applied ||
                       store.outcome == StoreOutcome::timeout_not_applied;
  if (!timeout || r.fields.has("by")) {
    store.by = r.by(timeout || store.outcome == StoreOutcome::slow);
  }
  return store;
}

Action read_expire_early(const Reader& r) {
  faults::ExpireEarly early;
  r.fields.read("key", early.key);
  early.by = r.by(true);
  return early;
}

Action read_blob(const Reader& r) {
  faults::BlobFault blob;
  if (r.fields.read("image", blob.image)) {
    r.accept("image", wrong_image(r.ctx.scenario, blob.image));
  }
  r.fields.read("verb", blob.verb);
  blob.outcome = r.word<faults::BlobOutcome>("outcome", blob_words, {});
  blob.by = r.by(blob.outcome == faults::BlobOutcome::slow);
  return blob;
}

Action read_engine(const Reader& r) {
  faults::EngineFault engine{.who = r.who(wrong_vvm)};
  engine.outcome = r.word<faults::EngineOutcome>("outcome", engine_words, {});
  if (engine.outcome != faults::EngineOutcome::trap) {
    r.fields.read_in("at_engine", engine.at_engine, 1, int32_max);
  }
  return engine;
}

// Which of the shared keys a word takes.
enum Keys : std::uint8_t { none = 0, lasts = 1, times = 2, lasts_and_times = 3 };

struct FaultWord {
  std::string_view word;
  Action (*read)(const Reader&);
  Keys keys;
};

constexpr std::array table{
    FaultWord{"cut", read_cut, lasts},
    FaultWord{"hold", read_hold, lasts},
    FaultWord{"loss", read_loss, lasts},
    FaultWord{"delay", read_delay, lasts_and_times},
    FaultWord{"bandwidth", read_bandwidth, lasts},
    FaultWord{"reset", read_reset, lasts_and_times},
    FaultWord{"truncate", read_truncate, lasts_and_times},
    FaultWord{"flip", read_flip, lasts_and_times},
    FaultWord{"dup", read_dup, lasts_and_times},
    FaultWord{"replay", read_replay, lasts_and_times},
    FaultWord{"stall", read_stall, lasts_and_times},
    FaultWord{"drip", read_drip, lasts_and_times},
    FaultWord{"crash", read_crash, none},
    FaultWord{"wipe", read_wipe, none},
    FaultWord{"pause", read_pause, lasts},
    FaultWord{"reboot", read_reboot, none},
    FaultWord{"clock", read_clock, lasts},
    FaultWord{"disk", read_disk, lasts_and_times},
    FaultWord{"store", read_store, lasts_and_times},
    FaultWord{"expire_early", read_expire_early, lasts_and_times},
    FaultWord{"blob", read_blob, lasts_and_times},
    FaultWord{"engine", read_engine, lasts_and_times},
};

bool has(Keys keys, Keys one) { return (keys & one) != 0; }

void read_lasts(Fields& fields, faults::Fault& fault) {
  DurationRange range;
  if (fields.read("for", range)) {
    fault.lasts = range;
    if (range.low <= Duration{}) {
      fields.wrong("for", "a fault lasts longer than nothing");
    }
  }
}

}  // namespace

std::vector<std::string_view> fault_words() {
  std::vector<std::string_view> words;
  words.reserve(std::size(table));
  for (const FaultWord& row : table) {
    words.push_back(row.word);
  }
  return words;
}

std::optional<faults::Fault> read_fault(ReadContext& ctx, Fields& fields, const std::string& word) {
  if (const auto why = why_later(later_faults(), word)) {
    fields.wrong("fault", fmt::format("this version cannot inject `{}`: {}", word, *why));
    return std::nullopt;
  }
  const auto at = std::ranges::find(table, word, &FaultWord::word);
  if (at == table.end()) {
    fields.wrong("fault", unknown("fault", word, fault_words()));
    return std::nullopt;
  }
  faults::Fault fault{.action = at->read({.ctx = ctx, .fields = fields})};
  const bool link_delay = std::holds_alternative<faults::Delay>(fault.action);
  if (has(at->keys, lasts)) {
    read_lasts(fields, fault);
  } else if (fields.has("for")) {
    fields.find("for");
    fields.wrong_key("for", fmt::format("`{}` is over at once; it takes no `for`", word));
  }
  if (has(at->keys, times) && !link_delay) {
    std::uint64_t count = 0;
    if (fields.read("times", count)) {
      fault.times = count;
      if (count == 0) {
        fields.wrong("times", "a fault that never takes effect");
      }
    } else if (faults::times_default_to_one(fault)) {
      fault.times = 1;
    }
  }
  return fault;
}

}  // namespace vvm::scenario
