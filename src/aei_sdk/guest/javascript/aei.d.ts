/**
 * What a plugin can ask of its host.
 *
 * Always: `log`, `progress`, `clock`, `random`, `config`. With the permission in `plugin.json`: `http`
 * (network), `files` (filesystem), `models`, `secrets`, `plugins` (dependencies).
 *
 * A plugin is `src/plugin.js` with an exported `run(task)` that takes and returns what JSON can say. Every call
 * answers at once; nothing here is a promise. `Date`, `Math.random` and `console` work and go through the host.
 */
declare module "aei" {
  /** What JSON can say. */
  export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

  /** Throw this to end the execution with an error in plain words. */
  export class Failed extends Error {}

  /** The host could not do what was asked; `code` is its word for why. */
  export class HostError extends Error {
    readonly code: string;
  }
  /** It is not granted. The denial is recorded. */
  export class Denied extends HostError {}
  /** The request makes no sense. */
  export class Invalid extends HostError {}
  /** There is no such file. */
  export class NotFound extends HostError {}
  /** The other side took too long. */
  export class Timeout extends HostError {}
  /** The response is larger than a plugin may receive. */
  export class TooLarge extends HostError {}
  /** The file area is full. */
  export class Quota extends HostError {}
  /** The execution's budget for this kind of call is spent. */
  export class Budget extends HostError {}
  /** The other side could not be reached, or failed. */
  export class Unavailable extends HostError {}

  /** Lines for whoever runs the plugin. The host caps their total size. */
  export namespace log {
    /** A detail that helps to find a fault. */
    function debug(message: unknown): void;
    /** Something that happened as it should. */
    function info(message: unknown): void;
    /** Something that is not as it should be, and went on. */
    function warn(message: unknown): void;
    /** Something that failed. */
    function error(message: unknown): void;
  }

  /** Tell that this `fraction` (0 to 1) of the work is done. */
  export function progress(fraction: number, message?: string): void;

  /** Time from the host, so that a replay can return what was recorded. */
  export namespace clock {
    /** Milliseconds since 1970-01-01T00:00:00Z, as `Date.now()`. */
    function now(): number;
    /** Milliseconds since a point that is fixed for this execution. */
    function monotonic(): number;
  }

  /** Randomness from the host. */
  export namespace random {
    /** `count` random bytes (at most 4,096) in hexadecimal. */
    function hex(count: number): string;
    /** A whole number from 0 up to and without `below`, each as likely as the other. */
    function integer(below: number): number;
  }

  /** The installation's configuration. */
  export namespace config {
    /** The configuration as an object that satisfies the manifest's `config_schema`. */
    function get<T = Record<string, Json>>(): T;
  }

  /** Requests to the hosts that were granted. Needs the permission `network`. */
  export namespace http {
    interface Request {
      method?: "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE" | "OPTIONS";
      headers?: Record<string, string>;
      body?: string;
    }
    /** What came back; header names are lower case, `url` is where the answer came from. */
    interface Response {
      readonly status: number;
      /** Whether the status is from 200 to 299. */
      readonly ok: boolean;
      readonly headers: Readonly<Record<string, string>>;
      readonly body: string;
      readonly url: string;
      /** The body, read as JSON. */
      json<T = Json>(): T;
    }
    /**
     * Send one request.
     *
     * @throws {Denied} the host is not granted, or leads to an address that no plugin may reach.
     * @throws {Invalid | Timeout | TooLarge | Unavailable} as their names say.
     */
    function fetch(url: string, request?: Request): Response;
  }

  /**
   * Text files in the granted area. Needs the permission `filesystem`. Paths begin with `scratch/` (empty at each
   * start) or `persistent/` (kept with the installation). Throws Denied, Invalid, NotFound, Quota or Unavailable.
   */
  export namespace files {
    /** A file's content. */
    function read(path: string): string;
    /** Create or replace a file. */
    function write(path: string, content: string): void;
    /** The files under a folder; `size` in bytes. */
    function listing(folder: string): { path: string; size: number }[];
    /** Remove a file. */
    function remove(path: string): void;
  }

  /**
   * Language models through the tenant's gateway, in the common chat-completion and embedding shapes. Needs the
   * permission `models`. Throws Denied, Invalid, Timeout, Budget or Unavailable.
   */
  export namespace models {
    interface Message {
      role: string;
      content: Json;
    }
    /** Ask a model; `options` are further fields of the request, such as `max_tokens`. */
    function chat<T = any>(model: string, messages: Message[], options?: Record<string, Json>): T;
    /** Embed texts. */
    function embed<T = any>(model: string, texts: string[]): T;
  }

  /** Named secrets of the tenant. Needs the permission `secrets`. */
  export namespace secrets {
    /**
     * A secret's value.
     *
     * @throws {Denied} it is not granted, or does not exist.
     */
    function get(name: string): string;
  }

  /** Other plugins, as declared in the manifest's `dependencies`. */
  export namespace plugins {
    /**
     * Run a task in another plugin and return its result.
     *
     * @throws {Denied | Invalid | Budget | Unavailable} as their names say.
     */
    function call<T = Json>(plugin: string, task: Json): T;
  }
}

/** Lines in the log of the execution; `console.log` is `log.info`. */
declare const console: {
  debug(...parts: unknown[]): void;
  log(...parts: unknown[]): void;
  info(...parts: unknown[]): void;
  warn(...parts: unknown[]): void;
  error(...parts: unknown[]): void;
};
