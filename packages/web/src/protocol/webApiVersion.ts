/**
 * The version of the API between the shell and web modules: `definePluginWeb`, the hooks, the UI kit, and the modules that the shell
 * provides. The first number changes when an existing module would break, the second when something is added.
 */
export const webApiVersion = "1.0";

/** The modules that the shell provides to web modules by its import map. A build leaves their imports as they are. */
export const sharedModules = [
  "react",
  "react/jsx-runtime",
  "react-dom",
  "react-dom/client",
  "@peek/client",
  "@peek/client/react",
  "@peek/plugin-base/contracts",
  "@peek/web",
  "@peek/web/ui",
  "@peek/web/table",
  "@peek/web/charts",
  "zod",
] as const;
