// LineEvents: events as lines of a file, for people or as JSON.
//
// Programs that run live processes give one to each. Text: `12:03:04.567 vvm-1 vvm.state vvm=1`,
// local time. JSON: one object a line with `time` (Unix ms), `process`, `event` and the fields. A
// line is written whole; what cannot be written is dropped, and failed() says so.
#pragma once

#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

#include "base/time.hpp"
#include "runtime/proc.hpp"

namespace vvm::live {

enum class EventForm : std::uint8_t { text, coloured_text, json };

// Without the end of the line.
std::string event_line(WallMs at, std::string_view process, const Event& event, EventForm form);

class LineEvents final : public EventSink {
 public:
  // `out` stays open for as long as this lives.
  LineEvents(std::FILE* out, std::string process, EventForm form)
      : out_(out), process_(std::move(process)), form_(form) {}

  void emit(const Event& event) override;

  bool failed() const { return failed_; }

 private:
  std::FILE* out_;
  std::string process_;
  EventForm form_;
  bool failed_ = false;
};

}  // namespace vvm::live
