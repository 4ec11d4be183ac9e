// Tests of what only the live seams promise; what both worlds promise is in runtime/contract.
//
// Each works in a temporary folder of its own.
#define BOOST_TEST_MODULE live
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <boost/asio/as_tuple.hpp>
#include <boost/test/unit_test.hpp>
#include <sqlite3.h>
#include <sys/resource.h>
#include <unistd.h>

#include "live/events.hpp"
#include "live/machine.hpp"

namespace vvm::live {
namespace {

namespace fs = std::filesystem;

template <class T>
Task<void> keep(Task<T> task, std::shared_ptr<std::optional<T>> out) {
  out->emplace(co_await std::move(task));
}

struct LiveTest {
  LiveTest() {
    std::string pattern = (fs::temp_directory_path() / "vvm-live-XXXXXX").string();
    BOOST_TEST_REQUIRE((mkdtemp(pattern.data()) != nullptr));
    folder = pattern;
    open();
  }

  ~LiveTest() {
    close();
    std::error_code ignored;
    fs::remove_all(folder, ignored);
  }

  void open() {
    storage = Storage::open(folder / "storage").value();
    machine = std::make_unique<Machine>();
    process =
        machine->add({.name = "p", .disk = (folder / "disk").string(), .storage = storage}).value();
  }

  // As the end of the program.
  void close() {
    machine.reset();
    storage.reset();
  }

  void reopen() {
    close();
    open();
  }

  template <class T>
  T await(Task<T> task) {
    const auto out = std::make_shared<std::optional<T>>();
    process->spawn("test", keep<T>(std::move(task), out));
    BOOST_TEST_REQUIRE(machine->run_until([out] { return out->has_value(); }, minutes(1)));
    return std::move(out->value());
  }

  template <class T>
  std::optional<Code> failure(Task<Result<T>> task) {
    const Result<T> result = await(std::move(task));
    return result.has_error() ? std::optional(result.error().code) : std::nullopt;
  }

  Disk& disk() { return process->rt().disk(); }

  BlobStore& blobs() { return process->rt().blobs(); }

  Store& store() { return process->rt().store(); }

  std::string text(const fs::path& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }

  void write(const fs::path& path, const std::string& text) {
    std::ofstream(path, std::ios::binary) << text;
  }

