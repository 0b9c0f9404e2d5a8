/** Apart from what makes them: help must not wait for it. */
export const EXPORT_FORMATS = ['cloudformation', 'stackset', 'terraform', 'lza', 'scp', 'rcp'] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

export interface ExportOptions {
  readonly format: ExportFormat;
  readonly config: string;
  /** `-`: standard output. */
  readonly out: string;
  readonly json?: true;
}
