#!/usr/bin/env bash
# symbols.sh: the symbol gate; no calm library reaches time, chance, sockets, files, threads or the
# environment of the real machine, whatever header or inlined function it came through.
#
# usage: symbols.sh BUILD_DIR | symbols.sh LIB.a...
# Reads the undefined symbols of the static libraries of the modules on the line `calm:` of
# src/layers.txt. Mutexes pass: asio's services hold one that nobody else ever locks. So do OpenSSL,
# libarchive and SQLite, but for those of their functions that open files or draw random bytes.
set -euo pipefail

time='clock|clock_gettime|clock_getres|clock_nanosleep|nanosleep|usleep|sleep|gettimeofday|time'
time+='|timespec_get|localtime(_r)?|mktime|tzset|timer(fd)?_(create|settime)|times|getrusage'
chance='getrandom|getentropy|rand|rand_r|srand|random|srandom|[delmn]rand48|arc4random.*'
chance+='|RAND_(priv_)?bytes'
env='getenv|secure_getenv|setenv|unsetenv|putenv|environ|__environ|setlocale|getpid|gethostname'
env+='|getuid|sysconf|get_nprocs'
net='socket|socketpair|connect|bind|listen|accept4?|shutdown|send(to|msg|file)?|recv(from|msg)?'
net+='|getaddrinfo|gethostbyname|(p|pp)oll|p?select|epoll_.*|eventfd|io_uring_.*'
files='(f|fd|fre)open(64)?|open(at)?(64)?|creat(64)?|p?(read|write)v?(64)?|close|unlink(at)?'
files+='|rename(at2?)?|mkdir(at)?|rmdir|opendir|readdir(64)?|[fl]?stat(at|x)?(64)?|f(data)?sync'
files+='|f?truncate(64)?|remove|realpath|getcwd|chdir|access|tmpfile|mkstemp|pipe2?'
files+='|archive_(read|write)_open_(file|filename.*|FILE|fd)|archive_(read|write)_disk_.*'
files+='|sqlite3_open.*|BIO_new_file|SSL_CTX_load_verify.*'
threads='pthread_(create|join|detach|cond_.*|rwlock_.*)|thrd_create|sem_(wait|post|init)'
threads+='|fork|vfork|execv.*|posix_spawnp?|system|popen|kill|signal|sigaction'
cpp='std::chrono::.*_clock::now\(\)|std::random_device::.*'
cpp+='|(vtable for |VTT for )?std::basic_([io]?fstream|filebuf)<.*|std::c(in|out|err|log)'
cpp+='|std::filesystem::(__cxx11::)?[a-z_]+\(.*|std::filesystem::.*directory_iterator::.*'
cpp+='|std::(j?thread|condition_variable(_any)?|__future_base|this_thread)::.*'
cpp+='|std::locale::(global|locale\(char const\*\)).*'
banned="^($time|$chance|$env|$net|$files|$threads|$cpp)\$"

libraries() {
  local root module folder
  root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
  # shellcheck disable=SC2013  # words of one line
  for module in $(sed -n 's/^calm: *//p' "$root/src/layers.txt"); do
    folder=$1/src/$module
    case $module in sim/*) folder=$1/$module ;; esac
    [ ! -d "$folder" ] || find "$folder" -maxdepth 1 -name 'lib*.a'
  done
}

if [ $# -eq 1 ] && [ -d "$1" ]; then
  mapfile -t libs < <(libraries "$1")
else
  libs=("$@")
fi
if [ ${#libs[@]} -eq 0 ]; then
  echo "symbols.sh: no calm library in ${1-}: nothing was checked" >&2
  exit 1
fi

# nm -A: `lib.a:object.o:                 U symbol`.
symbols=$(nm -A -C -u "${libs[@]}" |
  sed -nE 's/^(.*):([^:]+\.o): +[Uw] (.*)$/\3\t\2\t\1/p')
hits=$(BANNED=$banned awk -F'\t' '
  $1 ~ ENVIRON["BANNED"] {
    sub(/.*\//, "", $2)
    sub(/.*\//, "", $3)
    print $3 ": " $2 ": " $1
  }' <<<"$symbols" | sort -u)
if [ -n "$hits" ]; then
  printf '%s\n' "$hits"
  exit 1
fi
echo "symbols.sh: ${#libs[@]} calm libraries reach nothing of the real machine"
