#!/bin/busybox sh
# The init of the QEMU node's initrd: mounts the host's root read-only under an overlay and goes on there with the init of all nodes.
/bin/busybox mount -t proc proc /proc
/bin/busybox mount -t devtmpfs dev /dev
exec >/dev/console 2>&1
if [ -n "$SCST_PROBE" ]; then
  echo 'initrd runs'
  exec /bin/busybox poweroff -n -f
fi
fail() {
  echo "node: $1"
  exec /bin/busybox poweroff -n -f
}
while read -r module; do
  /bin/busybox insmod "/modules/$module" || fail "can't load $module"
done </modules/order
/bin/busybox mkdir /layers /node
/bin/busybox mount -t tmpfs layers /layers
/bin/busybox mkdir /layers/host /layers/upper /layers/work
/bin/busybox mount -t 9p -o trans=virtio,version=9p2000.L,msize=1048576,cache=loose,ro hostroot /layers/host || fail "can't mount the host's root"
/bin/busybox mount -t overlay -o lowerdir=/layers/host,upperdir=/layers/upper,workdir=/layers/work overlay /node || fail "can't mount the overlay"
/bin/busybox umount /proc
/bin/busybox umount -l /dev
exec /bin/busybox switch_root /node "$SCST_RUN/init"
