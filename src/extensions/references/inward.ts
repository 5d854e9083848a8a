import { ProtocolError } from '../../contract/errors.js';
import type { Session } from '../../session/session.js';
import type { Hold, Unmapped } from '../../session/session-values.js';
import type { TypedSide } from '../values/side-values.js';
import { revived } from '../values/tagged.js';
import type { ExportTable } from './exports.js';
import type { ImportedReference } from './imported-reference.js';
import { type ImportTable, isReferenceId } from './imports.js';
import { take } from './offers.js';
import { FUNCTION, shapeOf, stubOf } from './stubs.js';

/** What comes: values in the tagged form become what they are meant to be. */
export class InwardMapper {
  constructor(
    private readonly session: Session,
    private readonly mapper: TypedSide,
    private readonly exports: ExportTable,
    private readonly imports: ImportTable,
  ) {}

  /**
   * The values of a message that was announced as tagged. `method` is for texts. Throws what `revived` throws, and a ProtocolError
   * for more references than may be held: then everything that has come with the message is given back.
   */
  inward(values: unknown, hold: Hold, method: string): Unmapped {
    const message = new Arrival(this.session, this.mapper, this.exports, this.imports);
    const meant = message.read(values, hold !== 'call');
    const come = [...message.come];
    if (hold === 'result') {
      for (const imported of come) this.imports.own(imported);
      return { values: meant, end: nothing };
    }
    for (const imported of come) imported.scopes++;
    const end = (): void => this.imports.leave(come.splice(0), method, hold === 'notification');
    return { values: meant, end };
  }

  /** What has come is for nobody: everything that was passed with it is given back. Never throws. */
  refuse(values: unknown): void {
    const ids = new Set<number>();
    try {
      revived(values, (tag, [id]) => {
        if (isReference(tag) && isReferenceId(id)) ids.add(id);
      });
    } catch {
      // What cannot be read holds nothing that could be given back.
    }
    this.imports.giveBack(ids, true);
  }
}

/** One message on its way in. */
class Arrival {
  /** What has come with it, each once. */
  readonly come = new Set<ImportedReference>();
  /** All that the sender holds for it. */
  private readonly ids = new Set<number>();
  private failure: { readonly error: unknown } | undefined;

  constructor(
    private readonly session: Session,
    private readonly mapper: TypedSide,
    private readonly exports: ExportTable,
    private readonly imports: ImportTable,
  ) {}

  /** Reads to the end even where something is wrong before it: the rest may hold references, which must be given back. */
  read(values: unknown, untold: boolean): unknown {
    try {
      const meant = revived(values, (tag, payload) => this.tried(tag, payload));
      if (this.failure !== undefined) throw this.failure.error;
      return meant;
    } catch (error) {
      this.imports.giveBack(this.ids, untold);
      throw error;
    }
  }

  private tried(tag: string, payload: readonly unknown[]): unknown {
    try {
      return this.revive(tag, payload);
    } catch (error) {
      this.failure ??= { error };
      return undefined;
    }
  }

  private revive(tag: string, payload: readonly unknown[]): unknown {
    const [id, members, streams] = payload;
    switch (tag) {
      case 'own':
        return this.exports.at(id).target;
      case 'fn':
      case 'ref': {
        if (!isReferenceId(id)) throw new ProtocolError('a reference has a whole number for an id');
        this.ids.add(id);
        const { imported, stub } = this.imports.take(id, tag === 'fn' ? FUNCTION : shapeOf(members, streams), stubOf);
        this.come.add(imported);
        return stub;
      }
      case 'stream':
        if (!isReferenceId(id)) throw new ProtocolError('a stream has a whole number for an id');
        return take(this.session, id);
      default:
        return this.mapper.types.revive(tag, payload);
    }
  }
}

function isReference(tag: string): boolean {
  return tag === 'fn' || tag === 'ref';
}

function nothing(): void {}
