import type { CoreName, CoreSetting } from '../../../src/config/core-settings.ts';
import type { Read } from '../../../src/config/values.ts';

/** Files that are read again together if one of them changes, since they only make sense together. */
export type FileGroup = 'token' | 'database' | 'aliases' | 'clients' | 'tokens' | 'gateway' | 'sentry' | 'tls';

/** A setting of the program: a flag, or a variable of the environment or of a `.env` file. */
export interface Setting extends Omit<CoreSetting, 'types' | 'unit'> {
  /** The setting of the core that it stands behind. */
  readonly after?: CoreName;
  /** It is the path of a file, which is re-read with its group. */
  readonly files?: FileGroup;
  /** Reads the text; of a file, its content. */
  readonly parse: Read<unknown>;
}
