import { Visitor, type ESTree } from "vite";

/** Whether a code may have evaluations: it has their words. */
export function mayEvaluate(code: string): boolean {
  return /\beval\b|\bFunction\b/.test(code);
}

/** The calls that make code of text, which the policy of the site forbids: `eval()`, `new Function()`. */
export function evaluationsIn(program: ESTree.Program): readonly string[] {
  const found: string[] = [];
  new Visitor({
    CallExpression({ callee }) {
      const name = calledName(callee);
      if (name === "eval" || name === "Function") found.push(`${name}()`);
    },
    NewExpression({ callee }) {
      if (calledName(callee) === "Function") found.push("new Function()");
    },
  }).visit(program);
  return found;
}

/** The global that is called: `eval`, `globalThis.eval`, `(0, eval)`. */
function calledName(callee: ESTree.Node): string | undefined {
  if (callee.type === "Identifier") return callee.name;
  if (callee.type === "ParenthesizedExpression") return calledName(callee.expression);
  if (callee.type === "SequenceExpression") {
    const last = callee.expressions.at(-1);
    return last === undefined ? undefined : calledName(last);
  }
  if (callee.type !== "MemberExpression" || callee.property.type !== "Identifier" || callee.computed) return undefined;
  const { object } = callee;
  return object.type === "Identifier" && /^(?:globalThis|window|self)$/.test(object.name)
    ? callee.property.name
    : undefined;
}
