// protoc-gen-frontdesk-ts 0.1.0, from golden/compose/v1/compose.proto
/* eslint-disable */
import * as $rt from "./frontdesk-client.js";

export interface GetOldPartRequest {
  number?: string;
}

export interface GetPageRequest {
  id?: string;
}

export interface OldPart {
  number?: string;
  names?: string[];
}

export interface Page {
  first?: Part;
  owner?: Part;
  details?: Part[];
  last?: Part;
}

export interface Part {
  id?: string;
  names?: string[];
}

/** What clients of the first edition still ask. */
export class OldPartsClient {
  private readonly $client: $rt.Client;

  constructor(options: $rt.ClientOptions) {
    this.$client = new $rt.Client(options);
  }

  /**
   * `GET /old/parts/{number}`
   *
   * @deprecated Deprecated, sunset 2027-06-01.
   */
  async getOldPart(
    request: GetOldPartRequest & { number: string },
    options: $rt.CallOptions = {},
  ): Promise<$rt.Reply<OldPart>> {
    const path = `/old/parts/${$rt.segment("number", request.number)}`;
    return this.$client.json<OldPart>("GET", path, {}, options);
  }
}

/** What a page is made of. */
export class PagesClient {
  private readonly $client: $rt.Client;

  constructor(options: $rt.ClientOptions) {
    this.$client = new $rt.Client(options);
  }

  /**
   * Four steps in two stages; the longest chain is two timeouts long.
   *
   * `GET /pages/{id}`
   */
  async getPage(
    request: GetPageRequest & { id: string },
    options: $rt.CallOptions = {},
  ): Promise<$rt.Reply<Page>> {
    const path = `/pages/${$rt.segment("id", request.id)}`;
    return this.$client.json<Page>("GET", path, {}, options);
  }

  /**
   * A step without a timeout takes what is left.
   *
   * `GET /open/{id}`
   */
  async getOpen(
    request: GetPageRequest & { id: string },
    options: $rt.CallOptions = {},
  ): Promise<$rt.Reply<Page>> {
    const path = `/open/${$rt.segment("id", request.id)}`;
    return this.$client.json<Page>("GET", path, {}, options);
  }

  /**
   * Two steps that change something; the first is taken back when the second fails.
   *
   * `POST /pages`
   */
  async putPage(
    request: GetPageRequest = {},
    options: $rt.CallOptions & { idempotencyKey: string },
  ): Promise<$rt.Reply<Page>> {
    const path = `/pages`;
    return this.$client.json<Page>("POST", path, { json: request }, options);
  }
}
