// Lines, their colours and their JSON.
#include "sim/cli/narrator.hpp"

#include <chrono>

#include <fmt/format.h>

#include "live/events.hpp"

namespace vvm::cli {
namespace {

std::string_view sgr_of(Tone tone) {
  switch (tone) {
    case Tone::plain:
      return {};
    case Tone::good:
      return "32";
    case Tone::doubtful:
      return "33";
    case Tone::bad:
      return "31";
  }
  return {};
}

}  // namespace

void Narrator::write(std::string line) {
  line.push_back('\n');
  const bool written = std::fwrite(line.data(), 1, line.size(), out_) == line.size();
  failed_ = std::fflush(out_) != 0 || !written || failed_;
}

void Narrator::step(std::string_view subject,
                    std::string_view text,
                    const Event& event,
                    Tone tone) {
  if (json_) {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    const WallMs at{std::chrono::duration_cast<std::chrono::milliseconds>(now).count()};
    write(live::event_line(at, "up", event, live::EventForm::json));
    return;
  }
  const std::string_view sgr = sgr_of(tone);
  const bool coloured = colour_ == report::Colour::on;
  const std::string head = fmt::format("{:<12}", subject);
  write(fmt::format(
      "  {}{}",
      coloured ? fmt::format("\x1b[1m{}\x1b[0m", head) : head,
      coloured && !sgr.empty() ? fmt::format("\x1b[{}m{}\x1b[0m", sgr, text) : std::string(text)));
}

void Narrator::say(std::string_view text) {
  if (!json_) {
    write(std::string(text));
  }
}

void Narrator::error(std::string_view text) { fmt::print(stderr, "vvm up: {}\n", text); }

}  // namespace vvm::cli
