/** What Python calls errors of JavaScript. */
const PYTHON: Readonly<Record<string, string>> = {
  Error: 'Exception',
  RangeError: 'ValueError',
  ReferenceError: 'NameError',
};

/** The name of the class of an error in Python, where it may have been one of JavaScript. */
export function pythonName(name: string): string {
  return Object.hasOwn(PYTHON, name) ? (PYTHON[name] as string) : name;
}
