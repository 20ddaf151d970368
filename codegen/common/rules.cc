#include "codegen/common/rules.h"

#include <algorithm>
#include <set>
#include <vector>

#include "frontdesk/v1/options.pb.h"
#include "gateway/base/text.h"
#include "gateway/contract/field_rules.h"
#include "google/protobuf/descriptor.h"

namespace frontdesk::codegen {
namespace {

using contract::Field;
using contract::FieldRules;
using contract::MessageTable;
using contract::Rule;

const frontdesk::v1::FieldPolicy& PolicyOf(const Field& field) {
  return field.descriptor->options().GetExtension(frontdesk::v1::field);
}

bool HasRulesBelow(const MessageTable& table, std::set<const MessageTable*>& seen) {
  if (!seen.insert(&table).second) return false;
  for (int i = 0; i < table.descriptor->oneof_decl_count(); ++i) {
    if (IsNeeded(*table.descriptor->oneof_decl(i))) return true;
  }
  return std::any_of(table.fields.begin(), table.fields.end(), [&](const Field& field) {
    return PolicyOf(field).has_rules() ||
           (field.message != nullptr && HasRulesBelow(*field.message, seen));
  });
}

}  // namespace

std::string RulesText(const Field& field, const std::function<bool(const std::string& id)>& shown) {
  const FieldRules rules = contract::CompileRulesOf(field);
  if (rules.ignore_always) return "";
  std::string text;
  const auto add = [&](const std::vector<Rule>& all, std::string_view whose) {
    for (const Rule& rule : all) {
      if (shown(rule.id)) text += Cat(text.empty() ? "" : "; ", whose, rule.text);
    }
  };
  add(rules.sizes, "");
  if (rules.unique && shown("repeated.unique")) {
    text += Cat(text.empty() ? "" : "; ", "must not hold a value twice");
  }
  add(rules.keys.rules, "each key ");
  add(rules.values.rules, field.repeated ? "each " : "");
  const bool optional = rules.ignore_zero || (rules.values.ignore_zero && !field.repeated);
  return text.empty() || !optional ? text : Cat("if it is not empty: ", text);
}

bool IsNeeded(const google::protobuf::OneofDescriptor& oneof) {
  return oneof.options().GetExtension(frontdesk::v1::oneof).required();
}

bool HasRules(const MessageTable& table) {
  std::set<const MessageTable*> seen;
  return HasRulesBelow(table, seen);
}

}  // namespace frontdesk::codegen
