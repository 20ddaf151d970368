// protoc-gen-frontdesk-ts 0.1.0, from golden/same/a/v1/a.proto
/* eslint-disable */
import * as $rt from "./frontdesk-client.js";
import type * as $no_package from "./no-package.js";
import type * as $golden_same_b_v1 from "./golden.same.b.v1.js";

export interface Thing {
  id?: string;
  part?: Thing_Part;
  other?: $golden_same_b_v1.Thing;
  otherPart?: $golden_same_b_v1.Thing_Part;
  nameless?: $no_package.Thing;
  flat?: Thing_Part_;
}

export interface Thing_Part {
  id?: string;
}

/** Flattened, Thing.Part would have this name. */
export interface Thing_Part_ {
  number?: number;
}

export class ThingsClient {
  private readonly $client: $rt.Client;

  constructor(options: $rt.ClientOptions) {
    this.$client = new $rt.Client(options);
  }

  /** `GET /a/things/{id}` */
  async get(
    request: Thing & { id: string },
    options: $rt.CallOptions = {},
  ): Promise<$rt.Reply<Thing>> {
    const path = `/a/things/${$rt.segment("id", request.id)}`;
    const query = new $rt.Query();
    query.add("part.id", request.part?.id);
    query.add("other.number", request.other?.number);
    query.add("other.part.id", request.other?.part?.id);
    query.add("otherPart.id", request.otherPart?.id);
    query.add("nameless.id", request.nameless?.id);
    query.add("flat.number", request.flat?.number);
    return this.$client.json<Thing>("GET", path, { query }, options);
  }
}
