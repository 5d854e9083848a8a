/** What is mounted on a side. */
export interface Mount {
  /** From the root. */
  readonly path: string;
  /** What its methods' names begin with on the wire, without the dot. */
  readonly wire: string;
  /** The side, of a spec. */
  readonly side?: object;
  /** The object and the objects within it, by their paths, of anything else. */
  readonly objects?: ReadonlyMap<string, object>;
  end?(): void;
}
