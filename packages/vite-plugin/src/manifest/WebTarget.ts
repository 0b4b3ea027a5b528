import type { WebSection } from "@peek/plugin-base/manifest";

/** A web module to be built, as plugin_package.json declares it. */
export interface WebTarget {
  /** `peek_plugin_tutorial` */
  readonly plugin: string;
  /** The package's folder. */
  readonly root: string;
  /** The folder of the built module, relative to the package: `web/dist`. */
  readonly dir: string;
  /** The path of the entry. */
  readonly entry: string;
  /** The declarations of the sections that name this folder. */
  readonly declared: WebDeclaration;
}

/** The keys for which a module has to have components and functions. */
export interface WebDeclaration {
  readonly routes: ReadonlySet<string>;
  readonly commands: ReadonlySet<string>;
  readonly settings: boolean;
}

/** The declarations of several sites for one module. */
export function declarationOf(sections: readonly WebSection[]): WebDeclaration {
  return {
    routes: new Set(sections.flatMap(({ routes }) => routes.map(({ path }) => path))),
    commands: new Set(sections.flatMap(({ commands = [] }) => commands.map(({ id }) => id))),
    settings: sections.some(({ settings }) => settings === true),
  };
}
