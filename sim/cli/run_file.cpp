// The file and its one line of JSON.
#include "sim/cli/run_file.hpp"

#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <system_error>

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "live/files.hpp"
#include "records/json_reader.hpp"

namespace vvm::cli {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

constexpr std::uint64_t size_max = 64 * 1024;

}  // namespace

std::string run_file_path() {
  const char* const runtime = std::getenv("XDG_RUNTIME_DIR");
  if (runtime != nullptr && *runtime != '\0') {
    return (fs::path(runtime) / "vvm-up.json").string();
  }
  std::error_code ignored;
  const fs::path folder = fs::temp_directory_path(ignored);
  return (folder / fmt::format("vvm-up-{}.json", ::getuid())).string();
}

Result<RunningCluster> read_run_file() {
  const std::string path = run_file_path();
  const live::Fd fd(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  if (!fd) {
    return live::last_error(path);
  }
  struct stat stat{};
  if (::fstat(fd.get(), &stat) != 0) {
    return live::last_error(path);
  }
  if (stat.st_uid != ::getuid()) {
    return Error{Code::bad_input, path + " belongs to another user"};
  }
  TRY(const Bytes text, live::read_at(fd.get(), 0, size_max, path));
  const auto object = parse_json_object(text);
  if (object.has_error()) {
    return Error{Code::bad_input, path + ": " + object.error().what};
  }
  const JsonReader in(object.value());
  const auto cluster = in.text("cluster", 1024);
  const auto pid = in.integer("pid", 1, std::numeric_limits<std::int64_t>::max());
  const auto data = in.text("data", 4096);
  if (cluster.has_error() || pid.has_error() || data.has_error()) {
    return Error{Code::bad_input, path + " is no run file"};
  }
  RunningCluster running;
  TRY(running.cluster, parse_endpoint(cluster.value()));
  running.pid = pid.value();
  running.data = data.value();
  return running;
}

Status write_run_file(const RunningCluster& running) {
  const std::string path = run_file_path();
  const std::string next = fmt::format("{}.{}", path, running.pid);
  const json::object object{
      {"cluster", text_of(running.cluster)}, {"pid", running.pid}, {"data", running.data}};
  ::unlink(next.c_str());
  const live::Fd fd(
      ::open(next.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!fd) {
    return live::last_error(next);
  }
  Status written = live::write_fully(fd.get(), json::serialize(object) + "\n", next);
  if (written.has_value() && ::rename(next.c_str(), path.c_str()) != 0) {
    written = live::last_error(path);
  }
  if (written.has_error()) {
    ::unlink(next.c_str());
  }
  return written;
}

void remove_run_file(std::int64_t pid) {
  const auto running = read_run_file();
  if (running.has_value() && running.value().pid == pid) {
    ::unlink(run_file_path().c_str());
  }
}

Result<Endpoint> parse_endpoint(const std::string& text) {
  const std::size_t colon = text.rfind(':');
  Endpoint endpoint;
  if (colon != std::string::npos && colon > 0) {
    endpoint.host = text.substr(0, colon);
    const char* const end = text.data() + text.size();
    const auto [rest, ec] = std::from_chars(text.data() + colon + 1, end, endpoint.port);
    if (ec == std::errc{} && rest == end && endpoint.port != 0) {
      return endpoint;
    }
  }
  return Error{Code::bad_input, "`" + text + "` is not HOST:PORT"};
}

std::string text_of(const Endpoint& endpoint) {
  return endpoint.host + ":" + std::to_string(endpoint.port);
}

}  // namespace vvm::cli
