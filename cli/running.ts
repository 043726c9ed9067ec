import { type ApiClient } from '../adapters/api/api-client.ts';
import { type Outcome } from '../core/failure.ts';
import { type Answer } from './answer.ts';
import { type Embedded } from './embedded.ts';
import { type GlobalOptions, type Repository } from './host.ts';
import { type RemoteOptions } from './remote-address.ts';

/** How commands are run; `registerCommands` has it. `about` is the builder that a failure is told of. */
export interface Running {
  /** Over nothing but what the command itself reads. */
  readonly run: (about: string | null, options: GlobalOptions, action: () => Promise<Outcome<Answer>>) => Promise<void>;
  /** Over a repository, wherever its home is. */
  readonly inRepository: (
    about: string | null,
    options: GlobalOptions,
    action: (repository: Repository) => Promise<Outcome<Answer>>,
  ) => Promise<void>;
  /** Over the dispatcher on this machine. A home that is named has to have records, where `mayBeNew` does not say otherwise. */
  readonly onThisMachine: (
    about: string | null,
    options: GlobalOptions,
    action: (embedded: Embedded, repository: Repository) => Promise<Outcome<Answer>>,
    how?: { readonly mayBeNew?: boolean },
  ) => Promise<void>;
  /** Over the API of the dispatcher that is named, or else as `here` says. */
  readonly onEither: (
    options: RemoteOptions,
    elsewhere: (api: ApiClient) => Promise<Outcome<Answer>>,
    here: () => Promise<void>,
    about?: string | null,
  ) => Promise<void>;
}
