// CHECK and UNREACHABLE: invariants that hold in every build, or the process ends.
//
// Every layer relies on them. A CHECK is for broken programs only; bad input is a Result.
// CHECK(cond, "what", values...) prints place, condition, text and values to stderr and aborts.
#pragma once

#include <concepts>
#include <string>
#include <string_view>

namespace vvm::detail {

[[noreturn]] void check_failed(const char* file, int line, const char* cond, std::string_view what);

inline void append_value(std::string& out, std::string_view value) { out.append(value); }

template <class T>
  requires std::integral<T>
void append_value(std::string& out, T value) {
  out.append(std::to_string(value));
}

template <class... Values>
[[noreturn]] void check_failed_with(
    const char* file, int line, const char* cond, std::string_view what, const Values&... values) {
  std::string text{what};
  ((text.push_back(' '), append_value(text, values)), ...);
  check_failed(file, line, cond, text);
}

}  // namespace vvm::detail

// NOLINTBEGIN(cppcoreguidelines-macro-usage)
#define CHECK(cond, ...)      \
  (static_cast<bool>(cond)    \
       ? static_cast<void>(0) \
       : ::vvm::detail::check_failed_with(__FILE__, __LINE__, #cond, __VA_ARGS__))
#define UNREACHABLE() ::vvm::detail::check_failed(__FILE__, __LINE__, "unreachable", "")
// NOLINTEND(cppcoreguidelines-macro-usage)
