interface Item {
  readonly at: number;
  readonly order: number;
  act: (() => void) | undefined;
}

/** What is to happen when: by time, and at the same time in the order in which it was added (a binary heap). */
export class Agenda {
  readonly #heap: Item[] = [];
  #order = 0;

  /** What it returns takes it off again. */
  add(at: number, act: () => void): () => void {
    const item: Item = { at, order: this.#order++, act };
    const heap = this.#heap;
    let index = heap.push(item) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!this.#isBefore(index, parent)) break;
      this.#swap(index, parent);
      index = parent;
    }
    return () => {
      item.act = undefined;
    };
  }

  /** Takes the earliest off. */
  next(): { readonly at: number; readonly act: () => void } | undefined {
    for (;;) {
      const first = this.#take();
      if (first?.act === undefined && first !== undefined) continue;
      return first as { at: number; act: () => void } | undefined;
    }
  }

  #take(): Item | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined || first === last) return first;
    heap[0] = last;
    let index = 0;
    for (;;) {
      const left = 2 * index + 1;
      const right = left + 1;
      let least = index;
      if (left < heap.length && this.#isBefore(left, least)) least = left;
      if (right < heap.length && this.#isBefore(right, least)) least = right;
      if (least === index) return first;
      this.#swap(index, least);
      index = least;
    }
  }

  #isBefore(left: number, right: number): boolean {
    const [a, b] = [this.#heap[left] as Item, this.#heap[right] as Item];
    return a.at < b.at || (a.at === b.at && a.order < b.order);
  }

  #swap(left: number, right: number): void {
    const kept = this.#heap[left] as Item;
    this.#heap[left] = this.#heap[right] as Item;
    this.#heap[right] = kept;
  }
}
