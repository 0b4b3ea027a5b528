/** A stream of one item. */
export async function* singleItem<Item>(item: Item): AsyncGenerator<Item, undefined> {
  yield item;
  return undefined;
}
