// The form of an Event for people: `name key=value ...`, one line, quoted where it must be.
#include "base/event.hpp"

namespace vvm {
namespace {

void append_text(std::string& out, std::string_view text) {
  const bool plain = !text.empty() && text.find_first_of(" \"\n\t=") == std::string_view::npos;
  if (plain) {
    out.append(text);
    return;
  }
  out.push_back('"');
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out.push_back('\\');
    }
    if (c == '\n') {
      out.append("\\n");
    } else {
      out.push_back(c);
    }
  }
  out.push_back('"');
}

}  // namespace

std::string to_string(const Event& event) {
  std::string out{event.name};
  for (const Field& field : event.fields) {
    out.push_back(' ');
    out.append(field.key).push_back('=');
    if (const auto* number = std::get_if<std::int64_t>(&field.value)) {
      out.append(std::to_string(*number));
    } else {
      append_text(out, std::get<std::string_view>(field.value));
    }
  }
  return out;
}

}  // namespace vvm
