/** The indexes, in rising order, of a longest increasing subsequence of different numbers. O(n log n), by patience sorting. */
export function longestIncreasingSubsequence(numbers: readonly number[]): number[] {
  /** At length - 1: the index of the lowest number that ends an increasing subsequence of this length. */
  const ends: number[] = [];
  /** For each index: the one before it in the longest increasing subsequence that ends there; -1 for none. */
  const previous: number[] = [];
  for (const [index, number] of numbers.entries()) {
    let low = 0;
    let high = ends.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((numbers[ends[middle] ?? 0] ?? 0) < number) low = middle + 1;
      else high = middle;
    }
    previous.push(low === 0 ? -1 : (ends[low - 1] ?? -1));
    ends[low] = index;
  }
  const sequence: number[] = [];
  for (let index = ends.at(-1) ?? -1; index !== -1; index = previous[index] ?? -1) sequence.push(index);
  return sequence.toReversed();
}
