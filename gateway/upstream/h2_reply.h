// Reading the answer of one call: header fields and message bytes in, a judgement out. Knows
// neither nghttp2 nor connections.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "gateway/upstream/call_context.h"
#include "gateway/upstream/message_reader.h"

namespace frontdesk::upstream {

class H2Reply {
 public:
  // Of all header fields of one block together, as HTTP/2 counts them.
  static constexpr size_t kMaxHeaderBytes = 64 << 10;

  explicit H2Reply(size_t max_message_bytes) : reader_(max_message_bytes) {}

  // A block of header fields begins, its fields follow, it ends; `last` when the answer ends too.
  void BeginFields();
  void OnField(std::string_view name, std::string_view value);
  // Not OK: the answer can't be used, and the call ends with this.
  absl::Status EndFields(bool last);

  // The answer's own headers, once; nothing before they came, for a trailers-only answer, and when
  // they were taken already.
  std::optional<Metadata> TakeHeaders();
  // True once anything of the final answer came.
  bool started() const { return stage_ != Stage::kNothing; }

  // The next message out of `data`: true if there is one. Not OK as above.
  absl::Status NextMessage(std::string_view& data, std::string& message, bool& complete);

  // The answer ended: its status, and its trailers.
  absl::Status Finish();
  Metadata TakeTrailers() { return std::move(metadata_); }

 private:
  enum class Stage { kNothing, kBody, kTrailers };

  absl::Status JudgeHead(bool last);
  absl::Status NotGrpc() const;

  Stage stage_ = Stage::kNothing;
  int http_status_ = 0;
  size_t field_bytes_ = 0;
  bool has_content_type_ = false;
  bool is_grpc_ = false;
  bool is_encoded_ = false;
  bool headers_ready_ = false;
  std::optional<int> status_;
  std::string status_message_;
  std::string status_details_;
  std::optional<std::string> pushback_;
  Metadata metadata_;
  MessageReader reader_;
};

}  // namespace frontdesk::upstream
