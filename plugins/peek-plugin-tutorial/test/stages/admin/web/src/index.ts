import { definePluginWeb } from "@peek/web";

/** The plugin's part of the admin app. */
export default definePluginWeb({
  routes: {
    start: () => import("./StartPage.tsx"),
  },
});
