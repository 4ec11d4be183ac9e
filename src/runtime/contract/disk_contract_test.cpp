// Contract of Disk and File (runtime/disk.hpp).
//
// Each test works on the empty disk of one process.
#include <boost/test/unit_test.hpp>

#include "base/rng.hpp"
#include "runtime/contract/fixture.hpp"

namespace vvm::contract {
namespace {

const std::string me = "disk";

Task<Status> write_file(Runtime rt, std::string path, Bytes bytes, bool sync) {
  CO_TRY(const std::unique_ptr<File> file, co_await rt.disk().create(path));
  CO_TRY(co_await write_all(file.get(), bytes));
  if (sync) {
    CO_TRY(co_await file->sync());
  }
  co_return ok();
}

struct DiskTest {
  std::unique_ptr<Fixture> fixture = new_fixture();

  Disk& disk() { return fixture->process(me).disk(); }

  template <class T>
  T await(Task<T> task) {
    return fixture->await<T>(me, std::move(task));
  }

  bool write(const std::string& path, const Bytes& bytes, bool sync = true) {
    return await(write_file(fixture->process(me), path, bytes, sync)).has_value();
  }

  bool make_dir(const std::string& path) { return await(disk().make_dir(path)).has_value(); }

  Result<Bytes> read(const std::string& path) { return await(disk().read(path, 0, 1U << 24U)); }

  // The code of the failure, or none.
  template <class T>
  std::optional<Code> failure(Task<Result<T>> task) {
    const Result<T> result = await(std::move(task));
    return result.has_error() ? std::optional(result.error().code) : std::nullopt;
  }

  bool is(const std::string& path, const Bytes& bytes) {
    const Result<Bytes> found = read(path);
    return found.has_value() && found.value() == bytes;
  }

  bool missing(const std::string& path) { return failure(disk().stat(path)) == Code::not_found; }

