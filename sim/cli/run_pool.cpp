// Workers, their pipes, and one poll() over all of them.
#include "sim/cli/run_pool.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

namespace vvm::cli {
namespace {

constexpr std::size_t complaint_max = 4'000;  // octets kept of what a worker wrote

std::int64_t now_ns() {
  return std::chrono::steady_clock::now().time_since_epoch() / std::chrono::nanoseconds(1);
}

// A file descriptor that closes with its owner.
class Fd {
 public:
  Fd() = default;

  explicit Fd(int fd) : fd_{fd} {}

  Fd(Fd&& other) noexcept : fd_{std::exchange(other.fd_, -1)} {}

  Fd& operator=(Fd&& other) noexcept {
    reset();
    fd_ = std::exchange(other.fd_, -1);
    return *this;
  }

  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;

  ~Fd() { reset(); }

  int get() const { return fd_; }

  void reset() {
    if (fd_ >= 0) {
      ::close(std::exchange(fd_, -1));
    }
  }

 private:
  int fd_ = -1;
};

struct Pipe {
  Fd read;
  Fd write;
};

Error system_failure(std::string_view what) {
  return {Code::unavailable, fmt::format("{}: {}", what, std::strerror(errno))};
}

Result<Pipe> make_pipe() {
  std::array<int, 2> fds{};
  if (::pipe2(fds.data(), O_CLOEXEC) != 0) {
    return system_failure("pipe");
  }
  return Pipe{Fd{fds[0]}, Fd{fds[1]}};
}

bool write_all(int fd, const void* data, std::size_t size) {
  const auto* at = static_cast<const char*>(data);
  while (size > 0) {
    const ssize_t written = ::write(fd, at, size);
    if (written < 0 && errno == EINTR) {
      continue;
    }
    if (written <= 0) {
      return false;
    }
    at += written;
    size -= static_cast<std::size_t>(written);
  }
  return true;
}

bool read_all(int fd, void* data, std::size_t size) {
  auto* at = static_cast<char*>(data);
  while (size > 0) {
    const ssize_t got = ::read(fd, at, size);
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got <= 0) {
      return false;
    }
    at += got;
    size -= static_cast<std::size_t>(got);
  }
  return true;
}

// Appends what is there; false at the end.
bool read_some(int fd, std::string& into) {
  std::array<char, 65'536> buffer;
  const ssize_t got = ::read(fd, buffer.data(), buffer.size());
  if (got > 0) {
    into.append(buffer.data(), static_cast<std::size_t>(got));
  }
  return got > 0 || (got < 0 && (errno == EINTR || errno == EAGAIN));
}

// The last lines of what a worker wrote.
std::string tail(const std::string& text) {
  if (text.size() <= complaint_max) {
    return text;
  }
  const std::size_t begin = text.find('\n', text.size() - complaint_max);
  return "...\n" +
         text.substr(begin == std::string::npos ? text.size() - complaint_max : begin + 1);
}

std::string end_text(int status) {
  if (WIFSIGNALED(status)) {
    const int number = WTERMSIG(status);
    return fmt::format("the process ended by signal {} ({})", number, ::strsignal(number));
  }
  return fmt::format("the process ended with code {}", WEXITSTATUS(status));
}

// Ctrl-C goes to the whole group: the caller takes it from a descriptor, workers do not see it.
class Interrupts {
 public:
  Interrupts() {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigprocmask(SIG_BLOCK, &set, &before_);
    // A worker may die just before it is told its next unit.
    struct sigaction ignore{};
    ignore.sa_handler = SIG_IGN;
    ::sigaction(SIGPIPE, &ignore, &pipe_before_);
    fd_ = Fd{::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK)};
  }

  Interrupts(const Interrupts&) = delete;
  Interrupts& operator=(const Interrupts&) = delete;

  ~Interrupts() {
    signalfd_siginfo ignored{};
    while (::read(fd_.get(), &ignored, sizeof(ignored)) > 0) {
    }
    ::sigaction(SIGPIPE, &pipe_before_, nullptr);
    sigprocmask(SIG_SETMASK, &before_, nullptr);
  }

  int fd() const { return fd_.get(); }

 private:
  sigset_t before_{};
  struct sigaction pipe_before_{};
  Fd fd_;
};

struct Worker {
  pid_t pid = 0;
  Fd requests;    // unit numbers go in
  Fd answers;     // size and text come out
  Fd complaints;  // its standard error and output
  std::string answer{};
  std::string complaint{};
  std::optional<std::size_t> unit{};
  std::int64_t deadline_ns = 0;
  bool too_long = false;
};

using Work = std::function<std::string(std::size_t)>;

// An exception ends the process with its text, as it would without a pool.
[[noreturn]] void serve(int requests, int answers, const Work& work) noexcept {
  std::uint64_t unit = 0;
  while (read_all(requests, &unit, sizeof(unit))) {
    const std::string text = work(static_cast<std::size_t>(unit));
    const std::uint64_t size = text.size();
    if (!write_all(answers, &size, sizeof(size)) || !write_all(answers, text.data(), size)) {
      break;
    }
  }
  // Neither destructors nor buffers of the caller are this process's to end.
  ::_exit(0);
}

class Pool {
 public:
  Pool(std::size_t units,
       const PoolOptions& options,
       const Work& work,
       const std::function<void(PoolAnswer)>& answer)
      : units_{units}, options_{options}, work_{work}, answer_{answer} {}

  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  ~Pool() {
    for (const auto& worker : workers_) {
      ::kill(worker->pid, SIGKILL);
      ::waitpid(worker->pid, nullptr, 0);
    }
  }

