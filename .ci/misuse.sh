#!/usr/bin/env bash
# misuse.sh: what must not compile does not, for the reason it should, and the correct use does.
#
# usage: misuse.sh FILE.cpp COMPILER ARGS...
# One file has both branches: without -DMISUSE it must compile; with it the compiler must refuse,
# and say the text behind `expect:` on the line of the #ifdef.
set -euo pipefail
file=$1
shift
expected=$(sed -n 's|^#ifdef MISUSE  // expect: ||p' "$file")
if [ -z "$expected" ]; then
  echo "misuse.sh: $file does not say what it expects"
  exit 1
fi
if ! "$@" -fsyntax-only "$file"; then
  echo "misuse.sh: the correct use in $file does not compile"
  exit 1
fi
if said=$("$@" -fsyntax-only -DMISUSE=1 "$file" 2>&1); then
  echo "misuse.sh: the misuse in $file compiles"
  exit 1
fi
if ! grep -qF -- "$expected" <<<"$said"; then
  printf 'misuse.sh: %s is refused, but not for: %s\n%s\n' "$file" "$expected" "$said"
  exit 1
fi
