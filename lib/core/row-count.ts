const figures = new Intl.NumberFormat('en-US');

/** `1 row`, `12,000 rows`. */
export const rowCount = (count: number): string => (count === 1 ? '1 row' : `${figures.format(count)} rows`);
