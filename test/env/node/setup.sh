#!/bin/bash
# setup.sh [uml] [qemu]: gets what a test node needs, once: host packages, and per kind of node (both if none is named) a kernel with its modules.
#
#   SCST_CACHE   the cache folder (default: $XDG_CACHE_HOME/scst-k8s, ~/.cache/scst-k8s)
#
# Afterwards $SCST_CACHE/node/uml and $SCST_CACHE/node/qemu are links to complete folders:
#   uml:  linux, xstate.so (to be preloaded, see uml-xstate.c), modules/, release
#   qemu: vmlinuz, initrd, modules/, release, accelerator
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# To be raised when a change here makes other folders than before.
revision=3

# What each kind of node needs on the host, as command:package. The guest's root is the host's, so these are in the guest too.
common=(
  bash:bash setpriv:util-linux mke2fs:e2fsprogs modprobe:kmod busybox:busybox-static flock:util-linux ip:iproute2
  mkfs.xfs:xfsprogs fio:fio sg_inq:sg3-utils lsscsi:lsscsi dmsetup:dmsetup mt-st:mt-st udevadm:udev
)
uml_commands=(slirp-fullbolt:slirp cc:build-essential)
qemu_commands=(qemu-system-x86_64:qemu-system-x86 cpio:cpio xz:xz-utils)
# What the initrd loads before the root can be mounted; everything else is loaded from the root.
initrd_modules=(virtio_pci 9pnet_virtio 9p overlay)

say() { echo "test node: $*" >&2; }
fail() { say "$*"; exit 1; }

kinds=("$@")
[ $# -gt 0 ] || kinds=(uml qemu)
for kind in "${kinds[@]}"; do
  [[ $kind =~ ^(uml|qemu)$ ]] || fail "unknown kind of node: $kind (uml, qemu)"
done
[ "$(uname -m)" = x86_64 ] || fail "this machine is $(uname -m): the nodes' kernels are only there for x86_64"
command -v apt-get >/dev/null || fail 'apt-get is missing: the kernels are packages of Debian 12. Run the kernel tests in a Debian 12 container or machine'
PATH=$PATH:/usr/sbin:/sbin

packages_missing() {
  local entry entries=("${common[@]}")
  for kind in "${kinds[@]}"; do
    if [ "$kind" = uml ]; then entries+=("${uml_commands[@]}"); else entries+=("${qemu_commands[@]}"); fi
  done
  for entry in "${entries[@]}"; do command -v "${entry%%:*}" >/dev/null || echo "${entry#*:}"; done | sort -u
  [ -x /lib/systemd/systemd-udevd ] || echo udev
  [ -x /lib/systemd/systemd ] || echo systemd
  # Another busybox may be linked dynamically: the initrd has no libraries.
  if ldd "$(command -v busybox)" >/dev/null 2>&1; then echo busybox-static; fi
}

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; return; fi
  command -v sudo >/dev/null || fail "neither root nor sudo: run as root: $*"
  say "sudo, to install packages: $*"
  sudo "$@"
}

updated=
update_lists() {
  [ -z "$updated" ] || return 0
  say 'apt-get update'
  as_root apt-get -qq -o DPkg::Lock::Timeout=600 update >&2 || say 'apt-get update failed: going on with the lists that are there'
  updated=1
}

policy=/usr/sbin/policy-rc.d
remove_policy() { [ -z "${policy_ours:-}" ] || as_root rm -f "$policy"; policy_ours=; }
install_packages() {
  local packages
  mapfile -t packages < <(packages_missing | sort -u)
  [ ${#packages[@]} -gt 0 ] || return 0
  say "installing the packages ${packages[*]}"
  update_lists
  # Only the programs are wanted: no package may start a service here.
  if [ ! -e "$policy" ]; then
    policy_ours=1
    printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
    as_root chmod 755 "$policy"
  fi
  as_root env DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=l apt-get -qq -y --no-install-recommends \
    -o DPkg::Lock::Timeout=600 -o Dpkg::Use-Pty=0 install "${packages[@]}" </dev/null >&2 ||
    fail "installing ${packages[*]} failed: see above"
  remove_policy
  mapfile -t packages < <(packages_missing | sort -u)
  [ ${#packages[@]} -eq 0 ] || fail "still missing after the installation: ${packages[*]}"
}

# The newest version by Debian's own order; nothing if there is none.
kernel_package() {
  case $1 in
    uml) apt-cache pkgnames user-mode-linux | grep -x user-mode-linux || true ;;
    qemu) apt-cache pkgnames linux-image-6.12 | grep -E '^linux-image-6\.12\.[0-9]+\+deb12-amd64-unsigned$' | sort -V | tail -n 1 ;;
  esac
}

fetch_kernel() {
  local kind=$1 package version
  package=$(kernel_package "$kind" || true)
  if [ -z "$package" ]; then
    update_lists
    package=$(kernel_package "$kind" || true)
  fi
  if [ -z "$package" ]; then
    . /etc/os-release
    case $kind in
      uml) fail "no package user-mode-linux in the sources of ${PRETTY_NAME:-this system}: enable Debian's main (Ubuntu: universe)" ;;
      qemu) fail "no package linux-image-6.12.*+deb12-amd64-unsigned in the sources of ${PRETTY_NAME:-this system}: it is in Debian 12's security archive. Use Debian 12, or add 'deb http://security.debian.org/debian-security bookworm-security main' to the sources" ;;
    esac
  fi
  version=$(apt-cache show --no-all-versions "$package" | sed -n 's/^Version: //p')
  target=$nodes/$kind-$version-r$revision
  if [ ! -e "$target" ]; then
    work=$(mktemp -d "$nodes/.$kind.XXXXXX")
    say "getting $package $version"
    (cd "$work" && apt-get -qq download "$package" >&2) || {
      # The list may be older than the archive: the version in it may be gone.
      [ -z "$updated" ] || fail "downloading $package failed: see above"
      rm -rf "$work"
      update_lists
      fetch_kernel "$kind"
      return
    }
    dpkg -x "$work"/*.deb "$work/package"
    "take_$kind"
    rm -rf "$work/package" "$work"/*.deb
    chmod 755 "$work"
    mv -T "$work" "$target"
    work=
  fi
  ln -sfnT "${target##*/}" "$nodes/.$kind.link" && mv -T "$nodes/.$kind.link" "$nodes/$kind"
  say "$kind: kernel $(cat "$target/release") is ready"
}

