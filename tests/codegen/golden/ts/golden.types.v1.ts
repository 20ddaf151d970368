// protoc-gen-frontdesk-ts 0.1.0, from golden/types/v1/types.proto
/* eslint-disable */
import * as $rt from "./frontdesk-client.js";

/** Contains itself by way of another. */
export interface Chain {
  tree?: Tree;
  name?: string;
}

/** Contains itself by way of another. */
export interface Chain$protoNames$enumNumbers$defaults {
  tree?: Tree$protoNames$enumNumbers$defaults;
  name: string;
}

export type Colour =
  | "COLOUR_UNSPECIFIED"
  /** Like blood. */
  | "RED"
  | "CRIMSON"
  /** @deprecated */
  | "BLUE";

/** Nothing at all, and not google.protobuf.Empty. */
export interface Empty {
}

/** One field of every type. */
export type Everything = {
  aDouble?: $rt.Real;
  aFloat?: $rt.Real;
  /** 64-bit integer */
  anInt64?: string;
  /** 64-bit integer */
  aUint64?: string;
  anInt32?: number;
  /** 64-bit integer */
  aFixed64?: string;
  aFixed32?: number;
  aBool?: boolean;
  aString?: string;
  /** base64 */
  someBytes?: string;
  aUint32?: number;
  colour?: Colour;
  anSfixed32?: number;
  /** 64-bit integer */
  anSfixed64?: string;
  anSint32?: number;
  /** 64-bit integer */
  anSint64?: string;
  /** Absent or there. */
  maybe?: string;
  /** 64-bit integer */
  many?: string[];
  colours?: Colour[];
  counts?: { [key: string]: string };
  chains?: { [key: string]: Chain };
  coloursByNumber?: { [key: string]: Colour };
  any?: $rt.Any;
  /** RFC 3339 */
  time?: string;
  /** seconds, such as "1.5s" */
  duration?: string;
  /** field paths, separated by commas */
  mask?: string;
  struct?: $rt.Struct;
  value?: $rt.JsonValue;
  list?: $rt.JsonValue[];
  nothing?: $rt.Empty;
  null?: null;
  doubleValue?: $rt.Real;
  /** 64-bit integer */
  int64Value?: string;
  uint32Value?: number;
  boolValue?: boolean;
  stringValue?: string;
  /** base64 */
  bytesValue?: string;
  /**
   * Use `a_string`.
   *
   * @deprecated
   */
  old?: string;
  oldMessage?: Old;
} &
  /** What it is made of. */
  $rt.OneOf<{
    /** Wood, by name. */
    wood: string;
    /** 64-bit integer */
    metal: string;
    plant: Tree;
  }> &
  $rt.OneOf<{
    yes: boolean;
    no: boolean;
  }>;

/** One field of every type. */
export type Everything$protoNames$enumNumbers$defaults = {
  a_double: $rt.Real;
  a_float: $rt.Real;
  /** 64-bit integer */
  an_int64: string;
  /** 64-bit integer */
  a_uint64: string;
  an_int32: number;
  /** 64-bit integer */
  a_fixed64: string;
  a_fixed32: number;
  a_bool: boolean;
  a_string: string;
  /** base64 */
  some_bytes: string;
  a_uint32: number;
  colour: number;
  an_sfixed32: number;
  /** 64-bit integer */
  an_sfixed64: string;
  an_sint32: number;
  /** 64-bit integer */
  an_sint64: string;
  /** Absent or there. */
  maybe?: string;
  /** 64-bit integer */
  many: string[];
  colours: number[];
  counts: { [key: string]: string };
  chains: { [key: string]: Chain$protoNames$enumNumbers$defaults };
  colours_by_number: { [key: string]: number };
  any?: $rt.Any;
  /** RFC 3339 */
  time?: string;
  /** seconds, such as "1.5s" */
  duration?: string;
  /** field paths, separated by commas */
  mask?: string;
  struct?: $rt.Struct;
  value?: $rt.JsonValue;
  list?: $rt.JsonValue[];
  nothing?: $rt.Empty;
  null: null;
  double_value?: $rt.Real;
  /** 64-bit integer */
  int64_value?: string;
  uint32_value?: number;
  bool_value?: boolean;
  string_value?: string;
  /** base64 */
  bytes_value?: string;
  /**
   * Use `a_string`.
   *
   * @deprecated
   */
  old: string;
  old_message?: Old$protoNames$enumNumbers$defaults;
} &
  /** What it is made of. */
  $rt.OneOf<{
    /** Wood, by name. */
    wood: string;
    /** 64-bit integer */
    metal: string;
    plant: Tree$protoNames$enumNumbers$defaults;
  }> &
  $rt.OneOf<{
    yes: boolean;
    no: boolean;
  }>;

export interface Mine {
  note?: string;
}

export interface Mine$full {
  /** Who is calling. */
  userId?: string;
  note?: string;
}

/** @deprecated */
export interface Old {
  text?: string;
}

/** @deprecated */
export interface Old$protoNames$enumNumbers$defaults {
  text: string;
}

export interface Promise_ {
  tree?: Tree;
}

