/** The indexes, rising, of a longest part of different numbers that rise. */
export function longestRising(numbers: readonly number[]): number[] {
  /** By length, less one: the index of the lowest number that a rising part of this length ends with. */
  const ends: number[] = [];
  /** The index before, in the longest rising part that ends here. */
  const before: number[] = [];
  for (const [index, number] of numbers.entries()) {
    let low = 0;
    let high = ends.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((numbers[ends[middle] ?? 0] ?? 0) < number) low = middle + 1;
      else high = middle;
    }
    before.push(low === 0 ? -1 : (ends[low - 1] ?? -1));
    ends[low] = index;
  }
  const part: number[] = [];
  for (let index = ends.at(-1) ?? -1; index !== -1; index = before[index] ?? -1) part.push(index);
  return part.toReversed();
}
