// The manifest of docs/spec/vvm.md 6.4: what is read, what is refused, and that writing is reading
// backwards.
#include "image/manifest.hpp"

#include <boost/test/unit_test.hpp>

#include "image/pack.hpp"

namespace vvm::image {
namespace {

const std::string digest(64, 'a');

// A manifest in which one member has other text; empty text leaves it out.
std::string manifest_with(std::string_view member, const std::string& text) {
  std::vector<std::pair<std::string, std::string>> members{
      {"formatVersion", "1"},
      {"app", R"("acme/pos")"},
      {"buildID", R"("b1")"},
      {"createdAt", R"("Mon, 02 Jan 2006 15:04:05.000 GMT")"},
      {"entries",
       R"([{"path":"pkg/p/a.vsql","size":3,"sha256":")" + digest +
           R"(","kind":"schema"},{"path":"pkg/p/m.wasm","size":0,"sha256":")" + digest +
           R"(","kind":"wasm","more":1}])"},
      {"packages", R"([{"path":"p","wasm":"pkg/p/m.wasm"},{"path":"q"}])"},
      {"engines", R"(["BUILTIN","WASM"])"},
      {"baseline", R"({"BaselinePackageURL":"u"})"},
      {"minRuntime", R"("0.1.0")"},
      {"unknown", "[1,2]"}};
  std::string out = "{";
  for (const auto& [name, value] : members) {
    const std::string& shown = name == member ? text : value;
    if (!shown.empty()) {
      out.append(out.size() > 1 ? ",\"" : "\"").append(name).append("\":").append(shown);
    }
  }
  return out + "}";
}

std::string manifest_of_entries(const std::string& entries) {
  return R"({"formatVersion":1,"app":"acme/pos","packages":[],"engines":[],"entries":[)" + entries +
         "]}";
}

std::string entry(const std::string& path, const std::string& kind = "meta") {
  return R"({"path":")" + path + R"(","size":1,"sha256":")" + digest + R"(","kind":")" + kind +
         R"("})";
}

bool accepted(const std::string& text) {
  const Result<Manifest> manifest = parse_manifest(text);
  if (manifest.has_error()) {
    BOOST_TEST((manifest.error().code == Code::manifest_invalid));
    BOOST_TEST(!manifest.error().what.empty());
  }
  return manifest.has_value();
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_manifest_is_read_member_by_member) {
  const Manifest manifest = parse_manifest(manifest_with("", "")).value();
  BOOST_TEST(manifest.app.str() == "acme/pos");
  BOOST_TEST(manifest.build_id == "b1");
  BOOST_TEST(manifest.created_at == "Mon, 02 Jan 2006 15:04:05.000 GMT");
  BOOST_TEST(manifest.entries.size() == 2U);
  BOOST_TEST(manifest.entries[0].size == 3U);
  BOOST_TEST(manifest.entries[0].sha256.hex() == digest);
  BOOST_TEST((manifest.entries[1].kind == EntryKind::wasm));
  BOOST_TEST(manifest.packages[0].wasm.value() == "pkg/p/m.wasm");
  BOOST_TEST(!manifest.packages[1].wasm.has_value());
  BOOST_TEST((manifest.engines == std::vector<Engine>{Engine::builtin, Engine::wasm}));
  BOOST_TEST(manifest.baseline.value() == R"({"BaselinePackageURL":"u"})");
  BOOST_TEST(manifest.min_runtime.value().str() == "0.1.0");
  BOOST_TEST(manifest.total_bytes() == 3U);
  BOOST_TEST((parse_manifest(write_manifest(manifest)).value() == manifest));
}

BOOST_AUTO_TEST_CASE(members_that_must_be_there_are_asked_for_and_others_are_not) {
  for (const char* name : {"formatVersion", "app", "entries", "packages", "engines"}) {
    BOOST_TEST_CONTEXT(name) { BOOST_TEST(!accepted(manifest_with(name, ""))); }
  }
  for (const char* name : {"buildID", "createdAt", "baseline", "minRuntime", "unknown"}) {
    BOOST_TEST_CONTEXT(name) { BOOST_TEST(accepted(manifest_with(name, ""))); }
  }
}

BOOST_AUTO_TEST_CASE(members_of_another_type_or_range_are_refused) {
  const std::vector<std::pair<std::string, std::string>> wrong{
      {"formatVersion", "2"},
      {"formatVersion", "1.0"},
      {"formatVersion", "\"1\""},
      {"app", "7"},
      {"app", R"("acme")"},
      {"app", R"("acme/")"},
      {"app", R"("a/b/c")"},
      {"buildID", "7"},
      {"buildID", "\"" + std::string(65, 'b') + "\""},
      {"createdAt", "null"},
      {"entries", "{}"},
      {"entries", "[1]"},
      {"packages", "[{}]"},
      {"packages", R"([{"path":"p"},{"path":"p"}])"},
      {"packages", R"([{"path":"../p"}])"},
      {"packages", R"([{"path":""}])"},
      {"packages", R"([{"path":"p","wasm":"pkg/p/none.wasm"}])"},
      {"packages", R"([{"path":"p","wasm":"pkg/p/a.vsql"}])"},
      {"packages", R"([{"path":"p","wasm":null}])"},
      {"engines", R"(["JVM"])"},
      {"engines", R"(["WASM","WASM"])"},
      {"engines", "[1]"},
      {"engines", R"("WASM")"},
      {"baseline", "[]"},
      {"minRuntime", R"("1.0")"},
      {"minRuntime", R"("v1.0.0")"},
      {"minRuntime", R"("1.0.0-rc1")"},
      {"minRuntime", "1"}};
  for (const auto& [name, text] : wrong) {
    BOOST_TEST_CONTEXT(name << " = " << text) { BOOST_TEST(!accepted(manifest_with(name, text))); }
  }
  BOOST_TEST(accepted(manifest_with("buildID", "\"" + std::string(64, 'b') + "\"")));
  BOOST_TEST(accepted(manifest_with("baseline", "null")));
}

