// Manifests that tests apply: the four objects of one disk, for a cluster as well as for a directory.

/** The four objects of a disk of its own, all called `name`; `filename` below /var/lib/scst unless absolute. */
export function disk(name: string, node: string, options: { filename?: string; size?: string } = {}): string {
  const { filename = `${name}.img`, size = '64Mi' } = options;
  const path = filename.startsWith('/') ? filename : `/var/lib/scst/${filename}`;
  const backing = JSON.stringify({ filename: path, ...(size === '' ? {} : { size }) });
  return [
    ['ScstDevice', `{vdiskFileio: ${backing}}`],
    ['ScstTarget', `{nodeName: ${node}}`],
    ['ScstSession', `{target: ${name}}`],
    ['ScstLun', `{target: ${name}, lun: 0, device: ${name}}`],
  ]
    .map(([kind, spec]) => `apiVersion: scst.dev/v1alpha1\nkind: ${kind}\nmetadata: {name: ${name}}\nspec: ${spec}\n`)
    .join('---\n');
}

/** Path of the disk that disk() makes. */
export function diskPath(name: string): string {
  return `/dev/scst/${name}/${name}/lun0`;
}
