const ROW = '{"id":"1","slug":"project-1","name":"Project 1","platform":"javascript"},';

/** What the upstream of the benchmark answers to a GET: 2 KiB. */
export const LIST = `[${ROW.repeat(28)}{}]`;
