#!/bin/bash
# The init of a node, whatever its kernel: makes a Linux system of the overlay that is its root, and starts the command server.
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
cd /
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
exec </dev/null >/dev/kmsg 2>&1
. "$SCST_RUN/config"

fail() {
  echo "node: $1"
  exec busybox poweroff -n -f
}

# What an earlier init mounted lies below the overlay and is in nobody's way; its names would only confuse.
umount -l /mnt 2>/dev/null
mkdir -p /dev/pts /dev/shm /root
mount -t devpts devpts /dev/pts
mount -t tmpfs tmpfs /dev/shm
mount -t tmpfs -o mode=755 tmpfs /run
mkdir -p /run/lock
mount -t cgroup2 cgroup2 /sys/fs/cgroup
# The host's state isn't the node's.
for directory in /var/lib/scst /etc/target; do
  mkdir -p "$directory"
  mount -t tmpfs -o mode=755 tmpfs "$directory"
done
mkdir -p "/lib/modules/$RELEASE"
mount --bind "$MODULES/$RELEASE" "/lib/modules/$RELEASE" || fail "can't mount the modules"

ulimit -c 0
ulimit -n 65536
hostname "$NODE_NAME"
printf '127.0.0.1 localhost %s\n10.0.2.2 host\n' "$NODE_NAME" >/etc/hosts
ip link set lo up

if [ "$KERNEL" = qemu ]; then modprobe -a virtio_console virtio_net virtio_blk ext4 || fail "can't load the drivers of the virtual machine"; fi
if [ -n "$UDEV" ]; then
  udevd=/lib/systemd/systemd-udevd
  "$udevd" --daemon || fail "can't start udevd"
fi
if [ -n "$DATA_DEVICE" ]; then
  umount /var/lib/scst
  mount "$DATA_DEVICE" /var/lib/scst || fail "can't mount the data disk"
fi
if [ -n "$NETWORK" ]; then
  # No default route: nothing may leave the guest but what goes to the host's loopback.
  ip addr add 10.0.2.15/24 dev eth0 && ip link set eth0 up || fail "can't set the network up"
fi
if [ -n "$CONFIGFS" ]; then
  modprobe configfs
  mount -t configfs configfs /sys/kernel/config || fail "can't mount configfs"
fi
if [ -n "$LOAD_MODULES" ]; then modprobe -a $LOAD_MODULES || fail "can't load $LOAD_MODULES"; fi

if [ "$KERNEL" = qemu ]; then
  channel=/dev/vport0p1
  for port in /sys/class/virtio-ports/*; do
    if [ "$(cat "$port/name")" = command ]; then channel=/dev/${port##*/}; fi
  done
else
  channel=/dev/ttyS0
  stty -F "$channel" raw -echo
fi
# The kernel gave its own parameters as environment variables.
serve="exec env -i PATH=$PATH HOME=/root LANG=C.UTF-8 TERM=dumb $NODE_BINARY $COMMAND_SERVER $SCST_RUN/environment.json <>$channel >&0"
if [ -n "$SYSTEMD" ]; then
  units=/run/systemd/system
  mkdir -p "$units" /run/systemd/system.conf.d
  # The host may be a container, but the node is none: in one, systemd unmounts nothing.
  rm -f /.dockerenv
  echo "$NODE_NAME" >/etc/hostname
  # They come with whatever needs sysinit.target: the first empties /tmp, where the checkout may be; udevd runs already.
  for unit in systemd-tmpfiles-setup systemd-udevd systemd-udev-trigger; do ln -s /dev/null "$units/$unit.service"; done
  # UML has a watchdog that can't be opened.
  printf '[Manager]\nRebootWatchdogSec=off\n' >/run/systemd/system.conf.d/node.conf
  # No dependencies by default: nobody stops it, it goes when systemd ends all that still runs.
  printf '[Unit]\nDefaultDependencies=no\n[Service]\nExecStart=/bin/bash -c "%s"\n' "$serve" >"$units/node-commands.service"
  printf '[Unit]\nDefaultDependencies=no\nWants=node-commands.service\n' >"$units/node.target"
  exec env -i "PATH=$PATH" /lib/systemd/systemd --unit=node.target --log-target=kmsg --show-status=no
fi
bash -c "$serve" &
server=$!
# As pid 1 this shell also reaps orphans: wait does that.
while kill -0 "$server" 2>/dev/null; do wait "$server"; done
fail "the command server ended"