  fs::path folder;
  std::shared_ptr<Storage> storage;
  std::unique_ptr<Machine> machine;
  Process* process = nullptr;
};

Task<Status> create_and_write(Runtime rt, std::string path, Bytes bytes) {
  CO_TRY(const std::unique_ptr<File> file, co_await rt.disk().create(path));
  CO_TRY(co_await write_all(file.get(), bytes));
  co_return co_await file->sync();
}

// A file keeps what it had when another takes its name.
Task<Status> write_old_after_new(Runtime rt) {
  CO_TRY(const std::unique_ptr<File> old, co_await rt.disk().create("a"));
  CO_TRY(const std::unique_ptr<File> fresh, co_await rt.disk().create("a"));
  CO_TRY(co_await write_all(fresh.get(), "new"));
  co_return co_await write_all(old.get(), "old and long");
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(disk, LiveTest)

BOOST_AUTO_TEST_CASE(paths_that_leave_the_folder_are_refused) {
  write(folder / "outside", "secret");
  for (const std::string path :
       {"../outside", "/etc/passwd", "a/../../outside", ".", "..", "a//b", "a/", "./a"}) {
    BOOST_TEST((failure(disk().read(path, 0, 1)) == Code::disk_io), path);
    BOOST_TEST((failure(disk().create(path)) == Code::disk_io), path);
  }
  BOOST_TEST((failure(disk().create(std::string("a\0b", 3))) == Code::disk_io));
  BOOST_TEST((failure(disk().remove("../outside")) == Code::disk_io));
  BOOST_TEST((failure(disk().remove_all("..")) == Code::disk_io));
  BOOST_TEST((failure(disk().rename("../outside", "here")) == Code::disk_io));
  BOOST_TEST(text(folder / "outside") == "secret");
}

BOOST_AUTO_TEST_CASE(symbolic_links_are_not_followed) {
  fs::create_directory(folder / "elsewhere");
  write(folder / "elsewhere" / "secret", "secret");
  fs::create_symlink(folder / "elsewhere", folder / "disk" / "link");
  fs::create_symlink(folder / "elsewhere" / "secret", folder / "disk" / "file");
  BOOST_TEST((failure(disk().read("link/secret", 0, 10)) != std::nullopt));
  BOOST_TEST((failure(disk().read("file", 0, 10)) != std::nullopt));
  BOOST_TEST((failure(disk().list("link")) != std::nullopt));
  BOOST_TEST((failure(disk().create("link/new")) != std::nullopt));
  BOOST_TEST(await(disk().remove_all("link")).has_value());
  BOOST_TEST(text(folder / "elsewhere" / "secret") == "secret");
  BOOST_TEST(!fs::exists(fs::symlink_status(folder / "disk" / "link")));
}

BOOST_AUTO_TEST_CASE(a_file_that_is_open_is_not_the_one_that_takes_its_name) {
  BOOST_TEST(await(write_old_after_new(process->rt())).has_value());
  BOOST_TEST(text(folder / "disk" / "a") == "new");
}

BOOST_AUTO_TEST_CASE(everything_below_the_root_can_be_removed_but_not_the_root) {
  BOOST_TEST(await(create_and_write(process->rt(), "a", "x")).has_value());
  BOOST_TEST(await(disk().make_dir("d/e")).has_value());
  BOOST_TEST(await(disk().remove_all("")).has_value());
  BOOST_TEST(await(disk().list("")).value().empty());
  BOOST_TEST(fs::exists(folder / "disk"));
}

// Above the limit of the size of a file the system says EFBIG, not that the disk is full.
BOOST_AUTO_TEST_CASE(a_write_that_the_system_refuses_is_an_error) {
  rlimit before{};
  BOOST_TEST_REQUIRE(getrlimit(RLIMIT_FSIZE, &before) == 0);
  const auto ignored = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit small{.rlim_cur = 1'000, .rlim_max = before.rlim_max};
  BOOST_TEST_REQUIRE(setrlimit(RLIMIT_FSIZE, &small) == 0);
  const auto code = failure(create_and_write(process->rt(), "big", Bytes(5'000, 'x')));
  BOOST_TEST_REQUIRE(setrlimit(RLIMIT_FSIZE, &before) == 0);
  static_cast<void>(std::signal(SIGXFSZ, ignored));
  BOOST_TEST((code == Code::disk_io));
  BOOST_TEST(fs::file_size(folder / "disk" / "big") == 1'000U);  // a short write came first
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(store, LiveTest)

BOOST_AUTO_TEST_CASE(rows_outlive_the_program) {
  BOOST_TEST(await(store().put({"p", "c"}, "stays")).has_value());
  BOOST_TEST(await(store().insert_if_not_exists({"p", "d"}, "goes", milliseconds(1))).value());
  BOOST_TEST(await(store().insert_if_not_exists({"p", "e"}, "long", hours(1))).value());
  reopen();
  BOOST_TEST(await(store().get({"p", "c"})).value().value() == "stays");
  BOOST_TEST(await(store().get({"p", "e"})).value().value() == "long");
}

BOOST_AUTO_TEST_CASE(a_file_that_is_no_store_is_refused) {
  close();
  write(folder / "storage" / "store.sqlite", std::string(5'000, 'x'));
  const auto opened = Storage::open(folder / "storage");
  BOOST_TEST_REQUIRE(opened.has_error());
  BOOST_TEST((opened.error().code == Code::bad_input));
}

BOOST_AUTO_TEST_CASE(a_store_of_another_version_is_refused) {
  close();
  sqlite3* db = nullptr;
  const std::string path = folder / "storage" / "store.sqlite";
  BOOST_TEST_REQUIRE(sqlite3_open(path.c_str(), &db) == SQLITE_OK);
  BOOST_TEST(sqlite3_exec(db, "PRAGMA user_version = 99", nullptr, nullptr, nullptr) == SQLITE_OK);
  sqlite3_close(db);
  const auto opened = Storage::open(folder / "storage");
  BOOST_TEST_REQUIRE(opened.has_error());
  BOOST_TEST((opened.error().code == Code::bad_input));
}

// Another program holds the write lock for longer than a statement waits.
BOOST_AUTO_TEST_CASE(a_store_that_is_locked_is_unavailable_and_nothing_happened) {
  sqlite3* db = nullptr;
  const std::string path = folder / "storage" / "store.sqlite";
  BOOST_TEST_REQUIRE(sqlite3_open(path.c_str(), &db) == SQLITE_OK);
  BOOST_TEST(sqlite3_exec(db, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr) == SQLITE_OK);
  BOOST_TEST((failure(store().put({"p", "c"}, "x")) == Code::store_unavailable));
  BOOST_TEST((failure(store().put_batch({{{"p", "c"}, "x"}})) == Code::store_unavailable));
  BOOST_TEST(!await(store().get({"p", "c"})).value().has_value());  // readers go on
  sqlite3_exec(db, "ROLLBACK", nullptr, nullptr, nullptr);
  sqlite3_close(db);
  BOOST_TEST(await(store().put({"p", "c"}, "y")).has_value());
  BOOST_TEST(await(store().get({"p", "c"})).value().value() == "y");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(blob_files, LiveTest)

BOOST_AUTO_TEST_CASE(a_blob_file_holds_its_octets_and_no_more) {
  BOOST_TEST(await(blobs().begin(BlobId{5})).has_value());
  BOOST_TEST(await(blobs().append(BlobId{5}, "octets")).has_value());
  BOOST_TEST(await(blobs().complete(BlobId{5})).has_value());
  const fs::path files = folder / "storage" / "blobs";
  BOOST_TEST(text(files / "5.blob") == "octets");
  BOOST_TEST(text(files / "5.state") == sha256("octets").hex() + " 6\n");
  BOOST_TEST(!fs::exists(files / "5.part"));
  reopen();
  BOOST_TEST((await(blobs().stat(BlobId{5})).value().sha256 == sha256("octets")));
}

// A crash of complete() after each of its steps.
BOOST_AUTO_TEST_CASE(a_crash_before_the_rename_leaves_a_part) {
  const fs::path files = folder / "storage" / "blobs";
  write(files / "5.part", "octets");
  for (const std::string state : {"", "half", "0000 6\n"}) {
    write(files / "5.state", state);
    BOOST_TEST((await(blobs().stat(BlobId{5})).value().status == BlobStatus::in_process));
  }
  BOOST_TEST((await(blobs().complete(BlobId{5})).value().sha256 == sha256("octets")));
  BOOST_TEST((await(blobs().stat(BlobId{5})).value().status == BlobStatus::completed));
}

BOOST_AUTO_TEST_CASE(a_blob_that_is_not_what_its_state_says_is_corrupted) {
  const fs::path files = folder / "storage" / "blobs";
  BOOST_TEST(await(blobs().begin(BlobId{5})).has_value());
  BOOST_TEST(await(blobs().append(BlobId{5}, "octets")).has_value());
  BOOST_TEST(await(blobs().complete(BlobId{5})).has_value());
  write(files / "5.blob", "octet");
  BOOST_TEST((await(blobs().stat(BlobId{5})).value().status == BlobStatus::corrupted));
  BOOST_TEST((failure(blobs().read(BlobId{5}, 0)) == Code::blob_corrupted));
  write(files / "5.blob", "octets");
  fs::remove(files / "5.state");
  BOOST_TEST((failure(blobs().read(BlobId{5}, 0)) == Code::blob_corrupted));
}

BOOST_AUTO_TEST_SUITE_END()

namespace {

// Runs until it is told to stop, and then takes a while.
class Slow final : public Program {
 public:
  Slow(Runtime rt, std::vector<std::string>* said) : rt_(rt), said_(said) {}

  Task<void> run() override {
    said_->emplace_back("begun");
    try {
      co_await rt_.clock().sleep_until(Instant::max());
    } catch (const boost::system::system_error& e) {
      said_->emplace_back(is_cancellation(e) ? "told" : "failed");
    }
    co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
    co_await rt_.clock().sleep_for(milliseconds(1));
    said_->emplace_back("tidied");
  }

 private:
  Runtime rt_;
  std::vector<std::string>* said_;
};

Task<void> throw_something(Runtime rt) {
  co_await rt.clock().sleep_for(milliseconds(1));
  throw std::runtime_error("broken");
}

// Holds `entered` for as long as its frame is there.
Task<void> wait_for_ever(Runtime rt, std::shared_ptr<bool> entered) {
  *entered = true;
  co_await rt.clock().sleep_until(Instant::max());
}

Task<Result<Bytes>> read_slowly(Runtime rt, std::uint16_t port) {
  CO_TRY(Stream stream, co_await rt.net().connect({"localhost", port}));
  Bytes buffer(10, '\0');
  const auto [ec, n] =
      co_await stream.async_read_some(asio::buffer(buffer), asio::as_tuple(asio::deferred));
  if (ec) {
    co_return Error{Code::end_of_stream, ec.message()};
  }
  co_return buffer.substr(0, n);
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(processes, LiveTest)

BOOST_AUTO_TEST_CASE(a_program_that_is_stopped_tidies_up_and_its_process_ends_with_0) {
  std::vector<std::string> said;
  int code = -1;
  process->on_exit([&code](int c) { code = c; });
  process->start(std::make_unique<Slow>(process->rt(), &said));
  BOOST_TEST_REQUIRE(machine->run_until([&] { return said.size() == 1; }, minutes(1)));
  process->stop();
  BOOST_TEST_REQUIRE(machine->run_until([&] { return code >= 0; }, minutes(1)));
  BOOST_TEST(code == 0);
  BOOST_TEST((said == std::vector<std::string>{"begun", "told", "tidied"}));
  BOOST_TEST(!process->running());
}

BOOST_AUTO_TEST_CASE(a_killed_program_does_not_tidy_up) {
  std::vector<std::string> said;
  bool exited = false;
  process->on_exit([&exited](int) { exited = true; });
  process->start(std::make_unique<Slow>(process->rt(), &said));
  BOOST_TEST_REQUIRE(machine->run_until([&] { return said.size() == 1; }, minutes(1)));
  process->kill();
  machine->shut_down();
  BOOST_TEST(said.size() == 1U);
  BOOST_TEST(!exited);
  BOOST_TEST(!process->exit_code().has_value());
}

BOOST_AUTO_TEST_CASE(an_exception_that_nobody_expects_ends_the_process_with_1) {
  process->spawn("broken", throw_something(process->rt()));
  BOOST_TEST_REQUIRE(machine->run_until([this] { return !process->running(); }, minutes(1)));
  BOOST_TEST(process->exit_code().value() == 1);
}

BOOST_AUTO_TEST_CASE(a_dead_process_has_no_more_effects) {
  const Runtime rt = process->rt();
  const auto entered = std::make_shared<bool>(false);
  process->spawn("waits", wait_for_ever(rt, entered));
  BOOST_TEST_REQUIRE(machine->run_until([&] { return *entered; }, minutes(1)));
  process->kill();
  const auto wrote = std::make_shared<std::optional<Status>>();
  process->spawn("late", keep<Status>(rt.store().put({"p", "late"}, "x"), wrote));
  machine->shut_down();
  BOOST_TEST(entered.use_count() == 1);
  BOOST_TEST((!wrote->has_value() || wrote->value().has_error()));
  BOOST_TEST(rt.net().listen(0).has_error());
  reopen();
  BOOST_TEST(!await(store().get({"p", "late"})).value().has_value());
}

BOOST_AUTO_TEST_CASE(names_of_hosts_are_looked_up) {
  auto listener = process->rt().net().listen(0).value();
  const auto out = std::make_shared<std::optional<Result<Bytes>>>();
  process->spawn("client", keep<Result<Bytes>>(read_slowly(process->rt(), listener->port()), out));
  auto peer = await(listener->accept());
  BOOST_TEST_REQUIRE(peer.has_value());
  peer.value().close();
  BOOST_TEST_REQUIRE(machine->run_until([out] { return out->has_value(); }, minutes(1)));
  BOOST_TEST((out->value().error().code == Code::end_of_stream));
  BOOST_TEST((failure(process->rt().net().connect({"no-such-host.invalid", 1})) ==
              Code::connection_refused));
}

BOOST_AUTO_TEST_CASE(signals_are_heard_and_do_not_end_the_program) {
  std::vector<int> heard;
  machine->on_signal([&heard](int number) { heard.push_back(number); });
  for (const int number : {SIGTERM, SIGINT}) {
    std::raise(number);
    BOOST_TEST_REQUIRE(machine->run_until([&] { return !heard.empty(); }, minutes(1)));
    BOOST_TEST(heard.back() == number);
    heard.clear();
  }
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(events)

BOOST_AUTO_TEST_CASE(an_event_is_one_object_of_json) {
  const std::string line =
      event_line(WallMs{1'700'000'000'123},
                 "vvm-1",
                 {"part.phase", {{"app", "acme/pos"}, {"part", 3}, {"what", "a \"b\"\n"}}},
                 EventForm::json);
  BOOST_TEST(line ==
             R"({"time":1700000000123,"process":"vvm-1","event":"part.phase","app":"acme/pos",)"
             R"("part":3,"what":"a \"b\"\n"})");
}

BOOST_AUTO_TEST_CASE(an_event_is_one_line_of_text_that_steers_no_terminal) {
  const std::string line = event_line(
      WallMs{1'700'000'000'123}, "p", {"x", {{"what", "\x1b[31m\nred"}}}, EventForm::text);
  BOOST_TEST(line.find('\x1b') == std::string::npos);
  BOOST_TEST(line.find('\n') == std::string::npos);
  BOOST_TEST(line.find(".123 p x what=") != std::string::npos);
  const std::string coloured =
      event_line(WallMs{0}, "p", {"task.failed"}, EventForm::coloured_text);
  BOOST_TEST(coloured.find("\x1b[31mtask.failed\x1b[0m") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace vvm::live