  void sync_dir(const std::string& path) {
    BOOST_TEST(await(disk().sync_dir(path)).has_value(), path);
  }
};

Bytes some_octets(std::size_t size) {
  Rng rng(size);
  Bytes bytes(size, '\0');
  for (char& c : bytes) {
    c = static_cast<char>(rng.next());
  }
  return bytes;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(disk_contract, DiskTest)

BOOST_AUTO_TEST_CASE(what_was_written_is_read_back) {
  const Bytes bytes = some_octets(300'000);
  BOOST_TEST_REQUIRE(write("a.bin", bytes));
  BOOST_TEST(is("a.bin", bytes));
  const Result<FileStat> stat = await(disk().stat("a.bin"));
  BOOST_TEST_REQUIRE(stat.has_value());
  BOOST_TEST(stat.value().size == bytes.size());
  BOOST_TEST(!stat.value().is_dir);
}

BOOST_AUTO_TEST_CASE(an_empty_file_exists) {
  BOOST_TEST_REQUIRE(write("empty", ""));
  BOOST_TEST(is("empty", ""));
  const Result<FileStat> stat = await(disk().stat("empty"));
  BOOST_TEST_REQUIRE(stat.has_value());
  BOOST_TEST(stat.value().size == 0U);
}

BOOST_AUTO_TEST_CASE(reading_begins_at_the_offset_and_ends_with_the_file) {
  BOOST_TEST_REQUIRE(write("a", "0123456789"));
  BOOST_TEST(await(disk().read("a", 2, 3)).value() == "234");
  BOOST_TEST(await(disk().read("a", 8, 100)).value() == "89");
  BOOST_TEST(await(disk().read("a", 10, 1)).value().empty());
  BOOST_TEST(await(disk().read("a", 1U << 30U, 1)).value().empty());
  BOOST_TEST(await(disk().read("a", 3, 0)).value().empty());
}

BOOST_AUTO_TEST_CASE(a_missing_path_is_not_found) {
  BOOST_TEST(missing("nothing"));
  BOOST_TEST(missing("no/such/folder"));
  BOOST_TEST((failure(disk().read("nothing", 0, 1)) == Code::not_found));
  BOOST_TEST((failure(disk().list("nothing")) == Code::not_found));
  BOOST_TEST((failure(disk().create("no/such/folder")) == Code::not_found));
  BOOST_TEST((failure(disk().rename("nothing", "something")) == Code::not_found));
  BOOST_TEST((failure(disk().sync_dir("nothing")) == Code::not_found));
}

BOOST_AUTO_TEST_CASE(creating_again_gives_an_empty_file) {
  BOOST_TEST_REQUIRE(write("a", "first"));
  BOOST_TEST_REQUIRE(write("a", "2"));
  BOOST_TEST(is("a", "2"));
}

BOOST_AUTO_TEST_CASE(folders_are_made_with_their_parents_and_again) {
  BOOST_TEST_REQUIRE(make_dir("x/y/z"));
  BOOST_TEST(make_dir("x/y/z"));
  BOOST_TEST(make_dir("x"));
  const Result<FileStat> stat = await(disk().stat("x/y"));
  BOOST_TEST_REQUIRE(stat.has_value());
  BOOST_TEST(stat.value().is_dir);
  BOOST_TEST_REQUIRE(write("file", ""));
  BOOST_TEST(!make_dir("file/below"));
}

BOOST_AUTO_TEST_CASE(a_folder_is_listed_by_name) {
  BOOST_TEST_REQUIRE(make_dir("d/sub"));
  for (const std::string name : {"b", "a", "C", "a.b", "z"}) {
    BOOST_TEST_REQUIRE(write("d/" + name, name));
  }
  BOOST_TEST_REQUIRE(write("d/sub/below", ""));
  const auto entries = await(disk().list("d"));
  BOOST_TEST_REQUIRE(entries.has_value());
  const std::vector<DirEntry> expected{
      {"C", false}, {"a", false}, {"a.b", false}, {"b", false}, {"sub", true}, {"z", false}};
  BOOST_TEST((entries.value() == expected));
}

BOOST_AUTO_TEST_CASE(an_empty_folder_is_an_empty_list) {
  BOOST_TEST_REQUIRE(make_dir("d"));
  BOOST_TEST(await(disk().list("d")).value().empty());
}

BOOST_AUTO_TEST_CASE(renaming_replaces_a_file) {
  BOOST_TEST_REQUIRE(write("old", "old"));
  BOOST_TEST_REQUIRE(write("new", "new"));
  BOOST_TEST(await(disk().rename("new", "old")).has_value());
  BOOST_TEST(is("old", "new"));
  BOOST_TEST(missing("new"));
}

BOOST_AUTO_TEST_CASE(renaming_moves_a_folder_with_what_is_in_it) {
  BOOST_TEST_REQUIRE(make_dir("from/sub"));
  BOOST_TEST_REQUIRE(make_dir("to"));
  BOOST_TEST_REQUIRE(write("from/sub/a", "a"));
  BOOST_TEST(await(disk().rename("from", "to/here")).has_value());
  BOOST_TEST(is("to/here/sub/a", "a"));
  BOOST_TEST(missing("from"));
}

BOOST_AUTO_TEST_CASE(a_folder_that_is_not_empty_is_not_replaced) {
  BOOST_TEST_REQUIRE(make_dir("from"));
  BOOST_TEST_REQUIRE(make_dir("full"));
  BOOST_TEST_REQUIRE(make_dir("empty"));
  BOOST_TEST_REQUIRE(write("full/a", "a"));
  BOOST_TEST((failure(disk().rename("from", "full")) == Code::already_exists));
  BOOST_TEST(is("full/a", "a"));
  BOOST_TEST(await(disk().rename("from", "empty")).has_value());
  BOOST_TEST(missing("from"));
}

BOOST_AUTO_TEST_CASE(removing_takes_files_and_empty_folders_only) {
  BOOST_TEST_REQUIRE(make_dir("d/e"));
  BOOST_TEST_REQUIRE(write("d/a", "a"));
  BOOST_TEST(!await(disk().remove("d")).has_value());
  BOOST_TEST(is("d/a", "a"));
  BOOST_TEST(await(disk().remove("d/a")).has_value());
  BOOST_TEST(await(disk().remove("d/e")).has_value());
  BOOST_TEST(await(disk().remove("d")).has_value());
  BOOST_TEST(missing("d"));
  BOOST_TEST(await(disk().remove("d")).has_value());
}

BOOST_AUTO_TEST_CASE(removing_all_takes_what_is_below) {
  BOOST_TEST_REQUIRE(make_dir("d/e/f"));
  BOOST_TEST_REQUIRE(write("d/a", "a"));
  BOOST_TEST_REQUIRE(write("d/e/f/b", "b"));
  BOOST_TEST_REQUIRE(write("dd", "stays"));
  BOOST_TEST(await(disk().remove_all("d")).has_value());
  BOOST_TEST(missing("d"));
  BOOST_TEST(is("dd", "stays"));
  BOOST_TEST(await(disk().remove_all("d")).has_value());
  BOOST_TEST(await(disk().remove_all("dd")).has_value());
  BOOST_TEST(missing("dd"));
}

BOOST_AUTO_TEST_CASE(there_is_room_on_the_disk) {
  const auto free = await(disk().free_bytes());
  BOOST_TEST_REQUIRE(free.has_value());
  BOOST_TEST(free.value() > 0U);
}

BOOST_AUTO_TEST_CASE(the_disks_of_two_processes_are_apart) {
  BOOST_TEST_REQUIRE(write("mine", "a"));
  const auto other = fixture->await<Result<FileStat>>(
      "neighbour", fixture->process("neighbour").disk().stat("mine"));
  BOOST_TEST_REQUIRE(other.has_error());
  BOOST_TEST((other.error().code == Code::not_found));
}

BOOST_AUTO_TEST_CASE(files_outlive_the_process) {
  BOOST_TEST_REQUIRE(make_dir("d"));
  BOOST_TEST_REQUIRE(write("d/a", "not even synced", false));
  fixture->kill(me);
  BOOST_TEST(is("d/a", "not even synced"));
}

BOOST_AUTO_TEST_CASE(what_was_synced_outlives_a_power_loss) {
  BOOST_TEST_REQUIRE(make_dir("d"));
  BOOST_TEST_REQUIRE(write("d/a", "old"));
  BOOST_TEST_REQUIRE(write("d/tmp", "new"));
  sync_dir("d");
  sync_dir("");
  BOOST_TEST_REQUIRE(await(disk().rename("d/tmp", "d/a")).has_value());
  sync_dir("d");
  if (!fixture->cut_power(me)) {
    return;
  }
  BOOST_TEST(is("d/a", "new"));
  BOOST_TEST(missing("d/tmp"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace vvm::contract