BOOST_AUTO_TEST_CASE(entries_are_plain_sorted_and_complete) {
  BOOST_TEST(accepted(manifest_of_entries("")));
  BOOST_TEST(accepted(manifest_of_entries(entry("pkg/a") + "," + entry("pkg/b"))));
  BOOST_TEST(!accepted(manifest_of_entries(entry("pkg/b") + "," + entry("pkg/a"))));
  BOOST_TEST(!accepted(manifest_of_entries(entry("pkg/a") + "," + entry("pkg/a"))));
  BOOST_TEST(!accepted(manifest_of_entries(entry("pkg/../a"))));
  BOOST_TEST(!accepted(manifest_of_entries(entry("manifest.json"))));
  BOOST_TEST(!accepted(manifest_of_entries(entry("pkg/a", "other"))));
  BOOST_TEST(!accepted(manifest_of_entries(R"({"path":"pkg/a","size":-1,"sha256":")" + digest +
                                           R"(","kind":"meta"})")));
  BOOST_TEST(
      !accepted(manifest_of_entries(R"({"path":"pkg/a","size":1,"sha256":"ab","kind":"meta"})")));
  BOOST_TEST(!accepted(manifest_of_entries(R"({"path":"pkg/a","size":1,"kind":"meta"})")));
}

BOOST_AUTO_TEST_CASE(what_is_no_json_object_is_refused) {
  for (const char* text : {"", "{", "[]", "1", "{}x", "\xEF\xBB\xBF{}", "{\"app\":\"\xFF\"}"}) {
    BOOST_TEST_CONTEXT(text) { BOOST_TEST(!accepted(text)); }
  }
  BOOST_TEST(!accepted(std::string(100'000, '[')));
}

BOOST_AUTO_TEST_CASE(packing_is_deterministic_and_independent_of_the_order_of_files) {
  std::vector<Entry> files{{"pkg/a/a.vsql", "SCHEMA a;"},
                           {"pkg/b/b.vsql", Bytes(5000, 'b')},
                           {"baseline.json", R"({ "GitCommitHash" : "7" })"}};
  const PackInput input{.app = {.owner = "o", .name = "n"}, .files = files, .build_id = "7"};
  const Bytes image = pack(input).value();
  BOOST_TEST(pack(input).value() == image);
  std::swap(files[0], files[2]);
  BOOST_TEST(pack({.app = {.owner = "o", .name = "n"}, .files = files, .build_id = "7"}).value() ==
             image);
  const Unpacked unpacked = read_archive(image, {}).value();
  BOOST_TEST(unpacked.manifest.baseline.value() == R"({"GitCommitHash":"7"})");
  BOOST_TEST(unpacked.manifest.packages.size() == 2U);
}

BOOST_AUTO_TEST_CASE(packing_refuses_what_reading_would_refuse) {
  const AppQName app{.owner = "o", .name = "n"};
  const auto code_of = [&app](std::vector<Entry> files) {
    return pack({.app = app, .files = std::move(files)}).error().code;
  };
  BOOST_TEST((code_of({{"pkg/../x", ""}}) == Code::path_escape));
  BOOST_TEST((code_of({{"pkg/x", ""}, {"pkg/X", ""}}) == Code::duplicate_entry));
  BOOST_TEST((code_of({{"manifest.json", "{}"}}) == Code::manifest_invalid));
  BOOST_TEST((code_of({{"baseline.json", "[]"}}) == Code::manifest_invalid));
  // What deflates too well is stored: it is no bomb.
  const Bytes image = pack({.app = app, .files = {{"pkg/x", Bytes(2'000'000, 'x')}}}).value();
  BOOST_TEST(read_archive(image, {}).has_value());
}

BOOST_AUTO_TEST_CASE(packages_are_the_folders_with_schemas) {
  const auto meta = [](const std::string& path) {
    return ManifestEntry{.path = path, .sha256 = {}, .kind = kind_of_path(path)};
  };
  const auto packages = packages_of({meta("pkg/a/A.VSQL"),
                                     meta("pkg/a/b/c.sql"),
                                     meta("pkg/a/x.wasm"),
                                     meta("pkg/a/y.wasm"),
                                     meta("pkg/loose.vsql"),
                                     meta("pkg/only/z.wasm")});
  BOOST_TEST(packages.size() == 2U);
  BOOST_TEST(packages[0].path == "a");
  BOOST_TEST(packages[0].wasm.value() == "pkg/a/y.wasm");
  BOOST_TEST(packages[1].path == "a/b");
}

}  // namespace vvm::image
