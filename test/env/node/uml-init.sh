#!/bin/bash
# The UML node's first init, on the host's root (hostfs, read-only): puts an overlay over it and goes on there with the init of all nodes.
exec >/dev/kmsg 2>&1
. "$SCST_RUN/config"
fail() {
  echo "node: $1"
  exec busybox poweroff -n -f
}
insmod "$MODULES/$RELEASE/kernel/fs/overlayfs/overlay.ko" || fail "can't load overlay"
# Without root on the host its user root is a stranger here, whom setuid programs such as mount would switch to: not with
# busybox, and not with nosuid.
busybox mount -t tmpfs layers /mnt || fail "can't mount a tmpfs"
mkdir /mnt/upper /mnt/work /mnt/root
busybox mount -t overlay -o nosuid,lowerdir=/,upperdir=/mnt/upper,workdir=/mnt/work overlay /mnt/root || fail "can't mount the overlay"
cd /mnt/root || fail "can't enter the overlay"
pivot_root . mnt || fail "can't make the overlay the root"
exec chroot . "$SCST_RUN/init"
