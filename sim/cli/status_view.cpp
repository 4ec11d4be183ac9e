// Rows of the status, and their layout.
#include "sim/cli/status_view.hpp"

#include <algorithm>
#include <vector>

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

namespace vvm::cli {
namespace {

namespace json = boost::json;

constexpr std::string_view bold = "1";
constexpr std::string_view red = "31";
constexpr std::string_view green = "32";
constexpr std::string_view yellow = "33";

// A cell of a table, and the SGR colour of its text.
struct Cell {
  std::string text{};
  std::string_view colour{};
};

using Cells = std::vector<Cell>;

// What came from a peer must not steer the terminal.
std::string printable(std::string text) {
  for (char& c : text) {
    const auto octet = static_cast<unsigned char>(c);
    if (octet < 0x20 || octet == 0x7F) {
      c = '?';
    }
  }
  return text;
}

// Characters, not octets, so that columns align.
std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(
      text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

std::string painted(const Cell& cell, report::Colour colour) {
  if (colour == report::Colour::off || cell.colour.empty()) {
    return cell.text;
  }
  return fmt::format("\x1b[{}m{}\x1b[0m", cell.colour, cell.text);
}

// The first row is the head.
std::string table_text(std::vector<Cells> rows, report::Colour colour) {
  std::vector<std::size_t> widths(rows.front().size());
  for (Cell& head : rows.front()) {
    head.colour = bold;
  }
  for (Cells& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      row[i].text = printable(std::move(row[i].text));
      widths[i] = std::max(widths[i], width_of(row[i].text));
    }
  }
  std::string out;
  for (const Cells& row : rows) {
    std::string gap;
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (!row[i].text.empty()) {
        out += gap + painted(row[i], colour);
        gap.clear();
      }
      gap += std::string(widths[i] - width_of(row[i].text) + 2, ' ');
    }
    out += "\n";
  }
  return out;
}

std::string age_text(WallMs then, WallMs now) {
  const std::int64_t s = std::max<std::int64_t>(0, now.ms - then.ms) / 1000;
  if (s < 120) {
    return fmt::format("{} s", s);
  }
  return s < 7'200 ? fmt::format("{} min", s / 60) : fmt::format("{} h", s / 3'600);
}

std::string_view colour_of(Phase phase) {
  switch (phase) {
    case Phase::running:
      return green;
    case Phase::backoff:
    case Phase::draining:
    case Phase::stopping:
      return yellow;
    case Phase::blocked:
    case Phase::lost:
      return red;
    case Phase::pending:
    case Phase::downloading:
    case Phase::unpacking:
    case Phase::parsing:
    case Phase::checking:
    case Phase::building:
    case Phase::fencing:
    case Phase::switching:
    case Phase::absent:
      return {};
  }
  return {};
}

// A partition as its owner and its set-point see it.
struct PartitionRow {
  PartitionKey key;
  const SetPoint* sp = nullptr;
  const ProcessVariable* pv = nullptr;

  VvmId vvm() const { return sp != nullptr ? sp->vvm : pv->vvm; }
};

// One row for each set-point and each report; a partition that moves has two.
std::vector<PartitionRow> rows_of(const ClusterStatus& status) {
  std::map<std::pair<PartitionKey, VvmId>, PartitionRow> rows;
  for (const SetPoint& sp : status.sps) {
    PartitionRow& row = rows[{sp.key, sp.vvm}];
    row.key = sp.key;
    row.sp = &sp;
  }
  for (const ProcessVariable& pv : status.pvs) {
    PartitionRow& row = rows[{pv.key, pv.vvm}];
    row.key = pv.key;
    row.pv = &pv;
  }
  std::vector<PartitionRow> out;
  out.reserve(rows.size());
  for (const auto& [key, row] : rows) {
    out.push_back(row);
  }
  return out;
}

// Tombstones that have been obeyed are history.
bool is_history(const PartitionRow& row) {
  const bool wanted = row.sp != nullptr && row.sp->desired == Desired::present;
  return !wanted && (row.pv == nullptr || row.pv->phase == Phase::absent);
}

std::string version_text(AppVersion version) {
  return version == AppVersion{} ? "-" : std::to_string(raw(version));
}

std::string error_text(const ProcessVariable& pv) {
  if (!pv.error.has_value()) {
    return "";
  }
  return to_string(Error{*pv.error, pv.error_message});
}

// "3", or "3 of 4" when the VVM has not seen the newest set-point.
std::string generation_text(const PartitionRow& row) {
  const std::int64_t seen = row.pv == nullptr ? 0 : raw(row.pv->observed_generation);
  const std::int64_t wanted = row.sp == nullptr ? seen : raw(row.sp->generation);
  return seen == wanted ? std::to_string(seen) : fmt::format("{} of {}", seen, wanted);
}

