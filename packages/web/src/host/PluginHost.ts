/** The user of the page, as the site knows it. */
export interface WebUser {
  readonly id: string;
  readonly name: string;
  /** Whether the site has no login: then all of its users are this one. */
  readonly anonymous: boolean;
  readonly groups: readonly string[];
}

/** A message to the user, which the app shows above its pages. */
export interface Notification {
  readonly text: string;
  /** How urgent it is. `error` stays until the user closes it. Default: `info`. */
  readonly tone?: "info" | "success" | "warning" | "error";
}

/** The options of a navigation. */
export interface NavigateOptions {
  /** Whether the new page takes the place of the present one in the browser's history. Default: false. */
  readonly replace?: boolean;
}

/** The app, as a page of a plugin sees it. The hooks of `@peek/web` read it. */
export interface PluginHost {
  readonly plugin: string;
  readonly version: string;
  readonly user: WebUser;
  readonly site: "field" | "office" | "admin";
  /** The parameters of the route, decoded. */
  readonly params: Readonly<Record<string, string>>;
  /** The path of a page of the plugin, for links. */
  href(this: void, path: string): string;
  navigate(this: void, path: string, options?: NavigateOptions): void;
  notify(this: void, notification: Notification): void;
  /** Sets the title of the page until the returned function is called. */
  setTitle(this: void, title: string): () => void;
  /** Asks the user before the page is left, until the returned function is called: something was typed that is not saved. */
  holdPage(this: void): () => void;
}
