import { readArgument } from "../readArgument.js";

/** The watched tuples, each with a text of a given length. */
export function tuples({ rows, textLength } = readArgument()) {
  return Array.from({ length: rows }, (_, id) => ({ id, round: 0, text: "x".repeat(textLength) }));
}

/** Changes one of them. */
export function change(all, round) {
  const id = round % all.length;
  all[id] = { ...all[id], round };
  return all[id];
}
