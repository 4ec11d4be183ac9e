// Parsing of names with two parts; what is left of the syntax is for those who use them.
#include "ids/names.hpp"

namespace vvm {
namespace {

struct Halves {
  std::string_view left;
  std::string_view right;
};

Result<Halves> split_in_two(std::string_view text, char separator, std::string_view what) {
  const std::size_t at = text.find(separator);
  if (at == std::string_view::npos || text.find(separator, at + 1) != std::string_view::npos) {
    return Error{Code::bad_request,
                 std::string{what} + " `" + std::string{text} + "` does not have two parts"};
  }
  return Halves{.left = text.substr(0, at), .right = text.substr(at + 1)};
}

}  // namespace

Result<QName> QName::parse(std::string_view text) {
  TRY(const Halves halves, split_in_two(text, '.', "qualified name"));
  return QName{.pkg = std::string{halves.left}, .entity = std::string{halves.right}};
}

Result<AppQName> AppQName::parse(std::string_view text) {
  TRY(const Halves halves, split_in_two(text, '/', "application name"));
  if (halves.left.empty() || halves.right.empty()) {
    return Error{Code::bad_request,
                 "application name `" + std::string{text} + "` has an empty part"};
  }
  return AppQName{.owner = std::string{halves.left}, .name = std::string{halves.right}};
}

}  // namespace vvm
