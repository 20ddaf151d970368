#include "gateway/tls/ticket_keys.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include <algorithm>
#include <stdexcept>

namespace frontdesk::tls {
namespace {

template <size_t N>
void Fill(std::array<uint8_t, N>& bytes) {
  if (RAND_bytes(bytes.data(), N) != 1) throw std::runtime_error("no random bytes to be had");
}

}  // namespace

void TicketKeys::Rotate() {
  const TimePoint now = now_();
  const auto is_old = [&](const Aged& aged) { return now - aged.made >= kPeriod + kLifetime; };
  for (Aged& aged : keys_) {
    if (is_old(aged)) OPENSSL_cleanse(&aged.key, sizeof aged.key);
  }
  std::erase_if(keys_, is_old);
  if (!keys_.empty() && now - keys_.back().made < kPeriod) return;
  Aged fresh{{}, now};
  Fill(fresh.key.name);
  Fill(fresh.key.cipher);
  Fill(fresh.key.mac);
  keys_.push_back(fresh);
}

TicketKey TicketKeys::Current() {
  const MutexLock lock(mutex_);
  Rotate();
  return keys_.back().key;
}

std::optional<TicketKeys::Found> TicketKeys::Find(const uint8_t* name) {
  const MutexLock lock(mutex_);
  Rotate();
  for (const Aged& aged : keys_) {
    if (!std::equal(aged.key.name.begin(), aged.key.name.end(), name)) continue;
    return Found{aged.key, &aged == &keys_.back()};
  }
  return std::nullopt;
}

}  // namespace frontdesk::tls