/** Contains itself. */
export interface Tree {
  left?: Tree;
  right?: Tree;
  others?: Tree[];
  named?: { [key: string]: Tree };
  chain?: Chain;
}

/** Contains itself. */
export interface Tree$protoNames$enumNumbers$defaults {
  left?: Tree$protoNames$enumNumbers$defaults;
  right?: Tree$protoNames$enumNumbers$defaults;
  others: Tree$protoNames$enumNumbers$defaults[];
  named: { [key: string]: Tree$protoNames$enumNumbers$defaults };
  chain?: Chain$protoNames$enumNumbers$defaults;
}

/** The name is a word of TypeScript. */
export interface delete_ {
  class?: string;
  "default-value"?: string;
  "quo\"te"?: number;
  "__proto__"?: string;
}

export class TypesClient {
  private readonly $client: $rt.Client;

  constructor(options: $rt.ClientOptions) {
    this.$client = new $rt.Client(options);
  }

  /** `POST /types` */
  async put(
    request: Everything = {},
    options: $rt.CallOptions = {},
  ): Promise<$rt.Reply<Everything>> {
    const path = `/types`;
    return this.$client.json<Everything>("POST", path, { json: request }, options);
  }

  /**
   * With everything as query parameters.
   *
   * `GET /types`
   */
  async find(
    request: Everything = {},
    options: $rt.CallOptions = {},
  ): Promise<$rt.Reply<Empty>> {
    const path = `/types`;
    const query = new $rt.Query();
    query.add("aDouble", request.aDouble);
    query.add("aFloat", request.aFloat);
    query.add("anInt64", request.anInt64);
    query.add("aUint64", request.aUint64);
    query.add("anInt32", request.anInt32);
    query.add("aFixed64", request.aFixed64);
    query.add("aFixed32", request.aFixed32);
    query.add("aBool", request.aBool);
    query.add("aString", request.aString);
    query.add("someBytes", request.someBytes);
    query.add("aUint32", request.aUint32);
    query.add("colour", request.colour);
    query.add("anSfixed32", request.anSfixed32);
    query.add("anSfixed64", request.anSfixed64);
    query.add("anSint32", request.anSint32);
    query.add("anSint64", request.anSint64);
    query.add("maybe", request.maybe);
    query.add("many", request.many);
    query.add("colours", request.colours);
    query.map("counts", request.counts);
    query.refuse("chains", request.chains);
    query.map("coloursByNumber", request.coloursByNumber);
    query.add("wood", request.wood);
    query.add("metal", request.metal);
    query.refuse("plant.left", request.plant?.left);
    query.refuse("plant.right", request.plant?.right);
    query.refuse("plant.others", request.plant?.others);
    query.refuse("plant.named", request.plant?.named);
    query.refuse("plant.chain.tree", request.plant?.chain?.tree);
    query.add("plant.chain.name", request.plant?.chain?.name);
    query.add("yes", request.yes);
    query.add("no", request.no);
    query.refuse("any", request.any);
    query.add("time", request.time);
    query.add("duration", request.duration);
    query.add("mask", request.mask);
    query.json("struct", request.struct);
    query.json("value", request.value);
    query.json("list", request.list);
    query.refuse("nothing", request.nothing);
    query.add("null", request.null);
    query.add("doubleValue", request.doubleValue);
    query.add("int64Value", request.int64Value);
    query.add("uint32Value", request.uint32Value);
    query.add("boolValue", request.boolValue);
    query.add("stringValue", request.stringValue);
    query.add("bytesValue", request.bytesValue);
    query.add("old", request.old);
    query.add("oldMessage.text", request.oldMessage?.text);
    return this.$client.json<Empty>("GET", path, { query }, options);
  }

  /**
   * Names as in this file, enums as numbers, and defaults.
   *
   * `GET /types/raw`
   */
  async raw(
    request: Mine = {},
    options: $rt.CallOptions = {},
  ): Promise<$rt.Reply<Everything$protoNames$enumNumbers$defaults>> {
    const path = `/types/raw`;
    const query = new $rt.Query();
    query.add("note", request.note);
    return this.$client.json<Everything$protoNames$enumNumbers$defaults>("GET", path, { query }, options);
  }

  /** `POST /types/own` */
  async own(
    request: Mine = {},
    options: $rt.CallOptions = {},
  ): Promise<$rt.Reply<Mine$full>> {
    const path = `/types/own`;
    return this.$client.json<Mine$full>("POST", path, { json: request }, options);
  }

  /**
   * Ends a comment: *\/ and begins one: /* <script> | `code <b>` ${name}
   *
   * `GET /types/delete`
   */
  async constructor_(
    _request: Empty = {},
    options: $rt.CallOptions = {},
  ): Promise<$rt.Reply<delete_>> {
    const path = `/types/delete`;
    return this.$client.json<delete_>("GET", path, {}, options);
  }

  /** `GET /types/promise` */
  async constructor__(
    _request: Empty = {},
    options: $rt.CallOptions = {},
  ): Promise<$rt.Reply<Promise_>> {
    const path = `/types/promise`;
    return this.$client.json<Promise_>("GET", path, {}, options);
  }
}
