// Fields of an Event: there are few, and they are found by looking at each.
#include "base/event_fields.hpp"

namespace vvm {

const FieldValue* find_field(const Event& event, std::string_view key) {
  for (const Field& field : event.fields) {
    if (field.key == key) {
      return &field.value;
    }
  }
  return nullptr;
}

std::int64_t number_in(const Event& event, std::string_view key) {
  const FieldValue* value = find_field(event, key);
  const auto* number = value == nullptr ? nullptr : std::get_if<std::int64_t>(value);
  return number == nullptr ? 0 : *number;
}

std::string_view text_in(const Event& event, std::string_view key) {
  const FieldValue* value = find_field(event, key);
  const auto* text = value == nullptr ? nullptr : std::get_if<std::string_view>(value);
  return text == nullptr ? std::string_view{} : *text;
}

}  // namespace vvm
