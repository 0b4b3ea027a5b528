const groupSize = 50;

/** Does something so often, some at a time: nobody is to be found busy. */
export async function inGroups(count, work) {
  for (let done = 0; done < count; done += groupSize) {
    await Promise.all(Array.from({ length: Math.min(groupSize, count - done) }, work));
  }
}
