// MemoParts: pure work that simulated VVMs, and runs, have in common.
//
// Memo (run.hpp) owns one. What unpacks, parses and packs to what is remembered by content; every
// hundredth time the work is done all the same and compared, which proves that it is pure
// (docs/spec/harness.md 3.16). The cost that a process is charged does not depend on it.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "apppartsctl/parse.hpp"
#include "image/folder.hpp"
#include "sim/wiring/images.hpp"
#include "sim/wiring/run.hpp"

namespace vvm::wiring {

struct MemoFigures {
  std::uint64_t hits = 0;
  std::uint64_t proofs = 0;
  // Where the same input has given another result; empty: nowhere.
  std::string difference{};
};

class MemoUnpack final : public image::UnpackMemo {
 public:
  explicit MemoUnpack(MemoFigures* figures) : figures_(*figures) {}

  Value find(const Sha256& sha) override;
  void keep(const Sha256& sha, Value value) override;

 private:
  MemoFigures& figures_;
  std::map<Sha256, Value> known_;
};

class MemoParse final : public apppartsctl::ParseMemo {
 public:
  explicit MemoParse(MemoFigures* figures) : figures_(*figures) {}

  Value find(const apppartsctl::VersionId& version) override;
  void keep(const apppartsctl::VersionId& version, Value value) override;

 private:
  MemoFigures& figures_;
  std::map<apppartsctl::VersionId, Value> known_;
};

struct Memo::Parts {
  MemoFigures figures{};
  MemoUnpack unpack{&figures};
  MemoParse parse{&figures};
  // Packed images by what they were packed from.
  std::map<Sha256, Result<Bytes>> packed{};
};

}  // namespace vvm::wiring
