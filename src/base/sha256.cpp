// SHA-256 by the EVP functions of OpenSSL; a failure of theirs is a broken program.
#include "base/sha256.hpp"

#include <algorithm>

#include <openssl/evp.h>

#include "base/check.hpp"

namespace vvm {

struct Sha256Stream::State {
  EVP_MD_CTX* context = EVP_MD_CTX_new();

  State() { CHECK(context != nullptr, "no memory for a digest"); }

  ~State() { EVP_MD_CTX_free(context); }

  State(const State&) = delete;
  State& operator=(const State&) = delete;
};

Sha256Stream::Sha256Stream() : state_(std::make_unique<State>()) {
  CHECK(EVP_DigestInit_ex(state_->context, EVP_sha256(), nullptr) == 1, "SHA-256 init");
}

Sha256Stream::~Sha256Stream() = default;
Sha256Stream::Sha256Stream(Sha256Stream&&) noexcept = default;
Sha256Stream& Sha256Stream::operator=(Sha256Stream&&) noexcept = default;

void Sha256Stream::update(BytesView bytes) {
  CHECK(EVP_DigestUpdate(state_->context, bytes.data(), bytes.size()) == 1, "SHA-256 update");
}

Sha256 Sha256Stream::finish() {
  Sha256 digest;
  unsigned int size = 0;
  CHECK(EVP_DigestFinal_ex(state_->context, digest.octets.data(), &size) == 1, "SHA-256 final");
  CHECK(size == digest.octets.size(), "SHA-256 digest of", size, "octets");
  return digest;
}

Sha256 sha256(BytesView bytes) {
  Sha256Stream stream;
  stream.update(bytes);
  return stream.finish();
}

std::string Sha256::hex() const {
  Bytes raw;
  raw.reserve(octets.size());
  for (const std::uint8_t octet : octets) {
    raw.push_back(static_cast<char>(octet));
  }
  return to_hex(raw);
}

std::optional<Sha256> Sha256::from_hex(std::string_view hex) {
  const std::optional<Bytes> raw = vvm::from_hex(hex);
  if (!raw || raw->size() != 32) {
    return std::nullopt;
  }
  Sha256 digest;
  std::ranges::transform(
      *raw, digest.octets.begin(), [](char c) { return static_cast<std::uint8_t>(c); });
  return digest;
}

}  // namespace vvm
