// Feeds bytes to the parsers as a connection would, in pieces of any size. The memory is exactly as
// long as what has come and moves with every piece, so that a sanitizer sees a look too far.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gateway/http/body_decoder.h"
#include "gateway/http/parser.h"

namespace frontdesk::http {

struct Got {
  std::string method, target, authority, path, query, protocol, body;
  std::vector<std::pair<std::string, std::string>> headers;
  bool keep_alive = true;
  bool expects_continue = false;

  bool operator==(const Got&) const = default;
};

struct Driven {
  std::vector<Got> requests;  // whole ones
  int refused = 0;            // the HTTP status, or 0
  std::string reason;
  bool within = false;  // the bytes end inside a request
  bool closed = false;  // the last request ends the connection; what follows was not looked at

  bool operator==(const Driven&) const = default;
};

class Drive {
 public:
  explicit Drive(const ServerLimits& limits = ServerLimits())
      : limits_(limits), parser_(limits_), decoder_(limits_) {}

  void Feed(std::string_view piece) {
    if (result_.refused != 0 || result_.closed) return;
    auto grown = std::make_unique<char[]>(size_ + piece.size());
    std::copy_n(memory_.get(), size_, grown.get());
    std::copy_n(piece.data(), piece.size(), grown.get() + size_);
    memory_ = std::move(grown);
    size_ += piece.size();
    while (Step()) {
    }
  }

  Driven Finish() {
    result_.within = result_.refused == 0 && !result_.closed && (in_body_ || parser_.started());
    return std::move(result_);
  }

 private:
  void Drop(size_t bytes) {
    auto rest = std::make_unique<char[]>(size_ - bytes);
    std::copy_n(memory_.get() + bytes, size_ - bytes, rest.get());
    memory_ = std::move(rest);
    size_ -= bytes;
  }

  bool Refused(const Refusal& refusal) {
    result_.refused = refusal.http;
    result_.reason = refusal.reason;
    return false;
  }

  bool Step() { return in_body_ ? StepBody() : StepHead(); }

  bool StepHead() {
    if (size_ == 0) return false;
    const RequestParser::Progress progress = parser_.Parse(memory_.get(), size_);
    if (progress == RequestParser::Progress::kMore) return false;
    Request request;
    parser_.Fill(memory_.get(), request);
    if (progress == RequestParser::Progress::kRefused) return Refused(parser_.refusal());
    now_ = {std::string(request.method),
            std::string(request.target),
            std::string(request.authority),
            std::string(request.path),
            std::string(request.query),
            std::string(request.protocol),
            "",
            {},
            parser_.keep_alive(),
            parser_.expects_continue()};
    for (const Header& field : request.headers.fields()) {
      now_.headers.emplace_back(field.name, field.value);
    }
    Drop(parser_.consumed());
    decoder_.Start(parser_.framing(), parser_.content_length());
    in_body_ = true;
    return true;
  }

  bool StepBody() {
    if (!decoder_.done()) {
      const BodyDecoder::Step step = decoder_.Next(memory_.get(), size_);
      now_.body.append(step.piece);
      Drop(step.consumed);
      if (step.refusal) return Refused(*step.refusal);
      if (!decoder_.done()) return !step.piece.empty();
    }
    in_body_ = false;
    result_.closed = !now_.keep_alive;
    result_.requests.push_back(std::move(now_));
    parser_.Reset();
    return !result_.closed;
  }

  const ServerLimits limits_;
  RequestParser parser_;
  BodyDecoder decoder_;
  std::unique_ptr<char[]> memory_ = std::make_unique<char[]>(0);
  size_t size_ = 0;
  bool in_body_ = false;
  Got now_;
  Driven result_;
};

inline Driven DriveInPieces(std::string_view bytes, const std::function<size_t()>& next_size,
                            const ServerLimits& limits = ServerLimits()) {
  Drive drive(limits);
  while (!bytes.empty()) {
    const std::string_view piece = bytes.substr(0, next_size());
    drive.Feed(piece);
    bytes.remove_prefix(piece.size());
  }
  return drive.Finish();
}

// Named ways of cutting the same bytes; a verdict must not depend on them.
inline std::vector<std::pair<std::string, Driven>> DriveEveryWay(
    std::string_view bytes, const ServerLimits& limits = ServerLimits()) {
  std::vector<std::pair<std::string, Driven>> all;
  all.emplace_back("whole", DriveInPieces(
                                bytes, [&] { return bytes.size(); }, limits));
  // Copying everything for every byte is quadratic: long inputs are cut a little coarser.
  const size_t small = 1 + bytes.size() / 4096;
  all.emplace_back("byte by byte", DriveInPieces(
                                       bytes, [&] { return small; }, limits));
  for (uint32_t seed = 1; seed <= 5; ++seed) {
    std::mt19937 random(seed);
    const auto size = [&] { return size_t{1} + random() % (7 * seed * small); };
    all.emplace_back("random " + std::to_string(seed), DriveInPieces(bytes, size, limits));
  }
  return all;
}

}  // namespace frontdesk::http
