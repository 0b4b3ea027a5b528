/** Adds style sheets to the document, and waits until they are loaded. @returns A function that removes them. */
export async function insertStyles(urls: readonly string[]): Promise<() => void> {
  const links = urls.map((url) => {
    const link = document.createElement("link");
    link.rel = "stylesheet";
    link.href = url;
    return link;
  });
  const remove = (): void => {
    for (const link of links) link.remove();
  };
  const loaded = links.map(
    (link) =>
      new Promise<void>((resolve, reject) => {
        link.addEventListener("load", () => resolve(), { once: true });
        link.addEventListener("error", () => reject(new Error(`The style sheet ${link.href} was not loaded.`)), {
          once: true,
        });
      }),
  );
  document.head.append(...links);
  try {
    await Promise.all(loaded);
    return remove;
  } catch (error) {
    remove();
    throw error;
  }
}
