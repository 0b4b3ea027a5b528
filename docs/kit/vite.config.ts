import { peekWeb } from "@peek/vite-plugin";
import { defineConfig } from "vite";

/** Pages with every component of the UI kit, for the pictures of the reference. */
export default defineConfig({ plugins: [peekWeb({ root: import.meta.dirname })] });
