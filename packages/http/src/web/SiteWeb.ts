import type { PeekUser } from "@peek/plugin-base";
import type { WebFailure } from "@peek/web/protocol";
import type { WebModules } from "./WebModules.ts";

/** The parts of a service that the app of its site needs. */
export interface SiteWeb {
  readonly modules: WebModules;
  /** The folder for copies of the files of web modules. Created when needed. */
  readonly filesDir: string;
  /** The version of Peek. */
  readonly version: string;
  /** The folder of the built shell, with shell.json. Called with each page, so that a shell that is built later is found. */
  readonly shellDir: () => string | undefined;
  /** The file with the icons of Lucide, as Iconify publishes them. Called with the first icon. */
  readonly iconsFile: () => string | undefined;
  /** The folder with `peek-<size>.png`, the icon of the app. Called with each request for one. */
  readonly appIconsDir: () => string | undefined;
  /** Logs a failure of a plugin's module in a browser. */
  readonly report: (failure: WebFailure, user: PeekUser) => Promise<void>;
}
