// protoc-gen-frontdesk-ts 0.1.0, from golden/same/b/v1/b.proto
/* eslint-disable */
import * as $rt from "./frontdesk-client.js";

export interface Thing {
  /** 64-bit integer */
  number?: string;
  part?: Thing_Part;
}

export interface Thing_Part {
  id?: string;
}

export class ThingsClient {
  private readonly $client: $rt.Client;

  constructor(options: $rt.ClientOptions) {
    this.$client = new $rt.Client(options);
  }

  /**
   * The same path as in package a would be refused; the shape is another one here.
   *
   * `GET /b/things/{number}`
   */
  async get(
    request: Thing & { number: string },
    options: $rt.CallOptions = {},
  ): Promise<$rt.Reply<Thing>> {
    const path = `/b/things/${$rt.segment("number", request.number)}`;
    const query = new $rt.Query();
    query.add("part.id", request.part?.id);
    return this.$client.json<Thing>("GET", path, { query }, options);
  }

  /**
   * The same shape as above under another name, which OpenAPI takes for the same path.
   *
   * `PUT /b/things/{part.id}`
   */
  async put(
    request: Thing & { part: { id: string } },
    options: $rt.CallOptions = {},
  ): Promise<$rt.Reply<Thing>> {
    const path = `/b/things/${$rt.segment("part.id", request.part.id)}`;
    return this.$client.json<Thing>("PUT", path, { json: request }, options);
  }
}
