#include "gateway/upstream/typed_call.h"

#include "gateway/base/failure.h"
#include "gateway/base/text.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"

namespace frontdesk::upstream {

void AppendTo(std::string& out, const google::protobuf::MessageLite& message) {
  const size_t before = out.size();
  const size_t size = message.ByteSizeLong();
  out.resize(before + size);
  auto* const begin = reinterpret_cast<uint8_t*>(out.data() + before);
  google::protobuf::io::ArrayOutputStream stream(begin, static_cast<int>(size));
  google::protobuf::io::CodedOutputStream coded(&stream);
  coded.SetSerializationDeterministic(true);
  message.SerializeWithCachedSizes(&coded);
}

std::string Serialise(const google::protobuf::MessageLite& message) {
  std::string out;
  AppendTo(out, message);
  return out;
}

absl::Status NotAMessage(const contract::MethodName& method, const std::string& type) {
  return Failure(absl::StatusCode::kInternal, "UPSTREAM_PROTOCOL",
                 Cat("the reply of ", method.full_name, " is not a message of type ", type),
                 Origin::kUpstream)
      .Http(502);
}

}  // namespace frontdesk::upstream
