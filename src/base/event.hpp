// Event: something that happened, as a name and typed fields; the project's only logging.
//
// Every layer emits them through runtime::Runtime::emit; the live program prints them, the
// simulator puts them into the trace and the ghost state. Emitting costs no allocation: an Event
// only refers to its values and must not outlive the expression that makes it.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <variant>

namespace vvm {

using FieldValue = std::variant<std::int64_t, std::string_view>;

struct Field {
  std::string_view key;
  FieldValue value;
};

struct Event {
  std::string_view name;  // dotted, lower case: "partition.phase"
  std::initializer_list<Field> fields{};
};

// "partition.phase app=acme/pos part=3 phase=Running"; values with spaces are quoted.
std::string to_string(const Event& event);

}  // namespace vvm
