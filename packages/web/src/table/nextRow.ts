/**
 * The row to which a key moves.
 *
 * @param active The index of the active row; −1: none.
 * @param page The number of rows that Page Up and Page Down move by.
 * @returns Undefined for other keys, and if there are no rows.
 */
export function nextRow(key: string, active: number, count: number, page: number): number | undefined {
  if (count === 0) return undefined;
  const wanted = {
    ArrowDown: active + 1,
    ArrowUp: active - 1,
    PageDown: active + page,
    PageUp: active - page,
    Home: 0,
    End: count - 1,
  };
  if (!isKeyOf(key, wanted)) return undefined;
  return Math.min(Math.max(wanted[key], 0), count - 1);
}

function isKeyOf<T extends object>(key: PropertyKey, object: T): key is keyof T {
  return Object.hasOwn(object, key);
}
