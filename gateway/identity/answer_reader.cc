#include "gateway/identity/answer_reader.h"

#include <algorithm>
#include <charconv>

#include "gateway/base/text.h"
#include "gateway/http/chars.h"

namespace frontdesk::identity {
namespace {

constexpr std::string_view kNewLine = "\r\n";

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// A field's name, in any case.
bool IsName(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return IsDigit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_' ||
           c == '.';
  });
}

// A whole number and nothing else.
bool ReadNumber(std::string_view text, int base, uint64_t& number) {
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number, base);
  return error == std::errc() && rest == end;
}

}  // namespace

bool AnswerReader::Fail(std::string_view why) {
  error_ = why;
  return false;
}

bool AnswerReader::FailTooLarge() {
  too_large_ = true;
  return Fail(Cat("sent more than ", most_, " bytes"));
}

bool AnswerReader::Feed(std::string_view bytes) {
  if (done() || !error_.empty()) return false;
  rest_.append(bytes);
  if (part_ == Part::kHead && !ReadHead()) return false;
  while (error_.empty()) {
    std::string_view line;
    switch (part_) {
      case Part::kHead:
        return true;
      case Part::kUntilEnd:
        return TakeBody(rest_.size() - read_);
      case Part::kLength:
      case Part::kChunk:
        if (!TakeBody(std::min<uint64_t>(left_, rest_.size() - read_))) return false;
        if (left_ > 0) return true;
        part_ = part_ == Part::kLength ? Part::kDone : Part::kChunkEnd;
        break;
      case Part::kChunkSize:
        if (!TakeLine(line)) return error_.empty();
        if (!ReadChunkSize(line)) return Fail("sent a chunk without a size");
        break;
      case Part::kChunkEnd:
        if (!TakeLine(line)) return error_.empty();
        if (!line.empty()) return Fail("sent a chunk that is longer than it said");
        part_ = Part::kChunkSize;
        break;
      case Part::kTrailer:
        if (!TakeLine(line)) return error_.empty();
        if (line.empty()) part_ = Part::kDone;
        break;
      case Part::kDone:
        return false;
    }
  }
  return false;
}

void AnswerReader::End(bool cleanly) {
  if (done() || !error_.empty()) return;
  if (part_ == Part::kUntilEnd && cleanly) {
    part_ = Part::kDone;
  } else {
    Fail("ended in the middle of its answer");
  }
}

bool AnswerReader::ReadHead() {
  const size_t end = rest_.find("\r\n\r\n");
  // What may be the beginning of its end does not count.
  const size_t size =
      end == std::string::npos ? rest_.size() - std::min<size_t>(3, rest_.size()) : end;
  if (size > kMostHead) return Fail("sent too long a head");
  if (end == std::string::npos) return true;
  const std::string_view head = std::string_view(rest_).substr(0, end);
  size_t at = std::min(head.find(kNewLine), head.size());
  if (!ReadStatusLine(head.substr(0, at))) return Fail("sent no HTTP");
  while (at < head.size()) {
    at += kNewLine.size();
    const size_t next = std::min(head.find(kNewLine, at), head.size());
    if (!ReadField(head.substr(at, next - at))) return Fail("sent fields that can't be read");
    at = next;
  }
  read_ = end + 4;
  if (chunked_ && has_length_) return Fail("sent a body of two lengths");
  part_ = status_ != 200 && status_ != 400 ? Part::kDone
          : chunked_                       ? Part::kChunkSize
          : has_length_                    ? Part::kLength
                                           : Part::kUntilEnd;
  if (has_length_ && part_ != Part::kDone && left_ > most_) return FailTooLarge();
  return part_ != Part::kDone;
}

// "HTTP/1.1 200 OK"
bool AnswerReader::ReadStatusLine(std::string_view line) {
  if (!line.starts_with("HTTP/1.1 ") && !line.starts_with("HTTP/1.0 ")) return false;
  line.remove_prefix(9);
  if (line.size() < 3 || (line.size() > 3 && line[3] != ' ')) return false;
  if (!std::all_of(line.begin(), line.begin() + 3, IsDigit)) return false;
  status_ = (line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0');
  return status_ >= 100;
}

bool AnswerReader::ReadField(std::string_view line) {
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos || !IsName(line.substr(0, colon))) return false;
  const std::string_view name = line.substr(0, colon);
  const std::string_view value = http::Trim(line.substr(colon + 1));
  if (http::EqualsLower(name, "content-length")) {
    if (has_length_ || value.empty() || !IsDigit(value[0])) return false;
    has_length_ = true;
    return ReadNumber(value, 10, left_);
  }
  if (http::EqualsLower(name, "transfer-encoding")) {
    if (chunked_ || !http::EqualsLower(value, "chunked")) return false;
    chunked_ = true;
  }
  // None was asked for.
  return !http::EqualsLower(name, "content-encoding") || http::EqualsLower(value, "identity");
}

bool AnswerReader::ReadChunkSize(std::string_view line) {
  line = http::Trim(line.substr(0, line.find(';')));
  if (line.empty() || line[0] == '-' || !ReadNumber(line, 16, left_)) return false;
  part_ = left_ == 0 ? Part::kTrailer : Part::kChunk;
  return true;
}

bool AnswerReader::TakeLine(std::string_view& line) {
  const size_t end = rest_.find(kNewLine, read_);
  const size_t size = (end == std::string::npos ? rest_.size() : end) - read_;
  const size_t cut = end == std::string::npos ? 1 : 0;  // it may be half of the line's end
  if (around_ + size > kMostHead + cut) return Fail("sent too much that is no body");
  if (end == std::string::npos) return false;
  line = std::string_view(rest_).substr(read_, size);
  around_ += size + kNewLine.size();
  read_ = end + kNewLine.size();
  return true;
}

bool AnswerReader::TakeBody(size_t most) {
  const std::string_view piece = std::string_view(rest_).substr(read_, most);
  if (piece.size() > most_ - body_.size()) return FailTooLarge();
  body_.append(piece);
  left_ -= std::min<uint64_t>(left_, piece.size());
  read_ += piece.size();
  if (read_ == rest_.size()) {
    rest_.clear();
    read_ = 0;
  }
  return true;
}

}  // namespace frontdesk::identity
