#!/bin/bash
# setup.sh: gets what the bench compares with, once, without installing it: tcmu-runner, and the tool that makes its images.
#
#   SCST_CACHE   the cache folder (default: $XDG_CACHE_HOME/scst-k8s, ~/.cache/scst-k8s)
#
# Afterwards $SCST_CACHE/bench/root holds the packages' files.
set -euo pipefail

packages=(tcmu-runner libtcmu2 libnl-3-200 libnl-genl-3-200 qemu-utils)
bench=${SCST_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/scst-k8s}/bench
say() { echo "bench: $*" >&2; }

[ ! -e "$bench/root" ] || exit 0
command -v apt-get >/dev/null || { say 'apt-get is missing: the programs to compare with are packages of Debian 12'; exit 1; }
mkdir -p "$bench"
work=$(mktemp -d "$bench/.root.XXXXXX")
trap 'rm -rf "$work"' EXIT
say "getting ${packages[*]}"
(cd "$work" && apt-get -qq download "${packages[@]}" >&2 2>"$work/errors") || { cat "$work/errors" >&2; exit 1; }
for package in "$work"/*.deb; do dpkg -x "$package" "$work/root"; done
mv "$work/root" "$bench/root"
