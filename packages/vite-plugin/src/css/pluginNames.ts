import type { Declaration, TokenOrValue } from "lightningcss";

const genericFamilies: ReadonlySet<string> = new Set(
  "serif sans-serif cursive fantasy monospace system-ui emoji math fangsong ui-serif ui-sans-serif ui-monospace ui-rounded initial inherit unset default revert revert-layer".split(
    " ",
  ),
);

/** The words of the property `animation` that name no keyframes. */
const animationKeywords: ReadonlySet<string> = new Set(
  "none auto linear ease ease-in ease-out ease-in-out step-start step-end infinite normal reverse alternate alternate-reverse running paused forwards backwards both replace add accumulate initial inherit unset revert revert-layer".split(
    " ",
  ),
);

/** The names that a style sheet declares for the whole page: they get the plugin's name in front. */
export interface DeclaredNames {
  readonly keyframes: ReadonlySet<string>;
  readonly families: ReadonlySet<string>;
}

/** The names of keyframes, layers and fonts of one plugin, which those of other plugins and of the shell never equal. */
export class PluginNames {
  readonly #plugin: string;
  readonly #declared: DeclaredNames;

  constructor(plugin: string, declared: DeclaredNames) {
    this.#plugin = plugin;
    this.#declared = declared;
  }

  keyframes(name: string): string {
    return `${this.#plugin}-${name}`;
  }

  family(name: string): string {
    return `${this.#plugin} ${name}`;
  }

  layer(name: readonly string[]): string[] {
    return [this.#plugin, ...name];
  }

  /** A declaration that uses the plugin's names. Keyframes may be declared in another style sheet of the plugin, and so may fonts. */
  rename(declaration: Declaration): Declaration {
    switch (declaration.property) {
      case "animation":
        return {
          ...declaration,
          value: declaration.value.map((animation) => ({ ...animation, name: this.#animation(animation.name) })),
        };
      case "animation-name":
        return { ...declaration, value: declaration.value.map((name) => this.#animation(name)) };
      case "font-family":
        return { ...declaration, value: this.#families(declaration.value) };
      case "font":
        return { ...declaration, value: { ...declaration.value, family: this.#families(declaration.value.family) } };
      case "unparsed": {
        const { propertyId, value } = declaration.value;
        const named = propertyId.property === "animation" || propertyId.property === "animation-name";
        const rename = named ? this.#animationWord : this.#declaredWord;
        return { ...declaration, value: { propertyId, value: renameWords(value, rename) } };
      }
      case "custom":
        // Such as Tailwind's `--animate-spin: spin 1s`.
        return {
          ...declaration,
          value: { ...declaration.value, value: renameWords(declaration.value.value, this.#declaredWord) },
        };
      default:
        return declaration;
    }
  }

  #animation<Name extends { readonly type: string }>(name: Name): Name {
    return "value" in name && typeof name.value === "string" ? { ...name, value: this.keyframes(name.value) } : name;
  }

  /** A font of the plugin, if it has one of the name, else the font of the device. */
  #families(families: readonly string[]): string[] {
    return families.flatMap((name) => (genericFamilies.has(name) ? [name] : [this.family(name), name]));
  }

  readonly #animationWord = (word: string): string => (animationKeywords.has(word) ? word : this.keyframes(word));

  readonly #declaredWord = (word: string): string => {
    if (this.#declared.keyframes.has(word)) return this.keyframes(word);
    return this.#declared.families.has(word) ? this.family(word) : word;
  };
}

function renameWords(values: readonly TokenOrValue[], rename: (word: string) => string): TokenOrValue[] {
  return values.map((each) => {
    if (each.type !== "token" || (each.value.type !== "ident" && each.value.type !== "string")) return each;
    const { value } = each.value;
    const renamed = rename(value);
    // The name of a family has a space: it is a string.
    return renamed === value
      ? each
      : { type: "token", value: { type: renamed.includes(" ") ? "string" : each.value.type, value: renamed } };
  });
}
