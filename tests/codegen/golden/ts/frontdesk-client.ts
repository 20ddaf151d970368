// protoc-gen-frontdesk-ts 0.1.0
/* eslint-disable */

/** Any JSON value. */
export type JsonValue =
  | null
  | boolean
  | number
  | string
  | JsonValue[]
  | { [key: string]: JsonValue };
/** A number, or one of the three that JSON has no digits for. */
export type Real = number | "NaN" | "Infinity" | "-Infinity";
/** google.protobuf.Any: a message of any type, with its type's URL. */
export type Any = { "@type": string; [key: string]: JsonValue };
/** google.protobuf.Struct */
export type Struct = { [key: string]: JsonValue };
/** google.protobuf.Empty */
export type Empty = { [key: string]: never };
/** At most one of the members. */
export type OneOf<T> = {
  [K in keyof T]: { [P in K]?: T[P] } & { [P in Exclude<keyof T, K>]?: undefined };
}[keyof T];

export interface ClientOptions {
  /** Where the gateway is, such as "https://api.shop"; "" for where the page comes from. */
  baseUrl: string;
  /** Sent with every request. A function is asked each time, for tokens that change. */
  headers?: HeadersInit | (() => HeadersInit | Promise<HeadersInit>) | undefined;
  /** Longest time of a call; without limit if not given. */
  timeoutMs?: number | undefined;
  /** Used instead of the global fetch. */
  fetch?: typeof fetch | undefined;
}

export interface CallOptions {
  /** Ends the call when it is aborted. */
  signal?: AbortSignal | undefined;
  /** Instead of that of the client. */
  timeoutMs?: number | undefined;
  /** Besides those of the client, which they replace. */
  headers?: HeadersInit | undefined;
  /** Names the request in the gateway's log. */
  requestId?: string | undefined;
  /** Only these fields of the answer: ["order", "payment.state"]. */
  fields?: readonly string[] | undefined;
  /** Of a call that changes something: sent again under the same key, it is carried out once. */
  idempotencyKey?: string | undefined;
}

/** A part of a composed answer that is not there. */
export interface Missing {
  /** "payment", or "products[3]" for one element of a list. */
  part: string;
  /** Such as "DEADLINE_EXCEEDED". */
  reason: string;
}

export interface Reply<T> {
  message: T;
  /** Empty if the answer is complete. */
  incomplete: Missing[];
  requestId: string;
  /** HTTP status. */
  status: number;
  headers: Headers;
}

const codes = [
  "OK",
  "CANCELLED",
  "UNKNOWN",
  "INVALID_ARGUMENT",
  "DEADLINE_EXCEEDED",
  "NOT_FOUND",
  "ALREADY_EXISTS",
  "PERMISSION_DENIED",
  "RESOURCE_EXHAUSTED",
  "FAILED_PRECONDITION",
  "ABORTED",
  "OUT_OF_RANGE",
  "UNIMPLEMENTED",
  "INTERNAL",
  "UNAVAILABLE",
  "DATA_LOSS",
  "UNAUTHENTICATED",
] as const;
/** google.rpc.Code */
export type Code = (typeof codes)[number];

/** Why there is no answer. */
export class FrontdeskError extends Error {
  readonly code: Code;
  /**
   * Stable, for programs: that of the gateway, or CLIENT_TIMEOUT, CLIENT_ABORT, NETWORK,
   * BAD_ANSWER and INVALID_REQUEST, which this client gives.
   */
  readonly reason: string;
  /** All details of the google.rpc.Status. */
  readonly details: readonly Any[];
  /** "" if the gateway was not reached. */
  readonly requestId: string;
  /** HTTP status; 0 if the gateway was not reached. */
  readonly status: number;

  constructor(
    code: Code,
    reason: string,
    message: string,
    more: { details?: readonly Any[]; requestId?: string; status?: number; cause?: unknown } = {},
  ) {
    super(message);
    this.name = "FrontdeskError";
    this.code = code;
    this.reason = reason;
    this.details = more.details ?? [];
    this.requestId = more.requestId ?? "";
    this.status = more.status ?? 0;
    if (more.cause !== undefined) Object.defineProperty(this, "cause", { value: more.cause });
  }
}

