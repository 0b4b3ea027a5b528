type Part =
  | { readonly kind: "literal"; readonly text: string }
  | { readonly kind: "param"; readonly name: string }
  | { readonly kind: "wildcard" };

const maxLength = 1000;

/** The path of a route below its plugin's name: `/pumps/:id`, `/exports/*`. */
export class RoutePattern {
  readonly #parts: readonly Part[];

  private constructor(parts: readonly Part[]) {
    this.#parts = parts;
  }

  /** @returns The problem as a text, when the path is invalid. */
  static parse(path: unknown): RoutePattern | string {
    if (typeof path !== "string" || !path.startsWith("/")) return "a path has to begin with a slash";
    if (path.length > maxLength) return `a path can have at most ${maxLength} characters`;
    const names = new Set<string>();
    const texts = path.slice(1).split("/");
    const parts: Part[] = [];
    for (const [index, text] of texts.entries()) {
      const isLast = index === texts.length - 1;
      const part = partOf(text, isLast);
      if (typeof part === "string") return part;
      if (part.kind === "param") {
        if (names.has(part.name)) return `it has two parameters :${part.name}`;
        names.add(part.name);
      }
      parts.push(part);
    }
    return new RoutePattern(parts);
  }

  /** Equal for patterns that match the same paths. */
  get shape(): string {
    return this.#parts.map((part) => (part.kind === "literal" ? `/${part.text}` : `/${part.kind}?`)).join("");
  }

  /** The pattern in the syntax of find-my-way. */
  get routerPath(): string {
    return this.#parts
      .map((part) => {
        if (part.kind === "literal") return `/${part.text}`;
        // A parameter must not be empty, which find-my-way would accept.
        return part.kind === "param" ? `/:${part.name}(.+)` : "/*";
      })
      .join("");
  }

  /** The path before a `*`: `/exports/`. */
  get folder(): string {
    const texts = this.#parts.map((part) => (part.kind === "literal" ? part.text : ""));
    return `/${texts.join("/")}`;
  }

  /** The number of parts before a `*`. */
  get depth(): number {
    return this.#parts.at(-1)?.kind === "wildcard" ? this.#parts.length - 1 : this.#parts.length;
  }
}

function partOf(text: string, isLast: boolean): Part | string {
  if (text === "*") return isLast ? { kind: "wildcard" } : "only its last part can be *";
  if (text.startsWith(":")) {
    const name = text.slice(1);
    return /^[A-Za-z]\w{0,99}$/.test(name)
      ? { kind: "param", name }
      : "the name of a parameter has letters, digits and _, and begins with a letter";
  }
  if (text === "." || text === "..") return "its parts cannot be . or ..";
  if (text === "" && !isLast) return "it has two slashes in a row";
  return /^[\w.~!$&'()+,;=@-]*$/.test(text) ? { kind: "literal", text } : "it has a character that a path cannot have";
}

/**
 * Decodes the segments of a path.
 *
 * @returns undefined when they are malformed, or have a NUL character, which no name of a file or a row can have.
 */
export function segmentsOf(path: string): readonly string[] | undefined {
  if (path.includes("%00")) return undefined;
  try {
    return path
      .slice(1)
      .split("/")
      .map((segment) => decodeURIComponent(segment));
  } catch {
    return undefined;
  }
}