  Result<PoolEnd> run() {
    PoolEnd end;
    while (next_ < units_ || busy()) {
      while (next_ < units_ && std::ssize(workers_) < std::max(1, options_.jobs)) {
        TRY(start_worker());
      }
      hand_out();
      if (!wait()) {
        end.interrupted = true;
        break;
      }
      if (options_.on_tick) {
        options_.on_tick();
      }
    }
    return end;
  }

 private:
  bool busy() const {
    return std::any_of(
        workers_.begin(), workers_.end(), [](const auto& w) { return w->unit.has_value(); });
  }

  Status start_worker() {
    TRY(Pipe requests, make_pipe());
    TRY(Pipe answers, make_pipe());
    TRY(Pipe complaints, make_pipe());
    const pid_t parent = ::getpid();
    const pid_t pid = ::fork();
    if (pid < 0) {
      return system_failure("fork");
    }
    if (pid == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      if (::getppid() != parent) {
        ::_exit(0);
      }
      ::dup2(complaints.write.get(), STDERR_FILENO);
      ::dup2(complaints.write.get(), STDOUT_FILENO);
      // The ends of other workers would keep their pipes open.
      for (const auto& worker : workers_) {
        worker->requests.reset();
        worker->answers.reset();
        worker->complaints.reset();
      }
      requests.write.reset();
      answers.read.reset();
      serve(requests.read.get(), answers.write.get(), work_);
    }
    auto worker = std::make_unique<Worker>();
    worker->pid = pid;
    worker->requests = std::move(requests.write);
    worker->answers = std::move(answers.read);
    worker->complaints = std::move(complaints.read);
    workers_.push_back(std::move(worker));
    return ok();
  }

  void hand_out() {
    for (const auto& worker : workers_) {
      if (worker->unit.has_value() || next_ == units_) {
        continue;
      }
      const std::uint64_t unit = next_++;
      worker->unit = static_cast<std::size_t>(unit);
      worker->deadline_ns = now_ns() + options_.unit_max.ns;
      worker->complaint.clear();
      // A worker that has just died is found at the end of its pipe.
      write_all(worker->requests.get(), &unit, sizeof(unit));
    }
  }

  // False: interrupted.
  bool wait() {
    std::vector<pollfd> fds{{interrupts_.fd(), POLLIN, 0}};
    for (const auto& worker : workers_) {
      fds.push_back({worker->answers.get(), POLLIN, 0});
      fds.push_back({worker->complaints.get(), POLLIN, 0});
    }
    ::poll(fds.data(), fds.size(), static_cast<int>(options_.tick.ms()));
    if ((fds[0].revents & POLLIN) != 0) {
      return false;
    }
    for (std::size_t i = 0; i < workers_.size(); ++i) {
      Worker& worker = *workers_[i];
      if (fds[2 + 2 * i].revents != 0 && !read_some(worker.complaints.get(), worker.complaint)) {
        worker.complaints.reset();
      }
      const bool ended =
          fds[1 + 2 * i].revents != 0 && !read_some(worker.answers.get(), worker.answer);
      take_answer(worker);
      if (ended) {
        bury(worker);
      } else {
        end_if_too_long(worker);
      }
    }
    std::erase_if(workers_, [](const auto& worker) { return worker->pid == 0; });
    return true;
  }

  void take_answer(Worker& worker) {
    std::uint64_t size = 0;
    if (!worker.unit.has_value() || worker.answer.size() < sizeof(size)) {
      return;
    }
    std::memcpy(&size, worker.answer.data(), sizeof(size));
    if (worker.answer.size() - sizeof(size) < size) {
      return;
    }
    PoolAnswer answer{.unit = *worker.unit, .text = worker.answer.substr(sizeof(size))};
    worker.answer.clear();
    worker.unit.reset();
    answer_(std::move(answer));
  }

  void end_if_too_long(Worker& worker) {
    if (worker.unit.has_value() && now_ns() > worker.deadline_ns && !worker.too_long) {
      worker.too_long = true;
      ::kill(worker.pid, SIGKILL);
    }
  }

  void bury(Worker& worker) {
    int status = 0;
    while (::waitpid(worker.pid, &status, 0) < 0 && errno == EINTR) {
    }
    worker.pid = 0;
    while (worker.complaints.get() >= 0 && read_some(worker.complaints.get(), worker.complaint)) {
    }
    if (!worker.unit.has_value()) {
      return;
    }
    std::string why = worker.too_long
                          ? fmt::format("no result after {} s", options_.unit_max.ms() / 1'000)
                          : end_text(status);
    if (!worker.complaint.empty()) {
      why += "\n" + tail(worker.complaint);
    }
    answer_({.unit = *worker.unit, .text = {}, .broken = std::move(why)});
    worker.unit.reset();
  }

  std::size_t units_;
  const PoolOptions& options_;
  const Work& work_;
  const std::function<void(PoolAnswer)>& answer_;
  Interrupts interrupts_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::size_t next_ = 0;
};

}  // namespace

Result<PoolEnd> run_pool(std::size_t units,
                         const PoolOptions& options,
                         const std::function<std::string(std::size_t unit)>& work,
                         const std::function<void(PoolAnswer)>& answer) {
  Pool pool{units, options, work, answer};
  return pool.run();
}

}  // namespace vvm::cli
