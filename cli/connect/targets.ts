/** Where workloads run. */
export const TARGETS = ['azure', 'aks', 'github', 'gitlab', 'azure-devops', 'onprem'] as const;
export type Target = (typeof TARGETS)[number];
