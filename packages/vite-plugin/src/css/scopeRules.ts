import type { Declaration, DeclarationBlock, FontFaceProperty, Rule } from "lightningcss";
import { PluginNames, type DeclaredNames } from "./pluginNames.ts";
import { container, scopeSelector } from "./scopeSelector.ts";

/** Rules that concern the whole page: they have no meaning within a container. */
const pageRules: ReadonlySet<Rule["type"]> = new Set([
  "page",
  "view-transition",
  "counter-style",
  "namespace",
  "viewport",
  "font-feature-values",
  "font-palette-values",
  "moz-document",
  "unknown",
  "custom",
]);

/** The rules of a plugin's style sheet, each of which concerns only the elements of the plugin's container. */
export class RuleScope {
  readonly #plugin: string;
  readonly #names: PluginNames;
  readonly #report: (problem: string) => void;

  /** @param report Receives a sentence for each rule that was left out. */
  constructor(plugin: string, rules: readonly Rule[], report: (problem: string) => void) {
    this.#plugin = plugin;
    this.#names = new PluginNames(plugin, declaredNames(rules));
    this.#report = report;
  }

  /** @param rules Rules without nesting. */
  scope(rules: readonly Rule[]): Rule[] {
    return rules.flatMap((rule) => this.#rule(rule, { selectors: true, layers: true }));
  }

  #rule(rule: Rule, within: Within): readonly Rule[] {
    const inner = (rules: readonly Rule[], changed: Partial<Within> = {}): Rule[] =>
      rules.flatMap((each) => this.#rule(each, { ...within, ...changed }));
    switch (rule.type) {
      case "style": {
        const { selectors, declarations, rules = [] } = rule.value;
        const scoped = within.selectors ? selectors.map((each) => scopeSelector(each, this.#plugin)) : selectors;
        const value = { ...rule.value, selectors: scoped, rules: inner(rules, { selectors: false }) };
        return [
          {
            ...rule,
            value: declarations === undefined ? value : { ...value, declarations: this.#block(declarations) },
          },
        ];
      }
      case "media":
      case "supports":
      case "container":
      case "starting-style":
        return [{ ...rule, value: { ...rule.value, rules: inner(rule.value.rules) } } as Rule];
      case "layer-block": {
        const { name, rules } = rule.value;
        const named = within.layers && name ? { name: this.#names.layer(name) } : {};
        return [{ ...rule, value: { ...rule.value, ...named, rules: inner(rules, { layers: false }) } }];
      }
      case "layer-statement": {
        const names = within.layers ? rule.value.names.map((name) => this.#names.layer(name)) : rule.value.names;
        return [{ ...rule, value: { ...rule.value, names } }];
      }
      case "scope": {
        // All that the scope selects is below its root.
        const start = rule.value.scopeStart?.map((each) => scopeSelector(each, this.#plugin));
        const scopeStart = within.selectors ? (start ?? [[container(this.#plugin)]]) : rule.value.scopeStart;
        return [
          {
            ...rule,
            value: {
              ...rule.value,
              scopeStart: scopeStart ?? null,
              rules: inner(rule.value.rules, { selectors: false }),
            },
          },
        ];
      }
      case "keyframes": {
        const { name, keyframes } = rule.value;
        const renamed = { ...name, value: this.#names.keyframes(name.value) };
        const frames = keyframes.map((frame) => ({ ...frame, declarations: this.#block(frame.declarations) }));
        return [{ ...rule, value: { ...rule.value, name: renamed, keyframes: frames } }];
      }
      case "font-face":
        return [
          { ...rule, value: { ...rule.value, properties: rule.value.properties.map((each) => this.#fontFace(each)) } },
        ];
      case "nested-declarations":
        return [{ ...rule, value: { ...rule.value, declarations: this.#block(rule.value.declarations) } }];
      case "property":
        if (!rule.value.name.startsWith("--peek-")) return [rule];
        this.#report(`@property ${rule.value.name} is left out: names that begin with --peek- belong to the shell.`);
        return [];
      case "import":
        this.#report(
          `@import "${rule.value.url}" is left out: the policy of the site allows style sheets of the site only.`,
        );
        return [];
      default:
        if (!pageRules.has(rule.type)) return [rule];
        this.#report(`The rule ${nameOf(rule)} is left out: it concerns the whole page.`);
        return [];
    }
  }

  #block(block: DeclarationBlock): DeclarationBlock {
    const rename = (each: Declaration): Declaration => this.#names.rename(each);
    return {
      declarations: (block.declarations ?? []).map(rename),
      importantDeclarations: (block.importantDeclarations ?? []).map(rename),
    };
  }

  #fontFace(property: FontFaceProperty): FontFaceProperty {
    return property.type === "font-family" ? { ...property, value: this.#names.family(property.value) } : property;
  }
}

/** The rules around a rule. */
interface Within {
  /** Whether selectors have to name the container. */
  readonly selectors: boolean;
  /** Whether layers are those of the page. */
  readonly layers: boolean;
}

function nameOf(rule: Rule): string {
  return rule.type === "unknown" ? `@${rule.value.name}` : `@${rule.type}`;
}

/** The rules within a rule that may declare names. */
function innerRules(rule: Rule): readonly Rule[] {
  switch (rule.type) {
    case "media":
    case "supports":
    case "container":
    case "starting-style":
    case "layer-block":
    case "scope":
      return rule.value.rules;
    default:
      return [];
  }
}

/** The names that the rules declare, also within other rules. */
function declaredNames(rules: readonly Rule[]): DeclaredNames {
  const keyframes = new Set<string>();
  const families = new Set<string>();
  const visit = (rule: Rule): void => {
    if (rule.type === "keyframes") keyframes.add(rule.value.name.value);
    if (rule.type === "font-face")
      for (const property of rule.value.properties) if (property.type === "font-family") families.add(property.value);
    innerRules(rule).forEach(visit);
  };
  rules.forEach(visit);
  return { keyframes, families };
}
