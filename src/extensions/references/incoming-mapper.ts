import { ProtocolError } from '../../contract/errors.js';
import type { Session } from '../../session/session.js';
import type { Hold, Unmapped } from '../../session/session-values.js';
import type { TypedSide } from '../values/side-values.js';
import { revived } from '../values/tagged.js';
import type { Exports } from './exports.js';
import type { ImportedReference } from './imported-reference.js';
import { type ImportTable, isReferenceId } from './imports.js';
import { offeredStream } from './offered-streams.js';
import { FUNCTION, shapeOf, stubOf } from './stubs.js';

/** Values on their way in: the tagged form becomes values, stubs and streams. */
export class IncomingMapper {
  constructor(
    private readonly session: Session,
    private readonly mapper: TypedSide,
    private readonly exports: Exports,
    private readonly imports: ImportTable,
  ) {}

  /**
   * The values of a message that was announced as tagged. `method` is for texts. Throws what `revived` throws, and a ProtocolError
   * for more references than the limit: then all references of the message are released.
   */
  mapIncoming(values: unknown, hold: Hold, method: string): Unmapped {
    const message = new IncomingValues(this.session, this.mapper, this.exports, this.imports);
    const revivedValues = message.read(values, hold !== 'call');
    const references = [...message.references];
    if (hold === 'result') {
      for (const imported of references) this.imports.holdResult(imported);
      return { values: revivedValues, end: nothing };
    }
    for (const imported of references) imported.callCount++;
    const end = (): void => this.imports.callEnded(references.splice(0), method, hold === 'notification');
    return { values: revivedValues, end };
  }

  /** Releases all references of values that nothing receives. Never throws. */
  refuse(values: unknown): void {
    const ids = new Set<number>();
    try {
      revived(values, (tag, [id]) => {
        if (isReference(tag) && isReferenceId(id)) ids.add(id);
      });
    } catch {
      // Values that cannot be read contain no references to release.
    }
    this.imports.giveBack(ids, true);
  }
}

/** One message on its way in. */
class IncomingValues {
  /** The references in it, each once. */
  readonly references = new Set<ImportedReference>();
  /** Their ids, including those that could not be created. */
  private readonly ids = new Set<number>();
  private failure: { readonly error: unknown } | undefined;

  constructor(
    private readonly session: Session,
    private readonly mapper: TypedSide,
    private readonly exports: Exports,
    private readonly imports: ImportTable,
  ) {}

  /** Reads to the end even after an error: the rest may contain references, which must be released. */
  read(values: unknown, mustRelease: boolean): unknown {
    try {
      const revivedValues = revived(values, (tag, payload) => this.tryRevive(tag, payload));
      if (this.failure !== undefined) throw this.failure.error;
      return revivedValues;
    } catch (error) {
      this.imports.giveBack(this.ids, mustRelease);
      throw error;
    }
  }

  private tryRevive(tag: string, payload: readonly unknown[]): unknown {
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
        if (!isReferenceId(id)) throw new ProtocolError('the id of a reference must be a whole number');
        this.ids.add(id);
        const { imported, stub } = this.imports.take(id, tag === 'fn' ? FUNCTION : shapeOf(members, streams), stubOf);
        this.references.add(imported);
        return stub;
      }
      case 'stream':
        if (!isReferenceId(id)) throw new ProtocolError('the id of a stream must be a whole number');
        return offeredStream(this.session, id);
      default:
        return this.mapper.types.revive(tag, payload);
    }
  }
}

function isReference(tag: string): boolean {
  return tag === 'fn' || tag === 'ref';
}

function nothing(): void {}
