/** The command line or the configuration is wrong, or this Node cannot run the program. */
export const BAD_CONFIGURATION = 2;
