#!/usr/bin/env bash
# format.sh: fails where a C++ file of this tree is not as .clang-format wants it; changes nothing.
set -euo pipefail
cd "${1:-$(dirname "${BASH_SOURCE[0]}")/..}"
git ls-files -z --cached --others --exclude-standard '*.cpp' '*.hpp' |
  xargs -0 -r clang-format-19 --dry-run -Werror
