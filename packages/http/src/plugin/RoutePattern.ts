type Part =
  | { readonly kind: "literal"; readonly text: string }
  | { readonly kind: "param"; readonly name: string }
  | { readonly kind: "rest" };

const ranks = { literal: 0, param: 1, rest: 2 } as const;
const maxLength = 1000;

/** The path of a route under its plugin: `/pumps/:id`, `/exports/*`. */
export class RoutePattern {
  readonly #parts: readonly Part[];

  private constructor(parts: readonly Part[]) {
    this.#parts = parts;
  }

  /** @returns A text that says what is wrong, where it is no path of a route. */
  static parse(path: unknown): RoutePattern | string {
    if (typeof path !== "string" || !path.startsWith("/")) return "a path begins with a slash";
    if (path.length > maxLength) return `a path has at most ${maxLength} characters`;
    const names = new Set<string>();
    const texts = path.slice(1).split("/");
    const parts: Part[] = [];
    for (const [index, text] of texts.entries()) {
      const isLast = index === texts.length - 1;
      const part = partOf(text, isLast);
      if (typeof part === "string") return part;
      if (part.kind === "param") {
        if (names.has(part.name)) return `it names :${part.name} twice`;
        names.add(part.name);
      }
      parts.push(part);
    }
    return new RoutePattern(parts);
  }

  /** The same for patterns that take the same paths. */
  get shape(): string {
    return this.#parts.map((part) => (part.kind === "literal" ? `/${part.text}` : `/${part.kind}?`)).join("");
  }

  /** The path before a `*`: `/exports/`. */
  get folder(): string {
    const texts = this.#parts.map((part) => (part.kind === "literal" ? part.text : ""));
    return `/${texts.join("/")}`;
  }

  /** How many parts are before a `*`. */
  get depth(): number {
    return this.#parts.at(-1)?.kind === "rest" ? this.#parts.length - 1 : this.#parts.length;
  }

  /**
   * The parts that the pattern names; what a `*` stands for under that name.
   *
   * @param segments Of the path, decoded: `["pumps", "5"]`, and `[""]` of `/`.
   * @returns undefined when it is not such a path.
   */
  match(segments: readonly string[]): Readonly<Record<string, string>> | undefined {
    const isOpen = this.#parts.at(-1)?.kind === "rest";
    if (isOpen ? segments.length < this.#parts.length : segments.length !== this.#parts.length) return undefined;
    const params: Record<string, string> = {};
    for (const [index, part] of this.#parts.entries()) {
      const segment = segments[index] ?? "";
      if (part.kind === "rest") params["*"] = segments.slice(index).join("/");
      else if (part.kind === "param") {
        if (segment === "") return undefined;
        params[part.name] = segment;
      } else if (part.text !== segment) return undefined;
    }
    return params;
  }

  /** Negative when this one is asked before another: a text is more than a name, and a name more than `*`. */
  compare(other: RoutePattern): number {
    for (const [index, part] of this.#parts.entries()) {
      const its = other.#parts[index];
      if (its === undefined) return -1;
      const difference = ranks[part.kind] - ranks[its.kind];
      if (difference !== 0) return difference;
    }
    return 0;
  }
}

function partOf(text: string, isLast: boolean): Part | string {
  if (text === "*") return isLast ? { kind: "rest" } : "a * is only at the end";
  if (text.startsWith(":")) {
    const name = text.slice(1);
    return /^[A-Za-z]\w{0,99}$/.test(name)
      ? { kind: "param", name }
      : "after a colon there is a name of letters, digits and _";
  }
  if (text === "." || text === "..") return "it has no . and no ..";
  if (text === "" && !isLast) return "it has no two slashes in a row";
  return /^[\w.~!$&'()+,;=@-]*$/.test(text) ? { kind: "literal", text } : "it has a character that a path cannot have";
}

/**
 * The segments of a path as it came, decoded.
 *
 * @returns undefined when they cannot be, or have a NUL character, which neither files nor databases can have in a name.
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
