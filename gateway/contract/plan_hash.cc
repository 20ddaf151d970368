#include "gateway/contract/plan_hash.h"

#include <map>
#include <string>

#include "gateway/base/text.h"
#include "gateway/contract/plan.h"
#include "google/protobuf/descriptor.h"

namespace frontdesk::contract {
namespace {

namespace pb = google::protobuf;

// FNV-1a: not against an adversary, who could as well give us another program.
class Hash {
 public:
  void Add(std::string_view text) {
    for (const char c : text) Byte(static_cast<uint8_t>(c));
    Byte(0xff);  // no UTF-8 text has it: "a" "bc" differs from "ab" "c"
  }
  uint64_t value() const { return value_; }

 private:
  void Byte(uint8_t byte) { value_ = (value_ ^ byte) * 0x100000001b3u; }

  uint64_t value_ = 0xcbf29ce484222325u;
};

class Shapes {
 public:
  void Gather(const pb::Descriptor& message) {
    if (!messages_.try_emplace(message.full_name(), &message).second) return;
    for (int i = 0; i < message.field_count(); ++i) {
      const pb::FieldDescriptor& field = *message.field(i);
      if (field.message_type()) Gather(*field.message_type());
      if (field.enum_type()) enums_.try_emplace(field.enum_type()->full_name(), field.enum_type());
    }
  }
  void AddTo(Hash& hash) const {
    for (const auto& [name, message] : messages_) {
      hash.Add(name);
      for (int i = 0; i < message->field_count(); ++i) Add(*message->field(i), hash);
    }
    for (const auto& [name, enumeration] : enums_) {
      hash.Add(name);
      for (int i = 0; i < enumeration->value_count(); ++i) {
        hash.Add(Cat(enumeration->value(i)->name(), '=', enumeration->value(i)->number()));
      }
    }
  }

 private:
  static void Add(const pb::FieldDescriptor& field, Hash& hash) {
    std::string text =
        Cat(field.name(), '=', field.number(), ' ', static_cast<int>(field.type()),
            field.is_repeated() ? " list" : "", field.is_packed() ? " packed" : "",
            field.has_presence() ? " presence" : "", field.is_required() ? " required" : "");
    if (field.message_type()) text += Cat(' ', field.message_type()->full_name());
    if (field.enum_type()) text += Cat(' ', field.enum_type()->full_name());
    if (field.real_containing_oneof()) text += Cat(' ', field.real_containing_oneof()->name());
    text += Cat(' ', field.options().GetExtension(frontdesk::v1::field).from());
    hash.Add(text);
  }

  std::map<std::string, const pb::Descriptor*> messages_;
  std::map<std::string, const pb::EnumDescriptor*> enums_;
};

}  // namespace

uint64_t PlanHash(const Method& method) {
  Hash hash;
  hash.Add(method.path);
  hash.Add(method.composition ? method.composition->SerializeAsString() : std::string());
  Shapes shapes;
  shapes.Gather(*method.input->descriptor);
  shapes.Gather(*method.output->descriptor);
  if (method.plan) {
    const auto add = [&](const Method& called) {
      hash.Add(called.path);
      shapes.Gather(*called.input->descriptor);
      shapes.Gather(*called.output->descriptor);
    };
    for (const PlanStep& step : method.plan->steps) {
      add(*step.method);
      if (step.batch) add(*step.batch->method);
      if (step.undo) add(*step.undo->method);
    }
  }
  shapes.AddTo(hash);
  return hash.value();
}

}  // namespace frontdesk::contract
