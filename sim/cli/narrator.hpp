// Narrator: what a long-running command tells as it goes, as lines for people or as JSON.
//
// `vvm up` owns one. For people: `  vvm-1     registered, epoch 1`, coloured by tone; as JSON: the
// line of an event (live/events.hpp) of the process `up`. Errors go to standard error in both.
#pragma once

#include <cstdio>
#include <string>
#include <string_view>

#include "base/event.hpp"
#include "sim/report/perf/render.hpp"

namespace vvm::cli {

enum class Tone : std::uint8_t { plain, good, doubtful, bad };

class Narrator {
 public:
  Narrator(std::FILE* out, bool json, report::Colour colour)
      : out_(out), json_(json), colour_(colour) {}

  // A step of `subject`. In JSON, `event` says it.
  void step(std::string_view subject, std::string_view text, const Event& event, Tone tone);
  // A line for people only.
  void say(std::string_view text);
  void error(std::string_view text);

  bool json() const { return json_; }

  // What was said could not be written: nobody reads it any more.
  bool failed() const { return failed_; }

 private:
  void write(std::string line);

  std::FILE* out_;
  bool json_;
  report::Colour colour_;
  bool failed_ = false;
};

}  // namespace vvm::cli