function refused(name: string, what: string): FrontdeskError {
  return new FrontdeskError("INVALID_ARGUMENT", "INVALID_REQUEST", `${name}: ${what}`);
}

type Scalar = string | number | boolean | null;

function encode(name: string, value: Scalar): string {
  try {
    return encodeURIComponent(String(value));
  } catch {
    throw refused(name, "has half of a surrogate pair");
  }
}

/** A value as one segment of a path. */
export function segment(name: string, value: Scalar): string {
  // Dots would be taken for steps up the path, even when encoded.
  if (value === "" || value === "." || value === "..") {
    throw refused(name, `can't be ${JSON.stringify(value)} in a path`);
  }
  return encode(name, value);
}

/** A value of several segments, such as "shelves/1" for the pattern "shelves/*". */
export function segments(name: string, value: string, pattern: string): string {
  const given = value === "" ? [] : value.split("/");
  const wanted = pattern.split("/");
  const rest = wanted.indexOf("**");
  const extra = given.length - wanted.length;
  if (rest < 0 ? extra !== 0 : extra < -1) throw refused(name, `must look like ${pattern}`);
  let path = "";
  given.forEach((text, i) => {
    const inRest = rest >= 0 && i >= rest && i <= rest + extra;
    const word = inRest ? "**" : wanted[rest >= 0 && i > rest ? i - extra : i];
    const free = word === "*" || word === "**";
    if (!free && text !== decodeURIComponent(word ?? "")) {
      throw refused(name, `must look like ${pattern}`);
    }
    path += `/${free ? segment(name, text) : word}`;
  });
  return path;
}

/** Parameters behind the path. */
export class Query {
  private readonly pieces: string[] = [];

  add(name: string, value: Scalar | readonly Scalar[] | undefined): void {
    if (value === undefined) return;
    for (const one of Array.isArray(value) ? value : [value]) {
      this.pieces.push(`${encode(name, name)}=${encode(name, one)}`);
    }
  }

  map(name: string, value: { readonly [key: string]: Scalar } | undefined): void {
    for (const [key, one] of Object.entries(value ?? {})) this.add(`${name}[${key}]`, one);
  }

  json(name: string, value: JsonValue | undefined): void {
    if (value !== undefined) this.add(name, JSON.stringify(value));
  }

  jsons(name: string, value: readonly JsonValue[] | undefined): void {
    for (const one of value ?? []) this.json(name, one);
  }

  jsonMap(name: string, value: { readonly [key: string]: JsonValue } | undefined): void {
    for (const [key, one] of Object.entries(value ?? {})) this.json(`${name}[${key}]`, one);
  }

  /** For fields that can't be parameters. */
  refuse(name: string, value: unknown): void {
    if (value !== undefined) throw refused(name, "can't be sent in a query");
  }

  toString(): string {
    return this.pieces.length === 0 ? "" : `?${this.pieces.join("&")}`;
  }
}

/** The message without the fields that are sent elsewhere. */
export function without<T extends object, K extends keyof T>(
  message: T,
  ...names: K[]
): Omit<T, K> {
  const rest = { ...message };
  for (const name of names) delete rest[name];
  return rest;
}

interface Sent {
  query?: Query;
  json?: unknown;
  blob?: Blob | undefined;
}

function missing(header: string | null): Missing[] {
  return (header ?? "").split(", ").filter(Boolean).map((entry) => {
    const [part = "", ...parameters] = entry.split(";");
    const reason = parameters.find((parameter) => parameter.startsWith("reason="));
    return { part, reason: (reason ?? parameters[0] ?? "").replace(/^reason=/, "") };
  });
}

const ofStatus: { [status: number]: Code } = {
  400: "INVALID_ARGUMENT",
  401: "UNAUTHENTICATED",
  403: "PERMISSION_DENIED",
  404: "NOT_FOUND",
  409: "ABORTED",
  429: "RESOURCE_EXHAUSTED",
  499: "CANCELLED",
  501: "UNIMPLEMENTED",
  503: "UNAVAILABLE",
  504: "DEADLINE_EXCEEDED",
};

