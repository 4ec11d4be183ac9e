// Finding, keeping, and now and then doing it again.
#include "sim/wiring/memo.hpp"

#include <algorithm>

namespace vvm::wiring {
namespace {

constexpr std::uint64_t proof_every = 100;

bool same(const Result<image::Unpacked>& a, const Result<image::Unpacked>& b) {
  if (a.has_value() != b.has_value()) {
    return false;
  }
  return a.has_value() ? a.value() == b.value() : a.error() == b.error();
}

bool same(const Result<apppartsctl::AppDefPtr>& a, const Result<apppartsctl::AppDefPtr>& b) {
  if (a.has_value() != b.has_value()) {
    return false;
  }
  if (!a.has_value()) {
    return a.error() == b.error();
  }
  const auto left = a.value()->extensions();
  const auto right = b.value()->extensions();
  return std::ranges::equal(left, right, [](const auto& x, const auto& y) {
    return x.name == y.name && x.package_path == y.package_path && x.kind == y.kind &&
           x.engine == y.engine;
  });
}

// What is known, but for every hundredth time.
template <class Known, class Key>
typename Known::mapped_type look_up(const Known& known, const Key& key, MemoFigures& figures) {
  const auto at = known.find(key);
  if (at == known.end()) {
    return nullptr;
  }
  if ((figures.hits + figures.proofs + 1) % proof_every == 0) {
    ++figures.proofs;
    return nullptr;
  }
  ++figures.hits;
  return at->second;
}

template <class Known, class Key, class Value>
void remember(
    Known& known, const Key& key, Value value, MemoFigures& figures, const std::string& name) {
  const auto [at, fresh] = known.try_emplace(key, value);
  if (!fresh && !same(*at->second, *value) && figures.difference.empty()) {
    figures.difference = name;
  }
}

}  // namespace

image::UnpackMemo::Value MemoUnpack::find(const Sha256& sha) {
  return look_up(known_, sha, figures_);
}

void MemoUnpack::keep(const Sha256& sha, Value value) {
  remember(known_, sha, std::move(value), figures_, "unpacking " + sha.hex());
}

apppartsctl::ParseMemo::Value MemoParse::find(const apppartsctl::VersionId& version) {
  return look_up(known_, version, figures_);
}

void MemoParse::keep(const apppartsctl::VersionId& version, Value value) {
  remember(known_, version, std::move(value), figures_, "parsing " + version.str());
}

Memo::Memo() : parts_(std::make_unique<Parts>()) {}

Memo::~Memo() = default;

}  // namespace vvm::wiring
