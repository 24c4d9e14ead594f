// Events of the API (events.k8s.io) about objects: a repeated one is counted in one object instead of made again.
import { createHash } from 'node:crypto';
import type { Api } from './client.js';
import { isApiError } from './errors.js';
import { EVENTS, apiVersionOf, pathOf, type ApiObject } from './resources.js';

/** A series ends when its Event was not repeated for so long: the API server keeps Events for an hour. */
const SERIES_MS = 30 * 60_000;
/** At most one write per Event in this time, however often it happens. */
const REPORT_INTERVAL_MS = 60_000;
const MAXIMUM_SERIES = 1_000;
const NOTE_LIMIT = 1_024;

export interface EventText {
  readonly type: 'Normal' | 'Warning';
  /** CamelCase, why. */
  readonly reason: string;
  /** CamelCase, what was done or tried. */
  readonly action: string;
  readonly note: string;
}

export interface EventRecorderOptions {
  readonly api: Api;
  /** For Events about cluster-scoped objects. */
  readonly namespace: string;
  /** `scst.dev/operator` */
  readonly controller: string;
  readonly instance: string;
  readonly now?: () => Date;
  readonly onError?: (error: unknown) => void;
}

interface Series {
  readonly name: string;
  readonly namespace: string;
  count: number;
  reported: number;
  last: number;
}

/** Reports in the background: an Event that can't be written is lost, with a call of `onError`. */
export class EventRecorder {
  private readonly series = new Map<string, Series>();
  private readonly pending = new Set<Promise<void>>();

  constructor(private readonly options: EventRecorderOptions) {}

  record(about: ApiObject, text: EventText): void {
    const work = this.send(about, text).catch((error: unknown) => this.options.onError?.(error));
    this.pending.add(work);
    void work.finally(() => this.pending.delete(work));
  }

  /** Resolves when all that was recorded is written. */
  async flush(): Promise<void> {
    await Promise.all(this.pending);
  }

  private async send(about: ApiObject, text: EventText): Promise<void> {
    const now = (this.options.now ?? (() => new Date()))();
    const { uid = '', name } = about.metadata;
    const key = createHash('sha256')
      .update(JSON.stringify([uid, text.type, text.reason, text.action, text.note]))
      .digest('hex');
    const known = this.series.get(key);
    if (known === undefined || now.getTime() - known.last > SERIES_MS) {
      await this.begin(key, `${name}.${key.slice(0, 10)}${now.getTime().toString(16)}`, about, text, now);
      return;
    }
    known.count += 1;
    known.last = now.getTime();
    if (now.getTime() - known.reported >= REPORT_INTERVAL_MS) {
      known.reported = now.getTime();
      await this.repeat(key, known, about, text, now);
    }
  }

  private async begin(key: string, name: string, about: ApiObject, text: EventText, now: Date): Promise<void> {
    const namespace = about.metadata.namespace ?? this.options.namespace;
    this.forget();
    this.series.set(key, { name, namespace, count: 1, reported: now.getTime(), last: now.getTime() });
    await this.options.api.request({
      method: 'POST',
      path: pathOf(EVENTS, { namespace }),
      body: this.body(name, namespace, about, text, now),
    });
  }

  private async repeat(key: string, known: Series, about: ApiObject, text: EventText, now: Date): Promise<void> {
    const series = { count: known.count, lastObservedTime: micro(now) };
    try {
      await this.options.api.request({
        method: 'PATCH',
        path: pathOf(EVENTS, { namespace: known.namespace, name: known.name }),
        contentType: 'application/merge-patch+json',
        body: { series },
      });
    } catch (error) {
      if (!isApiError(error, 'NotFound')) {
        throw error;
      }
      this.series.delete(key);
      await this.send(about, text);
    }
  }

  private body(name: string, namespace: string, about: ApiObject, text: EventText, now: Date): object {
    const { controller, instance } = this.options;
    const { metadata, apiVersion, kind } = about;
    return {
      apiVersion: apiVersionOf(EVENTS),
      kind: EVENTS.kind,
      metadata: { name: name.slice(-253), namespace },
      eventTime: micro(now),
      type: text.type,
      reason: text.reason,
      action: text.action,
      note: text.note.slice(0, NOTE_LIMIT),
      reportingController: controller,
      reportingInstance: instance.slice(0, 128),
      regarding: {
        apiVersion,
        kind,
        name: metadata.name,
        uid: metadata.uid,
        ...(metadata.namespace === undefined ? {} : { namespace: metadata.namespace }),
      },
    };
  }

  /** Keeps the table bounded: the oldest entry goes first. */
  private forget(): void {
    const [oldest] = this.series.keys();
    if (oldest !== undefined && this.series.size >= MAXIMUM_SERIES) {
      this.series.delete(oldest);
    }
  }
}

/** RFC 3339 with microseconds, which MicroTime demands. */
function micro(date: Date): string {
  return date.toISOString().replace(/Z$/, '000Z');
}