async function failure(response: Response): Promise<FrontdeskError> {
  const text = await response.text();
  let body: { code?: number; message?: string; details?: Any[] } | null = null;
  try {
    body = JSON.parse(text);
  } catch {
    // Not from the gateway, but from something in front of it.
  }
  const details = Array.isArray(body?.details) ? body.details : [];
  const info = details.find((detail) => detail["domain"] === "frontdesk");
  const code = codes[body?.code ?? -1] ?? ofStatus[response.status] ?? "UNKNOWN";
  const reason = String(info?.["reason"] ?? code);
  return new FrontdeskError(code, reason, body?.message ?? response.statusText, {
    details,
    requestId: response.headers.get("x-request-id") ?? "",
    status: response.status,
  });
}

export class Client {
  private readonly options: ClientOptions;

  constructor(options: ClientOptions) {
    this.options = options;
  }

  json<T>(method: string, path: string, sent: Sent, options: CallOptions): Promise<Reply<T>> {
    return this.call(method, path, sent, options, async (response) => {
      const text = await response.text();
      try {
        return JSON.parse(text) as T;
      } catch (cause) {
        const more = { cause, status: response.status };
        throw new FrontdeskError("INTERNAL", "BAD_ANSWER", "the answer is not JSON", more);
      }
    });
  }

  blob(method: string, path: string, sent: Sent, options: CallOptions): Promise<Reply<Blob>> {
    return this.call(method, path, sent, options, (response) => response.blob());
  }

  empty(method: string, path: string, sent: Sent, options: CallOptions): Promise<Reply<undefined>> {
    return this.call(method, path, sent, options, async () => undefined);
  }

  private async headers(sent: Sent, options: CallOptions): Promise<Headers> {
    const own = this.options.headers;
    const headers = new Headers(typeof own === "function" ? await own() : own);
    new Headers(options.headers).forEach((value, name) => headers.set(name, value));
    if (!headers.has("accept")) headers.set("accept", "application/json");
    if (options.requestId !== undefined) headers.set("x-request-id", options.requestId);
    const key = options.idempotencyKey;
    if (key !== undefined) headers.set("idempotency-key", key);
    if (sent.json !== undefined) headers.set("content-type", "application/json");
    return headers;
  }

  private async call<T>(
    method: string,
    path: string,
    sent: Sent,
    options: CallOptions,
    read: (response: Response) => Promise<T>,
  ): Promise<Reply<T>> {
    const send = this.options.fetch ?? fetch;
    const query = sent.query ?? new Query();
    if (options.fields !== undefined) query.add("$fields", options.fields.join(","));
    const url = `${this.options.baseUrl.replace(/\/$/, "")}${path}${query}`;
    const timeoutMs = options.timeoutMs ?? this.options.timeoutMs;
    const controller = new AbortController();
    const abort = () => controller.abort();
    let late = false;
    const expire = () => {
      late = true;
      abort();
    };
    // A timer of more than 24 days would go off at once.
    const timer =
      timeoutMs === undefined || timeoutMs > 2147483647 ? undefined : setTimeout(expire, timeoutMs);
    options.signal?.addEventListener("abort", abort);
    if (options.signal?.aborted) abort();
    try {
      const init: RequestInit = { method, signal: controller.signal };
      init.headers = await this.headers(sent, options);
      if (sent.json !== undefined) init.body = JSON.stringify(sent.json);
      if (sent.blob !== undefined) init.body = sent.blob;
      const response = await send(url, init);
      if (!response.ok) throw await failure(response);
      const { status, headers } = response;
      return {
        message: await read(response),
        incomplete: missing(headers.get("frontdesk-incomplete")),
        requestId: headers.get("x-request-id") ?? "",
        status,
        headers,
      };
    } catch (cause) {
      if (cause instanceof FrontdeskError) throw cause;
      if (late) {
        const message = `no answer within ${timeoutMs} ms`;
        throw new FrontdeskError("DEADLINE_EXCEEDED", "CLIENT_TIMEOUT", message, { cause });
      }
      if (options.signal?.aborted) {
        throw new FrontdeskError("CANCELLED", "CLIENT_ABORT", "the call was aborted", { cause });
      }
      throw new FrontdeskError("UNAVAILABLE", "NETWORK", `can't reach ${url}`, { cause });
    } finally {
      clearTimeout(timer);
      options.signal?.removeEventListener("abort", abort);
    }
  }
}
