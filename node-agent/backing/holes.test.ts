// The type of a file system by its device number.
import { fileSystemType } from './holes.js';

const MOUNTINFO = `24 1 254:1 / / rw,relatime - ext4 /dev/vda1 rw
36 24 0:31 / /run rw,nosuid shared:5 - tmpfs tmpfs rw
40 24 8:1048577 / /mnt rw - vfat /dev/sdb1 rw
`;

test.each([
  [0xfe01n, 'ext4'],
  [31n, 'tmpfs'],
  // 20 bits of minor number, of which twelve lie above the major (makedev(3)).
  [(1n << 32n) * 0n + (8n << 8n) + 1n + (0x1000n << 20n), 'vfat'],
  [0x1234n, undefined],
])('device %p is %p', (device, type) => expect(fileSystemType(MOUNTINFO, device)).toBe(type));
