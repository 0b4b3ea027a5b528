import type { Selector, SelectorComponent } from "lightningcss";

/** The attribute of the element that contains a plugin's pages. The shell sets it to the plugin's name. */
const attribute = "data-peek-plugin";

/**
 * Limits a selector to the elements of a plugin's container: `.a` becomes `:where([data-peek-plugin="…"]) .a`. Leading parts for
 * html, body and :root stay before the container, so that `body` selects the container itself. `:where()` keeps the specificity.
 *
 * @param selector A selector that is not nested in a rule.
 */
export function scopeSelector(selector: Selector, plugin: string): Selector {
  const [outer, rest] = splitAtContainer(selector);
  const before: Selector = outer.length === 0 ? [] : [...outer, { type: "combinator", value: "descendant" }];
  return [...before, container(plugin), ...rest];
}

/** The selector of a plugin's container: `:where([data-peek-plugin="…"])`. */
export function container(plugin: string): SelectorComponent {
  const operation = { operator: "equal", value: plugin, caseSensitivity: "case-sensitive" } as const;
  return { type: "pseudo-class", kind: "where", selectors: [[{ type: "attribute", name: attribute, operation }]] };
}

/** The part of a selector for the page itself, and the part for elements of the container, which begins with its combinator. */
function splitAtContainer(selector: Selector): readonly [outer: Selector, rest: Selector] {
  let end = 0;
  for (const compound of compounds(selector)) {
    if (!compound.components.some(selectsPage)) break;
    const next = selector[compound.end];
    if (next !== undefined && !leadsInside(next)) {
      // A pseudo-element of the container: `body::before`.
      if (isPseudoElement(next)) return [selector.slice(0, compound.end), selector.slice(compound.end)];
      break;
    }
    end = compound.end;
  }
  if (end === 0) return [[], [{ type: "combinator", value: "descendant" }, ...selector]];
  return [selector.slice(0, end), selector.slice(end)];
}

interface Compound {
  readonly components: readonly SelectorComponent[];
  /** The index after it. */
  readonly end: number;
}

/** The compound selectors, without pseudo-elements: `a.b > c` has `a.b` and `c`. */
function* compounds(selector: Selector): Generator<Compound> {
  let start = 0;
  for (let index = 0; index <= selector.length; index += 1) {
    const component = selector[index];
    if (component !== undefined && component.type !== "combinator" && !isPseudoElement(component)) continue;
    yield { components: selector.slice(start, index), end: index };
    if (component === undefined || isPseudoElement(component)) return;
    start = index + 1;
  }
}

/** Whether it selects only the elements around the container. */
function selectsPage(component: SelectorComponent): boolean {
  if (component.type === "type") return /^(?:html|body)$/i.test(component.name);
  if (component.type !== "pseudo-class") return false;
  if (component.kind === "root" || component.kind === "scope") return true;
  if (component.kind !== "is" && component.kind !== "where") return false;
  return (
    component.selectors.length > 0 &&
    component.selectors.every((each) => each.some(selectsPage) && each.every(({ type }) => type !== "combinator"))
  );
}

function leadsInside(component: SelectorComponent): boolean {
  return component.type === "combinator" && (component.value === "descendant" || component.value === "child");
}

function isPseudoElement(component: SelectorComponent): boolean {
  return (
    component.type === "pseudo-element" || (component.type === "combinator" && component.value === "pseudo-element")
  );
}
