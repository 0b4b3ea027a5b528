import { type ESTree, Visitor } from "vite";

const words = ["innerHTML", "outerHTML", "insertAdjacentHTML", "dangerouslySetInnerHTML"] as const;
const anyWord = new RegExp(`\\b(?:${words.join("|")})\\b`);

/** Whether a code may make HTML of texts: it has one of the words. */
export function mayMakeHtml(code: string): boolean {
  return anyWord.test(code);
}

/** The ways by which a code makes HTML of texts, each once: `innerHTML`. */
export function htmlTextsIn(program: ESTree.Program): readonly string[] {
  const found = new Set<string>();
  const add = (name: string | undefined): void => {
    if (words.some((word) => word === name)) found.add(name ?? "");
  };
  new Visitor({
    AssignmentExpression({ left }) {
      if (left.type === "MemberExpression") add(nameOf(left.property));
    },
    CallExpression({ callee }) {
      if (callee.type === "MemberExpression") add(nameOf(callee.property));
    },
    // JSX is compiled to objects.
    Property({ key }) {
      add(nameOf(key));
    },
  }).visit(program);
  return [...found];
}

function nameOf(node: ESTree.Node): string | undefined {
  return node.type === "Identifier" ? node.name : undefined;
}
