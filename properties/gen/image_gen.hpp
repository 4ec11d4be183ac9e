// Generators of image contents, of names good and bad, and of damage to archives.
//
// properties/core relies on them. Values print themselves for rapidcheck by showValue().
#pragma once

#include <cstdint>
#include <ostream>
#include <string>
#include <vector>

#include <rapidcheck.h>

#include "image/archive.hpp"
#include "image/zip_writer.hpp"

namespace vvm::gen {

// Files of an image that pack accepts: names unique after case folding, no file used as a folder.
struct Tree {
  std::vector<image::Entry> files;
};

rc::Gen<Tree> any_tree();
void showValue(const Tree& tree, std::ostream& out);

// Names near the border of what docs/spec/vvm.md 6.5 accepts, on both sides of it.
rc::Gen<std::string> any_name();

// One change to the octets of an archive. Places are taken modulo its size.
struct Damage {
  enum class Kind : std::uint8_t { flip, overwrite, insert, erase, copy, cut };
  Kind kind{};
  std::uint32_t at = 0;
  std::uint32_t from = 0;    // copy
  std::uint32_t length = 0;  // erase, copy
  std::uint32_t value = 0;   // flip: the bit; overwrite: 4 octets, little-endian; insert: an octet
};

rc::Gen<std::vector<Damage>> any_damage();
void showValue(const Damage& damage, std::ostream& out);
// pre: there are octets.
Bytes damaged(Bytes octets, const std::vector<Damage>& damage);

// Members of a ZIP that lies: names from any_name(), headers that may disagree with each other and
// with the data.
struct Archive {
  std::vector<image::ZipMember> members;
};

rc::Gen<Archive> any_archive();
void showValue(const Archive& archive, std::ostream& out);

}  // namespace vvm::gen
