// Reads the answer to one HTTP/1.1 request (RFC 9112) of a server that may mean ill: strict, and
// bounded in all that it keeps.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace frontdesk::identity {

class AnswerReader {
 public:
  // Of status line and fields together, and of what stands around a body's chunks.
  static constexpr size_t kMostHead = 16 << 10;

  // `most` is of the body, in bytes.
  explicit AnswerReader(size_t most) : most_(most) {}

  // What came next from the server. False when nothing more is needed: done(), or error() says why
  // it can't be read.
  bool Feed(std::string_view bytes);
  // The server's last byte has come. `cleanly`: it said so, and nothing was cut off.
  void End(bool cleanly);

  bool done() const { return part_ == Part::kDone; }
  // "" while nothing is wrong.
  const std::string& error() const { return error_; }
  int status() const { return status_; }
  // error() is that the body is larger than it may be.
  bool too_large() const { return too_large_; }
  // Of an answer 200 or 400; the body of any other one is not read.
  std::string TakeBody() { return std::move(body_); }

 private:
  enum class Part { kHead, kLength, kUntilEnd, kChunkSize, kChunk, kChunkEnd, kTrailer, kDone };

  bool Fail(std::string_view why);
  bool FailTooLarge();
  bool ReadHead();
  bool ReadStatusLine(std::string_view line);
  bool ReadField(std::string_view line);
  bool ReadChunkSize(std::string_view line);
  // Takes a line from rest_; false when none is there yet, or none may be that long.
  bool TakeLine(std::string_view& line);
  bool TakeBody(size_t most);

  const size_t most_;
  Part part_ = Part::kHead;
  std::string rest_;   // what has come and is not read yet
  size_t read_ = 0;    // of it
  size_t around_ = 0;  // bytes of lines around chunks
  int status_ = 0;
  bool chunked_ = false, has_length_ = false, too_large_ = false;
  uint64_t left_ = 0;  // of the body, or of a chunk
  std::string body_;
  std::string error_;
};

}  // namespace frontdesk::identity
