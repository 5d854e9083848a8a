/** The only key of an object in the tagged form: `{"$rpc": [tag, …payload]}`. */
export const TAG = '$rpc';

/** The tag of plain data that has the key itself: `{"$rpc": ["obj", {"$rpc": …}]}`. */
export const ESCAPE = 'obj';

/** Marks objects that are in progress. */
export const OPEN: unique symbol = Symbol('open');
