#include "gateway/contract/plan_convert.h"

#include <algorithm>

#include "gateway/base/text.h"
#include "gateway/contract/findings.h"

namespace frontdesk::contract {
namespace {

using frontdesk::v1::Convert;

const Field* FieldNamed(std::string_view name, const MessageTable& message) {
  const auto at = std::find_if(message.fields.begin(), message.fields.end(),
                               [&](const Field& field) { return field.name == name; });
  return at == message.fields.end() ? nullptr : &*at;
}

// "", or that the message has no such field.
std::string Missing(const std::string& name, const MessageTable& message) {
  if (FieldNamed(name, message)) return "";
  std::vector<std::string> names;
  for (const Field& field : message.fields) names.push_back(field.name);
  return Cat("rename: ", message.full_name, " has no field ", Quoted(name),
             DidYouMean(name, names));
}

}  // namespace

const Field* ConvertWords::SourceOf(std::string_view target, const MessageTable& from) const {
  if (proto_) {
    for (const Convert::Rename& rename : proto_->rename()) {
      if (rename.to() == target) return FieldNamed(rename.from(), from);
    }
    // What has another name now has its old one no longer.
    for (const Convert::Rename& rename : proto_->rename()) {
      if (rename.from() == target) return nullptr;
    }
  }
  return FieldNamed(target, from);
}

std::string_view ConvertWords::ValueOf(std::string_view value) {
  for (int i = 0; proto_ && i < proto_->value_size(); ++i) {
    if (proto_->value(i).from() != value) continue;
    value_used_[static_cast<size_t>(i)] = true;
    return proto_->value(i).to();
  }
  return "";
}

std::string ConvertWords::WrongRename(const MessageTable& from, const MessageTable& to) const {
  if (!proto_) return "";
  for (const Convert::Rename& rename : proto_->rename()) {
    if (std::string wrong = Missing(rename.from(), from); !wrong.empty()) return wrong;
    if (std::string wrong = Missing(rename.to(), to); !wrong.empty()) return wrong;
    const auto same = [&](const Convert::Rename& other) { return other.to() == rename.to(); };
    if (std::count_if(proto_->rename().begin(), proto_->rename().end(), same) > 1) {
      return Cat("rename: ", Quoted(rename.to()), " is filled twice");
    }
  }
  return "";
}

std::string ConvertWords::Unused(bool only_enum) const {
  if (!proto_) return "";
  if (only_enum && proto_->rename_size() > 0) return "`rename` is for the fields of a message";
  if (only_enum && proto_->strict()) return "`strict` is for the fields of a message";
  for (int i = 0; i < proto_->value_size(); ++i) {
    const Convert::Value& value = proto_->value(i);
    if (!value_used_[static_cast<size_t>(i)]) {
      return Cat("value ", Quoted(value.from()), ": no enum that is converted here has it");
    }
  }
  if (!changes() && !strict()) return "`convert` says nothing";
  return "";
}

std::string ConvertWords::Unfilled(const MessageTable& to,
                                   const std::vector<const Field*>& filled) const {
  if (!strict()) return "";
  std::string left;
  for (const Field& field : to.fields) {
    if (std::find(filled.begin(), filled.end(), &field) != filled.end()) continue;
    left += Cat(left.empty() ? "" : ", ", Quoted(field.name));
  }
  return left.empty() ? "" : Cat("strict: nothing fills ", left, " of ", to.full_name);
}

}  // namespace frontdesk::contract
