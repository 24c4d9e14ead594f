// Cuts generated declarations into files: one for each kind, and one for what several kinds share.

/** File of what more than one kind uses. */
export const COMMON = 'common';

interface Declaration {
  name: string;
  text: string;
}

/**
 * `users`: by the name of a type, the files that want it; a name without any is common. Each file comes with its imports.
 * Files are named without a path or suffix.
 */
export function splitTypes(text: string, users: ReadonlyMap<string, ReadonlySet<string>>): Map<string, string> {
  const fileOf = (name: string): string => {
    const [only, ...others] = users.get(name) ?? [];
    return only === undefined || others.length > 0 ? COMMON : only;
  };
  const files = new Map<string, Declaration[]>();
  const homes = new Map<string, string>();
  for (const declaration of declarations(text)) {
    const file = fileOf(declaration.name);
    homes.set(declaration.name, file);
    files.set(file, [...(files.get(file) ?? []), declaration]);
  }
  return new Map(
    [...files].map(([file, own]) => {
      const body = own.map((declaration) => declaration.text).join('\n');
      return [file, `${imports(file, body, homes)}${body}\n`];
    }),
  );
}

/** Each begins in the first column, with its comment if it has one. */
function declarations(text: string): Declaration[] {
  return text.split(/(?<!\*\/)\n(?=\/\*\*|export )/).map((part) => {
    const name = /^export (?:interface|type) (\w+)/m.exec(part)?.[1];
    if (name === undefined) throw new Error(`no declaration: ${part}`);
    return { name, text: part };
  });
}

function imports(file: string, body: string, homes: ReadonlyMap<string, string>): string {
  const code = body.replace(/\/\*\*[\s\S]*?\*\//g, '').replace(/'[^']*'/g, '');
  const wanted = new Map<string, Set<string>>();
  for (const [name] of code.matchAll(/\b[A-Z]\w*\b/g)) {
    const home = homes.get(name);
    if (home !== undefined && home !== file) wanted.set(home, (wanted.get(home) ?? new Set()).add(name));
  }
  const lines = [...wanted]
    .sort()
    .map(([home, names]) => `import type { ${[...names].sort().join(', ')} } from './${home}.js';\n`);
  return lines.length === 0 ? '' : `${lines.join('')}\n`;
}
