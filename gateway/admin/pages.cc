#include "gateway/admin/pages.h"

#include <google/protobuf/stubs/common.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "gateway/admin/certificates.h"
#include "gateway/admin/keys.h"
#include "gateway/admin/upstreams.h"
#include "gateway/base/text.h"
#include "gateway/http/authority.h"

namespace frontdesk::admin {
namespace {

using nlohmann::ordered_json;

Page Json(int status, const ordered_json& json) {
  // Replaced rather than thrown: what a client sent may stand in it.
  return {status, "application/json",
          json.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n", ""};
}

Page Health(const Sources& sources) {
  const std::string trouble = sources.trouble ? sources.trouble() : "";
  if (trouble.empty()) return Json(200, {{"status", "ok"}});
  return Json(503, {{"status", "trouble"}, {"trouble", trouble}});
}

Page Ready(const Sources& sources) {
  const bool ready = sources.ready.load();
  return Json(ready ? 200 : 503, {{"ready", ready}});
}

Page Metrics(const Sources& sources) {
  return {200, "text/plain; version=0.0.4; charset=utf-8", sources.metrics.Text(), ""};
}

Page Upstreams(const Sources& sources) {
  return Json(200, UpstreamsToJson(sources.upstreams ? sources.upstreams()
                                                     : std::vector<upstream::ClusterView>()));
}

Page Certificates(const Sources& sources) {
  const auto views =
      sources.certificates ? sources.certificates() : std::vector<tls::CredentialsView>();
  return Json(200, CertificatesToJson(views, std::chrono::system_clock::now()));
}

Page Keys(const Sources& sources) {
  return Json(200,
              KeysToJson(sources.keys ? sources.keys() : std::vector<identity::KeySourceStatus>()));
}

Page Version(const Sources& sources) {
  return Json(200,
              {{"name", "frontdesk"},
               {"version", sources.version},
               {"compiler", sources.compiler},
               {"protobuf", google::protobuf::internal::VersionString(GOOGLE_PROTOBUF_VERSION)}});
}

struct Entry {
  std::string_view path;
  std::string_view what;
  Page (*answer)(const Sources&);
};

constexpr std::array<Entry, 8> kPages = {
    {{"/healthz", "200 while the process is well, else 503", Health},
     {"/health", "the same", Health},
     {"/readyz", "200 while it takes traffic, else 503", Ready},
     {"/metrics", "Prometheus text", Metrics},
     {"/upstreams", "end points, breakers and limits, as they are now", Upstreams},
     {"/certificates", "what TLS proves itself with, and until when", Certificates},
     {"/keys", "what callers are judged by, and how old that is", Keys},
     {"/version", "which build this is", Version}}};

ordered_json Index(const Sources& sources) {
  ordered_json pages;
  for (const Entry& entry : kPages) pages[std::string(entry.path)] = entry.what;
  return {{"name", "frontdesk"}, {"version", sources.version}, {"pages", pages}};
}

}  // namespace

Page Answer(const Sources& sources, std::string_view method, std::string_view path,
            std::string_view host) {
  if (!http::NamesThisMachine(host)) {
    return Json(403, {{"error", "the Host header names another machine"}});
  }
  const auto found = std::find_if(kPages.begin(), kPages.end(),
                                  [path](const Entry& entry) { return entry.path == path; });
  if (found == kPages.end() && path != "/") {
    ordered_json json = Index(sources);
    json["error"] = "no such page";
    return Json(404, json);
  }
  if (method != "GET" && method != "HEAD") {
    Page page = Json(405, {{"error", "only GET and HEAD"}});
    page.allow = "GET, HEAD";
    return page;
  }
  return found == kPages.end() ? Json(200, Index(sources)) : found->answer(sources);
}

}  // namespace frontdesk::admin
