const groupSize = 50;

/** Runs an operation `count` times in small groups, so that the server is never overloaded. */
export async function inGroups(count, work) {
  for (let done = 0; done < count; done += groupSize) {
    await Promise.all(Array.from({ length: Math.min(groupSize, count - done) }, work));
  }
}
