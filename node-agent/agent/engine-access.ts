// The agent's line to the engine: the configuration is sent when it changed, or when this connection hasn't had it.
import { isDeepStrictEqual } from 'node:util';
import { connectEngine, type EngineClient } from '../protocol/client.js';
import { EngineUnavailable } from '../protocol/errors.js';
import type { EngineConfiguration, EngineMethod, EngineRequests, EngineStatus } from '../protocol/types.js';

export interface EngineAccessOptions {
  socketPath: string;
  /** The engine came, went, or says that its status changed by itself. */
  onChange: () => void;
}

export class EngineAccess {
  private readonly client: EngineClient;
  private acknowledged: EngineConfiguration | undefined;

  constructor(options: EngineAccessOptions) {
    this.client = connectEngine({
      socketPath: options.socketPath,
      onStatusChanged: options.onChange,
      onConnectionChanged: () => {
        this.acknowledged = undefined;
        options.onChange();
      },
    });
  }

  /** No engine was there when it was last looked for; false as long as nobody has looked. */
  get absent(): boolean {
    return this.client.absent;
  }

  /**
   * The engine's status with this configuration in force, or undefined while no engine is there.
   * `rescan`: rings were made since, so the engine has to look for them.
   */
  async serve(configuration: EngineConfiguration, rescan: boolean): Promise<EngineStatus | undefined> {
    const known = !rescan && isDeepStrictEqual(configuration, this.acknowledged);
    const status = await (known ? this.call('status', {}) : this.call('configure', configuration));
    if (status === undefined) return undefined;
    this.acknowledged = configuration;
    return status;
  }

  /** Deletes the backing file of a unit that is no longer served; undefined while no engine is there. */
  reclaim(params: EngineRequests['reclaim']['params']): Promise<EngineRequests['reclaim']['result'] | undefined> {
    return this.call('reclaim', params);
  }

  /** Undefined while no engine is there; rejects with why the medium stays where it is. */
  act(params: EngineRequests['act']['params']): Promise<EngineRequests['act']['result'] | undefined> {
    return this.call('act', params);
  }

  /** Undefined while no engine is there. */
  status(): Promise<EngineStatus | undefined> {
    return this.call('status', {});
  }

  /** Waits for what is in flight and flushes every unit; undefined while no engine is there. */
  drain(): Promise<EngineStatus | undefined> {
    return this.call('drain', {});
  }

  /** Undefined while no engine is there. */
  end(): Promise<EngineRequests['end']['result'] | undefined> {
    return this.call('end', {});
  }

  close(): void {
    this.client.close();
  }

  private async call<Method extends EngineMethod>(
    method: Method,
    params: EngineRequests[Method]['params'],
  ): Promise<EngineRequests[Method]['result'] | undefined> {
    try {
      return await this.client.call(method, params);
    } catch (error) {
      if (error instanceof EngineUnavailable) return undefined;
      throw error;
    }
  }
}
