/** The command line or the configuration is wrong, or this Node can't run the program. */
export const BAD_CONFIGURATION = 2;
