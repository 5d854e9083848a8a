/** A mounted spec or object. */
export interface Mount {
  /** The path from the root. */
  readonly path: string;
  /** The prefix of its methods' names on the wire, without the dot. */
  readonly wire: string;
  /** The side of a mounted spec. */
  readonly side?: object;
  /** The mounted object and the objects within it, by their paths; empty for a spec. */
  readonly objects?: ReadonlyMap<string, object>;
  end?(): void;
}
