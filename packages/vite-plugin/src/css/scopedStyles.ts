import { relative } from "node:path";
import { isCSSRequest, type Plugin } from "vite";
import type { WebTarget } from "../manifest/WebTarget.ts";
import { scopeCss } from "./scopeCss.ts";

/** Limits all style sheets that a module imports to the plugin's container, after preprocessors, imports and CSS modules are resolved. */
export function scopedStyles(target: () => WebTarget): Plugin {
  return {
    name: "peek:styles",
    transform(code, id) {
      // Those that are imported as text are not put into the page.
      if (!isCSSRequest(id) || /[?&](?:inline|raw|url)\b/.test(id)) return undefined;
      const { plugin, root } = target();
      const file = relative(root, id.replace(/\?.*$/, ""));
      const { css, problems } = scopeCss(code, plugin, file);
      for (const problem of problems) this.warn(`${file}: ${problem}`);
      return { code: css, map: null };
    },
  };
}
