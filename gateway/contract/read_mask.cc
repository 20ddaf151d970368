#include "gateway/contract/read_mask.h"

#include <algorithm>
#include <span>
#include <utility>

#include "gateway/base/failure.h"
#include "gateway/base/text.h"
#include "gateway/contract/findings.h"

namespace frontdesk::contract {
namespace {

// A name that is longer is no slip of the pen, and comparing it would cost its length per field.
constexpr size_t kLongestGuess = 64;

absl::Status Wrong(std::string_view what) {
  return Failure(absl::StatusCode::kInvalidArgument, "INVALID_READ_MASK", Cat("fields: ", what))
      .Field("fields", what);
}

// Cuts off the part of `text` before the next separator. `more` tells whether there was one.
std::string_view Cut(std::string_view& text, char separator, bool& more) {
  const size_t end = text.find(separator);
  const std::string_view part = text.substr(0, end);
  more = end != std::string_view::npos;
  text.remove_prefix(more ? end + 1 : text.size());
  return part;
}

// The message whose fields stand as names in the JSON of a value of this type, or null.
const MessageTable* Named(const MessageTable* table) {
  if (table == nullptr) return nullptr;
  switch (table->well_known) {
    case WellKnown::kNone:
    case WellKnown::kEmpty:
    case WellKnown::kHttpBody:  // raw only as an answer's body
      return table;
    default:
      return nullptr;
  }
}

const MessageTable* Inside(const Field& field) {
  return Named(field.map ? field.message->fields[1].message : field.message);
}

std::string Guess(const MessageTable& table, std::string_view name) {
  if (name.size() > kLongestGuess) return "";
  std::vector<std::string> names;
  for (const Field& field : table.fields) names.push_back(field.json_name);
  return DidYouMean(name, names);
}

// One path. OK with no names: everything.
absl::Status ParsePath(const MessageTable* table, std::string_view text,
                       std::vector<const Field*>& path) {
  const std::string_view whole = text;
  const auto here = [&] {
    return path.empty() ? std::string("the answer") : Quoted(path.back()->json_name);
  };
  if (text.empty()) return Wrong("a path is empty");
  bool elements = path.empty() && table == nullptr;  // what `*` may stand for without fields
  for (bool more = true; more;) {
    const std::string_view name = Cut(text, '.', more);
    if (name.empty()) return Wrong(Cat("a name is empty in ", Quoted(whole)));
    if (name == "*" && (elements || (!more && table != nullptr))) {
      elements = false;
      continue;
    }
    if (name == "*" && table != nullptr) {
      return Wrong(Cat("after `*` a name can follow only in a list or a map: ", Quoted(whole)));
    }
    if (table == nullptr) return Wrong(Cat(here(), " has no fields that could be named"));
    const Field* const field = table->FindName(name);
    if (field == nullptr) {
      return Wrong(Cat(here(), " has no field ", Quoted(name), Guess(*table, name)));
    }
    if (path.size() == kMaxReadMaskDepth) {
      return Wrong(Cat("a path has more than ", kMaxReadMaskDepth, " names"));
    }
    path.push_back(field);
    elements = field->repeated;
    table = Inside(*field);
  }
  return absl::OkStatus();
}

}  // namespace

const ReadMask::Entry* ReadMask::Find(const Field& field) const {
  const auto at = std::lower_bound(
      fields_.begin(), fields_.end(), field.index,
      [](const Entry& entry, uint32_t index) { return entry.field->index < index; });
  return at != fields_.end() && at->field == &field ? &*at : nullptr;
}

void ReadMask::Add(const std::vector<const Field*>& path) {
  ReadMask* at = this;
  for (size_t i = 0; i < path.size(); ++i) {
    std::vector<Entry>& fields = at->fields_;
    auto entry =
        std::lower_bound(fields.begin(), fields.end(), path[i]->index,
                         [](const Entry& one, uint32_t index) { return one.field->index < index; });
    const bool fresh = entry == fields.end() || entry->field != path[i];
    if (fresh) entry = fields.insert(entry, Entry{path[i], nullptr});
    if (i + 1 == path.size()) {
      entry->inside.reset();
      return;
    }
    if (!fresh && entry->inside == nullptr) return;
    if (fresh) entry->inside = std::make_unique<ReadMask>();
    at = entry->inside.get();
  }
}

void ReadMask::AppendTo(std::string_view prefix, std::string& out) const {
  for (const Entry& entry : fields_) {
    const std::string name = Cat(prefix, entry.field->name);
    if (entry.inside != nullptr) {
      entry.inside->AppendTo(Cat(name, '.'), out);
    } else {
      if (!out.empty()) out.push_back(',');
      out += name;
    }
  }
}

std::string ReadMask::ToString() const {
  std::string out;
  AppendTo("", out);
  return out;
}

const MessageTable* ReadMaskRoot(const MessageTable& output, const Field* response_field) {
  const bool list = response_field != nullptr && response_field->repeated;
  const MessageTable* const root =
      response_field != nullptr ? Inside(*response_field) : Named(&output);
  const bool raw = root != nullptr && root->well_known == WellKnown::kHttpBody && !list;
  return raw ? nullptr : root;
}

absl::StatusOr<std::unique_ptr<const ReadMask>> ParseReadMask(const MessageTable* root,
                                                              std::string_view text) {
  auto mask = std::make_unique<ReadMask>();
  bool everything = false;
  size_t count = 0;
  std::vector<const Field*> path;
  for (bool more = true; more;) {
    const std::string_view one = Cut(text, ',', more);
    if (++count > kMaxReadMaskPaths) {
      return Wrong(Cat("more than ", kMaxReadMaskPaths, " paths"));
    }
    path.clear();
    if (absl::Status status = ParsePath(root, one, path); !status.ok()) return status;
    if (path.empty()) {
      everything = true;
    } else {
      mask->Add(path);
    }
  }
  if (everything) mask.reset();
  return mask;
}

}  // namespace frontdesk::contract
