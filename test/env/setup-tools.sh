#!/usr/bin/env bash
# Checks the tools that the build needs; what is missing comes by apt (root, or sudo where the user isn't root).
set -euo pipefail

fail() { echo "setup-tools: $*" >&2; exit 1; }

command -v node >/dev/null || fail "Node.js >= 20.19 is needed (https://nodejs.org, or your distribution's packages)"
node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)' ||
  fail "Node.js >= 20.19 is needed, this is $(node --version)"

packages=()
want() { command -v "$1" >/dev/null || packages+=("$2"); }
want cc gcc
want make make
want openssl openssl
want python3 python3
echo 'int main(void){return 0;}' | cc -static -x c -o /dev/null - 2>/dev/null || packages+=(libc6-dev gcc)
echo 'int main(void){return 0;}' | cc -fsanitize=thread -x c -o /dev/null - 2>/dev/null || packages+=(gcc libc6-dev)

[ ${#packages[@]} -eq 0 ] && exit 0
mapfile -t packages < <(printf '%s\n' "${packages[@]}" | sort -u)
command -v apt-get >/dev/null || fail "these are missing and there is no apt-get: ${packages[*]}"
as_root=()
if [ "$(id -u)" != 0 ]; then
  command -v sudo >/dev/null || fail "these are missing, and installing them needs root: ${packages[*]}"
  echo "sudo is asked for to install: ${packages[*]}"
  as_root=(sudo)
fi
echo "==> apt-get install ${packages[*]}"
"${as_root[@]}" apt-get update -qq
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null