# modules/ is laid out as modprobe wants it: it becomes /lib/modules in the guest.
take_modules() {
  local from=$1
  release=${from##*/}
  echo "$release" >"$work/release"
  mkdir "$work/modules"
  mv "$from" "$work/modules/$release"
  mkdir -p "$work/base/lib"
  ln -s ../../modules "$work/base/lib/modules"
  depmod -b "$work/base" "$release"
}

take_uml() {
  mv "$work/package/usr/bin/linux.uml" "$work/linux"
  cc -O2 -std=c11 -D_GNU_SOURCE -Wall -Wextra -Werror -shared -fPIC -o "$work/xstate.so" "$here/uml-xstate.c"
  take_modules "$(echo "$work"/package/usr/lib/uml/modules/*)"
  rm -r "$work/base"
}

take_qemu() {
  mv "$work"/package/boot/vmlinuz-* "$work/vmlinuz"
  take_modules "$(echo "$work"/package/lib/modules/*)"
  local root=$work/initrd-root file
  mkdir -p "$root"/{bin,dev,proc,modules}
  cp "$(command -v busybox)" "$root/bin/busybox"
  install -m 755 "$here/qemu-init.sh" "$root/init"
  for module in "${initrd_modules[@]}"; do
    modprobe -d "$work/base" -S "$release" --show-depends "$module"
  done | awk '$1 == "insmod" && !seen[$2]++ {print $2}' | while read -r file; do
    # busybox's insmod can't unpack them.
    local name
    name=$(basename "${file%.xz}")
    if [[ $file = *.xz ]]; then xz -dc "$file" >"$root/modules/$name"; else cp "$file" "$root/modules/$name"; fi
    echo "$name" >>"$root/modules/order"
  done
  (cd "$root" && find . | LC_ALL=C sort | cpio --quiet -o -H newc -R 0:0 | gzip -1) >"$work/initrd"
  rm -r "$root" "$work/base"
}

# Some machines have a /dev/kvm that can't boot a kernel: it hangs or aborts. Only a trial boot tells, and only for this boot of this machine.
probe_kvm() {
  local node=$nodes/qemu boot console answer=tcg
  boot=$(cat /proc/sys/kernel/random/boot_id)
  if [ -e "$node/accelerator" ] && grep -q "$boot" "$node/accelerator"; then return; fi
  if [ -w /dev/kvm ]; then
    say 'trying whether KVM boots a kernel (at most 15 s)'
    console=$(timeout -k 1 15 qemu-system-x86_64 -nodefaults -no-reboot -display none -accel kvm -cpu max,la57=off -m 256 -serial stdio \
      -kernel "$node/vmlinuz" -initrd "$node/initrd" -append 'console=ttyS0 quiet SCST_PROBE=1' </dev/null 2>/dev/null || true)
    if [[ $console = *'initrd runs'* ]]; then answer=kvm; fi
    say "QEMU will use $answer"
  fi
  echo "$answer $boot" >"$node/.accelerator" && mv "$node/.accelerator" "$node/accelerator"
}

work=
cleanup() {
  [ -z "$work" ] || rm -rf "$work"
  remove_policy
}
trap cleanup EXIT
trap 'exit 130' INT TERM

nodes=${SCST_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/scst-k8s}/node
mkdir -p "$nodes"
install_packages
exec 9>"$nodes/lock"
flock -n 9 || { say 'another setup is running: waiting for it'; flock 9; }
# What a killed set-up left.
rm -rf "$nodes"/.{uml,qemu}.??????
for kind in "${kinds[@]}"; do
  if [[ $(readlink "$nodes/$kind" || true) != *-r$revision ]] || [ ! -e "$nodes/$kind/release" ]; then fetch_kernel "$kind"; fi
  if [ "$kind" = qemu ]; then probe_kvm; fi
done
