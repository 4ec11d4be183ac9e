// Weights of the gaps, summed and divided by their sum.
#include "sim/report/time_scale.hpp"

#include <algorithm>
#include <cmath>

namespace vvm::report {
namespace {

void add(const ghost::Interval& interval, std::vector<Instant>& out) {
  out.push_back(interval.from);
  out.push_back(interval.to);
}

// Every n-th, and the last.
std::vector<Instant> thinned(const std::vector<Instant>& moments, std::size_t max) {
  const std::size_t step = (moments.size() + max - 1) / max;
  if (step <= 1) {
    return moments;
  }
  std::vector<Instant> out;
  for (std::size_t i = 0; i < moments.size(); i += step) {
    out.push_back(moments[i]);
  }
  if (out.back() != moments.back()) {
    out.push_back(moments.back());
  }
  return out;
}

// Longer than three quarters of the gaps, within what makes sense on a page.
std::int64_t limit_of(const std::vector<Instant>& moments) {
  std::vector<std::int64_t> gaps;
  for (std::size_t i = 1; i < moments.size(); ++i) {
    gaps.push_back((moments[i] - moments[i - 1]).ns);
  }
  const auto at = gaps.begin() + static_cast<std::ptrdiff_t>(gaps.size() * 3 / 4);
  std::nth_element(gaps.begin(), at, gaps.end());
  const std::int64_t whole = (moments.back() - moments.front()).ns;
  const std::int64_t least = std::max<std::int64_t>(1, std::min<std::int64_t>(1'000'000, whole));
  return std::clamp(*at, least, std::max(least, whole / 50));
}

double weight_of(std::int64_t gap, std::int64_t limit) {
  const double part = static_cast<double>(gap) / static_cast<double>(limit);
  return part <= 1 ? part : 1 + std::log(part);
}

}  // namespace

std::vector<Instant> active_moments(const ghost::History& history) {
  std::vector<Instant> out{Instant{}, history.end};
  for (const ghost::ProcessHistory& process : history.processes) {
    for (const ghost::Life& life : process.lives) {
      add(life.time, out);
    }
    for (const ghost::Interval& pause : process.paused) {
      add(pause, out);
    }
  }
  for (const ghost::PartitionHistory& part : history.partitions) {
    for (const ghost::PhaseInterval& phase : part.phases) {
      add(phase.time, out);
    }
    for (const ghost::ServingInterval& serving : part.serving) {
      add(serving.time, out);
    }
  }
  for (const ghost::FaultMark& fault : history.faults) {
    add(fault.time, out);
  }
  for (const ghost::Note& note : history.notes) {
    out.push_back(note.at);
  }
  std::erase_if(out, [&](Instant at) { return at < Instant{} || at > history.end; });
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

std::vector<Knot> squeezed_scale(const std::vector<Instant>& moments, std::size_t knots_max) {
  if (moments.size() < 2) {
    return {};
  }
  const std::vector<Instant> chosen = thinned(moments, knots_max);
  const std::int64_t limit = limit_of(chosen);
  std::vector<Knot> out{{chosen.front(), 0}};
  double sum = 0;
  for (std::size_t i = 1; i < chosen.size(); ++i) {
    sum += weight_of((chosen[i] - chosen[i - 1]).ns, limit);
    out.push_back({chosen[i], sum});
  }
  for (Knot& knot : out) {
    knot.place /= sum;
  }
  out.back().place = 1;
  return out;
}

bool worth_squeezing(const std::vector<Knot>& knots) {
  // The shortest part of the run, in time, that takes up half of the squeezed page.
  if (knots.size() < 3) {
    return false;
  }
  std::vector<std::pair<double, double>> pieces;  // time for each place, and places
  const double whole = static_cast<double>((knots.back().at - knots.front().at).ns);
  for (std::size_t i = 1; i < knots.size(); ++i) {
    const double places = knots[i].place - knots[i - 1].place;
    const double time = static_cast<double>((knots[i].at - knots[i - 1].at).ns) / whole;
    pieces.emplace_back(time / places, places);
  }
  std::sort(pieces.begin(), pieces.end());
  double places = 0;
  double time = 0;
  for (const auto& [rate, width] : pieces) {
    places += width;
    time += rate * width;
    if (places >= 0.5) {
      break;
    }
  }
  return time < 0.1;
}

}  // namespace vvm::report
