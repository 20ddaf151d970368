#include "gateway/upstream/h2_request.h"

#include <cstdint>
#include <cstring>

#include "gateway/upstream/grpc_wire.h"

namespace frontdesk::upstream {
namespace {

nghttp2_nv Field(std::string_view name, std::string_view value, int flags) {
  nghttp2_nv field;
  // nghttp2 only reads through these pointers.
  field.name = reinterpret_cast<uint8_t*>(const_cast<char*>(name.data()));
  field.value = reinterpret_cast<uint8_t*>(const_cast<char*>(value.data()));
  field.namelen = name.size();
  field.valuelen = value.size();
  field.flags = static_cast<uint8_t>(flags);
  return field;
}

constexpr size_t kConstants = 7;  // fields that are the same for every call, but for the path

std::string_view Take(std::string_view& block) {
  uint32_t size;
  std::memcpy(&size, block.data(), sizeof size);
  const std::string_view piece = block.substr(sizeof size, size);
  block.remove_prefix(sizeof size + size);
  return piece;
}

// Sent with most calls, by a name that is worth a place in the table, and no secret: a value in the
// table can be guessed by who may send others and sees how long the blocks are.
bool IsPublicName(std::string_view name) { return name == "x-request-id" || name == "traceparent"; }

}  // namespace

H2Request::H2Request(const CallSpec& spec) {
  size_t size = 4 + spec.path.size();
  if (spec.metadata) {
    for (const auto& [name, value] : *spec.metadata) size += 8 + name.size() + 2 * value.size();
  }
  const std::string_view key = spec.idempotency_key;
  if (!key.empty()) size += 8 + kIdempotencyKey.size() + key.size();
  if (spec.previous_attempts > 0) size += 8 + kPreviousAttempts.size() + 10;
  block_.reserve(size);
  Append(spec.path);
  if (spec.previous_attempts > 0) {
    Append(kPreviousAttempts);
    Append(std::to_string(spec.previous_attempts));
  }
  if (!key.empty()) {
    Append(kIdempotencyKey);
    Append(key);
  }
  if (!spec.metadata) return;
  for (const auto& [name, value] : *spec.metadata) {
    if (!spec.Sends(name) || !IsSendableMetadata(name, value)) continue;
    Append(name);
    if (std::string_view(name).ends_with("-bin")) {
      Append(Base64Encode(value));
    } else {
      Append(value);
    }
  }
}

void H2Request::Append(std::string_view text) {
  const auto size = static_cast<uint32_t>(text.size());
  block_.append(reinterpret_cast<const char*>(&size), sizeof size);
  block_.append(text);
}

void H2Request::Fill(std::string_view scheme, std::string_view authority,
                     std::string_view user_agent, std::string_view timeout,
                     const Remember& remember, std::vector<nghttp2_nv>& fields) const {
  constexpr int kConstant = NGHTTP2_NV_FLAG_NO_COPY_NAME | NGHTTP2_NV_FLAG_NO_COPY_VALUE;
  // What differs from call to call would only push useful entries out of the compression table.
  const auto changing = [](bool remembered) { return remembered ? 0 : NGHTTP2_NV_FLAG_NO_INDEX; };
  std::string_view rest = block_;
  if (fields.empty()) {
    fields = {Field(":path", {}, kConstant),
              Field(":method", "POST", kConstant),
              Field(":scheme", scheme, NGHTTP2_NV_FLAG_NO_COPY_NAME),
              Field(":authority", authority, NGHTTP2_NV_FLAG_NO_COPY_NAME),
              Field("content-type", "application/grpc", kConstant),
              Field("te", "trailers", kConstant),
              Field("user-agent", user_agent, NGHTTP2_NV_FLAG_NO_COPY_NAME)};
  }
  fields.resize(kConstants);
  fields.front() = Field(":path", Take(rest), NGHTTP2_NV_FLAG_NO_COPY_NAME);
  if (!timeout.empty()) {
    fields.push_back(
        Field("grpc-timeout", timeout, NGHTTP2_NV_FLAG_NO_COPY_NAME | changing(remember.timeout)));
  }
  while (!rest.empty()) {
    const std::string_view name = Take(rest);
    const std::string_view value = Take(rest);
    fields.push_back(Field(name, value, changing(remember.names && IsPublicName(name))));
  }
}

}  // namespace frontdesk::upstream
