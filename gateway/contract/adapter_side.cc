#include "gateway/contract/adapter_side.h"

#include <algorithm>

#include "gateway/base/text.h"
#include "gateway/contract/findings.h"
#include "gateway/contract/plan_convert.h"
#include "gateway/contract/plan_paths.h"

namespace frontdesk::contract {
namespace {

using frontdesk::v1::Adapter;
using Side = Adapter::Side;

std::string Join(const std::string& prefix, std::string_view name) {
  return prefix.empty() ? std::string(name) : Cat(prefix, '.', name);
}

bool IsBelow(std::string_view path, std::string_view prefix) {
  return path.size() > prefix.size() && path.starts_with(prefix) && path[prefix.size()] == '.';
}

const Field* Named(const MessageTable& message, std::string_view name) {
  const auto at = std::find_if(message.fields.begin(), message.fields.end(),
                               [&](const Field& field) { return field.name == name; });
  return at == message.fields.end() ? nullptr : &*at;
}

// The field of a path, also one that leads into lists; null when there is none.
const Field* FieldAt(const MessageTable& message, std::string_view path) {
  const MessageTable* at = &message;
  const Field* field = nullptr;
  for (const std::string_view part : SplitPath(path)) {
    field = at ? Named(*at, part) : nullptr;
    if (!field) return nullptr;
    at = field->message;
  }
  return field;
}

// A message whose fields can be filled one by one.
bool IsSingleMessage(const Field& field) {
  return field.type == FieldType::kMessage && !field.repeated &&
         field.message->well_known == WellKnown::kNone;
}

}  // namespace

std::vector<AdapterSide::Line> AdapterSide::Compile() {
  AddSaid();
  AddByName(from_, to_, "", "");
  CheckOld(Old(), "");
  CheckDrops();
  return std::move(lines_);
}

void AdapterSide::AddSaid() {
  for (int i = 0; i < side_.move_size(); ++i) {
    const Adapter::Move& move = side_.move(i);
    const SourcePath at = {Side::kMoveFieldNumber, i};
    if (move.from().empty() || move.to().empty()) {
      add_(at, "a move needs `from` and `to`");
      continue;
    }
    lines_.push_back(
        {move.from(), move.to(), "", move.has_convert() ? &move.convert() : nullptr, at});
  }
  for (int i = 0; i < side_.default_().size(); ++i) {
    const Adapter::Default& constant = side_.default_(i);
    const SourcePath at = {Side::kDefaultFieldNumber, i};
    if (constant.to().empty() || !constant.has_value()) {
      add_(at, "a default needs `to` and `value`");
      continue;
    }
    lines_.push_back({"", constant.to(), constant.value(), nullptr, at});
  }
}

// Then a message can't go across as a whole.
bool AdapterSide::IsSaidInside(const std::string& from, const std::string& to) const {
  const std::string& old = request() ? from : to;
  return std::any_of(
             lines_.begin(), lines_.end(),
             [&](const Line& line) { return IsBelow(line.from, from) || IsBelow(line.to, to); }) ||
         std::any_of(side_.drop().begin(), side_.drop().end(),
                     [&](const std::string& path) { return IsBelow(path, old); });
}

void AdapterSide::AddByName(const MessageTable& from, const MessageTable& to,
                            const std::string& from_prefix, const std::string& to_prefix) {
  for (const Field& target : to.fields) {
    const Field* const source = Named(from, target.name);
    // What the caller fills is filled by itself.
    if (!source || !target.caller_source.empty()) continue;
    if (source->type == FieldType::kGroup || target.type == FieldType::kGroup) continue;
    Line line;
    line.from = Join(from_prefix, source->name);
    line.to = Join(to_prefix, target.name);
    // What has another name now has its old one no longer.
    const bool said = std::any_of(lines_.begin(), lines_.end(), [&](const Line& other) {
      return !other.at.empty() && (other.to == line.to || other.from == line.from);
    });
    if (said || IsDropped(OldPath(line))) continue;
    if (IsSaidInside(line.from, line.to) && IsSingleMessage(*source) && IsSingleMessage(target)) {
      AddByName(*source->message, *target.message, line.from, line.to);
    } else {
      lines_.push_back(std::move(line));
    }
  }
}

void AdapterSide::CheckOld(const MessageTable& message, const std::string& prefix) {
  for (const Field& field : message.fields) {
    const std::string path = Join(prefix, field.name);
    // What the gateway fills by itself is nothing of the client's.
    if (IsDropped(path) || (request() && !field.caller_source.empty())) continue;
    bool whole = false;
    bool inside = false;
    for (const Line& line : lines_) {
      inside |= IsBelow(OldPath(line), path);
      if (OldPath(line) != path) continue;
      whole = true;
      CheckLine(field, line);
    }
    if (whole) continue;
    if (inside && IsSingleMessage(field)) {
      CheckOld(*field.message, path);
    } else {
      Lost(path, message);
    }
  }
}

void AdapterSide::CheckLine(const Field& field, const Line& line) {
  if (line.from.empty()) return;
  if (request() && field.message && field.message->well_known == WellKnown::kFieldMask &&
      side_.move_size() + side_.drop_size() > 0) {
    add_(line.at, Cat(Quoted(line.from),
                      " names fields of the old version and is not translated: `drop` it"));
  }
  const Field* const other = FieldAt(New(), NewPath(line));
  if (!other || !other->message || !field.message) return;  // if it does not fit the plan says so
  CheckConverted(*field.message, *other->message, OldPath(line), line.convert);
}

void AdapterSide::CheckConverted(const MessageTable& old_message, const MessageTable& new_message,
                                 const std::string& prefix, const frontdesk::v1::Convert* convert) {
  const ConvertWords words(convert);
  if (&old_message == &new_message && !words.changes()) return;
  if (old_message.well_known != WellKnown::kNone || new_message.well_known != WellKnown::kNone) {
    return;
  }
  if (!convert && !converted_.emplace(&old_message, &new_message).second) return;
  for (const Field& field : old_message.fields) {
    const std::string path = Join(prefix, field.name);
    const Field* other = nullptr;
    if (!request()) {
      other = words.SourceOf(field.name, new_message);
    } else {
      for (const Field& target : new_message.fields) {
        if (words.SourceOf(target.name, old_message) == &field) other = &target;
      }
    }
    const bool dropped = IsDropped(path);
    if (dropped && other) {
      add_({}, Cat("drop ", Quoted(path), ": it meets ", Quoted(other->name), " of ",
                   new_message.full_name, " and goes across"));
    } else if (!dropped && !other) {
      Lost(path, old_message, true);
    } else if (other && field.message && other->message) {
      CheckConverted(*field.message, *other->message, path, nullptr);
    }
  }
}

bool AdapterSide::IsDropped(const std::string& path) {
  const bool dropped =
      std::find(side_.drop().begin(), side_.drop().end(), path) != side_.drop().end();
  if (dropped) used_drops_.insert(path);
  return dropped;
}

void AdapterSide::Lost(const std::string& path, const MessageTable& message, bool converted) {
  const std::string field = Cat(Quoted(path), " of ", message.full_name);
  const std::string what =
      request() ? Cat(field, " would get lost: ") : Cat("nothing fills ", field, ": ");
  // No path leads into a list.
  const std::string how =
      converted   ? std::string("`move` what it is in with a `convert` that renames it")
      : request() ? Cat("`move` it to a field of ", New().full_name)
                  : Cat("`move` a field of ", New().full_name, " to it, give it a `default`");
  add_({}, Cat(what, how, ", or `drop` it"));
}

void AdapterSide::CheckDrops() {
  for (int i = 0; i < side_.drop_size(); ++i) {
    const std::string& path = side_.drop(i);
    const SourcePath at = {Side::kDropFieldNumber, i};
    const auto wrong = [&](std::string_view text) { add_(at, Cat("drop ", Quoted(path), text)); };
    const auto moved = [&](const Line& line) { return !line.at.empty() && OldPath(line) == path; };
    if (!FieldAt(Old(), path)) {
      std::vector<std::string> names;
      for (const Field& field : Old().fields) names.push_back(field.name);
      wrong(Cat(": ", Old().full_name, " has no such field", DidYouMean(path, names)));
    } else if (std::find(side_.drop().begin(), side_.drop().begin() + i, path) !=
               side_.drop().begin() + i) {
      wrong(" stands here twice");
    } else if (std::any_of(lines_.begin(), lines_.end(), moved)) {
      wrong(": something else is said of it too");
    } else if (!used_drops_.contains(path)) {
      wrong(": it is inside of something that goes across, or is dropped, as a whole");
    }
  }
}

}  // namespace frontdesk::contract
