#include "gateway/config/field_path.h"

#include "gateway/base/text.h"

namespace frontdesk::config {

std::string FieldPath(const google::protobuf::Descriptor& type, const std::vector<int>& numbers) {
  std::string path;
  const google::protobuf::Descriptor* at = &type;
  for (size_t i = 0; at && i < numbers.size(); ++i) {
    const google::protobuf::FieldDescriptor& field = *at->FindFieldByNumber(numbers[i]);
    path += Cat(path.empty() ? "" : ".", field.name());
    if (field.is_repeated() && i + 1 < numbers.size()) path += Cat('[', numbers[++i], ']');
    at = field.message_type();
  }
  return path;
}

}  // namespace frontdesk::config
