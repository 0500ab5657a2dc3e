// What this browser keeps: the outbox, and what was seen last, for a start without a network. IndexedDB, since each
// change of it is one step for all windows of this browser.
import type { Kept } from "../core/outbox";

const NAME = "warehouse";
type Room = "outbox" | "last";

/** This browser lets nothing be kept, or has no room. */
export class NotKept extends Error {}

let opened: Promise<IDBDatabase> | null = null;

function open(): Promise<IDBDatabase> {
  opened ??= new Promise<IDBDatabase>((done, fail) => {
    const asked = indexedDB.open(NAME, 1);
    asked.onupgradeneeded = () => {
      asked.result.createObjectStore("outbox", { keyPath: "n" });
      asked.result.createObjectStore("last");
    };
    asked.onsuccess = () => {
      asked.result.onversionchange = () => (asked.result.close(), (opened = null)); // a newer page wants another shape
      done(asked.result);
    };
    asked.onerror = () => fail(new NotKept(asked.error?.message));
  }).catch((error: unknown) => {
    opened = null;
    throw error;
  });
  return opened;
}

/** One step: all of it is done, or nothing. */
async function step<T>(room: Room, mode: IDBTransactionMode, act: (store: IDBObjectStore, give: (value: T) => void) => void): Promise<T> {
  const base = await open();
  return new Promise<T>((done, fail) => {
    let value: T;
    const work = base.transaction(room, mode);
    work.oncomplete = () => done(value);
    work.onabort = work.onerror = () => fail(new NotKept(work.error?.message));
    act(work.objectStore(room), (given) => (value = given));
  });
}

export const readAll = (): Promise<Kept[]> => step("outbox", "readonly", (store, give) => (store.getAll().onsuccess = (event) => give((event.target as IDBRequest<Kept[]>).result)));

/** Change all of it in one step: `act` is given what is there, and says what is to be there and what came of it. */
export function change<T>(act: (all: Kept[]) => [Kept[], T]): Promise<[Kept[], T]> {
  return step("outbox", "readwrite", (store, give) => {
    store.getAll().onsuccess = (event) => {
      const before = (event.target as IDBRequest<Kept[]>).result;
      const [after, came] = act(before);
      const left = new Set(after.map((one) => one.n));
      for (const one of before) if (!left.has(one.n)) store.delete(one.n);
      for (const one of after) if (!before.includes(one)) store.put(one);
      give([after, came]);
    };
  });
}

export const keepLast = (name: string, value: unknown): Promise<void> => step<void>("last", "readwrite", (store) => void store.put(value, name));
export const readLast = <T>(name: string): Promise<T | undefined> => step<T | undefined>("last", "readonly", (store, give) => (store.get(name).onsuccess = (event) => give((event.target as IDBRequest<T | undefined>).result)));
export const forgetLast = (): Promise<void> => step<void>("last", "readwrite", (store) => void store.clear());
