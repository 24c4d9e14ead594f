// Manifests of the kernel tests: a disk with its target, and one session or several.

export interface DiskOptions {
  /** Below /var/lib/scst unless absolute; default: the name with .img. */
  filename?: string;
  /** Default 64Mi; empty: the size of the file that is there. */
  size?: string;
  /** Further properties of vdiskFileio. */
  properties?: Readonly<Record<string, unknown>>;
  /** Names of the sessions; default: one, named as the disk. */
  sessions?: readonly string[];
}

/** Device, target, sessions and LUN 0, all named `name`. */
export function disk(name: string, options: DiskOptions = {}): string {
  const { filename = `${name}.img`, size = '64Mi', properties = {}, sessions = [name] } = options;
  const path = filename.startsWith('/') ? filename : `/var/lib/scst/${filename}`;
  const backing = JSON.stringify({ filename: path, ...(size === '' ? {} : { size }), ...properties });
  return [
    object('ScstDevice', name, `{vdiskFileio: ${backing}}`),
    object('ScstTarget', name, '{nodeSelector: {matchLabels: {scst.dev/test: ""}}}'),
    ...sessions.map((session) => object('ScstSession', session, `{target: ${name}}`)),
    object('ScstLun', name, `{target: ${name}, lun: 0, device: ${name}}`),
  ].join('---\n');
}

/** Where the disk of disk() appears. */
export function diskPath(name: string, session = name): string {
  return `/dev/scst/${name}/${session}/lun0`;
}

export function object(kind: string, name: string, spec: string): string {
  return `apiVersion: scst.dev/v1alpha1\nkind: ${kind}\nmetadata: {name: ${name}}\nspec: ${spec}\n`;
}
