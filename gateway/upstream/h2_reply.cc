#include "gateway/upstream/h2_reply.h"

#include <charconv>
#include <utility>

#include "gateway/base/text.h"
#include "gateway/upstream/grpc_wire.h"
#include "gateway/upstream/pushback.h"

namespace frontdesk::upstream {
namespace {

using absl::StatusCode;

// Digits only; anything else is no number.
std::optional<int> Number(std::string_view text) {
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || text[0] == '-') {
    return std::nullopt;
  }
  return number;
}

}  // namespace

void H2Reply::BeginFields() {
  field_bytes_ = 0;
  // What came before, informational answers or headers that nobody took, is not this block's.
  metadata_.clear();
  status_.reset();
  status_message_.clear();
  status_details_.clear();
  pushback_.reset();
}

void H2Reply::OnField(std::string_view name, std::string_view value) {
  field_bytes_ += name.size() + value.size() + 32;
  if (field_bytes_ > kMaxHeaderBytes) return;
  if (name[0] == ':') {
    if (name == ":status") http_status_ = Number(value).value_or(0);
    return;
  }
  if (name == "content-type") {
    has_content_type_ = true;
    is_grpc_ = IsGrpcContentType(value);
    return;
  }
  if (!name.starts_with("grpc-")) {
    AddReceivedMetadata(name, value, metadata_);
    return;
  }
  // A status that is not a number counts as UNKNOWN, as the protocol asks.
  if (name == "grpc-status") status_ = Number(value).value_or(2);
  if (name == "grpc-message") status_message_ = value;
  if (name == "grpc-status-details-bin") status_details_ = value;
  // Two of them are one that can't be understood.
  if (name == kRetryPushback)
    pushback_ = pushback_ ? Cat(*pushback_, ",", value) : std::string(value);
  if (name == "grpc-encoding") is_encoded_ = value != "identity";
}

absl::Status H2Reply::EndFields(bool last) {
  if (field_bytes_ > kMaxHeaderBytes) {
    return ProtocolError(StatusCode::kResourceExhausted, "header fields above 64 KiB");
  }
  if (stage_ == Stage::kNothing) {
    if (http_status_ >= 100 && http_status_ < 200) return absl::OkStatus();  // informational
    return JudgeHead(last);
  }
  if (!last) return ProtocolError(StatusCode::kInternal, "header fields between messages");
  stage_ = Stage::kTrailers;
  return absl::OkStatus();
}

absl::Status H2Reply::JudgeHead(bool last) {
  stage_ = last ? Stage::kTrailers : Stage::kBody;
  // A trailers-only answer needs no content type; a wrong one shows that it is not gRPC's.
  const bool trailers_only = last && status_.has_value() && !has_content_type_;
  if (!is_grpc_ && !trailers_only) return NotGrpc();
  if (http_status_ != 200 && !status_.has_value()) return NotGrpc();
  headers_ready_ = !last;
  return absl::OkStatus();
}

absl::Status H2Reply::NotGrpc() const {
  const StatusCode code = CodeOfHttpStatus(http_status_);
  Failure failure =
      ProtocolError(code, Cat("an answer that is not gRPC, HTTP status ", http_status_));
  // Somebody on the way, or the back end's own server, says that it can't be reached now.
  if (code == StatusCode::kUnavailable) failure.Http(503);
  return failure;
}

std::optional<Metadata> H2Reply::TakeHeaders() {
  if (!std::exchange(headers_ready_, false)) return std::nullopt;
  return std::exchange(metadata_, {});
}

absl::Status H2Reply::NextMessage(std::string_view& data, std::string& message, bool& complete) {
  complete = false;
  if (stage_ != Stage::kBody) return ProtocolError(StatusCode::kInternal, "data before headers");
  switch (reader_.Next(data, message)) {
    case MessageReader::Step::kNeedMore:
      return absl::OkStatus();
    case MessageReader::Step::kMessage:
      complete = true;
      return absl::OkStatus();
    case MessageReader::Step::kCompressed:
      return ProtocolError(StatusCode::kInternal,
                           is_encoded_ ? "a compressed message, though no encoding was offered"
                                       : "a compressed message without grpc-encoding");
    case MessageReader::Step::kBadFlag:
      return ProtocolError(StatusCode::kInternal, "a message prefix with unknown flags");
    case MessageReader::Step::kTooLarge:
      return MessageTooLarge(reader_.claimed(), reader_.max_bytes());
  }
  return absl::OkStatus();
}

absl::Status H2Reply::Finish() {
  if (!status_) {
    return ProtocolError(StatusCode::kUnknown, "the answer ended without grpc-status");
  }
  if (*status_ == 0 && !reader_.at_boundary()) {
    return ProtocolError(StatusCode::kInternal, "the answer ended inside a message");
  }
  if (*status_ == 0) return absl::OkStatus();
  absl::Status status = BackendStatus(*status_, PercentDecode(status_message_),
                                      Base64Decode(status_details_).value_or(""));
  if (pushback_) SetPushback(status, *pushback_);
  return status;
}

}  // namespace frontdesk::upstream
