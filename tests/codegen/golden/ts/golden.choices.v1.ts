// protoc-gen-frontdesk-ts 0.1.0, from golden/choices/v1/choices.proto
/* eslint-disable */
import * as $rt from "./frontdesk-client.js";

export interface Book {
  id?: string;
  title?: string;
}

export interface GetShelfRequest {
  id?: string;
  view?: View;
}

export interface PutShelfRequest {
  id?: string;
  titles?: string[];
  note?: string;
}

export interface Shelf {
  state?: ShownState;
  books?: Book[];
  price?: ShownPrice;
  note?: string;
}

export interface ShownPrice {
  /** 64-bit integer */
  amount?: string;
}

export type ShownState =
  | "SHOWN_NONE"
  | "SHOWN_GONE";

export type View =
  | "VIEW_BASIC"
  | "VIEW_FULL";

export class ShelvesClient {
  private readonly $client: $rt.Client;

  constructor(options: $rt.ClientOptions) {
    this.$client = new $rt.Client(options);
  }

  /**
   * Whose steps are made when they are wanted, together where the back end can.
   *
   * `GET /shelves/{id}`
   */
  async getShelf(
    request: GetShelfRequest & { id: string },
    options: $rt.CallOptions = {},
  ): Promise<$rt.Reply<Shelf>> {
    const path = `/shelves/${$rt.segment("id", request.id)}`;
    const query = new $rt.Query();
    query.add("view", request.view);
    return this.$client.json<Shelf>("GET", path, { query }, options);
  }

  /**
   * Every element that was made is taken back when a later step fails.
   *
   * `PUT /shelves/{id}`
   */
  async putShelf(
    request: PutShelfRequest & { id: string },
    options: $rt.CallOptions = {},
  ): Promise<$rt.Reply<Shelf>> {
    const path = `/shelves/${$rt.segment("id", request.id)}`;
    return this.$client.json<Shelf>("PUT", path, { json: $rt.without(request, "id") }, options);
  }
}
