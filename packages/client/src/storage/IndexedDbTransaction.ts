/** The stores of a database, with the types of their keys and values. */
export type StoreTypes = Readonly<Record<string, { readonly key: IDBValidKey; readonly value: unknown }>>;

/** A transaction of IndexedDB: its stores are typed, and its requests are promises. */
export class IndexedDbTransaction<Types extends StoreTypes, Name extends keyof Types & string> {
  /** Resolves when the transaction is committed; rejects if it was aborted. */
  readonly done: Promise<void>;
  readonly #transaction: IDBTransaction;

  constructor(
    database: IDBDatabase,
    stores: readonly Name[],
    mode: "readonly" | "readwrite",
    options?: IDBTransactionOptions,
  ) {
    const transaction = database.transaction(stores, mode, options);
    this.#transaction = transaction;
    this.done = new Promise((resolve, reject) => {
      transaction.addEventListener("complete", () => resolve());
      transaction.addEventListener("abort", () =>
        reject(transaction.error ?? new DOMException("The transaction was aborted", "AbortError")),
      );
    });
  }

  get<Store extends Name>(store: Store, key: Types[Store]["key"]): Promise<Types[Store]["value"] | undefined> {
    return resultOf(this.#store(store).get(key));
  }

  getAll<Store extends Name>(store: Store): Promise<readonly Types[Store]["value"][]> {
    return resultOf(this.#store(store).getAll());
  }

  /** @param key Only for a store whose values do not contain it. */
  async put<Store extends Name>(store: Store, value: Types[Store]["value"], key?: Types[Store]["key"]): Promise<void> {
    await resultOf(this.#store(store).put(value, key));
  }

  async delete<Store extends Name>(store: Store, key: Types[Store]["key"]): Promise<void> {
    await resultOf(this.#store(store).delete(key));
  }

  async clear(store: Name): Promise<void> {
    await resultOf(this.#store(store).clear());
  }

  #store(name: Name): IDBObjectStore {
    return this.#transaction.objectStore(name);
  }
}

/** The result of a request of IndexedDB. */
export function resultOf<Result>(request: IDBRequest<Result>): Promise<Result> {
  return new Promise((resolve, reject) => {
    request.addEventListener("success", () => resolve(request.result));
    request.addEventListener("error", () => reject(request.error ?? new Error("The request of IndexedDB failed")));
  });
}
