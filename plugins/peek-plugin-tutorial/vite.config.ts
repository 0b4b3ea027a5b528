import { peekWeb } from "@peek/vite-plugin";
import { defineConfig } from "vite";

/** The plugin's part of the apps, as plugin_package.json declares it. */
export default defineConfig({ plugins: [peekWeb()] });
