/** The options of `peekWeb()`. */
export interface PeekWebOptions {
  /** The package's folder, with plugin_package.json. Default: Vite's root. */
  readonly root?: string;
  /**
   * The module's folder, as in plugin_package.json: `"web/dist"`. Needed if the sections of that file name several folders, which are
   * several modules. Default: the folder that plugin_package.json names.
   */
  readonly dir?: string;
  /** The module's entry, relative to the package. Default: `src/index.tsx` or `src/index.ts` beside {@link dir}: `"web/src/index.tsx"`. */
  readonly entry?: string;
  /**
   * The origin of the site that the dev server passes requests on to: `"http://127.0.0.1:8002"`. Default: the environment's `PEEK_SITE`, else
   * that of the field service, `http://127.0.0.1:8000`.
   */
  readonly site?: string;
}
