// The commands on images: files and exit codes, and the texts on good and hostile ones.
#define BOOST_TEST_MODULE cli_image
#include <algorithm>
#include <filesystem>
#include <vector>

#include <CLI/CLI.hpp>
#include <boost/json/parse.hpp>
#include <boost/test/unit_test.hpp>

#include "image/pack.hpp"
#include "image/testing/breakage.hpp"
#include "sim/cli/image_command.hpp"
#include "sim/cli/image_text.hpp"
#include "sim/cli/perf_files.hpp"

namespace vvm::cli {
namespace {

struct Files {
  TemporaryFolder folder = std::move(TemporaryFolder::make()).value();

  std::string at(const std::string& name) const { return folder.path() + "/" + name; }

  std::string write(const std::string& name, const std::string& text) const {
    std::filesystem::create_directories(std::filesystem::path(at(name)).parent_path());
    BOOST_REQUIRE(write_text(at(name), text));
    return at(name);
  }
};

int run(std::vector<std::string> words) {
  CLI::App app{"test"};
  int code = -1;
  add_image_command(app, code);
  std::reverse(words.begin(), words.end());  // CLI11 takes them from the back
  try {
    app.parse(words);
  } catch (const CLI::ParseError&) {
    return 3;
  }
  return code;
}

Bytes good_image() {
  return image::pack({.app = {.owner = "acme", .name = "pos"},
                      .files = {{"pkg/acme/pos/pos.vsql", "SCHEMA pos;"},
                                {"pkg/acme/pos/pos.wasm", "module"}}})
      .value();
}

ImageFile judged(Bytes octets) { return judge_image("f.var", std::move(octets), {}, {}); }

}  // namespace

BOOST_AUTO_TEST_CASE(a_folder_with_pkg_is_packed_and_verifies) {
  const Files files;
  files.write("in/pkg/acme/pos/pos.vsql", "SCHEMA pos;");
  files.write("in/pkg/acme/pos/notes.txt", "kept");
  files.write("in/pkg/.hidden/x.vsql", "left out");
  files.write("in/baseline.json", "{}");
  files.write("in/README.md", "left out");
  const std::string out = files.at("pos.var");
  BOOST_TEST(run({"image", "pack", files.at("in"), "--app", "acme/pos", "-o", out}) == 0);
  const image::Unpacked unpacked = image::read_archive(read_text(out).value(), {}).value();
  BOOST_TEST(unpacked.entries.size() == 3U);
  BOOST_TEST(unpacked.entries[1].path == "pkg/acme/pos/notes.txt");
  BOOST_TEST(run({"image", "verify", out}) == 0);
  BOOST_TEST(run({"image", "inspect", out}) == 0);
  BOOST_TEST(run({"image", "verify", out, "--json", "--app", "acme/pos"}) == 0);
  BOOST_TEST(run({"image", "verify", out, "--app", "acme/shop"}) == 1);
}

BOOST_AUTO_TEST_CASE(a_folder_of_packages_is_packed_without_what_is_no_schema_or_module) {
  const Files files;
  files.write("in/acme/pos/pos.sql", "SCHEMA pos;");
  files.write("in/sys/sys.vsql", "SCHEMA sys;");
  files.write("in/manifest.json", "of something else");
  const std::string out = files.at("pos.var");
  BOOST_TEST(run({"image", "pack", files.at("in"), "--app", "acme/pos", "-o", out}) == 0);
  const image::Unpacked unpacked = image::read_archive(read_text(out).value(), {}).value();
  BOOST_TEST(unpacked.manifest.packages.size() == 2U);
  BOOST_TEST(unpacked.entries[0].path == "pkg/acme/pos/pos.sql");
}

BOOST_AUTO_TEST_CASE(bad_input_is_3_and_a_folder_that_makes_no_image_is_1) {
  const Files files;
  files.write("in/acme/pos/pos.vsql", "SCHEMA pos;");
  const std::string out = files.at("pos.var");
  BOOST_TEST(run({"image"}) == 3);
  BOOST_TEST(run({"image", "pack", files.at("in"), "-o", out}) == 3);
  BOOST_TEST(run({"image", "pack", files.at("in"), "--app", "acme", "-o", out}) == 3);
  BOOST_TEST(run({"image", "pack", files.at("none"), "--app", "acme/pos", "-o", out}) == 3);
  BOOST_TEST(run({"image", "pack", files.at("in"), "--app", "acme/pos", "-o", files.at("no/x")}) ==
             3);
  BOOST_TEST(run({"image", "verify", files.at("none")}) == 3);
  BOOST_TEST(run({"image", "verify", files.at("in")}) == 3);
  BOOST_TEST(run({"image", "inspect", files.at("none")}) == 3);
  files.write("in/acme/with space.vsql", "SCHEMA pos;");
  BOOST_TEST(run({"image", "pack", files.at("in"), "--app", "acme/pos", "-o", out}) == 1);
  BOOST_TEST(!std::filesystem::exists(out));
}

BOOST_AUTO_TEST_CASE(symbolic_links_are_not_packed) {
  const Files files;
  files.write("in/pkg/a/a.vsql", "SCHEMA a;");
  std::filesystem::create_symlink("/etc/passwd", files.at("in/pkg/a/b.vsql"));
  BOOST_TEST(run({"image", "pack", files.at("in"), "--app", "acme/pos", "-o", files.at("x")}) == 3);
}

BOOST_AUTO_TEST_CASE(a_refused_image_gives_the_name_of_its_error_and_1) {
  const Files files;
  const Bytes hostile = image::zip_slip(good_image(), "pkg/../../x").value();
  const std::string path = files.write("bad.var", hostile);
  BOOST_TEST(run({"image", "verify", path}) == 1);
  BOOST_TEST(run({"image", "inspect", path}) == 1);
  BOOST_TEST(verify_text(judged(hostile), report::Colour::off) ==
             "f.var: PathEscape: entry `pkg/../../x`: part `..` is not a plain file name\n");
  const auto json = boost::json::parse(verify_json(judged(hostile))).as_object();
  BOOST_TEST(json.at("ok").as_bool() == false);
  BOOST_TEST(json.at("error").as_object().at("name").as_string() == "PathEscape");
  BOOST_TEST(json.at("error").as_object().at("code").as_int64() == 202);
}

BOOST_AUTO_TEST_CASE(inspect_shows_manifest_entries_and_verdict) {
  const std::string text = inspect_text(judged(good_image()), report::Colour::off);
  for (const char* part : {"app       acme/pos\n",
                           "engines   WASM\n",
                           "package   acme/pos  with pkg/acme/pos/pos.wasm\n",
                           "schema   pkg/acme/pos/pos.vsql\n",
                           "manifest manifest.json\n",
                           "3 entries\n",
                           "verdict   ok\n"}) {
    BOOST_TEST_CONTEXT(text) { BOOST_TEST((text.find(part) != std::string::npos)); }
  }
  const auto json = boost::json::parse(verify_json(judged(good_image()))).as_object();
  BOOST_TEST(json.at("sha256").as_string() == sha256(good_image()).hex());
  BOOST_TEST(json.at("entries").as_int64() == 2);
}

BOOST_AUTO_TEST_CASE(colour_only_where_it_is_asked_for) {
  const auto has_escape = [](const std::string& text) {
    return text.find('\x1b') != std::string::npos;
  };
  BOOST_TEST(has_escape(verify_text(judged(good_image()), report::Colour::on)));
  BOOST_TEST(!has_escape(verify_text(judged(good_image()), report::Colour::off)));
  // What is in an image cannot colour our output.
  const Bytes sly = image::wrong_app(good_image(), {.owner = "\x1b[31m", .name = "x"}).value();
  BOOST_TEST(!has_escape(inspect_text(judged(sly), report::Colour::off)));
}

}  // namespace vvm::cli
