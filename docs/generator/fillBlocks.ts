const block = /^(<!-- generated: ([\w-]+) -->\n)[\s\S]*?(^<!-- end of generated -->)/gm;

/**
 * Replaces what stands between `<!-- generated: name -->` and `<!-- end of generated -->`.
 *
 * @param file Named in errors.
 * @param makers What makes each block, by its name.
 */
export function fillBlocks(file: string, text: string, makers: Readonly<Record<string, () => string>>): string {
  return text.replace(block, (_whole, begin: string, name: string, end: string) => {
    const make = makers[name];
    if (make === undefined) throw new Error(`${file} asks for a generated block ${name}, which there is not`);
    return `${begin}\n${make().trim()}\n\n${end}`;
  });
}
