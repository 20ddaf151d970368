// protoc-gen-frontdesk-ts 0.1.0, from golden/same/none.proto
/* eslint-disable */
import * as $rt from "./frontdesk-client.js";

export interface Thing {
  id?: string;
}

export class ThingsClient {
  private readonly $client: $rt.Client;

  constructor(options: $rt.ClientOptions) {
    this.$client = new $rt.Client(options);
  }

  /** `GET /things/{id}` */
  async get(
    request: Thing & { id: string },
    options: $rt.CallOptions = {},
  ): Promise<$rt.Reply<Thing>> {
    const path = `/things/${$rt.segment("id", request.id)}`;
    return this.$client.json<Thing>("GET", path, {}, options);
  }
}
