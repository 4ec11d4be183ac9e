// Small alphabets, so that names collide, and interesting numbers, so that limits are met.
#include "properties/gen/image_gen.hpp"

#include <algorithm>
#include <array>
#include <set>

#include "image/entry_name.hpp"
#include "image/zip_format.hpp"

namespace vvm::gen {
namespace {

using image::Entry;
using image::ZipFields;
using image::ZipMember;

rc::Gen<std::string> good_component() {
  return rc::gen::nonEmpty(
      rc::gen::container<std::string>(rc::gen::elementOf(std::string("abAB01_-"))));
}

rc::Gen<std::string> good_path() {
  return rc::gen::map(
      rc::gen::tuple(rc::gen::resize(4,
                                     rc::gen::container<std::vector<std::string>>(
                                         rc::gen::resize(3, good_component()))),
                     rc::gen::resize(6, good_component()),
                     rc::gen::element<std::string>(".vsql", ".sql", ".wasm", ".txt", "")),
      [](const std::tuple<std::vector<std::string>, std::string, std::string>& parts) {
        std::string path = "pkg/";
        for (const std::string& folder : std::get<0>(parts)) {
          path += folder + "/";
        }
        return path + std::get<1>(parts) + std::get<2>(parts);
      });
}

rc::Gen<Bytes> any_contents() {
  const auto text = rc::gen::container<Bytes>(rc::gen::arbitrary<char>());
  const auto repeated = rc::gen::map(rc::gen::inRange(0, 5000),
                                     [](int n) { return Bytes(static_cast<std::size_t>(n), 'x'); });
  return rc::gen::oneOf(text, repeated);
}

// Drops what clashes with a file before it.
Tree without_clashes(std::vector<Entry> files) {
  Tree tree;
  std::set<std::string> taken;
  std::set<std::string> folders;
  for (Entry& file : files) {
    const std::string name = image::folded(file.path);
    bool clash = taken.contains(name) || folders.contains(name);
    for (std::size_t at = name.find('/'); at != std::string::npos; at = name.find('/', at + 1)) {
      clash = clash || taken.contains(name.substr(0, at));
    }
    if (clash) {
      continue;
    }
    taken.insert(name);
    for (std::size_t at = name.find('/'); at != std::string::npos; at = name.find('/', at + 1)) {
      folders.insert(name.substr(0, at));
    }
    tree.files.push_back(std::move(file));
  }
  return tree;
}

rc::Gen<std::uint32_t> any_number() {
  return rc::gen::oneOf(
      rc::gen::inRange<std::uint32_t>(0, 64),
      rc::gen::element<std::uint32_t>(
          0, 1, 8, 0xFFFF, 0x10000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFE, 0xFFFFFFFF),
      rc::gen::arbitrary<std::uint32_t>());
}

// A lie in one field of a header; 0 is none.
void lie(ZipFields* fields, int field, std::uint32_t value) {
  switch (field) {
    case 1:
      fields->flags = static_cast<std::uint16_t>(value);
      break;
    case 2:
      fields->method = static_cast<std::uint16_t>(value);
      break;
    case 3:
      fields->crc32 = value;
      break;
    case 4:
      fields->packed_size = value;
      break;
    case 5:
      fields->size = value;
      break;
    case 6:
      fields->name += "x";
      break;
    default:
      break;
  }
}

struct MemberPlan {
  std::string name;
  Bytes contents;
  int central_lie = 0;
  int local_lie = 0;
  std::uint32_t value = 0;
  std::uint32_t type = 0;
};

rc::Gen<MemberPlan> any_member_plan() {
  const auto seldom = rc::gen::map(rc::gen::inRange(0, 28), [](int n) { return n < 7 ? n : 0; });
  return rc::gen::build<MemberPlan>(
      rc::gen::set(&MemberPlan::name, rc::gen::oneOf(good_path(), any_name())),
      rc::gen::set(&MemberPlan::contents, any_contents()),
      rc::gen::set(&MemberPlan::central_lie, seldom),
      rc::gen::set(&MemberPlan::local_lie, seldom),
      rc::gen::set(&MemberPlan::value, any_number()),
      rc::gen::set(&MemberPlan::type,
                   rc::gen::weightedElement<std::uint32_t>(
                       {{12, 0100644}, {1, 0120777}, {1, 0040755}, {1, 0020666}, {1, 0}})));
}

ZipMember member_of(const MemberPlan& plan) {
  ZipMember member = image::make_deflated(plan.name, plan.contents).value();
  lie(&member.central, plan.central_lie, plan.value);
  member.local = member.central;
  lie(&*member.local, plan.local_lie, plan.value);
  member.attributes = plan.type << 16U;
  return member;
}

}  // namespace

rc::Gen<Tree> any_tree() {
  return rc::gen::map(
      rc::gen::container<std::vector<Entry>>(rc::gen::build<Entry>(
          rc::gen::set(&Entry::path, good_path()), rc::gen::set(&Entry::bytes, any_contents()))),
      without_clashes);
}

void showValue(const Tree& tree, std::ostream& out) {
  for (const Entry& file : tree.files) {
    out << file.path << " (" << file.bytes.size() << ") ";
  }
}

rc::Gen<std::string> any_name() {
  const std::string odd("ab./\\:\0 ~\xC3", 10);
  const auto characters = rc::gen::container<std::string>(rc::gen::elementOf(odd));
  const auto parts = rc::gen::map(
      rc::gen::container<std::vector<std::string>>(rc::gen::element<std::string>(
          "pkg", "PKG", "..", ".", "", "a", "b.vsql", "manifest.json", "baseline.json")),
      [](const std::vector<std::string>& list) {
        std::string name;
        for (const std::string& part : list) {
          name += (name.empty() ? "" : "/") + part;
        }
        return name;
      });
  const auto below =
      rc::gen::map(characters, [](const std::string& name) { return "pkg/" + name; });
  const auto length = rc::gen::map(rc::gen::inRange(240, 1100), [](int n) {
    std::string name = "pkg";
    while (name.size() < static_cast<std::size_t>(n)) {
      name += "/" + std::string(std::min<std::size_t>(static_cast<std::size_t>(n), 200), 'c');
    }
    return name.substr(0, static_cast<std::size_t>(n));
  });
  const auto depth = rc::gen::map(rc::gen::inRange(28, 36), [](int n) {
    std::string name = "pkg";
    for (int i = 1; i < n; ++i) {
      name += "/d";
    }
    return name;
  });
  return rc::gen::oneOf(characters, parts, below, length, depth);
}

rc::Gen<std::vector<Damage>> any_damage() {
  return rc::gen::nonEmpty(rc::gen::resize(
      6,
      rc::gen::container<std::vector<Damage>>(rc::gen::build<Damage>(
          rc::gen::set(&Damage::kind,
                       rc::gen::element(Damage::Kind::flip,
                                        Damage::Kind::overwrite,
                                        Damage::Kind::insert,
                                        Damage::Kind::erase,
                                        Damage::Kind::copy,
                                        Damage::Kind::cut)),
          rc::gen::set(&Damage::at, rc::gen::resize(1000, rc::gen::arbitrary<std::uint32_t>())),
          rc::gen::set(&Damage::from, rc::gen::resize(1000, rc::gen::arbitrary<std::uint32_t>())),
          rc::gen::set(&Damage::length, rc::gen::inRange<std::uint32_t>(1, 40)),
          rc::gen::set(&Damage::value, any_number())))));
}

void showValue(const Damage& damage, std::ostream& out) {
  static constexpr std::array<const char*, 6> names{
      "flip", "overwrite", "insert", "erase", "copy", "cut"};
  out << names.at(static_cast<std::size_t>(damage.kind)) << " at " << damage.at << " from "
      << damage.from << " length " << damage.length << " value " << damage.value;
}

namespace {

Bytes hurt(Bytes octets, const Damage& damage) {
  const std::size_t at = damage.at % octets.size();
  switch (damage.kind) {
    case Damage::Kind::flip:
      octets[at] = static_cast<char>(octets[at] ^ (1 << (damage.value % 8)));
      return octets;
    case Damage::Kind::overwrite: {
      Bytes value;
      image::zip::append32(value, damage.value);
      return octets.replace(at, std::min<std::size_t>(4, octets.size() - at), value);
    }
    case Damage::Kind::insert:
      return octets.insert(at, 1, static_cast<char>(damage.value & 0x7FU));
    case Damage::Kind::erase:
      return octets.erase(at, damage.length);
    case Damage::Kind::copy: {
      const Bytes piece = octets.substr(damage.from % octets.size(), damage.length);
      return octets.replace(at, piece.size(), piece);
    }
    case Damage::Kind::cut:
      return octets.erase(at);
  }
  return octets;
}

}  // namespace

Bytes damaged(Bytes octets, const std::vector<Damage>& damage) {
  for (const Damage& one : damage) {
    if (!octets.empty()) {
      octets = hurt(std::move(octets), one);
    }
  }
  return octets;
}

rc::Gen<Archive> any_archive() {
  return rc::gen::map(
      rc::gen::resize(8, rc::gen::container<std::vector<MemberPlan>>(any_member_plan())),
      [](const std::vector<MemberPlan>& plans) {
        Archive archive;
        for (const MemberPlan& plan : plans) {
          archive.members.push_back(member_of(plan));
        }
        return archive;
      });
}

void showValue(const Archive& archive, std::ostream& out) {
  for (const ZipMember& member : archive.members) {
    out << image::shown(member.central.name) << " flags " << member.central.flags << "/"
        << member.local->flags << " method " << member.central.method << "/" << member.local->method
        << " size " << member.central.size << "/" << member.local->size << " packed "
        << member.central.packed_size << "/" << member.local->packed_size << " of "
        << member.packed.size() << " type " << std::oct << (member.attributes >> 16U) << std::dec
        << "; ";
  }
}

}  // namespace vvm::gen
