// Fields of an Event by key, for those who read events: oracles, triggers, budgets.
//
// sim relies on it; src only emits. Values live as long as the event's.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/event.hpp"

namespace vvm {

// Null when the event does not have it.
const FieldValue* find_field(const Event& event, std::string_view key);

// 0 when there is no such field, or it is a text.
std::int64_t number_in(const Event& event, std::string_view key);

// Empty when there is no such field, or it is a number.
std::string_view text_in(const Event& event, std::string_view key);

}  // namespace vvm
