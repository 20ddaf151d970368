// protoc-gen-frontdesk-ts 0.1.0, from google/api/httpbody.proto
/* eslint-disable */
import type * as $rt from "./frontdesk-client.js";

export interface HttpBody {
  contentType?: string;
  /** base64 */
  data?: string;
  extensions?: $rt.Any[];
}
