#include "gateway/contract/option_source.h"

#include <fstream>
#include <sstream>

#include "gateway/base/text.h"
#include "gateway/contract/option_body.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/descriptor.pb.h"
#include "google/protobuf/dynamic_message.h"
#include "google/protobuf/io/tokenizer.h"
#include "google/protobuf/text_format.h"

namespace frontdesk::contract {
namespace {

namespace pb = google::protobuf;

struct Quiet final : pb::io::ErrorCollector {
  void AddError(int, int, const std::string&) override {}
};

// The message type that a path from a FileDescriptorProto leads to, as `pool` defines it.
const pb::Descriptor* TypeOf(const std::vector<int>& path, const pb::DescriptorPool& pool) {
  const pb::Descriptor* type =
      pool.FindMessageTypeByName(pb::FileDescriptorProto::descriptor()->full_name());
  for (size_t i = 0; type != nullptr && i < path.size(); ++i) {
    const pb::FieldDescriptor* field = type->FindFieldByNumber(path[i]);
    if (field == nullptr) field = pool.FindExtensionByNumber(type, path[i]);
    if (field == nullptr) return nullptr;
    if (field->is_repeated()) ++i;
    type = field->message_type();
  }
  return type;
}

}  // namespace

struct OptionSource::Option {
  pb::DynamicMessageFactory factory;
  std::unique_ptr<pb::Message> value;  // of a type that the factory made
  pb::TextFormat::ParseInfoTree tree;
};

SourceReader SourcesBelow(std::vector<std::string> folders) {
  return [folders = std::move(folders)](const std::string& file) -> std::optional<std::string> {
    for (const std::string& folder : folders) {
      std::ifstream in(Cat(folder, '/', file), std::ios::binary);
      if (!in) continue;
      std::ostringstream text;
      text << in.rdbuf();
      return text.str();
    }
    return std::nullopt;
  };
}

OptionSource::OptionSource(SourceReader reader, const pb::DescriptorPool& pool)
    : reader_(std::move(reader)), pool_(pool) {}
OptionSource::~OptionSource() = default;

std::optional<std::pair<int, int>> OptionSource::Find(const std::string& file,
                                                      const SourceSpan& span,
                                                      const std::vector<int>& path,
                                                      const std::vector<int>& rest) {
  auto [slot, added] = options_.emplace(std::pair(file, path), nullptr);
  if (added) slot->second = Read(file, span, path);
  if (slot->second == nullptr) return std::nullopt;
  const pb::Message* value = slot->second->value.get();
  const pb::TextFormat::ParseInfoTree* tree = &slot->second->tree;
  std::optional<std::pair<int, int>> found;
  // As deep as the text goes: what is not there has the place of what it is missing from.
  for (size_t i = 0; tree != nullptr && i < rest.size(); ++i) {
    const pb::FieldDescriptor* const field = value->GetDescriptor()->FindFieldByNumber(rest[i]);
    if (field == nullptr) break;
    const pb::Reflection& reflection = *value->GetReflection();
    int index = -1;    // in the value
    int written = -1;  // in the text, where a list in brackets counts as one
    if (field->is_repeated()) {
      index = ++i < rest.size() ? rest[i] : 0;
      const int size = reflection.FieldSize(*value, field);
      if (index >= size) break;
      written = tree->GetLocation(field, size - 1).line < 0 ? 0 : index;
    }
    const pb::TextFormat::ParseLocation location = tree->GetLocation(field, written);
    if (location.line < 0) break;
    found = {location.line, location.column};
    if (field->message_type() == nullptr) break;
    tree = tree->GetTreeForNested(field, written);
    value = field->is_repeated() ? &reflection.GetRepeatedMessage(*value, field, index)
                                 : &reflection.GetMessage(*value, field);
  }
  return found;
}

const std::string* OptionSource::Text(const std::string& file) {
  auto [slot, added] = texts_.emplace(file, std::nullopt);
  if (added) slot->second = reader_(file);
  return slot->second ? &*slot->second : nullptr;
}

std::unique_ptr<OptionSource::Option> OptionSource::Read(const std::string& file,
                                                         const SourceSpan& span,
                                                         const std::vector<int>& path) {
  const std::string* const text = Text(file);
  const pb::Descriptor* const type = TypeOf(path, pool_);
  if (text == nullptr || type == nullptr) return nullptr;
  const std::string body = OptionBody(*text, span);
  if (body.empty()) return nullptr;
  auto option = std::make_unique<Option>();
  option->value.reset(option->factory.GetPrototype(type)->New());
  Quiet quiet;
  pb::TextFormat::Parser parser;
  parser.RecordErrorsTo(&quiet);
  parser.AllowPartialMessage(true);
  parser.SetRecursionLimit(100);
  parser.WriteLocationsTo(&option->tree);
  return parser.ParseFromString(body, option->value.get()) ? std::move(option) : nullptr;
}

}  // namespace frontdesk::contract