Cells cells_of(const PartitionRow& row, WallMs now) {
  Cells cells{{row.key.app.str()},
              {std::to_string(raw(row.key.partition))},
              {std::to_string(raw(row.vvm()))}};
  if (row.pv == nullptr) {
    cells.insert(cells.end(), {{"-"}, {"-"}, {generation_text(row)}, {"-"}, {""}});
    return cells;
  }
  const ProcessVariable& pv = *row.pv;
  cells.push_back({std::string(name_of(pv.phase)), colour_of(pv.phase)});
  cells.push_back({version_text(pv.serving_version)});
  cells.push_back({generation_text(row)});
  cells.push_back({age_text(pv.updated_at, now)});
  cells.push_back({error_text(pv), red});
  return cells;
}

std::string partitions_text(const ClusterStatus& status, WallMs now, report::Colour colour) {
  std::vector<Cells> rows{{{"APP"},
                           {"PARTITION"},
                           {"VVM"},
                           {"PHASE"},
                           {"VERSION"},
                           {"GENERATION"},
                           {"AGE"},
                           {"ERROR"}}};
  for (const PartitionRow& row : rows_of(status)) {
    if (!is_history(row)) {
      rows.push_back(cells_of(row, now));
    }
  }
  return rows.size() == 1 ? "no partitions\n" : table_text(std::move(rows), colour);
}

std::string apps_text(const ClusterStatus& status, report::Colour colour) {
  std::vector<Cells> rows{{{"APP"}, {"DESIRED"}, {"STABLE"}, {"ROLLOUT"}, {"RUNNING"}, {"IMAGE"}}};
  for (const cluster::App& app : status.apps) {
    if (app.deleted) {
      continue;
    }
    const AppProgress progress = progress_of(status, app.name);
    const cluster::AppImage* const image = status.find_image(app.name, app.desired_version);
    rows.push_back({{app.name.str()},
                    {version_text(app.desired_version)},
                    {version_text(app.stable_version)},
                    {std::string(cluster::name_of(app.rollout))},
                    {fmt::format("{} of {}", progress.running, progress.partitions),
                     progress.done() ? green : yellow},
                    {image == nullptr ? "-"
                                      : fmt::format("{} {}",
                                                    cluster::name_of(image->state),
                                                    image->sha256.hex().substr(0, 12))}});
  }
  return rows.size() == 1 ? "no applications\n" : table_text(std::move(rows), colour);
}

std::string vvms_text(const ClusterStatus& status, report::Colour colour) {
  std::vector<Cells> rows{{{"VVM"}, {"NODE"}, {"EPOCH"}, {"STATE"}, {"STATUS AT"}, {"BUILD"}}};
  for (const cluster::VirtualMachine& vvm : status.vvms) {
    const bool up = vvm.state == cluster::VvmState::registered;
    rows.push_back({{std::to_string(raw(vvm.id))},
                    {std::to_string(raw(vvm.node))},
                    {std::to_string(raw(vvm.epoch))},
                    {std::string(cluster::name_of(vvm.state)), up ? green : yellow},
                    {fmt::format("http://{}:{}/status", vvm.host, vvm.port)},
                    {vvm.build_rev}});
  }
  return rows.size() == 1 ? "no VVMs\n" : table_text(std::move(rows), colour);
}

// Every member is there, also before the first report: who reads it need not ask.
json::object json_of(const PartitionRow& row, WallMs now) {
  const bool reported = row.pv != nullptr;
  const ProcessVariable none;
  const ProcessVariable& pv = reported ? *row.pv : none;
  const std::int64_t age = std::max<std::int64_t>(0, now.ms - pv.updated_at.ms);
  return {{"app", row.key.app.str()},
          {"partition", raw(row.key.partition)},
          {"vvm", raw(row.vvm())},
          {"wanted", row.sp != nullptr && row.sp->desired == Desired::present},
          {"wantedVersion", row.sp == nullptr ? 0 : raw(row.sp->app_version)},
          {"generation", row.sp == nullptr ? 0 : raw(row.sp->generation)},
          {"phase", reported ? json::value(name_of(pv.phase)) : json::value()},
          {"servingVersion", raw(pv.serving_version)},
          {"observedGeneration", raw(pv.observed_generation)},
          {"partitionEpoch", raw(pv.partition_epoch)},
          {"vvmEpoch", raw(pv.vvm_epoch)},
          {"error", pv.error.has_value() ? json::value(code_name(*pv.error)) : json::value()},
          {"errorMessage", pv.error_message},
          {"attempt", pv.attempt},
          {"ageMs", reported ? json::value(age) : json::value()}};
}

