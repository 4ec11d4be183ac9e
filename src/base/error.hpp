// Error and Code: what can go wrong, under the names of docs/spec/vvm.md 8.9.
//
// Every layer relies on them. One enum for the project, so that a retry decision reads the class of
// a code and never a text. The numbers of the control path are those of the spec; codes of 1000 and
// up are the project's own (input, transport, process).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace vvm {

enum class Code : std::uint16_t {
#define VVM_CODE(number, name, text, cls) name = (number),
#include "base/codes.def"
#undef VVM_CODE
};

// Class of an error: what the control loop does about it (docs/spec/vvm.md 8.9).
enum class ErrorClass : std::uint8_t {
  transient,             // T: back off and try again, without limit
  transient_then_probe,  // T, E after 5 tries
  environmental,         // E: Blocked, probed again every 600 s
  permanent,             // P: Blocked until a newer set-point
  fatal,                 // F: ownership is lost
};

struct Error {
  Code code;
  std::string what{};  // what was found and in what; for people, never parsed

  friend bool operator==(const Error&, const Error&) = default;
};

// The spec's name of a code ("ChecksumMismatch"), or the project's own ("Timeout").
std::string_view code_name(Code code);
std::optional<Code> code_from_name(std::string_view name);
// The code with this number, or none: numbers read from a peer or a file may be anything.
std::optional<Code> code_from_number(std::int64_t number);
ErrorClass error_class(Code code);
// True when the same attempt may succeed later without anybody changing the input.
bool transient(Code code);
// "ChecksumMismatch: image 3f2a..: got 77ab.."
std::string to_string(const Error& error);

}  // namespace vvm
