import { z } from "zod";

const text = z.string();

const route = z.object({
  path: text,
  title: text,
  icon: text.optional(),
  showInMenu: z.boolean(),
});

const command = z.object({
  id: text,
  title: text,
  icon: text.optional(),
  keywords: z.array(text),
});

/** A plugin whose pages the user may see. */
export const cataloguePluginSchema = z.object({
  /** `peek_plugin_tutorial` */
  name: text,
  title: text,
  version: text,
  /** The version of the web API for which it was built; empty with a `problem`. */
  webApi: text,
  /** The hash of all files of the module: it changes when any of them does. Empty with a `problem`. */
  hash: text,
  /** The path of the module on the site; empty with a `problem`. */
  module: text,
  /** The paths of its style sheets. */
  styles: z.array(text),
  /** The paths of its further files, which a device keeps for a start without a connection. Default: none. */
  parts: z.array(text).default([]),
  icon: text,
  showHomeLink: z.boolean(),
  showInTitleBar: z.boolean(),
  titleBarText: text,
  badge: text.optional(),
  /** At least one. Only those that the user may see. */
  routes: z.array(route),
  commands: z.array(command),
  settings: z.boolean(),
  /** `updating`: the plugin is being changed, and its data is stale meanwhile. */
  state: z.enum(["running", "updating"]),
  /** Why the module cannot be loaded: a code of the error catalogue, and sentences for people. Default: it can be. */
  problem: z.object({ code: text, message: text }).optional(),
});

/** All that an app shows before it loads the code of plugins: filtered for one user. */
export const webCatalogueSchema = z.object({
  site: z.enum(["field", "office", "admin"]),
  /** The title of the site. */
  title: text,
  /** The version of Peek on the service. */
  version: text,
  webApi: text,
  user: z.object({ id: text, name: text, anonymous: z.boolean(), groups: z.array(text) }),
  /** Whether the site has a login. */
  canLogOut: z.boolean(),
  /** Whether the site has live data for browsers: field and office. */
  live: z.boolean(),
  /** The plugins of the site, in the order of their titles. */
  plugins: z.array(cataloguePluginSchema),
  /** The pages of plugins that are documents of their own, outside of the app, in the order of their titles. Default: none. */
  documents: z.array(z.object({ title: text, path: text })).default([]),
});

/** A checked catalogue. */
export type WebCatalogue = z.infer<typeof webCatalogueSchema>;
/** A plugin in it. */
export type CataloguePlugin = z.infer<typeof cataloguePluginSchema>;

/** A failure of a plugin's web module, which a browser reports to its site. */
export const webFailureSchema = z.object({
  plugin: z.string().max(200),
  version: z.string().max(200),
  /** Where it failed. */
  phase: z.enum(["import", "render", "event", "blocked", "leak"]),
  message: z.string().max(2000),
  stack: z.string().max(8000).optional(),
  /** The path of the page. */
  path: z.string().max(500),
});

/** A checked failure. */
export type WebFailure = z.infer<typeof webFailureSchema>;
