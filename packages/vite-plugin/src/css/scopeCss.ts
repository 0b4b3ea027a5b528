import { PeekError } from "@peek/plugin-base";
import { Features, type StyleSheet, transform } from "lightningcss";
import { RuleScope } from "./scopeRules.ts";

/** A style sheet whose rules concern only a plugin's container. */
export interface ScopedCss {
  readonly css: string;
  /** Sentences on rules that were left out, or that a browser will ignore. */
  readonly problems: readonly string[];
}

/**
 * Limits the rules of a style sheet to the elements of a plugin's container, `[data-peek-plugin="<plugin>"]`. Nested rules are written
 * out before. Keyframes, fonts and layers get the plugin's name in front.
 *
 * @param css A style sheet without `@import` of files.
 * @param file Its name, for messages.
 * @throws PeekError `WEB_BUILD_INVALID` for CSS that does not follow the syntax.
 */
export function scopeCss(css: string, plugin: string, file: string): ScopedCss {
  const problems: string[] = [];
  try {
    const flat = transform({ filename: file, code: Buffer.from(css), include: Features.Nesting });
    for (const { message, loc } of flat.warnings) problems.push(`Line ${loc.line}: ${message}`);
    const scoped = transform({
      filename: file,
      code: flat.code,
      visitor: {
        StyleSheet: (sheet) => {
          const scope = new RuleScope(plugin, sheet.rules, (problem) => problems.push(problem));
          return withoutNulls({ ...sheet, rules: scope.scope(sheet.rules) });
        },
      },
    });
    return { css: scoped.code.toString(), problems };
  } catch (error) {
    throw new PeekError("WEB_BUILD_INVALID", `${file}${lineOf(error)}: ${messageOf(error)}. Correct the style sheet.`, {
      cause: error,
    });
  }
}

/** lightningcss gives null for absent parts, such as the fallback of `var()`, but does not take it. */
function withoutNulls(sheet: StyleSheet): StyleSheet {
  const text = JSON.stringify(sheet, (_key, value: unknown) => (value === null ? undefined : value));
  return JSON.parse(text) as StyleSheet;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** lightningcss adds the place to its errors. */
function lineOf(error: unknown): string {
  if (!(error instanceof Error) || !("loc" in error)) return "";
  const { loc } = error;
  return typeof loc === "object" && loc !== null && "line" in loc ? `:${String(loc.line)}` : "";
}
