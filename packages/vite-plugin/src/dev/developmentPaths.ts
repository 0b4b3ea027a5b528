/** The path of Vite's own files on the dev server. All other paths are the site's. */
export const developmentBase = "/@peek-development/";

/** The paths of the dev server beside Vite's. */
export const developmentPaths = {
  /** Below it, the files of the development build of the shell. */
  shell: `${developmentBase}@shell/`,
  /** Prepares the page for React's Fast Refresh, before React is loaded. */
  preamble: `${developmentBase}@preamble.js`,
} as const;

const scheme = "peek://shared/";

/** The URL by which Vite's files import a module of the shell. The page's import map has it. */
export function sharedUrl(specifier: string): string {
  return `${scheme}${specifier}`;
}
