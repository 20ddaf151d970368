// ByteStream: within TLS.
#include "gateway/http/byte_stream.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace frontdesk::http {
namespace {

using Outcome = Transfer::Outcome;
using tls::Session;

// A record has room for so much; less of several pieces is put together.
constexpr size_t kRecord = 16 << 10;
// Encrypted before it is sent: four records, so that a large answer needs few system calls, and a
// client that reads nothing costs little memory.
constexpr size_t kMostAhead = ByteStream::kMostUnsent / 2;

}  // namespace

bool ByteStream::SendOutput() {
  while (!session_->output().empty()) {
    const std::string_view output = session_->output();
    const Transfer sent = Result(::send(fd_, output.data(), output.size(), MSG_NOSIGNAL));
    if (sent.outcome == Outcome::kWouldBlock) return true;
    if (sent.outcome != Outcome::kBytes) return false;
    session_->Sent(sent.bytes);
  }
  return true;
}

Session::Outcome ByteStream::Handshake() {
  const Session::Outcome outcome = session_->Handshake();
  // Tickets for the next time are the end of it, and leave with the first answer.
  if (outcome != Session::Outcome::kDone && !SendOutput()) return Session::Outcome::kFailed;
  return outcome;
}

Transfer ByteStream::ReadSecure(char* into, size_t size) {
  Transfer got;
  switch (session_->Read(into, size, got.bytes)) {
    case Session::Outcome::kBytes:
      got.outcome = Outcome::kBytes;
      got.more = session_->HasInput();
      return got;
    case Session::Outcome::kAgain:
      got.outcome = Outcome::kWouldBlock;
      got.more = true;
      break;
    case Session::Outcome::kWouldBlock:
      got.outcome = Outcome::kWouldBlock;
      break;
    // A request says where it ends: what was cut is noticed by whoever reads it.
    case Session::Outcome::kEnd:
    case Session::Outcome::kCut:
      got.outcome = Outcome::kEnd;
      break;
    default:
      break;
  }
  // Answers to what is not data, and alerts.
  if (!SendOutput()) got.outcome = Outcome::kBroken;
  return got;
}

Transfer ByteStream::WriteSecure(const iovec* pieces, size_t count) {
  if (!SendOutput()) return {};
  if (unsent() > 0) return {Outcome::kWouldBlock, 0};
  std::array<char, kRecord> record;
  size_t gathered = 0;
  size_t taken = 0;
  for (size_t i = 0; i < count && taken < kMostAhead; ++i) {
    std::string_view piece(static_cast<const char*>(pieces[i].iov_base), pieces[i].iov_len);
    piece = piece.substr(0, kMostAhead - taken);
    taken += piece.size();
    if (gathered + piece.size() > kRecord || i + 1 == count) {
      // The last piece, or more than fits: whole records from where it lies.
      const size_t head = gathered > 0 ? std::min(kRecord - gathered, piece.size()) : 0;
      if (head > 0) std::memcpy(record.data() + gathered, piece.data(), head);
      if (!session_->Write({record.data(), gathered + head})) return {};
      if (!session_->Write(piece.substr(head))) return {};
      gathered = 0;
    } else if (!piece.empty()) {
      std::memcpy(record.data() + gathered, piece.data(), piece.size());
      gathered += piece.size();
    }
  }
  if (!session_->Write({record.data(), gathered}) || !SendOutput()) return {};
  if (taken == 0) return {Outcome::kWouldBlock, 0};
  return {Outcome::kBytes, taken};
}

void ByteStream::Goodbye() {
  // Behind what the socket does not take it would come too late.
  if (!session_ || fd_ < 0 || unsent() > 0) return;
  session_->Goodbye();
  SendOutput();
}

}  // namespace frontdesk::http
