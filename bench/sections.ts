/** What the benchmarks measure, in this order. */
export const SECTION_NAMES = ['bundles', 'cold', 'warm', 'calls', 'edge', 'scale', 'core', 'lint'] as const;
export type SectionName = (typeof SECTION_NAMES)[number];
