// Writes the pieces of JSON text.
#pragma once

#include <charconv>
#include <cmath>

#include "gateway/transcode/base64.h"
#include "gateway/transcode/buffer.h"
#include "gateway/transcode/number.h"

namespace frontdesk::transcode {

class JsonWriter : public Buffer {
 public:
  using Buffer::Buffer;

  // A quoted string. False, with something half written, when `text` is not UTF-8. Beyond what JSON
  // demands it escapes what protobuf's own JSON does: '<', '>' and characters that are invisible or
  // that change direction, so that the text is harmless inside HTML and JavaScript.
  bool String(std::string_view text);

  template <class Number>
  void Integer(Number value) {
    Advance(std::to_chars(Reserve(24), Reserve(24) + 24, value).ptr);
  }
  // ProtoJSON: 64-bit integers are strings.
  template <class Number>
  void QuotedInteger(Number value) {
    Char('"');
    Integer(value);
    Char('"');
  }
  void Double(double value) {
    if (!NotFinite(value)) Advance(WriteDouble(Reserve(kMaxNumberText), value));
  }
  void Float(float value) {
    if (!NotFinite(value)) Advance(WriteFloat(Reserve(kMaxNumberText), value));
  }
  void Bytes(std::string_view bytes) {
    char* p = Reserve(Base64Size(bytes.size()) + 2);
    *p++ = '"';
    p = EncodeBase64(bytes, p);
    *p++ = '"';
    Advance(p);
  }

 private:
  bool NotFinite(double value);
};

}  // namespace frontdesk::transcode