json::object json_of(const ClusterStatus& status, const cluster::App& app) {
  const AppProgress progress = progress_of(status, app.name);
  const cluster::AppImage* const image = status.find_image(app.name, app.desired_version);
  json::object out{{"app", app.name.str()},
                   {"desiredVersion", raw(app.desired_version)},
                   {"stableVersion", raw(app.stable_version)},
                   {"rollout", cluster::name_of(app.rollout)},
                   {"partitions", progress.partitions},
                   {"running", progress.running},
                   {"done", progress.done()},
                   {"image", nullptr}};
  if (image != nullptr) {
    out["image"] = json::object{{"state", cluster::name_of(image->state)},
                                {"sha256", image->sha256.hex()},
                                {"size", image->size},
                                {"rejection", image->reject_message}};
  }
  return out;
}

}  // namespace

namespace {

// The image that was uploaded last, if it is refused; earlier ones are history.
const cluster::AppImage* refused_image(const ClusterStatus& status, const AppQName& app) {
  const cluster::AppImage* last = nullptr;
  for (const cluster::AppImage& image : status.images) {
    if (image.key.app == app && (last == nullptr || image.key.version > last->key.version)) {
      last = &image;
    }
  }
  const bool refused = last != nullptr && last->state == cluster::ImageState::rejected;
  return refused ? last : nullptr;
}

// What a partition reports of an earlier set-point says nothing of the wanted version. (That one
// stands in the application's row before the set-points have it.)
bool is_about(const ClusterStatus& status, const ProcessVariable& pv, AppVersion wanted) {
  return std::ranges::any_of(status.sps, [&pv, wanted](const SetPoint& sp) {
    return sp.key == pv.key && sp.vvm == pv.vvm && sp.app_version == wanted &&
           sp.generation == pv.observed_generation;
  });
}

}  // namespace

AppProgress progress_of(const ClusterStatus& status, const AppQName& app) {
  AppProgress progress;
  const cluster::App* const row = status.find_app(app);
  if (row == nullptr) {
    return progress;
  }
  progress.wanted = row->desired_version;
  progress.partitions = row->num_partitions;
  for (const ProcessVariable& pv : status.pvs) {
    if (pv.key.app != app || pv.phase == Phase::absent) {
      continue;
    }
    const bool runs = pv.phase == Phase::running;
    if (runs && pv.serving_version == progress.wanted) {
      ++progress.running;
    } else if (runs) {
      ++progress.other[fmt::format("at version {}", raw(pv.serving_version))];
    } else {
      ++progress.other[std::string(name_of(pv.phase))];
    }
    const bool blocked = pv.phase == Phase::blocked && is_about(status, pv, progress.wanted);
    if (blocked && progress.problem.empty()) {
      progress.problem = fmt::format("partition {}: {}", raw(pv.key.partition), error_text(pv));
      progress.problem_of = progress.wanted;
    }
  }
  if (const cluster::AppImage* const refused = refused_image(status, app)) {
    progress.problem_of = refused->key.version;
    progress.problem =
        fmt::format("version {} is refused: {}", raw(progress.problem_of), refused->reject_message);
  }
  return progress;
}

std::string progress_text(const AppProgress& progress) {
  if (progress.wanted == AppVersion{}) {
    return progress.problem.empty() ? "no version yet" : printable(progress.problem);
  }
  std::string out = fmt::format(
      "version {}: {} of {} running", raw(progress.wanted), progress.running, progress.partitions);
  for (const auto& [what, count] : progress.other) {
    out += fmt::format(", {} {}", count, what);
  }
  if (!progress.problem.empty()) {
    out += "; " + printable(progress.problem);
  }
  return out;
}

std::string status_text(const ClusterStatus& status, WallMs now, report::Colour colour) {
  return vvms_text(status, colour) + "\n" + apps_text(status, colour) + "\n" +
         partitions_text(status, now, colour);
}

std::string status_json(const ClusterStatus& status, WallMs now) {
  json::array vvms;
  for (const cluster::VirtualMachine& vvm : status.vvms) {
    vvms.push_back(json::object{{"vvm", raw(vvm.id)},
                                {"node", raw(vvm.node)},
                                {"epoch", raw(vvm.epoch)},
                                {"state", cluster::name_of(vvm.state)},
                                {"host", vvm.host},
                                {"port", vvm.port},
                                {"buildRev", vvm.build_rev}});
  }
  json::array apps;
  for (const cluster::App& app : status.apps) {
    if (!app.deleted) {
      apps.push_back(json_of(status, app));
    }
  }
  json::array partitions;
  for (const PartitionRow& row : rows_of(status)) {
    partitions.push_back(json_of(row, now));
  }
  return json::serialize(json::object{{"revision", status.revision},
                                      {"vvms", std::move(vvms)},
                                      {"apps", std::move(apps)},
                                      {"partitions", std::move(partitions)}}) +
         "\n";
}

}  // namespace vvm::cli
