import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

/** The plugin's page, which the field and office services serve. */
export default defineConfig({
  root: "web",
  // Wherever the service serves it.
  base: "./",
  plugins: [react()],
  resolve: { conditions: ["@peek/source", "module", "browser", "import", "default"] },
  build: { outDir: "dist", emptyOutDir: true, target: "es2023" },
});
