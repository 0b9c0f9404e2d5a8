/** Names that what emits metrics and what watches them must share. */

/** Of the functions' own metrics. */
export const METRIC_NAMESPACE = 'OidcFactory';

/** One for each step that ended in an error; its dimension is the error's code. */
export const STEP_FAILED = 'StepFailed';
