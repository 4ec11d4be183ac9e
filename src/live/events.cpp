// The two forms of an event line.
#include "live/events.hpp"

#include <chrono>
#include <ctime>

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

namespace vvm::live {
namespace {

namespace json = boost::json;

constexpr std::string_view dim = "\x1b[2m";
constexpr std::string_view red = "\x1b[31m";
constexpr std::string_view plain = "\x1b[0m";

std::string json_line(WallMs at, std::string_view process, const Event& event) {
  json::object object{
      {"time", at.ms}, {"process", json::string(process)}, {"event", json::string(event.name)}};
  for (const Field& field : event.fields) {
    if (const auto* number = std::get_if<std::int64_t>(&field.value)) {
      object[field.key] = *number;
    } else {
      object[field.key] = json::string(std::get<std::string_view>(field.value));
    }
  }
  return json::serialize(object);
}

std::string clock_text(WallMs at) {
  const std::time_t seconds = at.ms / 1000;
  std::tm local{};
  localtime_r(&seconds, &local);
  char text[32];  // NOLINT(*-avoid-c-arrays)
  const int length = std::snprintf(text,
                                   sizeof(text),
                                   "%02d:%02d:%02d.%03d",
                                   local.tm_hour,
                                   local.tm_min,
                                   local.tm_sec,
                                   static_cast<int>(at.ms % 1000));
  return {text, static_cast<std::size_t>(length)};
}

// What a peer or a file put into a field must not steer the terminal.
std::string printable(std::string text) {
  for (char& c : text) {
    const auto octet = static_cast<unsigned char>(c);
    if (octet < 0x20 || octet == 0x7F) {
      c = '?';
    }
  }
  return text;
}

bool says_failure(std::string_view name) {
  return name.find("failed") != std::string_view::npos ||
         name.find("fenced") != std::string_view::npos ||
         name.find("blocked") != std::string_view::npos;
}

}  // namespace

std::string event_line(WallMs at, std::string_view process, const Event& event, EventForm form) {
  if (form == EventForm::json) {
    return json_line(at, process, event);
  }
  std::string head = clock_text(at) + " " + printable(std::string(process));
  std::string what = printable(to_string(event));
  if (form == EventForm::text) {
    return head + " " + what;
  }
  std::string line{dim};
  line.append(head).append(plain).append(" ");
  line.append(says_failure(event.name) ? red : dim).append(what).append(plain);
  return line;
}

void LineEvents::emit(const Event& event) {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const WallMs at{std::chrono::duration_cast<std::chrono::milliseconds>(now).count()};
  const std::string line = event_line(at, process_, event, form_) + "\n";
  const bool written = std::fwrite(line.data(), 1, line.size(), out_) == line.size();
  failed_ = std::fflush(out_) != 0 || !written || failed_;
}

}  // namespace vvm::live
