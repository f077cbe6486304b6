// Formats of times and numbers, made when they are used first: a browser's first one costs a slow phone a tenth of a
// second, and most pages can be used before anything is said with it.

/** @template {{format: (value: any) => string}} T */
class Format {
  /** @param {() => T} make */
  constructor(make) {
    this.make = make;
    /** @type {T | null} */
    this.made = null;
  }

  /** @param {Parameters<T["format"]>[0]} value @returns {string} */
  format(value) {
    return (this.made ??= this.make()).format(value);
  }
}

/** @param {string} language @param {Intl.DateTimeFormatOptions} options */
export function timeFormat(language, options) {
  return new Format(() => new Intl.DateTimeFormat(language, options));
}

/** @param {string} language */
export function numberFormat(language) {
  return new Format(() => new Intl.NumberFormat(language));
}

/** Hours and minutes. @param {string} language */
export function clockFormat(language) {
  return timeFormat(language, { hour: "numeric", minute: "2-digit" });
}
