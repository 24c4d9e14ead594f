#!/bin/bash
# debian-packages.sh NAME PACKAGE...: gets Debian 12 packages once, without installing them.
#
#   SCST_CACHE   the cache folder (default: $XDG_CACHE_HOME/scst-k8s, ~/.cache/scst-k8s)
#
# Afterwards $SCST_CACHE/NAME/root holds the packages' files.
set -euo pipefail

name=$1
shift
folder=${SCST_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/scst-k8s}/$name
say() { echo "$name: $*" >&2; }

[ ! -e "$folder/root" ] || exit 0
command -v apt-get >/dev/null || { say "apt-get is missing: $* are packages of Debian 12"; exit 1; }
mkdir -p "$folder"
work=$(mktemp -d "$folder/.root.XXXXXX")
trap 'rm -rf "$work"' EXIT
say "getting $*"
(cd "$work" && apt-get -qq download "$@" >&2 2>"$work/errors") || { cat "$work/errors" >&2; exit 1; }
for package in "$work"/*.deb; do dpkg -x "$package" "$work/root"; done
mv "$work/root" "$folder/root"
