/**
 * Whether the browser has what the app uses: Chrome and Edge from 126, Firefox from 126, Safari from 18. In an older one, the page keeps
 * its sentence that says so.
 */
export function isModernBrowser(): boolean {
  return "parse" in URL && "withResolvers" in Promise && CSS.supports("color", "light-dark(#000, #fff)");
}
