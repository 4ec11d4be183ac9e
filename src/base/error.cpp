// The table behind Code: name and class of each, generated from codes.def.
#include "base/error.hpp"

#include <array>

#include "base/check.hpp"

namespace vvm {
namespace {

struct Row {
  Code code;
  std::string_view name;
  ErrorClass cls;
};

constexpr std::array rows{
#define VVM_CODE(number, name, text, cls) Row{Code::name, text, ErrorClass::cls},
#include "base/codes.def"
#undef VVM_CODE
};

const Row& row_of(Code code) {
  for (const Row& row : rows) {
    if (row.code == code) {
      return row;
    }
  }
  UNREACHABLE();
}

}  // namespace

std::string_view code_name(Code code) { return row_of(code).name; }

std::optional<Code> code_from_name(std::string_view name) {
  for (const Row& row : rows) {
    if (row.name == name) {
      return row.code;
    }
  }
  return std::nullopt;
}

std::optional<Code> code_from_number(std::int64_t number) {
  for (const Row& row : rows) {
    if (static_cast<std::int64_t>(row.code) == number) {
      return row.code;
    }
  }
  return std::nullopt;
}

ErrorClass error_class(Code code) { return row_of(code).cls; }

bool transient(Code code) {
  const ErrorClass cls = error_class(code);
  return cls == ErrorClass::transient || cls == ErrorClass::transient_then_probe;
}

std::string to_string(const Error& error) {
  std::string out{code_name(error.code)};
  if (!error.what.empty()) {
    out.append(": ").append(error.what);
  }
  return out;
}

}  // namespace vvm
