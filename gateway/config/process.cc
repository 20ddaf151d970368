#include "gateway/config/process.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <string>
#include <system_error>
#include <thread>

#include "gateway/base/text.h"
#include "gateway/config/auth.h"
#include "gateway/config/headers.h"
#include "gateway/config/host_port.h"
#include "gateway/config/limits.h"
#include "gateway/config/protection.h"
#include "gateway/config/tls.h"
#include "gateway/contract/to_call_policy.h"

namespace frontdesk::config {
namespace {

http::ServerLimits ToLimits(const v1::Config::Limits& from) {
  http::ServerLimits limits;
  if (from.has_header_bytes()) limits.header_bytes = from.header_bytes();
  if (from.has_header_fields()) limits.header_fields = from.header_fields();
  if (from.has_target_bytes()) limits.target_bytes = from.target_bytes();
  if (from.has_body_bytes()) limits.body_bytes = from.body_bytes();
  if (from.has_body_rate()) limits.body_rate = from.body_rate();
  if (from.has_connections()) limits.connections = from.connections();
  limits.header_timeout = contract::ToDuration(from.header_timeout(), limits.header_timeout);
  limits.idle_timeout = contract::ToDuration(from.idle_timeout(), limits.idle_timeout);
  limits.send_timeout = contract::ToDuration(from.send_timeout(), limits.send_timeout);
  return limits;
}

void ToBounds(const v1::Config& config, Snapshot& snapshot) {
  snapshot.limits = ToLimits(config.limits());
  if (config.limits().has_idempotency_entries()) {
    snapshot.idempotency.entries = config.limits().idempotency_entries();
  }
  if (config.limits().has_idempotency_bytes()) {
    snapshot.idempotency.bytes = config.limits().idempotency_bytes();
  }
  snapshot.overload = ToOverload(config.overload(), snapshot.limits.body_bytes);
  snapshot.bulkheads = ToBulkheads(config);
  for (const std::string& server : config.dns().servers()) {
    snapshot.dns.servers += Cat(snapshot.dns.servers.empty() ? "" : ",", server);
  }
}

void ToListener(const v1::Config::Listen& listen, const std::filesystem::path& folder,
                Snapshot& snapshot) {
  snapshot.listen_address = listen.has_address() ? listen.address() : std::string(kUsualListen);
  snapshot.trusted_hops = listen.trusted_hops();
  snapshot.workers =
      listen.has_workers() ? listen.workers() : std::max(1u, std::thread::hardware_concurrency());
  if (listen.has_tls()) {
    snapshot.listen_tls = ToServerTls(listen.tls(), folder);
    snapshot.handshake_timeout =
        contract::ToDuration(listen.tls().handshake_timeout(), snapshot.handshake_timeout);
  }
  if (listen.has_backlog()) snapshot.backlog = static_cast<int>(listen.backlog());
}

// Why nothing can be written to it, which may have to be made; 0 if it can.
int WhyNotWritten(const std::filesystem::path& file) {
  std::error_code error;
  if (std::filesystem::is_directory(file, error)) return EISDIR;
  const bool there = std::filesystem::exists(file, error);
  // The '/' at its end tells a folder from a file.
  const std::filesystem::path folder = file.has_parent_path() ? file.parent_path() / "" : "./";
  const int wrong = there ? access(file.c_str(), W_OK) : access(folder.c_str(), W_OK | X_OK);
  return wrong == 0 ? 0 : errno;
}

void ToAccessLog(const LoadedConfig& loaded, const std::filesystem::path& folder,
                 Snapshot& snapshot) {
  const v1::Config::Log& log = loaded.config.log();
  snapshot.access_log = log.access() != v1::Config::Log::OFF;
  if (!log.has_file()) return;
  snapshot.access_log_file = (folder / log.file()).string();
  const int wrong = snapshot.access_log ? WhyNotWritten(snapshot.access_log_file) : 0;
  if (wrong == 0) return;
  snapshot.log_fault = {
      loaded.PlaceOf("log.file"), "log.file",
      Cat(QuotedFile(snapshot.access_log_file), ": ", std::generic_category().message(wrong))};
}

}  // namespace

void ToProcess(const LoadedConfig& loaded, const std::string& config_file, Snapshot& snapshot,
               contract::Findings& findings) {
  const v1::Config& config = loaded.config;
  const auto folder = std::filesystem::path(config_file).parent_path();
  ToListener(config.listen(), folder, snapshot);
  ToBounds(config, snapshot);
  ToLimitStore(loaded, config_file, snapshot, findings);
  snapshot.chain.auth = ToAuth(loaded, folder.string(), findings);
  snapshot.chain.via = config.headers().via();
  snapshot.answer_headers = ToAnswerHeaders(config.headers());
  snapshot.cors = ToCors(config.headers().cors(), config, nullptr);
  if (config.limits().has_json_depth()) {
    snapshot.chain.json_depth = static_cast<int>(config.limits().json_depth());
  }
  snapshot.admin_address =
      config.admin().has_address() ? config.admin().address() : std::string(kUsualAdmin);
  ToAccessLog(loaded, folder, snapshot);
  snapshot.drain_grace = contract::ToDuration(config.drain().grace(), std::chrono::seconds(5));
  snapshot.drain_timeout = contract::ToDuration(config.drain().timeout(), std::chrono::seconds(30));
}

}  // namespace frontdesk::config
