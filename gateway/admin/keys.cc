#include "gateway/admin/keys.h"

namespace frontdesk::admin {

using nlohmann::ordered_json;

ordered_json KeysToJson(const std::vector<identity::KeySourceStatus>& views) {
  ordered_json all = ordered_json::array();
  for (const identity::KeySourceStatus& view : views) {
    ordered_json entry{{"provider", view.name}, {"keys", view.keys}};
    // Null: there never were any that could be read.
    entry["age_s"] = nullptr;
    if (view.age) entry["age_s"] = std::chrono::floor<std::chrono::seconds>(*view.age).count();
    entry["fetches"] = view.fetches;
    entry["failed_fetches"] = view.failed_fetches;
    entry["failures_in_a_row"] = view.failures;
    if (!view.error.empty()) entry["trouble"] = view.error;
    // None at all, and tokens are answered 503: an empty set is another thing.
    if (!view.there) entry["unusable"] = true;
    all.push_back(std::move(entry));
  }
  return {{"keys", std::move(all)}};
}

}  // namespace frontdesk::admin
