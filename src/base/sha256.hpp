// SHA-256: the identity of images, files and application definitions.
//
// image, appdef and sim rely on it. Sha256 is a plain digest value that orders and compares;
// Sha256Stream hashes in pieces. Not thread-safe. OpenSSL behind one file.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.hpp"

namespace vvm {

struct Sha256 {
  std::array<std::uint8_t, 32> octets{};

  auto operator<=>(const Sha256&) const = default;
  std::string hex() const;
  // None unless 64 hexadecimal digits.
  static std::optional<Sha256> from_hex(std::string_view hex);
};

Sha256 sha256(BytesView bytes);

class Sha256Stream {
 public:
  Sha256Stream();
  ~Sha256Stream();
  Sha256Stream(Sha256Stream&&) noexcept;
  Sha256Stream& operator=(Sha256Stream&&) noexcept;
  Sha256Stream(const Sha256Stream&) = delete;
  Sha256Stream& operator=(const Sha256Stream&) = delete;

  void update(BytesView bytes);
  // Ends the stream; nothing may be added afterwards.
  Sha256 finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace vvm
