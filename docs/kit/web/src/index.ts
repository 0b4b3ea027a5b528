import { definePluginWeb } from "@peek/web";

/** Pages with every component of the UI kit. */
export default definePluginWeb({
  routes: {
    actions: () => import("./ActionsPage.tsx"),
    fields: () => import("./FieldsPage.tsx"),
    data: () => import("./DataPage.tsx"),
  },
});
