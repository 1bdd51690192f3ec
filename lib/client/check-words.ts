/** A check's name for people: `worker-alive` → `Worker alive`. */
export function checkTitle(name: string): string {
  const words = name.replaceAll(/[-_.]+/g, ' ').trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
}
