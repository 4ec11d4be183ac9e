#!/usr/bin/env bash
# test_symbols.sh: the symbol gate names what reaches the real machine and passes what does not.
#
# Compiles small static libraries, some with planted symbols. usage: test_symbols.sh [CXX...]
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
gate=$here/../symbols.sh
cxx=("${@:-clang++-19}")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0

# library NAME: compiles standard input to $work/libNAME.a.
library() {
  cat >"$work/$1.cpp"
  "${cxx[@]}" -std=c++20 -O1 -c "$work/$1.cpp" -o "$work/$1.o"
  ar rcsT "$work/lib$1.a" "$work/$1.o"
}

fail() {
  echo "FAILED: $*"
  failures=$((failures + 1))
}

# caught NAME SYMBOL: the gate fails on libNAME.a and names SYMBOL.
caught() {
  local out
  if out=$(bash "$gate" "$work/lib$1.a" 2>&1); then
    fail "$1: the gate passed it"
  elif ! grep -qF ": $2" <<<"$out"; then
    fail "$1: the gate does not name $2, but says: $out"
  fi
}

library c_functions <<'END'
#include <fcntl.h>
#include <pthread.h>
#include <sys/socket.h>
#include <cstdlib>
#include <ctime>
const char* home() { return std::getenv("HOME"); }
long now() { return std::time(nullptr); }
int chance() { return std::rand(); }
int file(const char* path) { return ::open(path, O_RDONLY); }
int peer() { return ::socket(AF_INET, SOCK_STREAM, 0); }
int thread(void* (*run)(void*)) { pthread_t t; return pthread_create(&t, nullptr, run, nullptr); }
END
for symbol in getenv time rand open socket pthread_create; do caught c_functions "$symbol"; done

library cpp_functions <<'END'
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <random>
#include <thread>
auto now() { return std::chrono::steady_clock::now(); }
auto today() { return std::chrono::system_clock::now(); }
unsigned chance() { return std::random_device{}(); }
bool file(const std::string& path) { return std::ifstream(path).good(); }
bool there(const std::string& path) { return std::filesystem::exists(path); }
void thread() { std::jthread t([] {}); }
void print() { std::cout << 1; }
END
for symbol in 'std::chrono::_V2::steady_clock::now()' 'std::chrono::_V2::system_clock::now()' \
  'std::random_device::' 'std::basic_ifstream<' 'std::filesystem::status' 'std::thread::' \
  'std::cout'; do
  caught cpp_functions "$symbol"
done

library asio_timer <<'END'
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
namespace asio = boost::asio;
asio::awaitable<void> nap(asio::any_io_executor executor) {
  asio::steady_timer timer(executor, std::chrono::seconds(1));
  co_await timer.async_wait(asio::use_awaitable);
}
END
caught asio_timer 'std::chrono::_V2::steady_clock::now()'

library own_files <<'END'
extern "C" int archive_read_open_filename(void*, const char*, unsigned long);
extern "C" int RAND_bytes(unsigned char*, int);
int f(void* a) { return archive_read_open_filename(a, "x", 1); }
int g(unsigned char* b) { return RAND_bytes(b, 1); }
END
for symbol in archive_read_open_filename RAND_bytes; do caught own_files "$symbol"; done

# Correct code: coroutines of asio over an executor of our own, and names that only look like bans.
library clean <<'END'
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/execution_context.hpp>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <memory>
#include <sstream>
#include <vector>
namespace asio = boost::asio;
struct Context : asio::execution_context { std::vector<std::function<void()>> ready; };
struct Executor {
  Context* c;
  Context& query(asio::execution::context_t) const noexcept { return *c; }
  static constexpr auto query(asio::execution::blocking_t) noexcept {
    return asio::execution::blocking.never;
  }
  template <class F> void execute(F f) const {
    auto shared = std::make_shared<F>(std::move(f));
    c->ready.push_back([shared] { std::move(*shared)(); });
  }
  bool operator==(const Executor&) const noexcept = default;
};
struct Clock {
  long time() const;
  long clock_gettime(int) const;
  int open(const char*);
  void connect();
};
extern "C" int archive_read_open_memory(void*, const void*, unsigned long);
extern "C" int EVP_DigestUpdate(void*, const void*, unsigned long);
asio::awaitable<int> deep(Clock* clock) { co_return static_cast<int>(clock->time()); }
asio::awaitable<void> run(Clock* clock) {
  clock->connect();
  const int n = co_await deep(clock);
  clock->open(std::filesystem::path("a/b").filename().c_str());
  std::ostringstream out;
  out << n << clock->clock_gettime(1);
  std::fprintf(stderr, "%s", out.str().c_str());
  archive_read_open_memory(clock, "", 0);
  EVP_DigestUpdate(clock, "", 0);
}
void start(Context& context, Clock* clock) {
  asio::co_spawn(asio::any_io_executor(Executor{&context}), run(clock), asio::detached);
}
END
if ! out=$(bash "$gate" "$work/libclean.a" 2>&1); then fail "clean code is reported: $out"; fi

# Nothing to look at is not a pass.
if bash "$gate" "$work" >/dev/null 2>&1; then fail "a build directory without libraries passed"; fi

# A build directory: calm modules are looked at, live is not.
mkdir -p "$work/b/src/image" "$work/b/src/live" "$work/b/sim/kernel"
ar rcs "$work/b/src/image/libimage.a" "$work/clean.o"
ar rcs "$work/b/src/live/liblive.a" "$work/c_functions.o"
if ! out=$(bash "$gate" "$work/b" 2>&1); then fail "live is held to calm rules: $out"; fi
ar rcs "$work/b/sim/kernel/libsim_kernel.a" "$work/c_functions.o"
if bash "$gate" "$work/b" >/dev/null 2>&1; then fail "sim/kernel is not looked at"; fi

[ "$failures" -eq 0 ] && echo "the symbol gate names what it must, and nothing else"
