import { byToken, Desk } from './sides.js';

/** A program that serves the one that has started it, if that is known. */
const desk = await Desk.serve('stdio:', { authenticate: byToken, logger: null });
desk.whoami.connect(({ peer }) => peer.user);
