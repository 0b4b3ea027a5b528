import type { PluginWeb } from "@peek/web";
import { z } from "zod";

const component = z.custom<() => Promise<never>>((value) => typeof value === "function", {
  error: "a function that imports a component: () => import(…)",
});
const run = z.custom<() => undefined>((value) => typeof value === "function", { error: "a function" });

/** The exports of a web module. */
const moduleSchema = z.object({
  default: z.object(
    {
      routes: z.record(z.string(), component),
      commands: z.record(z.string(), run).optional(),
      settings: component.optional(),
      start: run.optional(),
    },
    { error: "the result of definePluginWeb()" },
  ),
});

/** How long an import may take. */
const importDeadlineMs = 20_000;

/**
 * Imports a web module.
 *
 * @param attempt 0 for the first: browsers do not import again what has failed below the same URL.
 * @throws Error The error of the module, or the reason why it cannot be used.
 */
export async function importModule(url: string, attempt: number): Promise<PluginWeb> {
  const address = attempt === 0 ? url : `${url}?attempt=${attempt}`;
  const imported: unknown = await withImportDeadline(import(/* @vite-ignore */ address));
  const parsed = moduleSchema.safeParse({ ...Object(imported) });
  if (!parsed.success) {
    const problems = parsed.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
    throw new TypeError(`The module's default export is not the result of definePluginWeb(): ${problems.join("; ")}`);
  }
  // The module has checked the types of its functions when it was compiled.
  return parsed.data.default as PluginWeb;
}

/** Rejects when an import takes too long. */
export async function withImportDeadline<T>(promise: Promise<T>): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const seconds = importDeadlineMs / 1000;
  const timer = setTimeout(
    () => reject(new Error(`The module was not loaded within ${seconds} seconds.`)),
    importDeadlineMs,
  );
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
